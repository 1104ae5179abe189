// host/membership/sources/kafkaSecurity.ts: TLS and SASL to a Kafka cluster, in our words and in librdkafka's.
import { accessSync, constants, readFileSync } from 'node:fs';
import { optionError } from '../../errors.js';

/** TLS to the brokers. `{}` trusts the authorities that the system trusts. Files are PEM, and read when a connection's client is made. */
export interface KafkaTls {
  /** File of the authorities that sign brokers' certificates. Default: those of the system. */
  ca?: string;
  /** File of our own certificate, where brokers ask for one; with `key`. */
  cert?: string;
  /** File of its private key. */
  key?: string;
  /** File of the passphrase of `key`, if it has one. */
  keyPasswordFile?: string;
  /** Whether a broker's certificate must be for the host name that we connect to. Default true. */
  verifyHostname?: boolean;
}

/** SASL mechanisms. PLAIN sends the password as it is, so it wants TLS. */
export const SASL_MECHANISMS = ['scram-sha-256', 'scram-sha-512', 'plain'] as const;

/** Who we are to the brokers: a user, and a password or, better, the file that holds it. */
export interface KafkaSasl {
  /** SCRAM sends no password; `plain` wants TLS. */
  mechanism: (typeof SASL_MECHANISMS)[number];
  /** As the brokers know it. */
  username: string;
  /** File of the password, without its line end. Read when a client is made, so that a new password needs no restart. */
  passwordFile?: string;
  /** The password itself, for programs that have it from elsewhere. */
  password?: string;
}

/** What of a connection says who may read it. */
export interface KafkaSecurity {
  /** Default: no TLS. */
  tls?: KafkaTls;
  /** Default: no user. */
  sasl?: KafkaSasl;
}

/** librdkafka's settings that hold a secret: never to be written where others can read them. */
export const SECRET_SETTING = /password|secret|\.pem$|sasl\.jaas|sasl\.oauthbearer\.config/;

/** Settings of librdkafka for TLS and SASL. Throws ERR_OPTION for a file that cannot be read and a rule that is broken. */
export function securityConfig({ tls, sasl }: KafkaSecurity): Record<string, string | boolean> {
  return {
    'security.protocol': `${sasl === undefined ? '' : 'sasl_'}${tls === undefined ? 'plaintext' : 'ssl'}`,
    ...(tls === undefined ? {} : tlsConfig(tls)),
    ...(sasl === undefined ? {} : saslConfig(sasl, tls !== undefined)),
  };
}

function tlsConfig({ ca, cert, key, keyPasswordFile, verifyHostname = true }: KafkaTls): Record<string, string> {
  if ((cert === undefined) !== (key === undefined)) {
    throw optionError(
      cert === undefined ? 'tls.cert' : 'tls.key',
      undefined,
      'must be there: certificate and key go together',
    );
  }
  return {
    'ssl.endpoint.identification.algorithm': verifyHostname ? 'https' : 'none',
    ...(ca !== undefined && { 'ssl.ca.location': readable(ca, 'tls.ca') }),
    ...(cert !== undefined && { 'ssl.certificate.location': readable(cert, 'tls.cert') }),
    ...(key !== undefined && { 'ssl.key.location': readable(key, 'tls.key') }),
    ...(keyPasswordFile !== undefined && { 'ssl.key.password': secretIn(keyPasswordFile, 'tls.keyPasswordFile') }),
  };
}

function saslConfig(
  { mechanism, username, password, passwordFile }: KafkaSasl,
  hasTls: boolean,
): Record<string, string> {
  if (!SASL_MECHANISMS.includes(mechanism)) {
    throw optionError('sasl.mechanism', mechanism, `must be one of ${SASL_MECHANISMS.join(', ')}`);
  }
  if (mechanism === 'plain' && !hasTls) {
    throw optionError('sasl.mechanism', mechanism, 'sends the password as it is: it needs tls');
  }
  if (typeof username !== 'string' || username === '') throw optionError('sasl.username', username, 'must be a name');
  if ((password === undefined) === (passwordFile === undefined)) {
    throw optionError('sasl.passwordFile', passwordFile, 'must be there, or password, and not both');
  }
  return {
    'sasl.mechanisms': mechanism.toUpperCase(),
    'sasl.username': username,
    'sasl.password': passwordFile === undefined ? (password as string) : secretIn(passwordFile, 'sasl.passwordFile'),
  };
}

function readable(path: string, option: string): string {
  return withFile(path, option, () => {
    accessSync(path, constants.R_OK);
    return path;
  });
}

/** A secret as it stands in its file, without a line end. Never in a message. */
function secretIn(path: string, option: string): string {
  const secret = withFile(path, option, () => readFileSync(path, 'utf8').replace(/\r?\n$/, ''));
  if (secret === '') throw optionError(option, path, 'is empty');
  return secret;
}

function withFile<T>(path: string, option: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    throw optionError(option, path, `cannot be read: ${(cause as NodeJS.ErrnoException).code ?? cause}`);
  }
}
