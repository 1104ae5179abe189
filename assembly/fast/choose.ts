// fast/choose.ts: the second stage: from slot to backend. Loops that do nothing but load, one address a step and none waiting for
// another, so that the processor has many cache misses under way at once: WebAssembly has no prefetch instruction.
import { bucketOf } from '../flow/table';
import {
  SLOT_BACKEND,
  SLOT_BYTES,
  SLOT_TRACKED,
  STEP_BUCKET,
  STEP_BYTES,
  STEP_CHOSEN,
  STEP_FRAME,
  STEP_HASH,
  STEP_IS_V6,
  STEP_KIND,
  STEP_SLOT_AT,
  STEP_TOUCHED,
  STEP_VIP,
  VIP_TABLE,
} from '../layout';
import { backend, backendCounter, steps } from '../memory';
import { selectTracked } from '../select/tracked';
import { HEADER_BYTES } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

const HAS_GENERAL: u32 = 0x10000; // beside slots, of 16 bits: some step is not for the fast path

/**
 * Fills in STEP_CHOSEN of steps 0 to `count` - 1, NO_BACKEND where the step is not for the fast path. Where a step goes through
 * forward.ts, tracked slots are left to chooseTracked() in their turn: that step may enter the same flow (a fragment, say), and who
 * comes first is to choose.
 */
export function choose(count: u32, tick: u32): void {
  const end = steps + count * STEP_BYTES;
  const all = readSlots(end);
  if (all & SLOT_TRACKED) chooseFlows(end, tick, (all & HAS_GENERAL) != 0);
  touchBackends(end);
}

function chooseFlows(end: usize, tick: u32, hasGeneral: bool): void {
  touchFlows(end);
  if (hasGeneral) return;
  for (let step = steps; step < end; step += STEP_BYTES) {
    if (load<u32>(step, STEP_CHOSEN) & SLOT_TRACKED) chooseTracked(step, tick);
  }
}

/** Chooses for a step whose STEP_CHOSEN is still a tracked slot. */
export function chooseTracked(step: usize, tick: u32): void {
  const slot = load<u32>(step, STEP_CHOSEN);
  const vip = <usize>load<u32>(step, STEP_VIP);
  const slotIndex = (load<u32>(step, STEP_SLOT_AT) - load<u32>(vip, VIP_TABLE)) / SLOT_BYTES;
  const packet = <usize>load<u32>(step, STEP_FRAME) + HEADER_BYTES;
  const isV6 = (load<u32>(step, STEP_KIND) & STEP_IS_V6) != 0;
  const isTcp = (isV6 ? ipv6.nextHeader(packet) : ipv4.protocol(packet)) == l4.PROTOCOL_TCP;
  const isSyn = isTcp && l4.isSyn(packet + (isV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN));
  const chosen = selectTracked(vip, slotIndex, slot, load<u64>(step, STEP_HASH), isTcp, isSyn, tick);
  store<u32>(step, chosen, STEP_CHOSEN);
}

/** Reads every step's slot, and works out where its flow would be; returns all slots, or-ed, and HAS_GENERAL. */
function readSlots(end: usize): u32 {
  let all: u32 = 0;
  for (let step = steps; step < end; step += STEP_BYTES) {
    const isFast = load<u32>(step, STEP_VIP) != 0;
    const slot = isFast ? <u32>load<u16>(load<u32>(step, STEP_SLOT_AT)) : 0;
    store<u32>(step, slot, STEP_CHOSEN);
    store<u32>(step, <u32>(slot & SLOT_TRACKED ? bucketOf(load<u64>(step, STEP_HASH)) : step), STEP_BUCKET);
    all |= isFast ? slot : HAS_GENERAL;
  }
  return all;
}

/** The same for the records of backends and for their counters; a slot that is still tracked says who its backend probably is. */
function touchBackends(end: usize): void {
  let sum: u32 = 0;
  for (let step = steps; step < end; step += 2 * STEP_BYTES) {
    const one = load<u32>(step, STEP_CHOSEN) & SLOT_BACKEND;
    const other = load<u32>(step, STEP_BYTES + STEP_CHOSEN) & SLOT_BACKEND;
    sum += load<u32>(backend(one)) + load<u32>(backendCounter(one));
    sum += load<u32>(backend(other)) + load<u32>(backendCounter(other));
  }
  store<u32>(steps, sum, STEP_TOUCHED);
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
