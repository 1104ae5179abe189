// fast/choose.ts: the third stage: from slot to backend. Loops that do nothing but load, one address a step and none waiting for
// another, so that the processor has many cache misses under way at once: WebAssembly has no prefetch instruction.
import { bucketOf, settled } from '../flow/table';
import {
  EVENT_FLOW_HIT,
  SLOT_BACKEND,
  SLOT_BYTES,
  SLOT_TRACKED,
  STEP_BACKEND,
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
import { backend, backendCounter, countEvents, steps } from '../memory';
import { canServe, selectTracked } from '../select/tracked';
import { HEADER_BYTES } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

/**
 * Fills in STEP_CHOSEN of all steps up to `end`, NO_BACKEND where a step is not for the fast path. Unless they all are (`isAll`), tracked
 * slots are left to chooseTracked() in their turn: a step that goes through forward.ts may enter the same flow (a fragment, say),
 * and who comes first is to choose.
 */
export function choose(end: usize, tick: u32, isAll: bool): void {
  if (readSlots(end) & SLOT_TRACKED) {
    touchFlows(end);
    if (isAll) chooseFlows(end, tick);
  }
  touchBackends(end);
}

/** Flows that are known, were seen in this tick and stay where new ones go too are nearly all: a loop that calls nothing, as in read.ts. */
function chooseFlows(end: usize, tick: u32): void {
  let hits: u32 = 0;
  let isAll: bool = true;
  for (let step = steps; step < end; step += STEP_BYTES) {
    const slot = load<u32>(step, STEP_CHOSEN);
    if (!(slot & SLOT_TRACKED)) continue;
    const fresh = slot & SLOT_BACKEND;
    if (settled(load<u64>(step, STEP_HASH), tick) != fresh || !canServe(fresh)) {
      isAll = false;
      continue;
    }
    store<u32>(step, fresh, STEP_CHOSEN);
    hits++;
  }
  countEvents(EVENT_FLOW_HIT, hits);
  if (!isAll) chooseRest(end, tick);
}

function chooseRest(end: usize, tick: u32): void {
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
  noteBackend(step, chosen);
}

// Four steps at a time: the fewer instructions a load takes, the more loads are under way. The steps behind the last one are of an
// earlier batch, and what they say may be looked at once more. Sums are stored, so that no optimizer takes the loads away.

/** Reads every step's slot; returns all of them, or-ed. */
function readSlots(end: usize): u32 {
  let all: u32 = 0;
  for (let step = steps; step < end; step += 4 * STEP_BYTES) {
    const slot0 = <u32>load<u16>(load<u32>(step, STEP_SLOT_AT));
    const slot1 = <u32>load<u16>(load<u32>(step, STEP_BYTES + STEP_SLOT_AT));
    const slot2 = <u32>load<u16>(load<u32>(step, 2 * STEP_BYTES + STEP_SLOT_AT));
    const slot3 = <u32>load<u16>(load<u32>(step, 3 * STEP_BYTES + STEP_SLOT_AT));
    store<u32>(step, slot0, STEP_CHOSEN);
    store<u32>(step, slot1, STEP_BYTES + STEP_CHOSEN);
    store<u32>(step, slot2, 2 * STEP_BYTES + STEP_CHOSEN);
    store<u32>(step, slot3, 3 * STEP_BYTES + STEP_CHOSEN);
    all |= slot0 | slot1 | slot2 | slot3;
  }
  return all;
}

/** Brings the flow-table buckets of tracked steps near. */
function touchFlows(end: usize): void {
  let sum: u32 = 0;
  for (let step = steps; step < end; step += 4 * STEP_BYTES) {
    sum += load<u32>(flowOf(step)) + load<u32>(flowOf(step + STEP_BYTES));
    sum += load<u32>(flowOf(step + 2 * STEP_BYTES)) + load<u32>(flowOf(step + 3 * STEP_BYTES));
  }
  store<u32>(steps, sum, STEP_TOUCHED);
}

/** Where the flow of a step is, when its slot is tracked; else something near. */
function flowOf(step: usize): usize {
  return load<u32>(step, STEP_CHOSEN) & SLOT_TRACKED ? bucketOf(load<u64>(step, STEP_HASH)) : step;
}

/**
 * Notes what the records of backends begin with, and brings their counters near; a slot that is still tracked says who its backend probably
 * is. So send() knows the next hop at once, whatever has pushed the record out of the first-level cache since.
 */
function touchBackends(end: usize): void {
  let sum: u32 = 0;
  for (let step = steps; step < end; step += 4 * STEP_BYTES) {
    sum += touched(step) + touched(step + STEP_BYTES) + touched(step + 2 * STEP_BYTES) + touched(step + 3 * STEP_BYTES);
  }
  store<u32>(steps, sum, STEP_TOUCHED);
}

function touched(step: usize): u32 {
  const index = load<u32>(step, STEP_CHOSEN) & SLOT_BACKEND;
  noteBackend(step, index);
  return load<u32>(backendCounter(index));
}

function noteBackend(step: usize, index: u32): void {
  store<u64>(step, load<u64>(backend(index)), STEP_BACKEND);
}
