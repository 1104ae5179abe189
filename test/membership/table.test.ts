// Tables read back: digests that depend on the records alone, and where two tables differ.
import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change } from '../../host/hotpath.js';
import {
  differingParts,
  differingSlots,
  digestOf,
  partsOf,
  type ReadTable,
  slotsByBackend,
} from '../../host/membership/table.js';
import { createEngine } from '../support/worker.js';

const Table = suite('membership/table');
const VIP = 'tcp/192.0.2.80:80';
const SECRET = 'a secret of 16 bytes';
const vip: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 4099 } };
const put = (last: number, extra: object = {}): Change => ({ put: { vip: VIP, address: `10.0.1.${last}`, ...extra } });

async function engineWith(changes: Change[], hashSecret = SECRET) {
  const engine = createEngine({ hashSecret }, 1, () => 1);
  await engine.apply(changes);
  return engine;
}

/** The format as table.ts states it, written down again. */
function plainDigest({ order, places }: ReadTable): string {
  const bytes = [places.length & 255, (places.length >> 8) & 255, (places.length >> 16) & 255, places.length >>> 24];
  for (const place of places) bytes.push(place & 255, place >> 8);
  return createHash('sha256')
    .update(`${order.join('\n')}\n`)
    .update(Uint8Array.from(bytes))
    .digest('hex');
}

Table('a digest is that of the format, and the same whatever order records came in', async () => {
  const one = await engineWith([vip, put(9), put(10), put(11, { weight: 3 })]);
  const other = await engineWith([put(8), put(11), vip, put(10), put(9), put(11, { weight: 3 })]);
  await other.apply([{ remove: `${VIP}/10.0.1.8` }]);
  const [a, b] = [one.table(VIP), other.table(VIP)];
  assert.equal(a.order, ['10.0.1.9', '10.0.1.10', '10.0.1.11']);
  assert.is(a.places.length, 4099);
  assert.is(one.digest(VIP), plainDigest(a));
  assert.is(other.digest(VIP), one.digest(VIP));
  assert.equal(differingSlots(a, b), []);
  assert.equal(digestOf(a), digestOf(b));
  assert.equal([...slotsByBackend(a).values()], [820, 820, 2459]); // fifths of 4099: the largest rests get one more
});

Table('a digest follows what is published, drained backends and all', async () => {
  const engine = await engineWith([vip, put(9), put(10)]);
  const before = engine.digest(VIP);
  assert.equal([...engine.slots(VIP).values()].sort(), [2049, 2050]);
  await engine.apply([put(10, { state: 'draining' })]);
  assert.is.not(engine.digest(VIP), before);
  assert.is(engine.digest(VIP), plainDigest(engine.table(VIP)));
  assert.equal([...engine.slots(VIP)], [['10.0.1.9', 4099]]);
  await engine.apply([put(10)]);
  assert.is(engine.digest(VIP), before);
});

Table('where tables differ: slot by slot, and by the sums of parts', async () => {
  const one = (await engineWith([vip, put(9), put(10), put(11)])).table(VIP);
  const moved: ReadTable = { order: one.order, places: one.places.slice() };
  for (const slot of [0, 255, 256, 4098]) moved.places[slot] = ((moved.places[slot] ?? 1) % 3) + 1;
  assert.equal(differingSlots(one, moved), [0, 255, 256, 4098]);
  const parts = differingParts(4099, digestOf(one).parts, digestOf(moved).parts);
  assert.equal(parts, [
    [0, 256],
    [256, 512],
    [4096, 4099],
  ]);
  assert.equal(partsOf(65537).length, 64);
  assert.equal(partsOf(65537).at(-1), [64575, 65537]); // parts of 1025 slots
  assert.equal(partsOf(7), [[0, 7]]);
});

Table('another secret, or another size, is another table', async () => {
  const changes = [vip, put(9), put(10), put(11)];
  const [one, other] = [await engineWith(changes), await engineWith(changes, 'another of 16 bytes!')];
  assert.is.not(one.digest(VIP), other.digest(VIP));
  const differing = differingSlots(one.table(VIP), other.table(VIP)).length;
  assert.ok(differing > 2500 && differing < 2950, `${differing}`); // two thirds of 4099, standard deviation 30
  const small = await engineWith([
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 509 } },
    put(9),
  ]);
  assert.is(differingSlots(one.table(VIP), small.table(VIP)).length, 4099);
});

Table('a view has all tables of one moment, with position, weights and states', async () => {
  const engine = createEngine({ hashSecret: SECRET }, 1, () => 1);
  const position = { topic: 'members', offsets: { 0: 4 } };
  await engine.apply([vip, put(9, { weight: 3 }), put(10), put(11, { state: 'down' })], { position });
  const { vips, secret, ...view } = await engine.view();
  assert.match(secret, /^[0-9a-f]{16}$/);
  assert.equal(view, { generation: engine.generation, position });
  assert.is(vips.length, 1);
  const { digest, parts, backends, ...table } = vips[0] as (typeof vips)[number];
  assert.equal(table, { vip: VIP, slotCount: 4099, hash: 'native', hashOn: '5-tuple' });
  assert.is(digest, engine.digest(VIP));
  assert.is(Buffer.from(parts, 'base64').length, 17 * 4);
  assert.equal(
    backends.map(({ address, weight, state, isDrained }) => [address, weight, state, isDrained]),
    [
      ['10.0.1.9', 3, 'active', false],
      ['10.0.1.10', 1, 'active', false],
      ['10.0.1.11', 0, 'down', false],
    ],
  );
  await engine.apply([], { position: { topic: 'members', offsets: { 0: 5 } } });
  assert.equal((await engine.view()).position?.offsets, { 0: 5 });
});

Table.run();
