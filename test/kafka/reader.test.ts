// The reader against a topic that changes below it: compaction, more partitions, retention, another topic of the same name.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { readTopic } from '../../host/membership/sources/kafkaTopic.js';
import type { Producer } from '../../host/membership/sources/rdkafka.js';
import { changesTold, type Listener } from '../membership/support.js';
import {
  byText,
  entry,
  put,
  standing,
  tombstone,
  untilStanding,
  WEB,
  WEB_ENTRY,
  WEB_PUT,
  withTopic,
} from './support/records.js';
import { kafkaSuite } from './support/suite.js';
import { createTopic, deleteRecords, deleteTopic, growTopic } from './support/topics.js';

const test = await kafkaSuite('kafka/reader');

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const has = (listener: Listener, type: string) => listener.events.some((event) => event.type === type);

/** Cleaned at once, but for the segment that is written to; the next message after so many ms begins a new one. */
const CLEANED = {
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.001',
  'max.compaction.lag.ms': '100',
  'delete.retention.ms': '0',
};

test('all partitions are read, and their ends make it ready', {}, (kafka, signal) =>
  withTopic(kafka, signal, { partitions: 7 }, async ({ topic, publish, listen }) => {
    const hosts = Array.from({ length: 50 }, (_, n) => n + 1);
    await publish([WEB_ENTRY, ...hosts.map((host) => entry(host))]);
    const listener = listen();
    const { changes, position } = await listener.next('changes');
    assert.equal(byText(changes), byText([WEB_PUT, ...hosts.map((host) => put(host))]));
    assert.is(position?.topic, topic);
    assert.is(Object.keys(position?.offsets ?? {}).length, kafka.kind === 'embedded' ? 4 : 7);
    assert.is(
      Object.values(position?.offsets ?? {}).reduce((sum, offset) => sum + offset, 0),
      51,
    );
    await listener.next('caughtUp');
  }),
);

test(
  'gaps of compaction: between messages and before the end',
  { needs: ['topics'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: CLEANED }, async ({ publish, listen }) => {
      for (let weight = 1; weight <= 8; weight++) {
        await publish([WEB_ENTRY, entry(9, { weight }), entry(10 + weight), tombstone(9 + weight)]);
        await pause(150);
      }
      // 32 messages; VIP, backends 9 and 18, and what the last segment still has, stay.
      for (let read = 32; read > 12; ) {
        const listener = listen();
        const { where, position } = await listener.next('changes');
        assert.is(position?.offsets[0], 32);
        assert.equal(standing(changesTold(listener)), byText([WEB_PUT, put(9, { weight: 8 }), put(18)]));
        await listener.next('caughtUp');
        await listener.end();
        read = Number(/^\d+/.exec(where ?? '')?.[0]);
        if (read > 12) await pause(200);
      }
    }),
);

test('an end that no message stands before: markers of a transaction', { needs: ['topics'] }, (kafka, signal) =>
  withTopic(kafka, signal, {}, async ({ topic, listen }) => {
    await publishInTransaction(kafka.brokers, topic, WEB_ENTRY);
    const listener = listen();
    const { changes } = await listener.next('changes');
    assert.equal(changes, [WEB_PUT]);
    await listener.next('caughtUp');
    await listener.next('current');
    await publishInTransaction(kafka.brokers, topic, entry(9));
    assert.equal((await listener.next('changes')).changes, [put(9)]);
    // The markers have a later time than all we have read, and an offset below ours: they are not another topic.
    await listener.next('current');
    await pause(1000);
    await listener.next('current');
    assert.not.ok(has(listener, 'stale'));
    assert.is(listener.events.filter(({ type }) => type === 'changes').length, 2);
  }),
);

