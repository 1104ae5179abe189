// host/membership/table.ts: reads live lookup tables back: shares, and the digests by which balancers compare.
import { createHash } from 'node:crypto';
import { SLOT_BACKEND } from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { TableDigest } from './compared.js';
import type { LiveVip } from './live.js';
import { namesText } from './names.js';

/** Sums of parts of a table: at most so many, of at least so many slots each, 4 bytes a sum. */
const PARTS_MAX = 64;
const PART_SLOTS_MIN = 256;
const PART_SUM_BYTES = 4;

/** A lookup table as membership sees it: nothing in it depends on the indexes that this balancer uses. */
export interface ReadTable {
  /** Addresses of the backends, in canonical order. */
  order: readonly string[];
  /** For each slot the place of its backend in that order, from 1; 0 = none. */
  places: Uint16Array;
  /** What server ids and source routes name (names.ts, namesText); empty for a VIP without ways before the table. */
  names?: string;
}

/** The table of a live VIP, copied. */
export function readTable(memory: HotMemory, vip: LiveVip): ReadTable {
  const placeOf = new Uint16Array(SLOT_BACKEND + 1);
  vip.order.forEach((address, i) => {
    const index = vip.backends.get(address)?.index;
    if (index !== undefined) placeOf[index] = i + 1;
  });
  const places = new Uint16Array(memory.memory.buffer, vip.record.table, vip.record.slotCount).slice();
  for (let slot = 0; slot < places.length; slot++) places[slot] = placeOf[(places[slot] ?? 0) & SLOT_BACKEND] as number;
  return { order: vip.order, places, names: namesText(vip.names) };
}

/** Slots each backend has, by address, in canonical order. */
export function slotsByBackend({ order, places }: ReadTable): Map<string, number> {
  const counts = new Uint32Array(order.length + 1);
  for (const place of places) counts[place] = (counts[place] ?? 0) + 1;
  return new Map(order.map((address, i) => [address, counts[i + 1] ?? 0]));
}

/** The digest of a table, whatever indexes its balancer uses and in whatever order it was told. */
export function digestOf({ order, places, names = '' }: ReadTable): TableDigest {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(places.length);
  const addresses = `${order.join('\n')}\n`;
  const digest = createHash('sha256').update(addresses).update(count).update(places).update(names).digest('hex');
  const sums = partsOf(places.length).map(([first, end]) => {
    return createHash('sha256')
      .update(addresses)
      .update(places.subarray(first, end))
      .digest()
      .subarray(0, PART_SUM_BYTES);
  });
  return { digest, parts: Buffer.concat(sums).toString('base64') };
}

/** The parts of a table of so many slots: first slot, and the one behind the last. */
export function partsOf(slotCount: number): [first: number, end: number][] {
  const partSlots = Math.max(PART_SLOTS_MIN, Math.ceil(slotCount / PARTS_MAX));
  return Array.from({ length: Math.ceil(slotCount / partSlots) }, (_, i) => [
    i * partSlots,
    Math.min(slotCount, (i + 1) * partSlots),
  ]);
}

/** The parts in which two tables of the same size differ, from their sums. */
export function differingParts(slotCount: number, one: string, other: string): [first: number, end: number][] {
  const [a, b] = [Buffer.from(one, 'base64'), Buffer.from(other, 'base64')];
  return partsOf(slotCount).filter((_, i) => {
    const at = i * PART_SUM_BYTES;
    return !a.subarray(at, at + PART_SUM_BYTES).equals(b.subarray(at, at + PART_SUM_BYTES));
  });
}

/** Slots whose backend is another one, or none, in the other table. Tables of different sizes differ in every slot of the larger. */
export function differingSlots(one: ReadTable, other: ReadTable): number[] {
  const slotCount = Math.max(one.places.length, other.places.length);
  const isSameSize = one.places.length === other.places.length;
  const addressAt = ({ order, places }: ReadTable, slot: number): string | undefined => order[(places[slot] ?? 0) - 1];
  return Array.from({ length: slotCount }, (_, slot) => slot).filter(
    (slot) => !isSameSize || addressAt(one, slot) !== addressAt(other, slot),
  );
}
