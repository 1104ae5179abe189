// test/kafka/support/certificates.ts: keys and certificates for the TLS listeners of a test's cluster, made by openssl(1), valid for two days.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files in PEM. */
export interface Certificates {
  /** Who signed the brokers' certificates and the client's. */
  ca: string;
  /** An authority that signed nothing the brokers have, and `stranger`. */
  otherCa: string;
  /** Key, certificate and authority of the brokers in one file, as Kafka wants it; valid for localhost and 127.0.0.1. */
  broker: string;
  /** The same for a host that nobody here is. */
  misnamed: string;
  client: { cert: string; key: string };
  stranger: { cert: string; key: string };
}

const DAYS = '2';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes them in `folder`. Throws when there is no openssl. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const file = (name: string) => join(folder, name);

  const authority = (name: string): string => {
    openssl(
      'req',
      '-x509',
      ...EC,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      DAYS,
      '-subj',
      `/CN=${name}`,
    );
    return file(`${name}.pem`);
  };
  const signed = (name: string, ca: string, names: string): { cert: string; key: string } => {
    writeFileSync(file(`${name}.ext`), `subjectAltName=${names}\n`);
    openssl('req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-days',
      DAYS,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return { cert: file(`${name}.pem`), key: file(`${name}.key`) };
  };
  const keystore = (name: string, { cert, key }: { cert: string; key: string }, ca: string): string => {
    writeFileSync(file(`${name}.keystore`), [key, cert, ca].map((path) => readFileSync(path, 'utf8')).join(''));
    return file(`${name}.keystore`);
  };

  const ca = authority('ca');
  return {
    ca,
    otherCa: authority('other-ca'),
    broker: keystore('broker', signed('broker', 'ca', 'DNS:localhost,IP:127.0.0.1'), ca),
    misnamed: keystore('misnamed', signed('misnamed', 'ca', 'DNS:elsewhere.example'), ca),
    client: signed('client', 'ca', 'DNS:client.example'),
    stranger: signed('stranger', 'other-ca', 'DNS:stranger.example'),
  };
}
