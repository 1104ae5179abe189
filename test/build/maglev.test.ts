// The lookup table against the paper's worked example, a slow plain model, and what it promises of shares.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BACKEND_ADDRESS,
  BACKEND_BYTES,
  BUILD_BYTES,
  BUILD_INDEX,
  BUILD_NEXT,
  BUILD_SKIP,
  BUILD_TARGET,
  BUILD_WEIGHT,
  CONTROL_IDENTITY_KEY,
  REGION_BACKENDS,
  REGION_BUILD,
  REGION_CONTROL,
  REGION_TABLES,
} from '../../assembly/layout.js';
import { buildTable, slotTargets } from '../../host/membership/build.js';
import { profileOf } from '../../host/membership/profile.js';
import { type ModelBackend, maglevTable, placeOf, shares } from '../model/maglev.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Maglev = suite('build/maglev');
const pieces = createPieces({ backendsMax: 1024 });
const { memory, module } = pieces;
const TABLE = memory.region(REGION_TABLES).base;
const NATIVE = profileOf({ address: '192.0.2.80', protocol: 'tcp', port: 80 });
const PRIMES = [7, 11, 13, 101, 251, 509, 1021];

function readTable(slotCount: number): number[] {
  return Array.from(new Uint16Array(memory.memory.buffer, TABLE, slotCount));
}

/** fillTable() alone, on permutations given. Backend i of the list has index i + 1, as 0 is nobody. */
function fill(backends: readonly ModelBackend[], targets: readonly number[], slotCount: number): number[] {
  const { base } = memory.region(REGION_BUILD);
  backends.forEach(({ weight, offset, skip }, i) => {
    const record = base + i * BUILD_BYTES;
    memory.view.setUint32(record + BUILD_INDEX, i + 1, true);
    memory.view.setUint32(record + BUILD_WEIGHT, weight, true);
    memory.view.setUint32(record + BUILD_NEXT, offset, true);
    memory.view.setUint32(record + BUILD_SKIP, skip, true);
    memory.view.setUint32(record + BUILD_TARGET, targets[i] ?? 0, true);
  });
  module.fillTable(TABLE, slotCount, backends.length);
  return readTable(slotCount).map((index) => index - 1);
}

/** buildTable() as the publisher calls it: backend i of the list has index i + 1 and its own address. */
function build(addresses: readonly Uint8Array[], weights: readonly number[], slotCount: number): number[] {
  const { base } = memory.region(REGION_BACKENDS);
  addresses.forEach((address, i) => {
    memory.bytes.set(address, base + (i + 1) * BACKEND_BYTES + BACKEND_ADDRESS);
  });
  const entries = weights.map((weight, i) => ({ address: '', index: i + 1, weight }));
  buildTable(module, memory, entries, slotCount, TABLE, NATIVE);
  return readTable(slotCount).map((index) => index - 1);
}

function identityKey(): Uint8Array {
  const at = memory.region(REGION_CONTROL).base + CONTROL_IDENTITY_KEY;
  return memory.bytes.slice(at, at + 16);
}

function counts(table: readonly number[], backends: number): number[] {
  return Array.from({ length: backends }, (_, i) => table.filter((backend) => backend === i).length);
}

// Eisenbud et al., table 1. Three of seven, two, two; without backend 1 its places go to the others.
const B0 = { weight: 1, offset: 3, skip: 4 };
const B1 = { weight: 1, offset: 0, skip: 2 };
const B2 = { weight: 1, offset: 3, skip: 1 };

Maglev("the paper's worked example", () => {
  assert.equal(fill([B0, B1, B2], [3, 2, 2], 7), [1, 0, 1, 0, 2, 2, 0]);
});

Maglev("the paper's worked example without backend 1", () => {
  assert.equal(fill([B0, B2], [4, 3], 7), [0, 0, 0, 0, 1, 1, 1]); // 0 and 2, which is second now
});

