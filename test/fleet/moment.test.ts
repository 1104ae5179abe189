// A moment of a topic from the messages that are left of it: what was there, what may be missing, and what nobody can say.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Moment, MomentReader, readMoment } from '../../host/fleet/moment.js';
import { engineOf } from '../../host/fleet/replay.js';
import { Translator } from '../../host/membership/sources/kafkaTranslator.js';
import { PaperBalancer, SECRET, TOPIC, vip, WEB } from './support.js';

const Replay = suite('fleet/moment');
const HOUR = Date.parse('2026-11-24T10:00:00Z');

interface Row {
  partition: number;
  offset: number;
  key: string;
  value: object | null;
  timestampMs: number;
}

const row = (offset: number, key: string, value: object | null, minutes = offset, partition = 0): Row => ({
  partition,
  offset,
  key,
  value,
  timestampMs: HOUR + minutes * 60_000,
});
const put = (last: number, weight = 1) => ({ v: 1, vip: WEB, address: `10.0.1.${last}`, weight });
const key = (last: number) => `${WEB}/10.0.1.${last}`;
const VIP = { v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 4099 };

/** Six messages in one partition, a minute apart. */
const LOG = [
  row(0, WEB, VIP),
  row(1, key(9), put(9)),
  row(2, key(10), put(10)),
  row(3, key(9), put(9, 3)),
  row(4, key(10), null),
  row(5, key(11), put(11)),
];

function at(moment: Moment, rows: Row[], ends: Record<number, number> = {}) {
  const reader = new MomentReader(moment, TOPIC, new Translator(TOPIC, undefined));
  for (const { key: name, value, ...rest } of rows) {
    reader.take({ ...rest, key: Buffer.from(name), value: value === null ? null : Buffer.from(JSON.stringify(value)) });
  }
  for (const [partition, offset] of Object.entries(ends)) reader.end(Number(partition), offset);
  return reader.finish();
}

const brief = ({ records, missing, doubtful, position, messages }: ReturnType<typeof at>) => ({
  weights: Object.fromEntries(
    [...records.values()].flatMap((record) =>
      record.kind === 'backend' ? [[record.backend.address, record.backend.weight]] : [],
    ),
  ),
  missing,
  doubtful,
  offsets: position.offsets,
  messages,
});

Replay('by offsets: what a balancer had that had read so far', () => {
  assert.equal(brief(at({ type: 'offsets', offsets: { 0: 3 } }, LOG)), {
    weights: { '10.0.1.9': 1, '10.0.1.10': 1 },
    missing: 0,
    doubtful: [],
    offsets: { 0: 3 },
    messages: 3,
  });
  assert.equal(brief(at({ type: 'offsets', offsets: { 0: 5 } }, LOG)).weights, { '10.0.1.9': 3 });
  assert.equal(brief(at({ type: 'offsets', offsets: { 0: 0 } }, LOG)), {
    weights: {},
    missing: 0,
    doubtful: [],
    offsets: {},
    messages: 0,
  });
  assert.equal(brief(at({ type: 'now' }, LOG)).weights, { '10.0.1.9': 3, '10.0.1.11': 1 });
});

Replay('by time: up to the first message that is later, in every partition', () => {
  const time = (minutes: number): Moment => ({ type: 'time', atMs: HOUR + minutes * 60_000 });
  assert.equal(brief(at(time(2), LOG)).offsets, { 0: 3 });
  assert.equal(brief(at(time(2.5), LOG)).weights, { '10.0.1.9': 1, '10.0.1.10': 1 });
  assert.equal(brief(at(time(-1), LOG)).weights, {});
  // A clock that went back: the message behind a later one is later too.
  const odd = [...LOG.slice(0, 2), row(2, key(10), put(10), 30), row(3, key(9), put(9, 3), 3)];
  assert.equal(brief(at(time(5), odd)), {
    weights: { '10.0.1.9': 1 },
    missing: 0,
    doubtful: [],
    offsets: { 0: 2 },
    messages: 2,
  });
  const two = [
    row(0, WEB, VIP),
    row(0, key(9), put(9), 1, 1),
    row(1, key(9), put(9, 7), 9, 1),
    row(1, key(10), put(10), 2),
  ];
  assert.equal(brief(at(time(5), two)).offsets, { 0: 2, 1: 1 });
});

Replay('after compaction: how many messages are missing, and which keys may have said something else', () => {
  const compacted = LOG.filter(({ offset }) => offset !== 1); // its key was written again at 3
  const { weights, missing, doubtful } = brief(at({ type: 'offsets', offsets: { 0: 3 } }, compacted));
  assert.equal([weights, missing, doubtful], [{ '10.0.1.10': 1 }, 1, [key(11), key(9)]]);
  // Everything that was overwritten is overwritten by then: nothing is in doubt, but nobody can be sure of that.
  const late = brief(at({ type: 'offsets', offsets: { 0: 6 } }, compacted));
  assert.equal([late.weights, late.missing, late.doubtful], [{ '10.0.1.9': 3, '10.0.1.11': 1 }, 1, []]);
  // The beginning is gone as well, and the end: 7 is where it ends though 5 is its last message.
  const rest = brief(at({ type: 'now' }, LOG.slice(3), { 0: 7 }));
  assert.equal([rest.missing, rest.offsets], [4, { 0: 7 }]);
  const before = brief(at({ type: 'offsets', offsets: { 0: 2 } }, LOG.slice(3)));
  assert.equal([before.missing, before.offsets, before.doubtful], [2, { 0: 2 }, [key(10), key(11), key(9)]]);
});

Replay('offsets that are not there are refused by name', () => {
  assert.throws(
    () => at({ type: 'offsets', offsets: { 0: 9 } }, LOG),
    /--at "0:9" is not in the topic: partition 0 ends at 6/,
  );
  assert.throws(
    () => at({ type: 'offsets', offsets: { 0: 6, 3: 1 } }, LOG),
    /--at "3:1" .* partition 3 is not there, or empty/,
  );
});

Replay('a moment as it is written', () => {
  assert.equal(readMoment('now'), { type: 'now' });
  assert.equal(readMoment('0:8812,1:20'), { type: 'offsets', offsets: { 0: 8812, 1: 20 } });
  assert.equal(readMoment('2026-11-24T10:00:00Z'), { type: 'time', atMs: HOUR });
  assert.equal(readMoment('2026-11-24T12:00:00.500+02:00'), { type: 'time', atMs: HOUR + 500 });
  for (const text of [
    '',
    '2026-11-24T10:00:00',
    '2026-11-24',
    '8812',
    '0:1,',
    '0:-1',
    '2026-13-24T10:00:00Z',
    'yesterday',
  ]) {
    assert.throws(() => readMoment(text), /must be a time with its zone .* offsets .* or now/, text);
  }
});

Replay('its tables are those of a balancer that has read so far', async () => {
  const { records, position } = at({ type: 'offsets', offsets: { 0: 4 } }, LOG);
  const engine = await engineOf(records, { hashSecret: SECRET }, position);
  const paper = new PaperBalancer();
  const backends = [put(9, 3), put(10)].map(({ v, ...backend }) => ({ put: backend }));
  await paper.read([vip(), ...backends]);
  assert.is(engine.digest(WEB), paper.engine.digest(WEB));
  assert.equal([...engine.slots(WEB).values()], [3074, 1025]);
});

Replay.run();
