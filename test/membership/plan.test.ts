// What a plan says is what apply() then does, and planning changes nothing. Amounts against a plain comparison of two tables.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath, type Plan } from '../../host/hotpath.js';
import type { Backend, Change, Vip } from '../../host/membership/event.js';
import { random } from '../support/random.js';

const SECRET = 'maglev-dsr test: plan';
const VIP: Vip = { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 65_537 };
const KEY = 'tcp/192.0.2.80:80';
const backend = (n: number, more: Partial<Backend> = {}): Change => ({
  put: { vip: KEY, address: `10.0.${n >> 8}.${n & 255}`, ...more },
});
const TEN: Change[] = [{ put: VIP }, ...Array.from({ length: 10 }, (_, n) => backend(n + 1))];

const Planned = suite('membership/plan');

const open = async (changes: Change[]): Promise<HotPath> => {
  const hotPath = await createHotPath({ hashSecret: SECRET, nowMs: () => 1_000_000 });
  if (changes.length > 0) await hotPath.apply(changes);
  return hotPath;
};
const only = (plans: Plan[]): Plan => {
  assert.is(plans.length, 1);
  return plans[0] as Plan;
};

Planned('a new VIP moves nothing, and says what each backend will have', async () => {
  const plan = only((await open([])).plan(TEN));
  assert.equal([plan.vip, plan.change, plan.slotCount, plan.slotsMoved, plan.share], [KEY, 'added', 65_537, 0, 0]);
  assert.is(plan.backends.length, 10);
  for (const { slotsBefore, slotsAfter } of plan.backends) {
    assert.is(slotsBefore, 0);
    assert.ok(slotsAfter === 6553 || slotsAfter === 6554, `${slotsAfter}`); // floor and ceil of 65537 / 10
  }
});

Planned('one of ten leaves: its slots must move, the others are collateral', async () => {
  const hotPath = await open(TEN);
  const slots = hotPath.slots(KEY).get('10.0.0.3') as number;
  const plan = only(hotPath.plan([{ remove: `${KEY}/10.0.0.3` }]));
  const { applied } = { applied: await hotPath.apply([{ remove: `${KEY}/10.0.0.3` }]) };
  assert.is(plan.slotsMoved, applied.slotsMoved);
  assert.is(plan.necessary, slots);
  assert.is(plan.collateral, plan.slotsMoved - slots);
  assert.is(plan.share, plan.slotsMoved / 65_537);
  const left = plan.backends.find(({ address }) => address === '10.0.0.3');
  assert.equal(left, { address: '10.0.0.3', slotsBefore: slots, slotsAfter: 0, gained: 0, lost: slots });
});

Planned('a VIP that is removed, emptied, or gets another table', async () => {
  const hotPath = await open(TEN);
  const removed = only(hotPath.plan([{ remove: KEY }]));
  assert.equal(
    [removed.change, removed.slotsMoved, removed.necessary, removed.isEmptied],
    ['removed', 65_537, 65_537, true],
  );
  const emptied = only(hotPath.plan(TEN.slice(1).map((_, n) => ({ remove: `${KEY}/10.0.0.${n + 1}` }))));
  assert.equal(
    [emptied.change, emptied.slotsMoved, emptied.necessary, emptied.isEmptied],
    ['changed', 65_537, 65_537, true],
  );
  const resized = only(hotPath.plan([{ put: { ...VIP, tableSize: 251 } }]));
  assert.equal([resized.slotCount, resized.slotsMoved, resized.share], [251, 251, 1]);
  const drained = only(hotPath.plan(TEN.slice(1).map((_, n) => backend(n + 1, { state: 'draining' }))));
  assert.equal([drained.panic, drained.slotsMoved], ['draining', 0]);
});

// A bug: apply() counted records where plan() counted addresses.
for (const [name, change, moved, necessary] of [
  ['one backend gets another encapsulation', [backend(1, { encap: { type: 'ipip' } })], 0, 0],
  ['all backends get another encapsulation', [{ put: { ...VIP, encap: { type: 'ipip' } } }], 0, 0],
  ['the VIP tracks all slots', [{ put: { ...VIP, tracking: 'all' } }], 0, 0],
  ['the VIP hashes other fields', [{ put: { ...VIP, hashOn: 'source' } }], 65_537, 65_537],
  ['the VIP has the table of another system', [{ put: { ...VIP, hash: 'envoy' } }], 65_537, 65_537],
  ['the VIP has another size', [{ put: { ...VIP, tableSize: 251 } }], 251, 251],
  ['the VIP goes', [{ remove: KEY }], 65_537, 65_537],
] as [string, Change[], number, number][]) {
  Planned(`${name}: ${moved} slots move, for plan() and for apply()`, async () => {
    const hotPath = await open(TEN);
    const plan = only(hotPath.plan(change));
    const { slotsMoved } = await hotPath.apply(change);
    assert.equal([plan.slotsMoved, plan.necessary, plan.collateral, slotsMoved], [moved, necessary, 0, moved]);
  });
}

