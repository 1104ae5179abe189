// test/model/tables.ts: the lookup tables of Katran, Cilium and Envoy, slowly: each candidate worked out from its number in the
// permutation, in BigInt, and searched for from the beginning each time the place of the last is forgotten. -1 = nobody.
import { hashAddress } from './address.js';
import { murmur3, xxh64 } from './hash64.js';

/** A backend of a model table; the answer names it by its place in the list it came in. */
export interface Named {
  /** Katran: 4 or 16 bytes. Cilium, Envoy: the text. */
  identity: Uint8Array;
  weight: number;
}

interface Standing extends Named {
  place: number;
  /** Candidate number k of its order. */
  candidate: (k: number) => number;
  next: number;
}

function take(table: number[], backend: Standing): void {
  while (table[backend.candidate(backend.next)] !== -1) backend.next++;
  table[backend.candidate(backend.next++)] = backend.place;
}

const empty = (slotCount: number): number[] => new Array<number>(slotCount).fill(-1);

/** Katran's ring, V1 or V2. Sizes above 65537 may never end, as there. */
export function katranTable(backends: readonly Named[], slotCount: number, version: 1 | 2): number[] {
  const n = BigInt(slotCount);
  const pair = (a: bigint, b: bigint, seed: number): bigint => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(a, 0);
    bytes.writeBigUInt64LE(b, 8);
    return murmur3(bytes, seed)[0];
  };
  const ranked = backends.map((backend, place) => {
    const rank = hashAddress(backend.identity);
    const offset = pair(rank, 42n, 0) % n;
    const skip = (pair(rank, 2718281828n, 2307) % (n - 1n)) + 1n;
    const candidate = (k: number): number => Number(BigInt.asUintN(32, offset + BigInt(k) * skip) % n);
    return { ...backend, place, rank, candidate, next: 0 };
  });
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const table = empty(slotCount);
  if (ranked.length === 1) return table.fill(0);
  const heaviest = Math.max(...backends.map(({ weight }) => weight));
  const purse = ranked.map(() => 0);
  for (let round = 0, filled = 0; ranked.length > 0 && filled < slotCount; round++) {
    ranked.forEach((backend, i) => {
      purse[i] = (purse[i] ?? 0) + backend.weight;
      let turns = round === 0 ? backend.weight : 1;
      if (version === 2) turns = (purse[i] ?? 0) >= heaviest ? 1 : 0;
      if (version === 2 && turns === 1) purse[i] = (purse[i] ?? 0) - heaviest;
      for (; turns > 0 && filled < slotCount; turns--, filled++) take(table, backend);
    });
  }
  return table;
}

/** Cilium's lookup table with its default seed. */
export function ciliumTable(backends: readonly Named[], slotCount: number): number[] {
  const line = inLine(backends, slotCount, (text) => murmur3(text, 0x24b7ef82));
  const table = empty(slotCount);
  const total = line.reduce((sum, { weight }) => sum + weight, 0);
  const due = line.map(({ weight }) => weight / line.length);
  for (let n = 0; n < slotCount && line.length > 0; n++) {
    let i = n % line.length;
    if (Math.floor(total / line.length) > 1) {
      while ((n + 1) * (line[i]?.weight ?? 0) < Math.floor(due[i] ?? 0)) i = (i + 1) % line.length;
      due[i] = (due[i] ?? 0) + total;
    }
    take(table, line[i] as Standing);
  }
  return table;
}

/** Envoy's lookup table. */
export function envoyTable(backends: readonly Named[], slotCount: number): number[] {
  const line = inLine(backends, slotCount, (text) => [xxh64(text, 0n), xxh64(text, 1n)]);
  const table = empty(slotCount);
  const total = line.reduce((sum, { weight }) => sum + weight, 0);
  const shares = line.map(({ weight }) => weight / total);
  const largest = Math.max(...shares);
  const targets = line.map(() => 0);
  for (let iteration = 1, filled = 0; line.length > 0 && filled < slotCount; iteration++) {
    line.forEach((backend, i) => {
      if (filled === slotCount || iteration * (shares[i] ?? 0) < (targets[i] ?? 0)) return;
      targets[i] = (targets[i] ?? 0) + largest;
      take(table, backend);
      filled++;
    });
  }
  return table;
}

function inLine(
  backends: readonly Named[],
  slotCount: number,
  hash: (text: Uint8Array) => [bigint, bigint],
): Standing[] {
  const n = BigInt(slotCount);
  const line = backends.map((backend, place) => {
    const [first, second] = hash(backend.identity);
    const offset = first % n;
    const skip = (second % (n - 1n)) + 1n;
    return { ...backend, place, candidate: (k: number) => Number((offset + BigInt(k) * skip) % n), next: 0 };
  });
  return line.sort((a, b) => Buffer.compare(a.identity, b.identity));
}
