// Messages that are too large, or too many for one answer: none of them stops the reader.
import * as assert from 'uvu/assert';
import { VALUE_BYTES_MAX } from '../../host/membership/jsonRecord.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import { errorText, loadKafka } from '../../host/membership/sources/kafkaClient.js';
import type { DeliveryReport, LibrdKafkaError } from '../../host/membership/sources/rdkafka.js';
import { changesTold } from '../membership/support.js';
import { byText, entry, put, standing, untilStanding, WEB_ENTRY, WEB_PUT, withTopic } from './support/records.js';
import { kafkaSuite } from './support/suite.js';

const test = await kafkaSuite('kafka/large');

/** Takes values up to 12 MB, as the brokers of these tests do. */
const LARGE = { 'max.message.bytes': '12000000' };
const MB_10 = 10_000_000;

test(
  'a value of 10 MB is refused by name, and what stands behind it is read',
  { needs: ['topics'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: LARGE }, async ({ topic, publish, listen }) => {
      await publish([WEB_ENTRY, entry(9)]);
      await publishLarge(kafka.brokers, topic, entry(9).key, MB_10);
      await publish([entry(10)]);
      const listener = listen();
      const { refusal } = await listener.next('refused');
      assert.is(
        formatRefusal(refusal),
        `event at offset 2 of partition 0: value of ${MB_10} bytes for backend 10.0.1.9, expected at most ${VALUE_BYTES_MAX}; event ignored`,
      );
      await listener.next('caughtUp');
      assert.equal(standing(changesTold(listener)), byText([WEB_PUT, put(9), put(10)]));
      // The same while it follows.
      await publishLarge(kafka.brokers, topic, entry(10).key, MB_10);
      await publish([entry(11)]);
      assert.match(
        formatRefusal((await listener.next('refused')).refusal),
        /value of 10000000 bytes for backend 10\.0\.1\.10/,
      );
      await untilStanding(listener, [WEB_PUT, put(9), put(10), put(11)], signal);
    }),
);

test('the largest value that is taken, and one byte more', {}, (kafka, signal) =>
  withTopic(kafka, signal, {}, async ({ publish, listen }) => {
    const bare = Buffer.byteLength(entry(9, { note: '' }).value ?? '');
    const fill = 'x'.repeat(VALUE_BYTES_MAX - bare);
    await publish([WEB_ENTRY, entry(9, { note: fill }), entry(10, { note: `${fill}xx` })]);
    const listener = listen();
    const { refusal } = await listener.next('refused');
    assert.match(formatRefusal(refusal), new RegExp(`value of ${VALUE_BYTES_MAX + 3} bytes`)); // 10.0.1.10 is longer by one
    await listener.next('caughtUp');
    assert.equal(standing(changesTold(listener)), byText([WEB_PUT, put(9, { note: fill })]));
  }),
);

test(
  'more than one answer of a broker holds: batches are cut, and read all the same',
  { needs: ['topics'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, {}, async ({ publish, listen }) => {
      // 250 records of 60 KB in batches of up to 1 MB, and answers of up to 150 KB a partition: each ends within a batch.
      const note = 'x'.repeat(60_000);
      const hosts = Array.from({ length: 250 }, (_, n) => n + 1);
      await publish([WEB_ENTRY, ...hosts.map((host) => entry(host, { note }))]);
      for (const librdkafka of [{}, { 'fetch.message.max.bytes': 150_000 }]) {
        const listener = listen({ librdkafka });
        await listener.next('caughtUp');
        assert.equal(standing(changesTold(listener)), byText([WEB_PUT, ...hosts.map((host) => put(host, { note }))]));
      }
    }),
);

/** Publishes a value of this many bytes, as our publisher would not. */
async function publishLarge(brokers: readonly string[], topic: string, key: string, bytes: number): Promise<void> {
  const kafka = await loadKafka();
  const config = { 'bootstrap.servers': brokers.join(','), 'message.max.bytes': 2 * MB_10, dr_cb: true };
  const producer = new kafka.Producer(config);
  await new Promise((resolve) => producer.connect({ allTopics: false, timeout: 5000 }, resolve));
  const polling = setInterval(() => producer.poll(), 5);
  try {
    await new Promise<void>((resolve, reject) => {
      producer.on('delivery-report', (error: LibrdKafkaError | null, _: DeliveryReport) =>
        error ? reject(new Error(errorText(error))) : resolve(),
      );
      producer.produce(topic, null, Buffer.alloc(bytes, 'x'), key, undefined, undefined);
    });
  } finally {
    clearInterval(polling);
    await new Promise<void>((resolve) => producer.disconnect(1000, () => resolve()));
  }
}

test.run();
