// Many balancers and one log: whatever batches it comes to each of them in, and however its partitions mix, all have the tables that the
// plain model has. State and tables of real balancers, no I/O, one after the other, so that memory is that of one.
//   ONE_LOG_BALANCERS=1000 ONE_LOG_EVENTS=100000 node dist/test/simulation/oneLog.test.js
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRefusal } from '../../host/membership/refusal.js';
import type { TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { Translator } from '../../host/membership/sources/kafkaTranslator.js';
import { modelDigests } from '../model/topic.js';
import { type Random, random } from '../support/random.js';
import { createEngine } from '../support/worker.js';
import { randomEvent } from './topicEvents.js';

const BALANCERS = Number(process.env.ONE_LOG_BALANCERS ?? 8);
const EVENTS = Number(process.env.ONE_LOG_EVENTS ?? 5000);
const PARTITIONS = 4;
const BATCH_MAX = 2000;
const SECRET = 'a secret of 16 bytes';
const SEED = 5;

/** The same key is always in the same partition. */
function writeLog(): TopicMessage[][] {
  const chance = random(SEED);
  const partitions: TopicMessage[][] = Array.from({ length: PARTITIONS }, () => []);
  for (let i = 0; i < EVENTS; i++) {
    const { key, value } = randomEvent(chance);
    const partition = [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) % PARTITIONS;
    const log = partitions[partition] as TopicMessage[];
    log.push({ partition, offset: log.length, key: Buffer.from(key), value, timestampMs: i });
  }
  return partitions;
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

/** A balancer reads all of it; returns its digests and what it refused. */
async function readLog(log: readonly TopicMessage[][], seed: number) {
  const engine = createEngine({ hashSecret: SECRET, vipsMax: 64, backendsMax: 2048, tablesMiB: 4 }, 1, () => 1);
  const translator = new Translator('log', undefined);
  for (const _ of translator.catchUp());
  const refused: string[] = [];
  for (const batch of batches(log, random(seed))) {
    const events = [...batch.flatMap((message) => [...translator.take(message)]), ...translator.flush()];
    for (const event of events) {
      if (event.type === 'refused') refused.push(formatRefusal(event.refusal));
      if (event.type === 'changes') await engine.apply(event.changes, { isGradual: true });
    }
  }
  const digests = [...engine.vips.keys()].sort().map((key): [string, string] => [key, engine.digest(key)]);
  return { digests, refused: refused.sort() };
}

const OneLog = suite('simulation/oneLog');

OneLog('all of a fleet end with the tables that a plain model computes from the log', async () => {
  const log = writeLog();
  const expected = modelDigests(log.flat(), SECRET);
  assert.ok(expected.length >= 8, `${expected.length} VIPs`);
  const startMs = performance.now();
  let refused: string[] | undefined;
  for (let balancer = 0; balancer < BALANCERS; balancer++) {
    const outcome = await readLog(log, 1000 + balancer);
    assert.equal(outcome.digests, expected, `balancer ${balancer}`);
    refused ??= outcome.refused;
    assert.equal(outcome.refused, refused, `balancer ${balancer}`);
  }
  assert.ok((refused?.length ?? 0) > EVENTS / 40, `${refused?.length} refused`);
  const us = ((performance.now() - startMs) * 1000) / (BALANCERS * EVENTS);
  const memory = process.memoryUsage().rss / 2 ** 20;
  console.log(`${BALANCERS} balancers, ${EVENTS} events: ${us.toFixed(1)} us an event, ${memory.toFixed(0)} MiB`);
});

OneLog.run();