Maglev('the model agrees with the paper', () => {
  assert.equal(maglevTable([B0, B1, B2], 7), [1, 0, 1, 0, 2, 2, 0]);
  assert.equal(maglevTable([B0, B2], 7), [0, 0, 0, 0, 1, 1, 1]);
});

Maglev('is the model: random sizes, weights, addresses', () =>
  withSeeds([11, 12, 13, 14], ({ int, pick, bytes }) => {
    for (let i = 0; i < 12; i++) {
      const slotCount = pick(PRIMES);
      const addresses = Array.from({ length: 1 + int(12) }, () => bytes(16));
      const most = pick([1, 3, 100, 65535]);
      const weights = addresses.map(() => 1 + int(most));
      const backends = addresses.map((address, k) => ({
        weight: weights[k] ?? 0,
        ...placeOf(identityKey(), address, slotCount),
      }));
      const what = `${slotCount} slots, weights ${weights}`;
      assert.equal(build(addresses, weights, slotCount), maglevTable(backends, slotCount), what);
    }
  }),
);

Maglev('is the model at 65537 slots with weights of 1 to 65535', () => {
  const addresses = [1, 2, 3, 4, 5].map((last) => Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? last : 0)));
  const weights = [1, 65535, 300, 300, 2];
  const backends = addresses.map((address, k) => ({
    weight: weights[k] ?? 0,
    ...placeOf(identityKey(), address, 65537),
  }));
  const table = build(addresses, weights, 65537);
  assert.equal(counts(table, 5), shares(weights, 65537));
  const wrong = maglevTable(backends, 65537).findIndex((backend, slot) => backend !== table[slot]);
  assert.is(wrong, -1, 'the first slot that differs');
});

Maglev('unweighted counts are floor or ceil of M / N, and add up', () =>
  withSeeds([21, 22], ({ int, pick, bytes }) => {
    for (let i = 0; i < 20; i++) {
      const slotCount = pick([...PRIMES, 65537]);
      const backends = 1 + int(Math.min(slotCount, 200));
      const addresses = Array.from({ length: backends }, () => bytes(16));
      const table = build(
        addresses,
        addresses.map(() => 1),
        slotCount,
      );
      const taken = counts(table, backends);
      const floor = Math.floor(slotCount / backends);
      for (const count of taken) assert.ok(count === floor || count === Math.ceil(slotCount / backends), `${count}`);
      assert.is(
        taken.reduce((sum, count) => sum + count, 0),
        slotCount,
      );
    }
  }),
);

Maglev('more backends than slots: each of the first has one slot, the rest none', () => {
  const addresses = Array.from({ length: 9 }, (_, i) => Uint8Array.from({ length: 16 }, () => i));
  const table = build(
    addresses,
    addresses.map(() => 1),
    7,
  );
  assert.equal(counts(table, 9), [1, 1, 1, 1, 1, 1, 1, 0, 0]);
});

Maglev('without backends every slot is nobody', () => {
  fill([B0], [7], 7);
  assert.equal(fill([], [], 7), [-1, -1, -1, -1, -1, -1, -1]);
});

Maglev('shares are exact to a slot: largest remainder, equal remainders in order', () => {
  // By hand: 7 * 2/3 = 4.67, 7 * 1/3 = 2.33: the one slot left goes to the first. 7 / 3 = 2.33 thrice: to the first.
  assert.equal(slotTargets([2, 1], 7), [5, 2]);
  assert.equal(slotTargets([1, 1, 1], 7), [3, 2, 2]);
  assert.equal(slotTargets([65535, 1], 7), [7, 0]);
  assert.equal(slotTargets([], 7), []);
});

Maglev('shares are the model of exact fractions on random weights', () =>
  withSeeds([31, 32], ({ int, pick }) => {
    for (let i = 0; i < 200; i++) {
      const weights = Array.from({ length: 1 + int(40) }, () => 1 + int(65535));
      const slotCount = pick([7, 65537, 5000011]);
      assert.equal(slotTargets(weights, slotCount), shares(weights, slotCount), `${slotCount} slots, ${weights}`);
    }
  }),
);

Maglev.run();
