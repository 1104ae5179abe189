// The source against librdkafka's in-process cluster: the real protocol, four partitions a topic, no compaction.

import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change, Position } from '../../host/membership/event.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import {
  createPublisher,
  createSigner,
  type KafkaSourceOptions,
  kafkaSource,
  type Publisher,
  type TopicEntry,
} from '../../host/membership/sources/kafka.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { applyChanges, countRecords, EMPTY_STATE } from '../../host/membership/state.js';
import { casesThatNeed } from '../support/optional.js';
import { MALFORMED } from './malformed.js';
import { bounded, changesTold, Listener } from './support.js';

const Kafka = suite('membership/sources/kafka');
const kafkaTest = await casesThatNeed(loadKafka(), Kafka);

const TOPIC = 'balancer-members';
const WEB = 'tcp/192.0.2.80:80';
const VIP: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } };
const vipEntry = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}' };
const entry = (host: number, extra: object = {}) => ({
  key: `${WEB}/10.0.1.${host}`,
  value: JSON.stringify({ v: 1, vip: WEB, address: `10.0.1.${host}`, ...extra }),
});
const tombstone = (host: number) => ({ key: `${WEB}/10.0.1.${host}`, value: null });
const put = (host: number, extra: object = {}): Change => ({ put: { vip: WEB, address: `10.0.1.${host}`, ...extra } });
const byText = (changes: Change[]) => changes.map((change) => JSON.stringify(change)).sort();

const sumOfOffsets = (position: Position | undefined) =>
  Object.values(position?.offsets ?? {}).reduce((sum, offset) => sum + offset, 0);

// The mock answers an empty fetch only after this; real brokers answer as soon as there is something.
const FAST = { 'fetch.wait.max.ms': 10 };

interface Setting {
  broker: EmbeddedBroker;
  publisher: Publisher;
  listen: (options?: Partial<KafkaSourceOptions>) => Listener;
}

/** A test with a broker of its own, everything closed behind it. */
function withBroker(limitMs: number, body: (setting: Setting) => Promise<void>) {
  return bounded(limitMs, async (signal) => {
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const publisher = await createPublisher({ brokers: broker.brokers, topic: TOPIC, timeoutMs: 2000 });
    const listeners: Listener[] = [];
    const listen: Setting['listen'] = (options = {}) => {
      const source = kafkaSource({ brokers: broker.brokers, topic: TOPIC, librdkafka: FAST, ...options });
      const listener = new Listener(source, signal);
      listeners.push(listener);
      return listener;
    };
    try {
      await body({ broker, publisher, listen });
      for (const listener of listeners) {
        const ms = await listener.end();
        assert.ok(ms < 800, `the source took ${ms} ms to end`);
      }
    } finally {
      for (const listener of listeners) await listener.end().catch(() => {}); // its failure is the test's, told above
      await publisher.close();
      await broker.close();
    }
  });
}

kafkaTest(
  'an empty topic: caught up, nothing told but how far it is read',
  withBroker(8000, async ({ listen }) => {
    const listener = listen();
    await listener.next('caughtUp');
    assert.equal(listener.events, [
      { type: 'reached', position: { topic: TOPIC, offsets: { 0: 0, 1: 0, 2: 0, 3: 0 } } },
      { type: 'caughtUp' },
    ]);
  }),
);

kafkaTest(
  'replays from the start as one change, last value of a key only, then follows',
  withBroker(10_000, async ({ publisher, listen }) => {
    await publisher.publish([
      vipEntry,
      entry(9, { weight: 2 }),
      entry(10),
      entry(11),
      entry(9, { weight: 5 }),
      tombstone(11),
    ]);
    const listener = listen();
    const { changes, where, position } = await listener.next('changes');
    assert.equal(byText(changes), byText([VIP, put(9, { weight: 5 }), put(10)]));
    assert.equal(Object.keys(position?.offsets ?? {}), ['0', '1', '2', '3']);
    assert.is(sumOfOffsets(position), 6);
    assert.match(where ?? '', /^6 events of topic balancer-members, up to offset \d+ of partition \d$/);
    await listener.next('caughtUp');
    await publisher.publish([entry(10, { state: 'draining' })]);
    assert.equal((await listener.next('changes')).changes, [put(10, { state: 'draining' })]);
    await publisher.publish([tombstone(10), tombstone(99)]);
    const last = await listener.next('changes');
    assert.equal(last.changes, [{ remove: `${WEB}/10.0.1.10` }]);
    const isHeard = sumOfOffsets(last.position) === 9; // both tombstones came together
    if (!isHeard) assert.is(sumOfOffsets((await listener.next('reached')).position), 9);
    assert.is(listener.events.filter(({ type }) => type === 'caughtUp').length, 1);
  }),
);

