// select/lookup.ts: the stateless way to a backend: slot, backend. A slot that changed is handed to tracked.ts.
import { SLOT_TRACKED, VIP_TABLE } from '../layout';
import { peekTracked, selectTracked } from './tracked';

// The lookup before, for explain.ts.
export let isLookedUp: bool = false;
export let lastHash: u64 = 0;
export let lastSlotIndex: u32 = 0;
export let lastSlot: u32 = 0;

export function forget(): void {
  isLookedUp = false;
}

/** Backend index for a flow at `slotIndex` of its VIP's table, NO_BACKEND when the VIP has none; `hash` finds its entry in the flow table. */
export function select(vip: usize, slotIndex: u32, hash: u64, isTcp: bool, isSyn: bool, tick: u32): u32 {
  const slot = slotAt(vip, slotIndex, hash);
  return slot & SLOT_TRACKED ? selectTracked(vip, slotIndex, slot, hash, isTcp, isSyn, tick) : slot;
}

/** Where a packet of this flow that begins nothing would go; nothing is entered or noted. NO_BACKEND as above. */
export function peek(vip: usize, slotIndex: u32, hash: u64, tick: u32): u32 {
  const slot = slotAt(vip, slotIndex, hash);
  return slot & SLOT_TRACKED ? peekTracked(vip, slotIndex, slot, hash, tick) : slot;
}

/** True when the flow table is asked for the flows of this slot. */
export function isTracked(vip: usize, slotIndex: u32): bool {
  return (load<u16>(load<u32>(vip, VIP_TABLE) + (slotIndex << 1)) & SLOT_TRACKED) != 0;
}

function slotAt(vip: usize, slotIndex: u32, hash: u64): u32 {
  isLookedUp = true;
  lastHash = hash;
  lastSlotIndex = slotIndex;
  lastSlot = load<u16>(load<u32>(vip, VIP_TABLE) + (slotIndex << 1));
  return lastSlot;
}