test(
  'partitions are added: what is in them is read, and a key that moved has its newest value',
  { needs: ['topics'] },
  (kafka, signal) =>
    withTopic(kafka, signal, {}, async ({ topic, publish, listen }) => {
      const hosts = Array.from({ length: 20 }, (_, n) => n + 1);
      await publish([WEB_ENTRY, ...hosts.map((host) => entry(host))]);
      const listener = listen();
      await listener.next('caughtUp');
      await growTopic(kafka.brokers, topic, 5);
      const now = [WEB_ENTRY, ...hosts.slice(1).map((host) => entry(host, { weight: 7 })), tombstone(1)];
      await publish(now);
      const wanted = [WEB_PUT, ...hosts.slice(1).map((host) => put(host, { weight: 7 }))];
      await untilStanding(listener, wanted, signal);
      const later = listen();
      await later.next('caughtUp');
      assert.equal(standing(changesTold(later)), byText(wanted));
      assert.not.ok(has(listener, 'stale'));
    }),
);

test(
  'retention goes past a reader that follows: it loses nothing',
  { needs: ['topics', 'tools'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: { 'cleanup.policy': 'compact,delete' } }, async ({ topic, publish, listen }) => {
      await publish([WEB_ENTRY, entry(9), entry(10)]);
      const listener = listen();
      await listener.next('caughtUp');
      await deleteRecords(kafka.access().jars, kafka.brokers, topic, { 0: 3 });
      await publish([entry(11)]);
      await untilStanding(listener, [WEB_PUT, put(9), put(10), put(11)], signal);
      await pause(600);
      assert.equal(standing(changesTold(listener)), byText([WEB_PUT, put(9), put(10), put(11)]));
      assert.not.ok(has(listener, 'stale'));
    }),
);

for (const [how, again] of [
  ['fewer', [WEB_ENTRY, entry(12)]],
  ['as many', [WEB_ENTRY, entry(12), entry(13)]],
  ['more', [WEB_ENTRY, entry(12), entry(13), entry(14), entry(15), entry(16)]],
] as const) {
  test(
    `made anew with ${how} messages while it is followed: what is in it counts, nothing before`,
    { needs: ['topics'] },
    (kafka, signal) =>
      withTopic(kafka, signal, {}, async ({ topic, publish, listen }) => {
        await publish([WEB_ENTRY, entry(9), entry(10)]);
        const listener = listen();
        await listener.next('current');
        await deleteTopic(kafka.brokers, topic);
        await createTopic(kafka.brokers, topic);
        await publish(again);
        const { reason } = await listener.next('stale');
        assert.match(reason, /made anew|is not there/);
        const told = changesTold(listener).length;
        await listener.next('fresh');
        await untilStanding(
          listener,
          again.map(({ key }) => (key === WEB ? WEB_PUT : put(Number(key.split('.').at(-1))))),
          signal,
        );
        // One change from the one topic to the other: no moment without backends.
        const changes = listener.events.flatMap((event) => (event.type === 'changes' ? [event.changes] : []));
        assert.equal(byText(changes.at(-1) ?? []), byText(changesTold(listener).slice(told)));
        assert.ok((changes.at(-1) ?? []).some((change) => 'remove' in change));
      }),
  );
}

test(
  'gone for a while, then made anew: what it said is kept until the new one is quiet',
  { needs: ['topics'] },
  (kafka, signal) =>
    withTopic(kafka, signal, {}, async ({ topic, publish, listen }) => {
      await publish([WEB_ENTRY, entry(9), entry(10)]);
      const listener = listen();
      await listener.next('caughtUp');
      await deleteTopic(kafka.brokers, topic);
      assert.match((await listener.next('stale')).reason, /^topic \S+ is not there on /);
      await createTopic(kafka.brokers, topic);
      await pause(1500); // empty: kept
      assert.is(changesTold(listener).length, 3);
      assert.not.ok(has(listener, 'fresh'));
      for (const record of [WEB_ENTRY, entry(10), entry(11)]) {
        await publish([record]); // the second and third within the time that it must be quiet
      }
      await listener.next('fresh');
      assert.equal(standing(changesTold(listener)), byText([WEB_PUT, put(10), put(11)]));
      await publish([entry(12)]);
      assert.equal((await listener.next('changes')).changes.slice(-1), [put(12)]);
    }),
);