kafkaTest(
  'a bad record is refused with its offset, changes nothing, and stops no other',
  withBroker(10_000, async ({ publisher, listen }) => {
    await publisher.publish([vipEntry, entry(9, { weight: 2 })]);
    await publisher.publish([entry(9, { weight: -3 })]); // same key, same partition: offset 1 there, or 2 behind the VIP
    const listener = listen();
    const { refusal } = await listener.next('refused');
    assert.match(
      formatRefusal(refusal),
      /^event at offset [12] of partition \d: weight -3 for backend 10\.0\.1\.9, expected 0\.\.65535; event ignored$/,
    );
    assert.equal(byText((await listener.next('changes')).changes), byText([VIP, put(9, { weight: 2 })]));
    await listener.next('caughtUp');
    await publisher.publish([
      { key: 'nonsense', value: '{}' },
      { key: entry(9).key, value: 'x'.repeat(200_000) },
      entry(12),
    ]);
    const refusals = [await listener.next('refused'), await listener.next('refused')];
    const fields = refusals.map((event) => `${event.refusal.field} ${event.refusal.value}`).sort();
    assert.equal(fields, ['key "nonsense"', 'value of 200000 bytes']);
    while (!byText(changesTold(listener)).includes(byText([put(12)])[0] ?? '')) await listener.next('changes');
    assert.is(changesTold(listener).length, 3);
  }),
);

kafkaTest(
  'a slow start begins with its message, for whoever reads it whenever; or when the record says',
  withBroker(10_000, async ({ publisher, listen }) => {
    const before = Date.now();
    const stated = { seconds: 30, since: 1_764_072_000_000 };
    await publisher.publish([vipEntry, entry(9, { slowStart: { seconds: 60 } }), entry(10, { slowStart: stated })]);
    const after = Date.now();
    const sinceOf = (changes: Change[], host: number): number => {
      const [found] = changes.filter((change) => 'put' in change && change.put.address === `10.0.1.${host}`);
      return (found as { put: { slowStart: { since: number } } }).put.slowStart.since;
    };
    const first = await listen().next('changes');
    const since = sinceOf(first.changes, 9);
    assert.ok(since >= before && since <= after, `${before} ${since} ${after}`);
    assert.is(sinceOf(first.changes, 10), stated.since);
    const second = await listen().next('changes');
    assert.equal(byText(second.changes), byText(first.changes));
  }),
);

kafkaTest(
  'scope: ours and those of all; a record given to others is taken away',
  withBroker(10_000, async ({ publisher, listen }) => {
    await publisher.publish([vipEntry, entry(1), entry(2, { scope: 'edge' }), entry(3, { scope: 'core' })]);
    const [edge, all] = [listen({ scope: 'edge' }), listen()];
    assert.equal(byText((await edge.next('changes')).changes), byText([VIP, put(1), put(2)]));
    assert.equal(byText((await all.next('changes')).changes), byText([VIP, put(1)]));
    await edge.next('caughtUp');
    await publisher.publish([entry(2, { scope: 'core' })]);
    assert.equal((await edge.next('changes')).changes, [{ remove: `${WEB}/10.0.1.2` }]);
  }),
);

kafkaTest(
  'follows within milliseconds',
  withBroker(15_000, async ({ publisher, listen }) => {
    await publisher.publish([vipEntry]);
    const listener = listen();
    await listener.next('caughtUp');
    const latencies: number[] = [];
    for (let weight = 1; weight <= 30; weight++) {
      const start = performance.now();
      await publisher.publish([entry(9, { weight })]);
      assert.equal((await listener.next('changes')).changes, [put(9, { weight })]);
      latencies.push(performance.now() - start);
    }
    latencies.sort((a, b) => a - b);
    const [p50, max] = [latencies[15] ?? 0, latencies.at(-1) ?? 0];
    console.log(`publish to change: p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms`);
    assert.ok(p50 < 60, `p50 ${p50} ms`);
  }),
);

kafkaTest(
  'a burst is one change, or a few; ten thousand records are read up',
  withBroker(20_000, async ({ publisher, listen }) => {
    const burst = Array.from({ length: 10_000 }, (_, n) => {
      const address = `10.1.${n >> 8}.${n & 255}`;
      return { key: `${WEB}/${address}`, value: JSON.stringify({ v: 1, vip: WEB, address }) };
    });
    await publisher.publish([vipEntry, ...burst]);
    const listener = listen();
    const start = performance.now();
    const { changes } = await listener.next('changes');
    console.log(`10,001 records read up in ${(performance.now() - start).toFixed(0)} ms`);
    assert.equal(countRecords(applyChanges(EMPTY_STATE, changes).state), { vips: 1, backends: 10_000, pending: 0 });
    await listener.next('caughtUp');
    const before = changesTold(listener).length;
    await publisher.publish(burst.slice(0, 1000).map(({ key }) => ({ key, value: null })));
    let batches = 0;
    while (changesTold(listener).length < before + 1000) {
      await listener.next('changes');
      batches++;
    }
    assert.ok(batches <= 20, `${batches} changes events for 1000 records`);
  }),
);

