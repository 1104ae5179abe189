// host/membership/sources/kafkaClient.ts: node-rdkafka, loaded when it is asked for, and what all its clients here share.
//
// node-rdkafka is an optional dependency: a native build that takes two minutes and a compiler. Only this folder knows it, and
// none of its types reach the public ones.
import { MaglevError } from '../../errors.js';
import type { Kafka, LibrdKafkaError } from './rdkafka.js';

export type { Kafka } from './rdkafka.js';

const PACKAGE: string = 'node-rdkafka'; // not a literal in import(): tsc would want the package

/** Loads node-rdkafka. Rejects with ERR_MISSING and the command that would help. */
export async function loadKafka(): Promise<Kafka> {
  try {
    const module = (await import(PACKAGE)) as Kafka & { default?: Kafka };
    return module.default ?? module;
  } catch (cause) {
    throw missingError(cause as NodeJS.ErrnoException);
  }
}

/** Makes a client; librdkafka checks its settings. Throws ERR_OPTION naming the one it does not like. */
export function makeClient<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const rule = (cause as Error).message;
    throw new MaglevError('ERR_OPTION', `librdkafka settings: ${rule}`, { option: 'librdkafka', rule, cause });
  }
}

/** What librdkafka said, in its own words, without the prefix of its wrapper. */
export function errorText(error: unknown): string {
  const text = (error as LibrdKafkaError | undefined)?.message ?? String(error);
  return text.replace(/^(Local|Broker): /, '').toLowerCase();
}

/** What librdkafka calls back with, as an Error of ours or the result. */
export function outcomeOf<T>(error: LibrdKafkaError | null | undefined, result: T): T | Error {
  return error ? new Error(errorText(error)) : result;
}

/** The error for a cluster that did not do what it was asked. */
export function clusterError(what: string, brokers: readonly string[], cause: unknown, help = ''): MaglevError {
  const why = typeof cause === 'string' ? cause : errorText(cause);
  const message = `${what} on ${brokers.join(',')}: ${why}${help === '' ? '' : `; ${help}`}`;
  return new MaglevError('ERR_BROKER', message, { cause });
}

function missingError(cause: NodeJS.ErrnoException): MaglevError {
  const isThere = cause.code !== 'ERR_MODULE_NOT_FOUND' || !/Cannot find package/.test(cause.message);
  const packages = 'on Debian and Ubuntu: apt-get install g++ make python3 libssl-dev libsasl2-dev zlib1g-dev';
  const what = isThere
    ? `node-rdkafka does not load: ${cause.message.split('\n')[0]}; npm rebuild node-rdkafka (one build a Node version`
    : 'Kafka needs the optional package node-rdkafka: npm install node-rdkafka (it compiles librdkafka';
  return new MaglevError('ERR_MISSING', `${what}; ${packages})`, { option: 'node-rdkafka', cause });
}
