// Two tables of one VIP: in which slots they differ, to the slot, and what they were filled with.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ComparedTable, compareTables } from '../../host/fleet/compare.js';
import { tableFields } from '../../host/fleet/records.js';
import type { Change } from '../../host/membership/event.js';
import { differingSlots } from '../../host/membership/table.js';
import { backend, PaperBalancer, SECRET, vip, WEB } from './support.js';

const Compare = suite('fleet/compare');

async function table(
  changes: Change[],
  hashSecret = SECRET,
): Promise<{ paper: PaperBalancer; compared: ComparedTable }> {
  const paper = new PaperBalancer('eth0', hashSecret);
  await paper.read(changes);
  const { vips, secret } = await paper.view();
  const found = vips.find(({ vip: key }) => key === WEB);
  if (found === undefined) throw new Error('no table');
  return { paper, compared: { ...tableFields(found), secret, version: '0.1.0' } };
}

/** Number of slots in pieces, and the slots. */
const unfold = (pieces: [number, number][]): number[] =>
  pieces.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

const BASE = [vip(), backend(9), backend(10), backend(11)];

Compare('with the secret: the very slots, as the two tables have them', async () => {
  const own = await table(BASE.slice(0, 3));
  const model = await table(BASE);
  const found = await compareTables(own.compared, model.compared, SECRET);
  const slots = differingSlots(own.paper.engine.table(WEB), model.paper.engine.table(WEB));
  assert.ok(slots.length >= 1366 && slots.length < 2100, `${slots.length}`); // a third of 4099, and what Maglev moves beside
  assert.equal(unfold(found.slots), slots);
  assert.equal([found.isExact, found.count, found.slotCount], [true, slots.length, 4099]);
  assert.equal(found.causes, ['10.0.1.11 is missing']);
});

Compare('without: the parts of the table that differ, and the same causes', async () => {
  const own = await table([vip(), backend(9), backend(10), backend(11, { weight: 2 }), backend(12, { state: 'down' })]);
  const model = await table(BASE);
  const found = await compareTables(own.compared, model.compared, undefined);
  assert.equal([found.isExact, found.slotCount], [false, 4099]);
  assert.equal(
    found.slots,
    [...Array.from({ length: 16 }, (_, i) => [256 * i, 256 * i + 255] as [number, number]), [4096, 4098]].slice(
      0,
      found.slots.length,
    ),
  );
  assert.ok(found.slots.length >= 15, `${found.slots.length} parts`); // a sixth of the slots move: 256 of them without one is rarer than 1e-20
  assert.equal(found.causes, ['10.0.1.11 has weight 2, not 1', '10.0.1.12 should not be there']);
});

Compare('another secret: causes say so, and slots are those of the parts', async () => {
  const [own, model] = [await table(BASE, 'another secret of more'), await table(BASE)];
  const found = await compareTables(own.compared, model.compared, SECRET);
  assert.equal([found.isExact, found.causes], [false, ['it has another hash secret']]);
  assert.is(found.slots.length, 17);
});

Compare('another size, another version, and no reason at all', async () => {
  const model = await table(BASE);
  const small = await table([vip(80, 509), ...BASE.slice(1)]);
  const sizes = await compareTables(small.compared, model.compared, SECRET);
  assert.equal([sizes.causes, sizes.count, sizes.slots], [['slotCount is 509, not 4099'], 4099, [[0, 4098]]]);
  const same = { ...model.compared, digest: 'f'.repeat(64) };
  assert.equal((await compareTables(same, model.compared, SECRET)).causes, [
    'it was filled with the same, and is another table all the same',
  ]);
  const newer = { ...same, version: '0.2.0' };
  assert.equal((await compareTables(newer, model.compared, SECRET)).causes, ['it is version 0.2.0, not 0.1.0']);
});

Compare('a slow start is built in the step that it was in', async () => {
  const base = [vip(), backend(9), backend(10)];
  const paper = new PaperBalancer();
  const since = paper.wallMs - 35_000; // steps of ten seconds: the fourth
  await paper.read([...base, backend(11, { weight: 10, slowStart: { seconds: 100, since } })]);
  const { vips, secret } = await paper.view();
  assert.equal(
    vips[0]?.backends.map(({ weight, step }) => [weight, step]),
    [
      [1, undefined],
      [1, undefined],
      [10, 4],
    ],
  );
  assert.equal(
    vips[0]?.backends.map(({ slots }) => slots),
    [683, 683, 2733],
  ); // 1 : 1 : 4 of 4099
  const own = { ...tableFields(vips[0] as (typeof vips)[number]), secret, version: '0.1.0' };
  const whole = await table([...base, backend(11, { weight: 10 })]);
  const found = await compareTables(own, whole.compared, SECRET);
  assert.equal([found.isExact, found.causes], [true, ['10.0.1.11 is in step 4 of its slow start, not 10']]);
  assert.equal(unfold(found.slots), differingSlots(paper.engine.table(WEB), whole.paper.engine.table(WEB)));
});

for (const hash of ['katran-v2', 'cilium', 'envoy'] as const) {
  Compare(`a table of ${hash} needs no secret`, async () => {
    const of = async (weight: number) => {
      const vipOf = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 4099, hash } } as Change;
      return table([vipOf, backend(9, { weight: 100 }), backend(10, { weight })]);
    };
    const [own, model] = [await of(50), await of(100)];
    const found = await compareTables(own.compared, model.compared, undefined);
    assert.equal([found.isExact, found.causes], [true, ['10.0.1.10 has weight 50, not 100']]);
    assert.equal(unfold(found.slots), differingSlots(own.paper.engine.table(WEB), model.paper.engine.table(WEB)));
  });
}

Compare('names of VIPs and hashes that nobody can build are no failure', async () => {
  const { compared } = await table(BASE);
  for (const odd of [{ vip: 'nonsense' }, { hash: 'of-a-newer-version' }, { slotCount: 4096 }]) {
    const own = { ...compared, ...odd };
    assert.is((await compareTables(own, { ...own, digest: 'f'.repeat(64) }, SECRET)).isExact, false);
  }
});

Compare.run();