kafkaTest(
  'brokers gone: stale with the reason, nothing taken away, and a quick end',
  withBroker(10_000, async ({ broker, publisher, listen }) => {
    await publisher.publish([vipEntry, entry(9)]);
    const listener = listen({ refreshMs: 300 });
    await listener.next('caughtUp');
    const told = changesTold(listener).length;
    await broker.close();
    const stale = await listener.next('stale');
    assert.match(stale.reason, /^brokers 127\.0\.0\.1:\d+ do not answer: /);
    assert.ok(Math.abs(Date.now() - stale.sinceMs) < 5000);
    assert.is(changesTold(listener).length, told);
  }),
);

kafkaTest(
  'nobody there at the start: stale, and a quick end',
  bounded(8000, async (signal) => {
    // Port 1 of the loopback address: refused at once.
    const listener = new Listener(kafkaSource({ brokers: ['127.0.0.1:1'], topic: TOPIC }), signal);
    const stale = await listener.next('stale');
    assert.match(stale.reason, /^brokers 127\.0\.0\.1:1 do not answer: /);
    assert.ok((await listener.end()) < 800);
    assert.equal(
      listener.events.map(({ type }) => type),
      ['stale'],
    );
  }),
);

kafkaTest(
  'a topic that is not there yet: said so, and read when it comes',
  withBroker(10_000, async ({ broker, listen }) => {
    const listener = listen({ topic: 'later' });
    assert.match(
      (await listener.next('stale')).reason,
      /^topic later is not there on 127\.0\.0\.1:\d+: it is asked for again/,
    );
    await rejects(createPublisher({ brokers: broker.brokers, topic: 'never' }), /topic never .*is not there/);
    const creator = await allowingCreation(broker.brokers, 'later');
    await listener.next('fresh');
    await listener.next('caughtUp');
    await creator();
  }),
);

kafkaTest(
  'a broker that hangs: stale; and when it goes on, fresh, with what came meanwhile',
  bounded(20_000, async (signal) => {
    const child = fork(fileURLToPath(new URL('./brokerProcess.js', import.meta.url)), [TOPIC]);
    try {
      const [brokers] = (await once(child, 'message')) as [string[]];
      const publisher = await createPublisher({ brokers, topic: TOPIC, timeoutMs: 5000 });
      await publisher.publish([vipEntry, entry(9)]);
      const source = kafkaSource({ brokers, topic: TOPIC, refreshMs: 200, librdkafka: FAST });
      const listener = new Listener(source, signal);
      await listener.next('caughtUp');
      child.kill('SIGSTOP');
      await listener.next('stale');
      const told = changesTold(listener).length;
      child.kill('SIGCONT');
      await listener.next('fresh');
      assert.is(changesTold(listener).length, told);
      await publisher.publish([entry(10)]);
      assert.equal((await listener.next('changes')).changes, [put(10)]);
      await publisher.close();
      assert.ok((await listener.end()) < 800);
    } finally {
      await killed(child);
    }
  }),
);

kafkaTest(
  'what cannot be delivered is an error that names the keys',
  withBroker(15_000, async ({ broker, publisher }) => {
    await broker.close();
    await rejects(publisher.publish([entry(9), vipEntry]), new RegExp(`publish .*${WEB}.* to topic ${TOPIC} on 127`));
    await publisher.close();
    await rejects(publisher.publish([vipEntry]), /is closed/);
  }),
);

Kafka('options are refused by name', () => {
  const good = { brokers: ['127.0.0.1:9092'], topic: TOPIC };
  const bad: [object, RegExp][] = [
    [{ brokers: [] }, /^brokers \[\] must name a broker/],
    [{ brokers: ['a:1', 'b'] }, /^brokers\[1\] "b" must be host:port/],
    [{ brokers: ['a:1,b:2'] }, /^brokers\[0\]/],
    [{ topic: 'a b' }, /^topic "a b" must be a name/],
    [{ topic: '..' }, /^topic/],
    [{ scope: '' }, /^scope "" must be/],
    [{ refreshMs: 5 }, /^refreshMs 5 must be 100\.\.300000/],
    [{ refreshMs: Number.NaN }, /^refreshMs/],
    [
      { librdkafka: { 'enable.auto.commit': true } },
      /^librdkafka\["enable\.auto\.commit"\].* is not a setting that is passed on/,
    ],
  ];
  for (const [options, rule] of bad) {
    assert.throws(
      () => kafkaSource({ ...good, ...options }),
      (error: { code: string; message: string }) => error.code === 'ERR_OPTION' && rule.test(error.message),
      JSON.stringify(options),
    );
  }
});

