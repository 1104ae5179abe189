// A source that keeps a snapshot, against a topic that changes, goes away, or is another one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { MaglevError } from '../../host/errors.js';
import type { Change, SourceEvent } from '../../host/membership/event.js';
import { formatRefusal } from '../../host/membership/refusal.js';
import { readSnapshot, writeSnapshot } from '../../host/membership/snapshot.js';
import { createPublisher, type KafkaSourceOptions, kafkaSource } from '../../host/membership/sources/kafka.js';
import { changesTold, Listener } from '../membership/support.js';
import { kafkaSuite } from './support/suite.js';
import type { TestKafka } from './support/testKafka.js';
import { createTopic, deleteRecords, deleteTopic } from './support/topics.js';

const test = await kafkaSuite('kafka/snapshot');

const WEB = 'tcp/192.0.2.80:80';
const WEB_ENTRY = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80}' };
const WEB_PUT: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } };
const entry = (host: number, extra: object = {}) => ({
  key: `${WEB}/10.0.1.${host}`,
  value: JSON.stringify({ v: 1, vip: WEB, address: `10.0.1.${host}`, ...extra }),
});
const tombstone = (host: number) => ({ key: `${WEB}/10.0.1.${host}`, value: null });
const put = (host: number, extra: object = {}): Change => ({ put: { vip: WEB, address: `10.0.1.${host}`, ...extra } });
const remove = (host: number): Change => ({ remove: `${WEB}/10.0.1.${host}` });
const byText = (changes: readonly Change[]) => changes.map((change) => JSON.stringify(change)).sort();
const typesOf = (listener: Listener) =>
  listener.events.map(({ type }) => type).filter((type) => type !== 'reached' && type !== 'current');

interface Setting {
  topic: string;
  path: string;
  publish(entries: { key: string; value: string | null }[]): Promise<void>;
  listen(options?: Partial<KafkaSourceOptions>): Listener;
  /** Runs a source until it has caught up, and closes it: then there is a snapshot. */
  once(): Promise<void>;
  failures: MaglevError[];
}

async function withTopic(
  kafka: TestKafka,
  signal: AbortSignal,
  body: (setting: Setting) => Promise<void>,
  settings: Parameters<TestKafka['createTopic']>[1] = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-snapshot-'));
  const topic = await kafka.createTopic('snapshot', settings);
  const path = join(folder, 'members');
  const failures: MaglevError[] = [];
  const host = { packets: () => new Map([[WEB, 10]]), failed: (error: MaglevError) => void failures.push(error) };
  const listeners: Listener[] = [];
  const listen: Setting['listen'] = (options = {}) => {
    const source = kafkaSource({ brokers: kafka.brokers, topic, snapshot: path, refreshMs: 200, ...options });
    const listener = new Listener({ ...source, events: (stop) => source.events(stop, host) }, signal);
    listeners.push(listener);
    return listener;
  };
  const publish: Setting['publish'] = async (entries) => {
    const publisher = await createPublisher({ brokers: kafka.brokers, topic });
    await publisher.publish(entries);
    await publisher.close();
  };
  const once = async () => {
    const listener = listen();
    await listener.next('caughtUp');
    await listener.end();
  };
  try {
    await body({ topic, path, publish, listen, once, failures });
  } finally {
    for (const listener of listeners) await listener.end().catch(() => {}); // its failure is the test's
    await rm(folder, { recursive: true, force: true });
  }
}

async function bodyAt(path: string): Promise<Record<string, unknown>> {
  const found = await readSnapshot(path);
  if (found === undefined || 'broken' in found) throw new Error(`no snapshot at ${path}`);
  return found.body as Record<string, unknown>;
}

test('the next run begins with it, and reads on from where this one stood', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, topic, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9, { weight: 2, owner: 'web' }), entry(10), entry(11), tombstone(11)]);
    await once();
    await publish([entry(10, { weight: 5 }), tombstone(9), entry(12)]);
    const before = Date.now();
    const listener = listen();
    const first = await listener.next('changes');
    assert.equal(byText(first.changes), byText([WEB_PUT, put(9, { weight: 2, owner: 'web' }), put(10)]));
    assert.is(first.where, `snapshot ${path}`);
    assert.is(first.position?.topic, topic);
    const { asOfMs } = await listener.next('restored');
    assert.ok(asOfMs <= before && asOfMs > before - 30_000, `as of ${before - asOfMs} ms ago`);
    const then = await listener.next('changes');
    assert.equal(byText(then.changes), byText([put(10, { weight: 5 }), remove(9), put(12)]));
    assert.match(then.where ?? '', /^[34] events of topic/); // the last one it had comes again, where it is known again
    await listener.next('caughtUp');
    assert.equal(typesOf(listener), ['changes', 'restored', 'changes', 'caughtUp']);
  }),
);

