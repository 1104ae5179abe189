// test/model/maglev.ts: the lookup table, slowly: whole permutations, a queue of turns, nothing saved.
// Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4, pseudocode 1.
import { sipHash24 } from './siphash.js';

/** A backend as the table sees it. */
export interface ModelBackend {
  weight: number;
  offset: number;
  skip: number;
}

/** Offset and skip of a backend by the hash of its 16 address bytes (native profile). */
export function placeOf(
  identityKey: Uint8Array,
  address: Uint8Array,
  slotCount: number,
): { offset: number; skip: number } {
  const hash = sipHash24(identityKey, address);
  return {
    offset: Number((hash >> 32n) % BigInt(slotCount)),
    skip: Number((hash & 0xffffffffn) % BigInt(slotCount - 1)) + 1,
  };
}

/** The whole permutation of a backend. */
function permutation({ offset, skip }: ModelBackend, slotCount: number): number[] {
  return Array.from({ length: slotCount }, (_, i) => (offset + i * skip) % slotCount);
}

/** Slots each backend is to get: largest remainder, in exact fractions; the first in order where they are equal. */
export function shares(weights: readonly number[], slotCount: number): number[] {
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  const parts = weights.map((weight, order) => {
    const product = BigInt(weight) * BigInt(slotCount);
    return { order, whole: Number(product / total), rest: product % total };
  });
  let missing = slotCount - parts.reduce((sum, { whole }) => sum + whole, 0);
  for (const part of [...parts].sort((a, b) => (a.rest === b.rest ? a.order - b.order : a.rest > b.rest ? -1 : 1))) {
    if (missing-- > 0) part.whole++;
  }
  return parts.map(({ whole }) => whole);
}

/**
 * The table: for every slot the place of its backend in `backends`, or -1 when there is none. In each round a backend earns
 * its weight, and pays the largest weight for a turn; a turn is its next free slot. Who has its share takes no more turns.
 */
export function maglevTable(backends: readonly ModelBackend[], slotCount: number): number[] {
  const table = Array.from({ length: slotCount }, () => -1);
  if (backends.length === 0) return table;
  const left = shares(
    backends.map(({ weight }) => weight),
    slotCount,
  );
  const orders = backends.map((backend) => permutation(backend, slotCount).values());
  const price = Math.max(...backends.map(({ weight }) => weight));
  const purse = backends.map(() => 0);
  for (let filled = 0; filled < slotCount; ) {
    backends.forEach(({ weight }, i) => {
      if (left[i] === 0) return;
      purse[i] = (purse[i] ?? 0) + weight;
      if ((purse[i] ?? 0) < price) return;
      purse[i] = (purse[i] ?? 0) - price;
      let slot = orders[i]?.next().value ?? 0;
      while (table[slot] !== -1) slot = orders[i]?.next().value ?? 0;
      table[slot] = i;
      left[i] = (left[i] ?? 0) - 1;
      filled++;
    });
  }
  return table;
}
