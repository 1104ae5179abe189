// profiles/permutation.ts: the next step of a backend through its permutation, for tables whose offset and skip are below
// slotCount: BUILD_NEXT is the slot to try next.
import { BUILD_INDEX, BUILD_NEXT, BUILD_SKIP, NO_BACKEND, SLOT_BYTES } from '../layout';

/** Gives the backend of `record` its next slot that is free. There must be one. */
export function takeSlot(record: usize, table: usize, slotCount: u32): void {
  const skip = load<u32>(record, BUILD_SKIP);
  let slot = load<u32>(record, BUILD_NEXT);
  while (load<u16>(table + slot * SLOT_BYTES) != NO_BACKEND) slot = step(slot, skip, slotCount);
  store<u16>(table + slot * SLOT_BYTES, <u16>load<u32>(record, BUILD_INDEX));
  store<u32>(record, step(slot, skip, slotCount), BUILD_NEXT);
}

/** (slot + skip) % slotCount without a division: both are below slotCount. */
function step(slot: u32, skip: u32, slotCount: u32): u32 {
  const next = slot + skip;
  return next >= slotCount ? next - slotCount : next;
}
