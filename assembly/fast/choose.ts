// fast/choose.ts: the second stage: from slot to backend. Loops that do nothing but load, one address a step and none waiting for
// another, so that the processor has many cache misses under way at once: WebAssembly has no prefetch instruction.
import { bucketOf } from '../flow/table';
import {
  SLOT_BYTES,
  SLOT_TRACKED,
  STEP_BUCKET,
  STEP_BYTES,
  STEP_CHOSEN,
  STEP_HASH,
  STEP_IS_SYN,
  STEP_IS_UDP,
  STEP_KIND,
  STEP_SLOT_AT,
  STEP_TOUCHED,
  STEP_VIP,
  VIP_TABLE,
} from '../layout';
import { steps } from '../memory';
import { selectTracked } from '../select/tracked';

/** Fills in STEP_CHOSEN of steps 0 to `count` - 1. */
export function choose(count: u32, tick: u32): void {
  const end = steps + count * STEP_BYTES;
  if (!(readSlots(end) & SLOT_TRACKED)) return;
  touchFlows(end);
  for (let step = steps; step < end; step += STEP_BYTES) {
    const slot = load<u32>(step, STEP_CHOSEN);
    if (!(slot & SLOT_TRACKED)) continue;
    const vip = <usize>load<u32>(step, STEP_VIP);
    const slotIndex = (load<u32>(step, STEP_SLOT_AT) - load<u32>(vip, VIP_TABLE)) / SLOT_BYTES;
    const kind = load<u32>(step, STEP_KIND);
    const isTcp = !(kind & STEP_IS_UDP);
    const isSyn = (kind & STEP_IS_SYN) != 0;
    const chosen = selectTracked(vip, slotIndex, slot, load<u64>(step, STEP_HASH), isTcp, isSyn, tick);
    store<u32>(step, chosen, STEP_CHOSEN);
  }
}

/** Reads every step's slot, and works out where its flow would be; returns all slots, or-ed. */
function readSlots(end: usize): u32 {
  let all: u32 = 0;
  for (let step = steps; step < end; step += STEP_BYTES) {
    const slot = load<u32>(step, STEP_VIP) ? <u32>load<u16>(load<u32>(step, STEP_SLOT_AT)) : 0;
    store<u32>(step, slot, STEP_CHOSEN);
    store<u32>(step, <u32>(slot & SLOT_TRACKED ? bucketOf(load<u64>(step, STEP_HASH)) : step), STEP_BUCKET);
    all |= slot;
  }
  return all;
}

/**
 * Brings the buckets of all tracked steps near, four at a time: the fewer instructions a load takes, the more loads are under way.
 * The steps behind the last one name buckets of an earlier batch. The sum is stored, so that no optimizer takes the loads away.
 */
function touchFlows(end: usize): void {
  let sum: u32 = 0;
  for (let step = steps; step < end; step += 4 * STEP_BYTES) {
    sum += load<u32>(load<u32>(step, STEP_BUCKET)) + load<u32>(load<u32>(step, STEP_BYTES + STEP_BUCKET));
    sum +=
      load<u32>(load<u32>(step, 2 * STEP_BYTES + STEP_BUCKET)) +
      load<u32>(load<u32>(step, 3 * STEP_BYTES + STEP_BUCKET));
  }
  store<u32>(steps, sum, STEP_TOUCHED);
}
