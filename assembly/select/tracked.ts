// select/tracked.ts: the way to a backend for a slot that changed while its flows lived (ARCHITECTURE.md, "Where a flow goes: tracking").
//
//   in the flow table, backend can serve ........ that backend
//   in the flow table, backend is gone .......... the slot's new backend, entered in place of the old one
//   not there, TCP SYN .......................... the new backend
//   not there, anything else .................... the previous backend while the learning window lasts and it can
//                                                 serve, else the new one
// What was chosen is entered, so that the flow stays there from now on.
import * as flowTable from '../flow/table';
import { isLearning, noteOther, previousOf, trackOf } from '../flow/tracks';
import {
  BACKEND_CAN_SERVE,
  EVENT_FLOW_HIT,
  EVENT_FLOW_HIT_DEAD,
  EVENT_FLOW_MISS_NON_SYN,
  EVENT_FLOW_MISS_SYN,
  EVENT_FLOW_MISS_UDP,
  EVENT_NAMED_FLOW_NEW,
  EVENT_NAMED_FLOW_OTHER,
  EVENT_NAMED_FLOW_SAME,
  EVENT_PREVIOUS_TAKEN,
  NO_BACKEND,
  SLOT_BACKEND,
  VIP_IDLE_TICKS,
  VIP_TRACK_MASK,
  VIP_TRACKS,
} from '../layout';
import { backend, countEvent } from '../memory';

export function selectTracked(
  vip: usize,
  slotIndex: u32,
  slot: u32,
  hash: u64,
  isTcp: bool,
  isSyn: bool,
  tick: u32,
): u32 {
  const fresh = slot & SLOT_BACKEND;
  let chosen = fresh;
  const entry = flowTable.find(hash, load<u32>(vip, VIP_IDLE_TICKS), tick);
  if (entry) {
    const known = flowTable.backendOf(entry);
    if (canServe(known)) {
      chosen = known;
      countEvent(EVENT_FLOW_HIT);
      flowTable.touch(entry, tick, !isSyn);
    } else {
      countEvent(EVENT_FLOW_HIT_DEAD);
      flowTable.insert(hash, fresh, tick, false);
    }
  } else {
    chosen = chooseForNew(trackOfSlot(vip, slotIndex), fresh, isTcp, isSyn, tick);
    // Who goes to the previous backend lived before us, and soon nothing but this entry will know it: no flood may take it.
    flowTable.insert(hash, chosen, tick, chosen != fresh);
  }
  if (chosen != fresh) noteOther(trackOfSlot(vip, slotIndex), tick);
  return chosen;
}

/** The same choice for a packet that begins nothing, and nothing is entered, noted or counted: for what is about a flow. */
export function peekTracked(vip: usize, slotIndex: u32, slot: u32, hash: u64, tick: u32): u32 {
  const fresh = slot & SLOT_BACKEND;
  const entry = flowTable.find(hash, load<u32>(vip, VIP_IDLE_TICKS), tick);
  if (entry) {
    const known = flowTable.backendOf(entry);
    return canServe(known) ? known : fresh;
  }
  const track = trackOfSlot(vip, slotIndex);
  return hasPrevious(track, tick) ? previousOf(track) : fresh;
}

/**
 * The flow in hand goes to `named`, as its packet says itself (ways.ts). A flow that is known on a backend that can serve stays entered
 * there: a packet that somebody made up must not move it.
 */
export function noteNamed(vip: usize, hash: u64, named: u32, isSyn: bool, tick: u32): void {
  const entry = flowTable.find(hash, load<u32>(vip, VIP_IDLE_TICKS), tick);
  const known = flowTable.backendOf(entry);
  countEvent(!entry ? EVENT_NAMED_FLOW_NEW : known == named ? EVENT_NAMED_FLOW_SAME : EVENT_NAMED_FLOW_OTHER);
  if (entry && known == named) flowTable.touch(entry, tick, !isSyn);
  else if (!entry || !canServe(known)) flowTable.insert(hash, named, tick, false);
}

/**
 * The backend that a flow of a tracked slot is known to be on. NO_BACKEND when it is not, and goes where its source route leads: to
 * `routed`, which is then entered. The slot's previous backend has no say: the route stood before it.
 */
export function selectRouted(vip: usize, slotIndex: u32, hash: u64, routed: u32, isSyn: bool, tick: u32): u32 {
  const entry = flowTable.find(hash, load<u32>(vip, VIP_IDLE_TICKS), tick);
  const known = flowTable.backendOf(entry);
  if (entry && canServe(known)) {
    countEvent(EVENT_FLOW_HIT);
    flowTable.touch(entry, tick, !isSyn);
    if (known != routed) noteOther(trackOfSlot(vip, slotIndex), tick);
    return known;
  }
  if (entry) countEvent(EVENT_FLOW_HIT_DEAD);
  flowTable.insert(hash, routed, tick, false);
  return NO_BACKEND;
}

/** The same answer, and nothing is entered, noted or counted. */
export function peekRouted(vip: usize, hash: u64, tick: u32): u32 {
  const entry = flowTable.find(hash, load<u32>(vip, VIP_IDLE_TICKS), tick);
  const known = flowTable.backendOf(entry);
  return entry && canServe(known) ? known : NO_BACKEND;
}

/** Asked for only where it is needed: a flow that is known and stays needs no record of its slot, which is a cache line. */
function trackOfSlot(vip: usize, slotIndex: u32): usize {
  return trackOf(load<u32>(vip, VIP_TRACKS), load<u32>(vip, VIP_TRACK_MASK), slotIndex);
}

function chooseForNew(track: usize, fresh: u32, isTcp: bool, isSyn: bool, tick: u32): u32 {
  countEvent(isSyn ? EVENT_FLOW_MISS_SYN : isTcp ? EVENT_FLOW_MISS_NON_SYN : EVENT_FLOW_MISS_UDP);
  if (isSyn || !hasPrevious(track, tick)) return fresh;
  countEvent(EVENT_PREVIOUS_TAKEN);
  return previousOf(track);
}

/** Flows that are not known may still be on the slot's backend from before. */
function hasPrevious(track: usize, tick: u32): bool {
  if (!track) return false;
  const previous = previousOf(track);
  return previous != NO_BACKEND && isLearning(track, tick) && canServe(previous);
}

/** Active or draining; a flow on a backend that is down or gone has nothing to lose by moving. */
export function canServe(index: u32): bool {
  return load<u8>(backend(index), BACKEND_CAN_SERVE) != 0;
}