test('nothing has changed: nothing is told twice', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9)]);
    await once();
    const listener = listen();
    await listener.next('caughtUp');
    assert.equal(typesOf(listener), ['changes', 'restored', 'caughtUp']);
  }),
);

test('brokers that do not answer: it begins with what it knew, and says of when that is', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9)]);
    await once();
    const body = await bodyAt(path);
    const contactMs = Date.now() - 3_600_000;
    await writeSnapshot(path, [JSON.stringify({ ...body, contactMs, brokers: ['127.0.0.1:1'] })]);
    const listener = listen({ brokers: ['127.0.0.1:1'] }); // port 1: refused at once
    assert.equal(byText((await listener.next('changes')).changes), byText([WEB_PUT, put(9)]));
    assert.is((await listener.next('restored')).asOfMs, contactMs);
    const stale = await listener.next('stale');
    assert.is(stale.sinceMs, contactMs);
    assert.match(stale.reason, /^brokers 127\.0\.0\.1:1 do not answer: /);
    await listener.end();
    assert.is((await bodyAt(path)).contactMs, contactMs);
  }),
);

test('a damaged one is refused by name, and written anew from the topic', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9)]);
    await once();
    const bytes = await readFile(path);
    for (const at of [2, 20, 40, 90, bytes.length - 30]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      await writeFile(path, damaged);
      const listener = listen();
      const { refusal } = await listener.next('refused');
      assert.match(
        formatRefusal(refusal),
        new RegExp(`^snapshot ${path}: (header|version|checksum|body) .*; snapshot ignored$`),
      );
      assert.equal(byText((await listener.next('changes')).changes), byText([WEB_PUT, put(9)]));
      await listener.next('caughtUp');
      await listener.end();
      assert.is(((await bodyAt(path)).backends as unknown[]).length, 1);
    }
  }),
);

test('of another topic or group: refused by name, and read from the start', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ topic, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9), entry(10, { scope: 'edge' })]);
    await once();
    const edge = listen({ scope: 'edge' });
    assert.match(
      formatRefusal((await edge.next('refused')).refusal),
      /: scope is none, expected edge; snapshot ignored$/,
    );
    assert.equal(byText((await edge.next('changes')).changes), byText([WEB_PUT, put(9), put(10)]));
    await edge.next('caughtUp');
    await edge.end();
    const other = listen({ topic: `${topic}-not` });
    assert.match(
      formatRefusal((await other.next('refused')).refusal),
      /: topic ".*", expected .*-not; snapshot ignored$/,
    );
  }),
);

test('older than tombstones are sure to be there: all is read again, what is gone is taken away', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9), entry(10)]);
    await once();
    // As if 10.0.1.11 had been known then, and its tombstone had come and gone since.
    const body = await bodyAt(path);
    const backends = [...(body.backends as unknown[]), [{ vip: WEB, address: '10.0.1.11' }, 0, 0]];
    await writeSnapshot(path, [JSON.stringify({ ...body, backends, contactMs: Date.now() - 13 * 3_600_000 })]);
    const listener = listen();
    assert.equal(byText((await listener.next('changes')).changes), byText([WEB_PUT, put(9), put(10), put(11)]));
    await listener.next('caughtUp');
    const later = changesTold(listener).slice(4);
    assert.equal(byText(later), byText([WEB_PUT, put(9), put(10), remove(11)]));
  }),
);

test('the folder is gone: an error with the errno, once, and everything goes on', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, publish, listen, failures }) => {
    await publish([WEB_ENTRY, entry(9)]);
    const listener = listen({ snapshot: join(path, 'not', 'there') });
    await listener.next('caughtUp');
    await listener.end();
    assert.equal(
      failures.map(({ code, errno }) => [code, errno]),
      [['ERR_SYSCALL', 'ENOENT']],
    );
    assert.match(failures[0]?.message ?? '', /^snapshot .*\/not\/there: open: ENOENT; the last one stays$/);
  }),
);