Planned(
  'one leaves while another gets another encapsulation: only what the first had moves, and what is traded',
  async () => {
    const [both, alone] = [await open(TEN), await open(TEN)];
    const leaves: Change[] = [{ remove: `${KEY}/10.0.0.3` }];
    const change = [...leaves, backend(4, { encap: { type: 'gre' } })];
    const plan = only(both.plan(change));
    assert.is(plan.slotsMoved, (await alone.apply(leaves)).slotsMoved);
    assert.is((await both.apply(change)).slotsMoved, plan.slotsMoved);
  },
);

Planned('refuses what apply() refuses, in its words, and plans nothing of it', async () => {
  const hotPath = await open(TEN);
  const wrong = [backend(11), backend(12, { weight: -3 })];
  const message = await hotPath.apply(wrong).then(
    () => 'was not refused',
    (error: Error) => error.message,
  );
  assert.throws(
    () => hotPath.plan(wrong),
    (error: Error & { code: string }) => error.code === 'ERR_RECORD' && error.message === message,
  );
});

Planned('changes nothing: digest, slots, counters, and what apply() does afterwards', async () => {
  const [planned, plain] = [await open(TEN), await open(TEN)];
  const before = [planned.digest(KEY), [...planned.slots(KEY)], planned.stats()];
  for (let i = 0; i < 50; i++) planned.plan([backend(20 + i, { weight: 1 + i }), { remove: `${KEY}/10.0.0.1` }]);
  assert.equal([planned.digest(KEY), [...planned.slots(KEY)], planned.stats()], before);
  const changes = [backend(11), backend(2, { weight: 7 }), backend(3, { state: 'down' })];
  const [a, b] = [await planned.apply(changes), await plain.apply(changes)];
  assert.equal([a.generation, a.slotsMoved, planned.digest(KEY)], [b.generation, b.slotsMoved, plain.digest(KEY)]);
});

Planned(
  'at random: slots moved as apply() counts them, gains and losses as the slots of each backend change',
  async () => {
    const seed = Number(process.env.SEED ?? 20261124);
    const chance = random(seed);
    const hotPath = await open([{ put: { ...VIP, tableSize: 1009 } }, ...TEN.slice(1)]);
    for (let step = 0; step < 200; step++) {
      const n = 1 + chance.int(20);
      const state = chance.pick(['active', 'active', 'draining', 'down'] as const);
      const encap = chance.pick([{ type: 'l2' }, { type: 'ipip' }, { type: 'gre' }] as const);
      const tracking = chance.pick(['changed', 'all', 'none'] as const);
      const change: Change = chance.pick([
        { remove: `${KEY}/10.0.0.${n}` },
        { put: { ...VIP, tableSize: 1009, tracking } },
        backend(n, { weight: chance.int(5), state, encap }),
        backend(n, { weight: chance.int(5), state, encap }),
      ]);
      const before = hotPath.slots(KEY);
      const plans = hotPath.plan([change]);
      const { slotsMoved } = await hotPath.apply([change]);
      const after = hotPath.slots(KEY);
      const where = `step ${step} of seed ${seed}`;
      assert.is(plans[0]?.slotsMoved ?? 0, slotsMoved, where);
      let net = 0;
      for (const row of plans[0]?.backends ?? []) {
        assert.is(row.slotsBefore, before.get(row.address) ?? 0, where);
        assert.is(row.slotsAfter, after.get(row.address) ?? 0, where);
        assert.is(row.slotsAfter - row.slotsBefore, row.gained - row.lost, where);
        net += Math.max(0, row.slotsAfter - row.slotsBefore);
      }
      if (before.size > 0 && after.size > 0) assert.is(plans[0]?.necessary ?? 0, net, where);
    }
  },
);
Planned.run();
