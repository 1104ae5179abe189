// host/fleet/replay.ts: the tables of any moment that is still in the log: read as a balancer reads, built as a balancer builds.
import { Engine } from '../engine.js';
import { MaglevError } from '../errors.js';
import { payload, type RecordMap } from '../membership/difference.js';
import type { Change, Position } from '../membership/event.js';
import { roomFor } from '../membership/room.js';
import { checkTopicOptions, readTopic, type TopicOptions } from '../membership/sources/kafkaTopic.js';
import { Translator } from '../membership/sources/kafkaTranslator.js';
import { Verifier, type VerifyOptions } from '../membership/verifier.js';
import { readCore } from '../options.js';
import { type Moment, type MomentContent, MomentReader } from './moment.js';

/** A topic of membership records, for whom, and whose signatures count. */
export interface LogOptions extends TopicOptions, Partial<VerifyOptions> {
  scope?: string;
}

const FLOWS_MIN = 64; // no packet ever comes

/** What tables are a function of, beside records. */
export interface BuildOptions {
  /** Without it, tables with the native hash are others than the fleet's: only their shares are the same. */
  hashSecret?: string | Uint8Array;
  panicShare?: number;
  /** Unix time, ms, for slow start. Default: now. */
  wallMs?: number;
}

/**
 * Reads a topic once, from its start to the ends it has now, for all of `moments`. Rejects with ERR_BROKER when that takes longer than
 * `timeoutMs`, ERR_OPTION for an option that cannot be, or offsets that are not there.
 */
export async function readMoments(
  options: LogOptions,
  moments: readonly Moment[],
  timeoutMs: number,
): Promise<MomentContent[]> {
  checkTopicOptions(options);
  const start = (): MomentReader[] =>
    moments.map((moment) => new MomentReader(moment, options.topic, translatorOf(options)));
  let readers = start();
  let reason = 'no answer yet';
  for await (const event of readTopic(options, AbortSignal.timeout(timeoutMs))) {
    if (event.type === 'caughtUp') return readers.map((reader) => reader.finish());
    if (event.type === 'away') reason = event.reason;
    if (event.type === 'restart') readers = start();
    for (const reader of readers) {
      if (event.type === 'end') reader.end(event.partition, event.offset);
      if (event.type === 'messages') for (const message of event.messages) reader.take(message);
    }
  }
  throw new MaglevError('ERR_BROKER', `topic ${options.topic} could not be read within ${timeoutMs} ms: ${reason}`);
}

/** What reads messages as a balancer with these options does. */
function translatorOf({ topic, scope, verifyKeys, maxDelayMs }: LogOptions): Translator {
  if (verifyKeys === undefined) return new Translator(topic, scope);
  return new Translator(
    topic,
    scope,
    new Verifier(topic, { verifyKeys, ...(maxDelayMs !== undefined && { maxDelayMs }) }),
  );
}

/**
 * An engine without a network that has these records, and so their tables. Rejects with ERR_LIMIT for more than one balancer can have.
 * @param also other records that there is to be room for
 */
export async function engineOf(
  records: RecordMap,
  { hashSecret, panicShare, wallMs = Date.now() }: BuildOptions,
  position?: Position,
  also: RecordMap = new Map(),
): Promise<Engine> {
  const engine = new Engine({
    settings: readCore({
      ...roomFor(records, also),
      flowsMax: FLOWS_MIN,
      ...(hashSecret !== undefined && { hashSecret }),
      ...(panicShare !== undefined && { panicShare }),
    }),
    shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 },
    sourceFor: () => undefined,
    wallMs: () => wallMs,
  });
  const changes = [...records.values()].map((record) => ({ put: payload(record) }) as Change);
  await engine.apply(changes, position && { position });
  return engine;
}
