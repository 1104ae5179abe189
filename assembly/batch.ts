// batch.ts: frames in cells: what the host writes into our memory itself (createHotPath, pcap, the benchmark). A frame
// stands HEADROOM bytes into its cell and is rewritten where it lies.
import { enter, leave } from './epoch';
import { runGenerally, runSteps } from './fast/steps';
import {
  HEADROOM,
  META_BYTES,
  META_HAS_VIRTIO,
  META_LENGTH,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_EGRESS,
  OUTPUT_FLAGS,
  OUTPUT_VIRTIO,
  STEP_BYTES,
  STEP_FRAME,
  STEP_META,
  STEPS_MAX,
} from './layout';
import {
  cellBytes,
  cellCount,
  cells,
  compat,
  held,
  metas,
  outputCountMax,
  outputs,
  segments,
  segmentsEnd,
  steps,
} from './memory';
import * as sink from './sink';
import { copy } from './wire/copy';
import * as virtio from './wire/virtio';

/** Output records filled since the batch began. */
export let outputCount: u32 = 0;
let segmentAt: usize = 0; // where the next segment goes
let segmentsLeft: u32 = 0; // outputs beyond one a cell: so many segments starve no other frame

/** Runs the frames of cells 0 to `count` - 1: verdict and outputs stand in their metas afterwards. */
export function runBatch(count: u32, tick: u32): void {
  run(count, tick, true);
}

/** The same, every frame through forward.ts: the outcome is the same, byte for byte. */
export function runGeneralBatch(count: u32, tick: u32): void {
  run(count, tick, false);
}

function run(count: u32, tick: u32, isFast: bool): void {
  sink.useRings(false);
  const root = enter();
  outputCount = 0;
  segmentAt = segments;
  segmentsLeft = outputCountMax - cellCount;
  for (let first: u32 = 0; first < count; first += STEPS_MAX) {
    const some = min<u32>(count - first, STEPS_MAX);
    openCells(first, some);
    if (isFast && !compat) runSteps<sink.Cells>(some, root, tick);
    else runGenerally(some, root, tick);
  }
  leave();
}

/** Makes steps of `count` cells from `first` on. A frame longer than its cell was cut when it was written there. */
export function openCells(first: u32, count: u32): void {
  const room = cellBytes - HEADROOM;
  let meta = metas + first * META_BYTES;
  let frame = cells + first * cellBytes + HEADROOM;
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) {
    const len = load<u32>(meta, META_LENGTH);
    store<u64>(step, ((<u64>len) << 32) | (len <= room ? <u64>frame : 0), STEP_FRAME); // and STEP_LENGTH behind it
    store<u64>(step, <u64>meta, STEP_META); // and STEP_VIP behind it: 0, none yet
    meta += META_BYTES;
    frame += cellBytes;
  }
}

/** In place: the packet stays where it is, and `front` bytes before it must still be in the cell. */
export function place(front: u32, from: usize, bytes: u32, frame: usize): usize {
  if (frame >= held) return placeHeld(front, from, bytes);
  return from - front >= frame - HEADROOM && outputCount < outputCountMax ? from : 0;
}

/** A frame that was held (fragment.ts) is in no cell but behind all of them (layout.ts), and goes where segments go. */
function placeHeld(front: u32, from: usize, bytes: u32): usize {
  const at = room(front, bytes);
  if (at) copy(at, from, bytes);
  return at;
}

/** An empty place for `bytes` bytes with `front` bytes before them: for segments, which do not fit the cell. */
export function room(front: u32, bytes: u32): usize {
  const at = segmentAt + front;
  if (!hasRoom(1, front + bytes)) return 0;
  segmentAt += roomBytes(front + bytes);
  segmentsLeft--;
  return at;
}

/** True when room() will find room for `count` times `bytes` bytes. */
export function hasRoom(count: u32, bytes: u32): bool {
  return count <= segmentsLeft && segmentAt + count * roomBytes(bytes) <= segmentsEnd;
}

/** With the bytes that copy() may write past the end. */
function roomBytes(bytes: u32): u32 {
  return (bytes + 31) & ~15;
}

export function commit(start: usize, bytes: u32, egress: u32, offload: usize, shift: i32): void {
  const output = outputs + outputCount * OUTPUT_BYTES;
  store<u64>(output, <u64>start | ((<u64>bytes) << 32), OUTPUT_BASE); // and OUTPUT_LENGTH behind it
  store<u32>(output, egress, OUTPUT_EGRESS); // and OUTPUT_FLAGS: none
  outputCount++;
  if (!offload) return;
  store<u16>(output, META_HAS_VIRTIO, OUTPUT_FLAGS);
  virtio.copyShifted(output + OUTPUT_VIRTIO, offload, shift);
}