test('it is written while the source runs, a few seconds behind', {}, (kafka, signal) =>
  withTopic(kafka, signal, async ({ path, publish, listen }) => {
    await publish([WEB_ENTRY]);
    const listener = listen();
    await listener.next('caughtUp');
    const backendsAt = async () =>
      ((await readSnapshot(path)) as { body?: { backends: unknown[] } } | undefined)?.body?.backends;
    const until = async (count: number) => {
      while ((await backendsAt())?.length !== count) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await until(0);
    await publish([entry(9), entry(10)]);
    await until(2);
    await publish([tombstone(9)]);
    await until(1);
    assert.equal((await bodyAt(path)).vips, [
      [{ address: '192.0.2.80', protocol: 'tcp', port: 80 }, ...placeOf(await bodyAt(path)), 10],
    ]);
  }),
);

// --- topics that need a real broker ------------------------------------------------------------------------

test(
  'the topic was deleted and made anew, with as many messages: seen, and read from the start',
  { needs: ['topics'] },
  (kafka, signal) =>
    withTopic(kafka, signal, async ({ topic, publish, listen, once }) => {
      await publish([WEB_ENTRY, entry(9), entry(10)]);
      await once();
      await deleteTopic(kafka.brokers, topic);
      await createTopic(kafka.brokers, topic);
      await publish([WEB_ENTRY, entry(10, { weight: 7 }), entry(12), entry(13)]);
      const listener = listen();
      await listener.next('caughtUp');
      const [first, second] = changeLists(listener);
      assert.equal(byText(first ?? []), byText([WEB_PUT, put(9), put(10)]));
      assert.equal(byText(second ?? []), byText([WEB_PUT, put(10, { weight: 7 }), put(12), put(13), remove(9)]));
    }),
);

test('made anew and shorter, or empty: never an empty table', { needs: ['topics'], limitMs: 40_000 }, (kafka, signal) =>
  withTopic(kafka, signal, async ({ topic, publish, listen, once }) => {
    await publish([WEB_ENTRY, entry(9), entry(10)]);
    await once();
    await deleteTopic(kafka.brokers, topic);
    await createTopic(kafka.brokers, topic);
    const empty = listen();
    assert.match(
      (await empty.next('stale')).reason,
      /^topic \S+ (was made anew, or cut short|has no records any more): what it said/,
    );
    await new Promise((resolve) => setTimeout(resolve, 1000)); // five looks
    assert.equal(byText(changesTold(empty)), byText([WEB_PUT, put(9), put(10)]));
    assert.not.ok(typesOf(empty).includes('caughtUp'));
    await empty.end();
    await publish([WEB_ENTRY]);
    const short = listen();
    await short.next('caughtUp');
    assert.equal(byText(changesTold(short).slice(3)), byText([WEB_PUT, remove(9), remove(10)]));
  }),
);

test(
  'its place in the topic is gone (retention): read from the start',
  { needs: ['topics', 'tools'], limitMs: 40_000 },
  (kafka, signal) =>
    withTopic(
      kafka,
      signal,
      async ({ topic, publish, listen, once }) => {
        await publish([WEB_ENTRY, entry(9)]);
        await once();
        await publish([WEB_ENTRY, entry(10), entry(11)]);
        await deleteRecords(kafka.access().jars, kafka.brokers, topic, { 0: 4 });
        const listener = listen();
        await listener.next('caughtUp');
        assert.equal(byText(changesTold(listener).slice(2)), byText([put(11), { remove: WEB }, remove(9)]));
      },
      { config: { 'cleanup.policy': 'compact,delete' } },
    ),
);

test(
  'the last message it had was compacted away: known again by its key, nothing read twice',
  { needs: ['topics'], limitMs: 60_000 },
  (kafka, signal) =>
    withTopic(
      kafka,
      signal,
      async ({ publish, listen, once }) => {
        await publish([WEB_ENTRY, entry(10), entry(9)]);
        await once();
        // Segments of half a second: all but the last are cleaned.
        for (let weight = 2; weight < 12; weight++) {
          await publish([entry(9, { weight })]);
          await new Promise((resolve) => setTimeout(resolve, 600));
        }
        await untilCompacted(listen, signal);
        const listener = listen();
        await listener.next('caughtUp');
        assert.equal(changeLists(listener).slice(1), [[put(9, { weight: 11 })]]);
      },
      {
        config: {
          'segment.ms': '500',
          'min.cleanable.dirty.ratio': '0.01',
          'min.compaction.lag.ms': '0',
          'max.compaction.lag.ms': '500',
        },
      },
    ),
);

/** Waits until a reader from the start no longer finds offset 2. */
async function untilCompacted(listen: Setting['listen'], signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const reader = listen({ snapshot: undefined as never });
    const { where } = await reader.next('changes');
    await reader.end();
    if (Number(/^\d+/.exec(where ?? '')?.[0]) < 13) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function changeLists(listener: Listener): Change[][] {
  return listener.events.flatMap((event: SourceEvent) => (event.type === 'changes' ? [event.changes] : []));
}

function placeOf(body: Record<string, unknown>): unknown[] {
  return ((body.vips as unknown[][])[0] ?? []).slice(1, 3);
}

test.run();
