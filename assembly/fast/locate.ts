// fast/locate.ts: the second stage: which VIP a plain step is for, where read.ts does not know it, and where its slot is. Steps that
// have none for the fast path (no VIP, or one that is hashed or sent in a way that only forward.ts knows) get STEP_VIP 0, and a slot
// that says NO_BACKEND.
import {
  SLOT_BYTES,
  STEP_BYTES,
  STEP_HASH,
  STEP_HIGH,
  STEP_KEY,
  STEP_LOW,
  STEP_NO_SLOT,
  STEP_SLOT_AT,
  STEP_VIP,
  STEP_VIP_BEFORE,
  STEP_VIP_SOUGHT,
  VIP_SLOT_COUNT,
  VIP_TABLE,
} from '../layout';
import { steps } from '../memory';
import { slotOf } from '../profiles/native';
import { find, findKey, isPlain, portOf, protocolOf } from '../vip';

const NOT_FOUND: u32 = 0; // as STEP_SLOT_AT

/** Locates steps up to `end`; true when each has a VIP. */
export function locate(end: usize, root: usize): bool {
  const isAll = locateNamed(end, root);
  if (!isAll) locateRest(end, root);
  return isAll;
}

/** Those whose VIP has their address and port by name; true when they all do. A loop that calls nothing, as those of read.ts. */
function locateNamed(end: usize, root: usize): bool {
  let isAll: bool = true;
  let sought: usize = 0; // the VIP of the last step that did not know its own, 0 when it has none
  for (let step = steps; step < end; step += STEP_BYTES) {
    let vip = <usize>load<u32>(step, STEP_VIP);
    if (vip <= <usize>STEP_VIP_SOUGHT) {
      const isFast = vip != 0;
      if (vip == <usize>STEP_VIP_SOUGHT) sought = named(step, root);
      vip = isFast ? sought : 0;
      if (!vip) {
        store<u32>(step, isFast ? NOT_FOUND : <u32>step + STEP_NO_SLOT, STEP_SLOT_AT);
        isAll = false;
        continue;
      }
      store<u32>(step, <u32>vip, STEP_VIP);
    }
    const slotIndex = slotOf(load<u64>(step, STEP_HASH), load<u32>(vip, VIP_SLOT_COUNT));
    store<u32>(step, load<u32>(vip, VIP_TABLE) + slotIndex * SLOT_BYTES, STEP_SLOT_AT);
  }
  return isAll;
}

/** The record of the very address and port of `step`. */
function named(step: usize, root: usize): usize {
  return plain(findKey(root, load<u64>(step, STEP_HIGH), load<u64>(step, STEP_LOW), load<u32>(step, STEP_KEY)));
}

/** Those that are left: their VIP has a prefix, or takes any port, if they have one. */
function locateRest(end: usize, root: usize): void {
  let vip: usize = 0; // that of the last step that was left
  for (let step = steps; step < end; step += STEP_BYTES) {
    if (load<u32>(step, STEP_SLOT_AT) != NOT_FOUND) continue;
    if (load<u32>(step, STEP_VIP) != STEP_VIP_BEFORE) vip = found(step, root);
    store<u32>(step, <u32>vip, STEP_VIP);
    const slotIndex = slotOf(load<u64>(step, STEP_HASH), load<u32>(vip, VIP_SLOT_COUNT));
    store<u32>(step, vip ? load<u32>(vip, VIP_TABLE) + slotIndex * SLOT_BYTES : <u32>step + STEP_NO_SLOT, STEP_SLOT_AT);
  }
}

function found(step: usize, root: usize): usize {
  const key = load<u32>(step, STEP_KEY);
  return plain(find(root, load<u64>(step, STEP_HIGH), load<u64>(step, STEP_LOW), protocolOf(key), portOf(key)));
}

/** 0 for a VIP whose packets are hashed or sent in a way that only forward.ts knows. */
function plain(vip: usize): usize {
  return vip && isPlain(vip) ? vip : 0;
}