test('made anew with fewer partitions', { needs: ['topics'] }, (kafka, signal) =>
  withTopic(kafka, signal, { partitions: 6 }, async ({ topic, publish, listen }) => {
    const hosts = Array.from({ length: 20 }, (_, n) => n + 1);
    await publish([WEB_ENTRY, ...hosts.map((host) => entry(host))]);
    const listener = listen();
    await listener.next('current');
    await deleteTopic(kafka.brokers, topic);
    await createTopic(kafka.brokers, topic, { partitions: 2 });
    await publish([WEB_ENTRY, ...hosts.slice(10).map((host) => entry(host))]);
    await untilStanding(listener, [WEB_PUT, ...hosts.slice(10).map((host) => put(host))], signal);
  }),
);

test(
  'away for longer than tombstones are kept: read again, and what was removed meanwhile is removed',
  { needs: ['topics'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: CLEANED }, async ({ topic, publish, listen }) => {
      const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-absence-'));
      const [snapshot, copy] = [join(folder, 'members'), join(folder, 'copy')];
      try {
        await publish([WEB_ENTRY, entry(9), entry(10)]);
        const before = listen({ snapshot });
        await before.next('current');
        await before.end();
        await copyFile(snapshot, copy);
        await publish([tombstone(9)]);
        await untilForgotten(kafka.brokers, topic, 9, () => publish([entry(10)]), signal);
        const after = listen({ snapshot, rereadAfterMs: 1000 });
        await after.next('caughtUp');
        assert.equal(standing(changesTold(after)), byText([WEB_PUT, put(10)]));
        // The same absence, held to be short: nothing says that backend 9 is gone. Thus the bound.
        const unaware = listen({ snapshot: copy, rereadAfterMs: 3_600_000 });
        await unaware.next('caughtUp');
        assert.equal(standing(changesTold(unaware)), byText([WEB_PUT, put(9), put(10)]));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
);

test('how old the view is: told again and again while all is there', { needs: [] }, (kafka, signal) =>
  withTopic(kafka, signal, {}, async ({ publish, listen }) => {
    await publish([WEB_ENTRY]);
    const before = Date.now();
    const listener = listen();
    const times: number[] = [];
    while (times.length < 4) times.push((await listener.next('current')).atMs);
    assert.ok((times[0] ?? 0) >= before);
    for (const [n, time] of times.slice(1).entries()) assert.ok(time > (times[n] ?? 0), `${times}`);
    const caughtUp = listener.events.findIndex(({ type }) => type === 'caughtUp');
    assert.ok(caughtUp >= 0 && caughtUp < listener.events.findIndex(({ type }) => type === 'current'));
  }),
);

/** Publishes until compaction has taken all that a backend's key ever said, its tombstone too. */
async function untilForgotten(
  brokers: readonly string[],
  topic: string,
  host: number,
  publish: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (let isThere = true; isThere; ) {
    await publish();
    await pause(200);
    isThere = false;
    for await (const event of readTopic({ brokers, topic }, signal)) {
      if (event.type === 'caughtUp') break;
      if (event.type === 'messages')
        isThere ||= event.messages.some(({ key }) => key?.toString() === tombstone(host).key);
    }
  }
}

interface Transactional extends Producer {
  initTransactions(timeoutMs: number, done: (error: unknown) => void): void;
  beginTransaction(done: (error: unknown) => void): void;
  commitTransaction(timeoutMs: number, done: (error: unknown) => void): void;
}

/** Writes one message with a producer that commits it: behind it stands a marker that no consumer is told of. */
async function publishInTransaction(
  brokers: readonly string[],
  topic: string,
  { key, value }: { key: string; value: string | null },
): Promise<void> {
  const kafka = await loadKafka();
  const config = { 'bootstrap.servers': brokers.join(','), 'transactional.id': `test-${topic}`, dr_cb: true };
  const producer = new kafka.Producer(config) as Transactional;
  const done = (ask: (answer: (error: unknown) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())));
  await done((answer) => producer.connect({ allTopics: false, timeout: 5000 }, answer));
  await done((answer) => producer.initTransactions(10_000, answer));
  await done((answer) => producer.beginTransaction(answer));
  producer.produce(topic, null, Buffer.from(value ?? ''), key, undefined, undefined);
  await done((answer) => producer.commitTransaction(10_000, answer));
  await new Promise<void>((resolve) => producer.disconnect(1000, () => resolve()));
}

test.run();
