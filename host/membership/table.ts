// host/membership/table.ts: reads live lookup tables back: shares, and the digest by which balancers compare.
import { createHash } from 'node:crypto';
import { SLOT_BACKEND } from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { LiveVip } from './publish.js';

/** Slots each backend has, by address, in canonical order. */
export function slotsByBackend(memory: HotMemory, vip: LiveVip): Map<string, number> {
  const counts = new Map(vip.order.map((address) => [address, 0]));
  const ranks = ranksOf(vip);
  for (const slot of slotsOf(memory, vip)) {
    const address = vip.order[(ranks.get(slot & SLOT_BACKEND) ?? 0) - 1];
    if (address !== undefined) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return counts;
}

/**
 * SHA-256, in hex, over the table as membership sees it: number of slots, the addresses in canonical order, and for each
 * slot the place of its backend in that order (from 1; 0 = none), u32 and u16 little-endian. Two balancers with the same
 * records and the same secret have the same digest, whatever indexes they use and in whatever order they were told.
 */
export function tableDigest(memory: HotMemory, vip: LiveVip): string {
  const ranks = ranksOf(vip);
  const slots = slotsOf(memory, vip);
  const body = Buffer.alloc(4 + 2 * slots.length);
  body.writeUInt32LE(slots.length, 0);
  slots.forEach((slot, index) => {
    body.writeUInt16LE(ranks.get(slot & SLOT_BACKEND) ?? 0, 4 + 2 * index);
  });
  return createHash('sha256')
    .update(`${vip.order.join('\n')}\n`)
    .update(body)
    .digest('hex');
}

function slotsOf(memory: HotMemory, vip: LiveVip): Uint16Array {
  return new Uint16Array(memory.memory.buffer, vip.record.table, vip.record.slotCount);
}

function ranksOf(vip: LiveVip): Map<number, number> {
  return new Map(vip.order.map((address, index) => [vip.backends.get(address)?.index ?? 0, index + 1]));
}
