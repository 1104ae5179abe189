// flow/tracks.ts: the tracking map of a VIP: which slots changed, from which backend, until when packets that are not in
// the flow table still go there. Open addressing by slot index; workers read it and write only TRACK_LAST_OTHER.
import {
  TRACK_BYTES,
  TRACK_FLAGS,
  TRACK_LAST_OTHER,
  TRACK_LEARN_UNTIL,
  TRACK_PREVIOUS,
  TRACK_RELEASED,
  TRACK_SLOT,
} from '../layout';

/** The record of a slot, 0 when it has none. `mask` is the number of entries less 1; the map is at most half full. */
export function trackOf(map: usize, mask: u32, slotIndex: u32): usize {
  if (!map) return 0;
  let i = start(slotIndex);
  let record = map + (i & mask) * TRACK_BYTES;
  while (load<u32>(record, TRACK_SLOT) && load<u32>(record, TRACK_SLOT) != slotIndex + 1) {
    record = map + (++i & mask) * TRACK_BYTES;
  }
  return load<u32>(record, TRACK_SLOT) ? record : 0;
}

/** Enters a slot that is not in the map and returns its record. For the builder. */
export function enter(map: usize, mask: u32, slotIndex: u32, previous: u32, learnUntil: u32, lastOther: u32): void {
  let i = start(slotIndex);
  while (load<u32>(map + (i & mask) * TRACK_BYTES, TRACK_SLOT)) i++;
  const record = map + (i & mask) * TRACK_BYTES;
  store<u32>(record, slotIndex + 1, TRACK_SLOT);
  store<u16>(record, <u16>previous, TRACK_PREVIOUS);
  store<u16>(record, 0, TRACK_FLAGS);
  store<u32>(record, learnUntil, TRACK_LEARN_UNTIL);
  store<u32>(record, lastOther, TRACK_LAST_OTHER);
}

export function previousOf(record: usize): u32 {
  return load<u16>(record, TRACK_PREVIOUS);
}

export function setPrevious(record: usize, backendIndex: u32): void {
  store<u16>(record, <u16>backendIndex, TRACK_PREVIOUS);
}

export function learnUntil(record: usize): u32 {
  return load<u32>(record, TRACK_LEARN_UNTIL);
}

export function lastOther(record: usize): u32 {
  return load<u32>(record, TRACK_LAST_OTHER);
}

/** The learning window is open. Ticks are compared as differences: they may go round. */
export function isLearning(record: usize, tick: u32): bool {
  return <i32>(learnUntil(record) - tick) > 0;
}

export function isReleased(record: usize): bool {
  return (load<u16>(record, TRACK_FLAGS) & TRACK_RELEASED) != 0;
}

export function setReleased(record: usize): void {
  store<u16>(record, TRACK_RELEASED, TRACK_FLAGS);
}

let isReadOnly: bool = false;

/** With `yes` nothing is noted until it is said again (explain.ts). */
export function setReadOnly(yes: bool): void {
  isReadOnly = yes;
}

/** A packet of this slot took another backend than the new one: the slot stays tracked for an idle timeout more. */
export function noteOther(record: usize, tick: u32): void {
  if (record && lastOther(record) != tick && !isReadOnly) store<u32>(record, tick, TRACK_LAST_OTHER);
}

/** Sets the bits of the backends that slots have as their previous one, in the bitmap at `marks`. */
export function markPrevious(map: usize, mask: u32, marks: usize): void {
  const end = map + (mask + 1) * TRACK_BYTES;
  for (let record = map; record < end; record += TRACK_BYTES) {
    if (!load<u32>(record, TRACK_SLOT) || isReleased(record)) continue;
    const at = marks + (previousOf(record) >> 3);
    store<u8>(at, load<u8>(at) | <u8>((<u32>1) << (previousOf(record) & 7)));
  }
}

/**
 * Previous backends are gone for good, or have become other indexes: their slots must not go on saying the old ones. `successors`: a u16
 * for every backend index, itself where nothing changed.
 */
export function replacePrevious(map: usize, mask: u32, successors: usize): void {
  const end = map + (mask + 1) * TRACK_BYTES;
  for (let record = map; record < end; record += TRACK_BYTES) {
    if (load<u32>(record, TRACK_SLOT)) setPrevious(record, load<u16>(successors + previousOf(record) * 2));
  }
}

/** How many slots are tracked. */
export function countTracked(map: usize, mask: u32): u32 {
  let count: u32 = 0;
  const end = map + (mask + 1) * TRACK_BYTES;
  for (let record = map; record < end; record += TRACK_BYTES) {
    if (load<u32>(record, TRACK_SLOT) && !isReleased(record)) count++;
  }
  return count;
}

/** Takes over TRACK_LAST_OTHER from the map that workers wrote to until the last of them had passed on. */
export function mergeLastOther(fromMap: usize, fromMask: u32, map: usize, mask: u32): void {
  const end = fromMap + (fromMask + 1) * TRACK_BYTES;
  for (let from = fromMap; from < end; from += TRACK_BYTES) {
    const slot = load<u32>(from, TRACK_SLOT);
    if (!slot) continue;
    const record = trackOf(map, mask, slot - 1);
    if (record && <i32>(lastOther(from) - lastOther(record)) > 0) store<u32>(record, lastOther(from), TRACK_LAST_OTHER);
  }
}

/** Fibonacci hashing: successive slots lie far apart. */
function start(slotIndex: u32): u32 {
  return (slotIndex * 0x9e37_79b1) >> 7;
}
