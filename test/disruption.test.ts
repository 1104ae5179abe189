// How many slots move when backends go: a property of Maglev's tables at N = 1000 backends and M = 65537 slots, here of the
// `native` profile. The shares to meet are the reference's, over 200 runs. DISRUPTION_RUNS says how many are made (default 40).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from './support/random.js';
import { createTables } from './support/tables.js';

const Disruption = suite('disruption');
const RUNS = Number(process.env.DISRUPTION_RUNS ?? 40);
const BACKENDS = 1000;
const SLOTS = 65537;
// Lost backends, percent of the slots that change, and how far from it the mean may be.
const REFERENCE: [lost: number, percent: number, within: number][] = [
  [1, 0.68, 0.03],
  [10, 3.33, 0.1],
  [100, 13.56, 0.2],
];

Disruption('of 1000 backends 1, 10 and 100 are lost: the share of slots that change is that of the reference', () => {
  const tables = createTables();
  const sums = REFERENCE.map(() => 0);
  for (let seed = 1; seed <= RUNS; seed++) {
    const { int } = random(seed);
    const addresses = new Set<string>();
    while (addresses.size < BACKENDS) addresses.add(`10.${int(256)}.${int(256)}.${1 + int(254)}`);
    // In canonical order, and with indexes that stay with their backends: the table names places in this list.
    const all = [...addresses].map((address) => ({ address, weight: 1 })).sort(byAddress);
    const before = tables.build({}, all, SLOTS);
    REFERENCE.forEach(([lost], which) => {
      const left = all.map((_, place) => place);
      for (let i = 0; i < lost; i++) left.splice(int(left.length), 1);
      const after = tables.build(
        {},
        left.map((place) => all[place] as (typeof all)[number]),
        SLOTS,
      );
      let changed = 0;
      for (let slot = 0; slot < SLOTS; slot++) if (left[after[slot] ?? -1] !== before[slot]) changed++;
      sums[which] = (sums[which] ?? 0) + changed;
    });
  }
  REFERENCE.forEach(([lost, percent, within], which) => {
    const mean = (100 * (sums[which] ?? 0)) / (RUNS * SLOTS);
    console.log(`${lost} of ${BACKENDS} lost: ${mean.toFixed(3)} % of ${SLOTS} slots change, mean of ${RUNS} runs`);
    assert.ok(Math.abs(mean - percent) <= within, `${lost} lost: ${mean} %, expected ${percent} +- ${within} %`);
  });
});

function byAddress(a: { address: string }, b: { address: string }): number {
  const value = ({ address }: { address: string }): number =>
    address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return value(a) - value(b);
}

Disruption.run();