kafkaTest(
  'a setting that librdkafka does not like ends the source with its words',
  bounded(5000, async (signal) => {
    const options = { brokers: ['127.0.0.1:1'], topic: TOPIC, librdkafka: { 'security.protocol': 'nonsense' } };
    await rejects(
      new Listener(kafkaSource(options), signal).next('caughtUp'),
      /librdkafka settings: .*security\.protocol/,
    );
  }),
);

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: Error) => error.message,
  );
  assert.match(outcome, message);
}

/** Makes the mock create a topic: a producer that may, asks for it. Returns what closes it. */
async function allowingCreation(brokers: string[], topic: string): Promise<() => Promise<void>> {
  const kafka = await loadKafka();
  const producer = new kafka.Producer({ 'bootstrap.servers': brokers.join(',') });
  await new Promise((resolve) => producer.connect({ topic, allTopics: false, timeout: 2000 }, resolve));
  return () => new Promise((resolve) => producer.disconnect(1000, () => resolve()));
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

kafkaTest(
  'signed records: a producer with every old record and no key changes nothing, whatever it publishes',
  withBroker(20_000, async ({ broker, publisher: hostile, listen }) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signer = createSigner({ keyId: 'ops-1', privateKey });
    const stranger = createSigner({ keyId: 'ops-1', privateKey: generateKeyPairSync('ed25519').privateKey });
    const honest = await createPublisher({ brokers: broker.brokers, topic: TOPIC, signer });
    const sign = ({ key, value }: TopicEntry, by = signer) => ({ key, value: by.sign({ topic: TOPIC, key, value }) });
    const old = sign(entry(9, { weight: 1 }));
    await hostile.publish([old]); // it was good when it came
    await honest.publish([vipEntry, entry(9, { weight: 2 }), entry(10), entry(11)]);
    const verifyKeys = [{ id: 'ops-1', publicKey }];
    const listener = listen({ verifyKeys });
    await listener.next('caughtUp');
    const expected = byText([VIP, put(9, { weight: 2 }), put(10), put(11)]);
    assert.equal(byText(changesTold(listener)), expected);

    const stolen = sign(entry(11, { weight: 77 }));
    const attack: TopicEntry[] = [
      old, // an old one again
      entry(9, { weight: 65535 }), // none
      sign(entry(9, { weight: 65535 }), stranger), // by somebody who calls himself ops-1
      { key: entry(10).key, value: stolen.value.replaceAll('10.0.1.11', '10.0.1.10') }, // that of another record
      tombstone(10),
      tombstone(11),
      { key: WEB, value: '{"v":1,"removed":true}' },
      ...MALFORMED.filter(({ value }) => value.length < 1_000_000).map(({ key, value }) => ({
        key,
        value: value.toString('latin1'),
      })),
    ];
    await hostile.publish(attack);
    await honest.publish([entry(12)]);
    while (!changesTold(listener).some((change) => 'put' in change && change.put.address === '10.0.1.12')) {
      await listener.next('changes');
    }
    const refusals = () => listener.events.filter(({ type }) => type === 'refused').length;
    while (refusals() < attack.length) await listener.next('refused');
    assert.is(refusals(), attack.length);
    assert.equal(byText(changesTold(listener)), byText([VIP, put(9, { weight: 2 }), put(10), put(11), put(12)]));

    // A balancer that starts now reads the same log, and comes to the same.
    const late = listen({ verifyKeys });
    await late.next('caughtUp');
    assert.equal(byText(changesTold(late)), byText([VIP, put(9, { weight: 2 }), put(10), put(11), put(12)]));
    assert.is(late.events.filter(({ type }) => type === 'refused').length, attack.length);
    // Without keys the same records are taken from whoever wrote them last.
    const credulous = listen();
    await credulous.next('caughtUp');
    assert.equal(byText(changesTold(credulous)), byText([put(12)]));

    // Removed by who may, cleaned up behind, and not brought back.
    await honest.publish([{ key: entry(12).key, value: null }]);
    await honest.publish([{ key: entry(12).key, value: null, isCleanup: true }]);
    while (!changesTold(listener).some((change) => 'remove' in change)) await listener.next('changes');
    assert.equal(changesTold(listener).at(-1), { remove: entry(12).key });
    await honest.close();
  }),
);

Kafka.run();
