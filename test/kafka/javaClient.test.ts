// What we write and read, beside Kafka's own command line tools: a client in another language, by other people.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readTopic } from '../../host/membership/sources/kafkaTopic.js';
import { applyFile } from '../support/applyFile.js';
import { runTool } from './support/javaTool.js';
import { put, remove, WEB, WEB_PUT, withTopic } from './support/records.js';
import { kafkaSuite } from './support/suite.js';
import type { TestKafka } from './support/testKafka.js';
import { bootstrap } from './support/topics.js';

const test = await kafkaSuite('kafka/javaClient');
const needs = ['topics', 'tools'] as const;

/** Publishes `key|value` lines with kafka-console-producer; the value NONE is a tombstone. */
async function produce(kafka: TestKafka, topic: string, lines: readonly string[]): Promise<void> {
  const properties = ['parse.key=true', 'key.separator=|', 'null.marker=NONE'].flatMap((text) => ['--property', text]);
  const args = [...bootstrap(kafka.brokers), '--topic', topic, ...properties];
  await runTool(kafka.access().jars, 'kafka-console-producer', args, `${lines.join('\n')}\n`);
}

/** Reads `count` messages with kafka-console-consumer: partition, key and value of each. */
async function consume(kafka: TestKafka, topic: string, count: number): Promise<string[][]> {
  const properties = ['print.partition=true', 'print.key=true', 'key.separator=|', 'null.literal=NONE'];
  const args = [
    ...bootstrap(kafka.brokers),
    ...['--topic', topic, '--from-beginning', '--max-messages', `${count}`, '--timeout-ms', '15000'],
    ...properties.flatMap((text) => ['--property', text]),
  ];
  const output = await runTool(kafka.access().jars, 'kafka-console-consumer', args);
  return output
    .trim()
    .split('\n')
    .map((line) => line.split('|'));
}

/** The partition that each key of a topic is in. */
async function partitions(kafka: TestKafka, topic: string, signal: AbortSignal): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const event of readTopic({ brokers: kafka.brokers, topic }, signal)) {
    if (event.type === 'caughtUp') break;
    if (event.type !== 'messages') continue;
    for (const { key, partition } of event.messages) found.set(`${key}`, partition);
  }
  return found;
}

test('a key lands in the same partition whoever publishes it', { needs, limitMs: 40_000 }, (kafka, signal) =>
  withTopic(kafka, signal, { partitions: 7 }, async ({ topic, publish }) => {
    const keys = [
      ...Array.from({ length: 40 }, (_, n) => `tcp/192.0.2.${n}:80/10.0.${n}.9`),
      ...Array.from({ length: 40 }, (_, n) => `udp/[2001:db8::${n.toString(16)}]:53`),
      'tcp/192.0.2.0/24:443',
    ];
    await publish(keys.map((key) => ({ key, value: '{}' })));
    const theirs = await kafka.createTopic('java', { partitions: 7 });
    await produce(
      kafka,
      theirs,
      keys.map((key) => `${key}|{}`),
    );
    const [ours, java] = [await partitions(kafka, topic, signal), await partitions(kafka, theirs, signal)];
    assert.is(java.size, 81);
    assert.equal(Object.fromEntries(ours), Object.fromEntries(java));
    assert.is(new Set(java.values()).size, 7);
  }),
);

test('what apply publishes is what the console consumer shows', { needs, limitMs: 40_000 }, (kafka, signal) =>
  withTopic(kafka, signal, { partitions: 3 }, async ({ topic }) => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-java-'));
    const file = join(folder, 'members.yaml');
    const apply = async (backends: string) => {
      await writeFile(file, `vips:\n  - vip: ${WEB}\n    encap: ipip\n    backends: [${backends}]\n`);
      return applyFile({ file, brokers: kafka.brokers, topic, timeoutMs: 10_000 });
    };
    try {
      await apply('10.0.1.9, { address: 10.0.1.10, weight: 3 }');
      await apply('10.0.1.10');
      const shown = await consume(kafka, topic, 5);
      const values = new Map<string, string[]>();
      for (const [, key = '', value = ''] of shown) values.set(key, [...(values.get(key) ?? []), value]);
      const parsed = [...values].map(([key, list]) => [
        key,
        list.map((text) => (text === 'NONE' ? null : JSON.parse(text))),
      ]);
      assert.equal(Object.fromEntries(parsed), {
        [WEB]: [{ v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80, encap: { type: 'ipip' } }],
        [`${WEB}/10.0.1.9`]: [{ v: 1, vip: WEB, address: '10.0.1.9' }, null],
        [`${WEB}/10.0.1.10`]: [
          { v: 1, vip: WEB, address: '10.0.1.10', weight: 3 },
          { v: 1, vip: WEB, address: '10.0.1.10' },
        ],
      });
      for (const key of values.keys()) {
        const places = new Set(shown.filter(([, shownKey]) => shownKey === key).map(([partition]) => partition));
        assert.is(places.size, 1, `${key} is in ${[...places].join(' and ')}`);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }),
);

test(
  'what the console producer writes is followed, tombstones too, and an empty value is refused',
  { needs, limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, {}, async ({ topic, listen }) => {
      const listener = listen();
      await listener.next('caughtUp');
      const value = '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}';
      await produce(kafka, topic, [`${WEB}|${value}`, `${WEB}/10.0.1.9|{"v":1,"vip":"${WEB}","address":"10.0.1.9"}`]);
      assert.equal((await listener.next('changes')).changes, [WEB_PUT, put(9)]);
      await produce(kafka, topic, [`${WEB}/10.0.1.9|`]); // a value of no bytes, which node-rdkafka cannot write: not a tombstone
      assert.equal((await listener.next('refused')).refusal, {
        where: 'event at offset 2 of partition 0',
        ...{ key: `${WEB}/10.0.1.9`, field: 'value', value: '""', rule: 'expected JSON', ignored: 'event' },
      });
      await produce(kafka, topic, [`${WEB}/10.0.1.9|NONE`]);
      assert.equal((await listener.next('changes')).changes, [remove(9)]);
    }),
);

test.run();
