// build/history.ts: what a new lookup table inherits from the one it replaces: which slots are tracked, their previous
// backend and their learning window. Runs in the builder, never in a packet worker.
//
//   was tracked, same backend      stays as it is
//   was tracked, other backend     `previous` stays, the window starts again
//   was not tracked, changed       tracked: `previous` is the old backend, the window starts; if the old backend cannot
//                                  serve any more, its flows are lost anyway and there is nothing to remember
//   not tracked, not changed       not tracked, and costs nothing
// With tracking `all` every slot has a record, with `none` none has.
import {
  enter,
  isReleased,
  lastOther,
  learnUntil,
  previousOf,
  setPrevious,
  setReleased,
  trackOf,
} from '../flow/tracks';
import {
  BACKEND_CAN_SERVE,
  NO_BACKEND,
  SLOT_BACKEND,
  SLOT_BYTES,
  SLOT_TRACKED,
  TRACK_BYTES,
  TRACK_SLOT,
  TRACKING_ALL,
  TRACKING_NONE,
} from '../layout';
import { backend } from '../memory';

/** Slots whose backend differs between two tables of one size. */
export function countMoved(oldTable: usize, table: usize, slotCount: u32): u32 {
  let moved: u32 = 0;
  for (let slot: u32 = 0; slot < slotCount; slot++) {
    if (backendAt(oldTable, slot) != backendAt(table, slot)) moved++;
  }
  return moved;
}

/** How many records the tracking map of `table` will need. Either table and the old map as in inherit(). */
export function countTracks(
  oldTable: usize,
  oldMap: usize,
  oldMask: u32,
  table: usize,
  slotCount: u32,
  mode: u32,
): u32 {
  if (mode == TRACKING_NONE) return 0;
  if (mode == TRACKING_ALL) return slotCount;
  let count: u32 = 0;
  for (let slot: u32 = 0; slot < slotCount; slot++) {
    const old = backendAt(oldTable, slot);
    if (liveTrack(oldTable, oldMap, oldMask, slot) || (old != backendAt(table, slot) && canServe(old))) count++;
  }
  return count;
}

/**
 * Fills the empty map at `map` (`mask` + 1 entries) and sets SLOT_TRACKED in `table`. `oldMap` may be 0. Times are ticks:
 * `learn` how long a window lasts, `idle` after how long a flow is over.
 */
export function inherit(
  oldTable: usize,
  oldMap: usize,
  oldMask: u32,
  table: usize,
  slotCount: u32,
  map: usize,
  mask: u32,
  mode: u32,
  tick: u32,
  learn: u32,
  idle: u32,
): void {
  if (mode == TRACKING_NONE) return;
  for (let slot: u32 = 0; slot < slotCount; slot++) {
    const old = backendAt(oldTable, slot);
    const isChanged = old != backendAt(table, slot);
    const track = liveTrack(oldTable, oldMap, oldMask, slot);
    if (track) {
      enter(
        map,
        mask,
        slot,
        previousOrOld(track, old, isChanged),
        isChanged ? tick + learn : learnUntil(track),
        isChanged ? tick : lastOther(track),
      );
    } else if (isChanged && canServe(old)) {
      // Until now packets took the old backend: some of their flows may be known from when the slot was tracked before.
      enter(map, mask, slot, old, tick + learn, tick);
    } else if (mode == TRACKING_ALL) {
      enter(map, mask, slot, NO_BACKEND, tick, tick - idle);
    } else {
      continue;
    }
    markTracked(table, slot);
  }
}

/** With tracking `all` a slot has a record before it ever changed: then the first change sets its previous backend. */
function previousOrOld(track: usize, old: u32, isChanged: bool): u32 {
  const previous = previousOf(track);
  return isChanged && previous == NO_BACKEND && canServe(old) ? old : previous;
}

/**
 * Releases the slots whose learning window is over and whose last packet to another backend than the new one is more
 * than `idle` ticks ago. Returns how many stay tracked. The table is live: a worker may still see a slot as tracked, and finds its
 * record, which only the next publication takes away. With tracking `all` a slot stays tracked and only its previous
 * backend is forgotten.
 */
export function releaseTracks(table: usize, map: usize, mask: u32, mode: u32, tick: u32, idle: u32): u32 {
  let left: u32 = 0;
  const end = map + (mask + 1) * TRACK_BYTES;
  for (let track = map; track < end; track += TRACK_BYTES) {
    const slot = load<u32>(track, TRACK_SLOT);
    if (!slot || isReleased(track)) continue;
    // A flow lives until it was silent for more than `idle`: at that very tick it may still come (flow/table.ts).
    if (<i32>(tick - learnUntil(track)) < 0 || tick - lastOther(track) <= idle) {
      left++;
      continue;
    }
    if (mode == TRACKING_ALL) {
      setPrevious(track, NO_BACKEND);
      left++;
      continue;
    }
    setReleased(track);
    store<u16>(table + (slot - 1) * SLOT_BYTES, <u16>backendAt(table, slot - 1));
  }
  return left;
}

function backendAt(table: usize, slot: u32): u32 {
  return load<u16>(table + slot * SLOT_BYTES) & SLOT_BACKEND;
}

function markTracked(table: usize, slot: u32): void {
  const at = table + slot * SLOT_BYTES;
  store<u16>(at, <u16>(load<u16>(at) | SLOT_TRACKED));
}

function liveTrack(table: usize, map: usize, mask: u32, slot: u32): usize {
  if (!(load<u16>(table + slot * SLOT_BYTES) & SLOT_TRACKED)) return 0;
  return trackOf(map, mask, slot);
}

function canServe(index: u32): bool {
  return index != NO_BACKEND && load<u8>(backend(index), BACKEND_CAN_SERVE) != 0;
}
