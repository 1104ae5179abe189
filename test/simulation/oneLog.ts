// test/simulation/oneLog.ts: one log, and a balancer that reads all of it: state and tables of a real one, no I/O.
import { createHash } from 'node:crypto';
import { formatRefusal } from '../../host/membership/refusal.js';
import type { TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { Translator } from '../../host/membership/sources/kafkaTranslator.js';
import { type Random, random } from '../support/random.js';
import { createEngine } from '../support/worker.js';
import { randomEvent } from './topicEvents.js';

/** Messages by partition, and how many of them no balancer may take. */
export interface Log {
  partitions: readonly TopicMessage[][];
  malformed: number;
}

/** What a balancer has in the end. */
export interface Outcome {
  /** Digests of all VIPs, by key, in order. */
  digests: [key: string, digest: string][];
  refused: number;
  /** SHA-256 over the sentences that refuse, in order of their text. */
  refusals: string;
}

export const SECRET = 'a secret of 16 bytes';
const PARTITIONS = 4;
const BATCH_MAX = 2000;
const SEED = 5;

/** A log of so many events, always the same. The same key is always in the same partition. */
export function writeLog(events: number): Log {
  const chance = random(SEED);
  const partitions: TopicMessage[][] = Array.from({ length: PARTITIONS }, () => []);
  let malformed = 0;
  for (let i = 0; i < events; i++) {
    const { key, value, isMalformed } = randomEvent(chance);
    const partition = [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) % PARTITIONS;
    const log = partitions[partition] as TopicMessage[];
    log.push({ partition, offset: log.length, key: Buffer.from(key), value, timestampMs: i });
    if (isMalformed) malformed++;
  }
  return { partitions, malformed };
}

/** A balancer reads all of it, in batches and an order of partitions that the seed says. */
export async function readLog({ partitions }: Log, seed: number): Promise<Outcome> {
  const engine = createEngine({ hashSecret: SECRET, vipsMax: 64, backendsMax: 2048, tablesMiB: 4 }, 1, () => 1);
  const translator = new Translator('log', undefined);
  for (const _ of translator.catchUp());
  const refused: string[] = [];
  for (const batch of batches(partitions, random(seed))) {
    const events = [...batch.flatMap((message) => [...translator.take(message)]), ...translator.flush()];
    for (const event of events) {
      if (event.type === 'refused') refused.push(formatRefusal(event.refusal));
      if (event.type === 'changes') await engine.apply(event.changes, { isGradual: true });
    }
  }
  const digests = [...engine.vips.keys()].sort().map((key): [string, string] => [key, engine.digest(key)]);
  const refusals = createHash('sha256').update(refused.sort().join('\n')).digest('hex');
  return { digests, refused: refused.length, refusals };
}

/** Batches of chance, each a run of one partition. */
function* batches(log: readonly TopicMessage[][], chance: Random): Generator<TopicMessage[]> {
  const next = log.map(() => 0);
  for (let left = log.reduce((sum, { length }) => sum + length, 0); left > 0; ) {
    const open = log.flatMap((messages, p) => ((next[p] ?? 0) < messages.length ? [p] : []));
    const partition = chance.pick(open);
    const first = next[partition] ?? 0;
    const batch = (log[partition] ?? []).slice(first, first + 1 + chance.int(BATCH_MAX));
    next[partition] = first + batch.length;
    left -= batch.length;
    yield batch;
  }
}
