// batch.ts: frames in cells: what the host writes into our memory itself (createHotPath, pcap, the benchmark). A frame
// stands HEADROOM bytes into its cell and is rewritten where it lies.
import { enter, leave } from './epoch';
import { forward } from './forward';
import {
  HEADROOM,
  META_BYTES,
  META_HAS_VIRTIO,
  META_LENGTH,
  META_OUTPUT,
  META_VERDICT,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_EGRESS,
  OUTPUT_FLAGS,
  OUTPUT_VIRTIO,
} from './layout';
import {
  cellBytes,
  cellCount,
  cells,
  countVerdict,
  metas,
  outputCountMax,
  outputs,
  segments,
  segmentsEnd,
} from './memory';
import * as parsed from './parse';
import * as sink from './sink';
import { DROP_SNAPPED } from './verdict';
import * as virtio from './wire/virtio';

let cell: usize = 0;
let outputCount: u32 = 0;
let segmentAt: usize = 0; // where the next segment goes
let segmentsLeft: u32 = 0; // outputs beyond one a cell: so many segments starve no other frame

/** Runs the frames of cells 0 to `count` - 1: verdict and outputs stand in their metas afterwards. */
export function runBatch(count: u32, tick: u32): void {
  sink.useRings(false);
  const root = enter();
  outputCount = 0;
  segmentAt = segments;
  segmentsLeft = outputCountMax - cellCount;
  for (let i: u32 = 0; i < count; i++) {
    const meta = metas + i * META_BYTES;
    cell = cells + i * cellBytes;
    const first = outputCount;
    const verdict = forwardCell(meta, root, tick);
    store<u8>(meta, <u8>verdict, META_VERDICT);
    store<u32>(meta, first | ((outputCount - first) << 16), META_OUTPUT); // and META_OUTPUTS behind it
  }
  leave();
}

/** A frame longer than its cell was cut when it was written there. */
function forwardCell(meta: usize, root: usize, tick: u32): u32 {
  const len = load<u32>(meta, META_LENGTH);
  if (len <= cellBytes - HEADROOM) return forward(cell + HEADROOM, len, meta, root, tick);
  countVerdict(DROP_SNAPPED);
  return DROP_SNAPPED;
}

/** In place: the packet stays where it is, and `front` bytes before it must still be in the cell. */
export function place(front: u32, from: usize): usize {
  return from - front >= cell && outputCount < outputCountMax ? from : 0;
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

export function commit(start: usize, bytes: u32, egress: u32, shift: i32, keepsOffload: bool): void {
  const output = outputs + outputCount * OUTPUT_BYTES;
  store<u64>(output, <u64>start | ((<u64>bytes) << 32), OUTPUT_BASE); // and OUTPUT_LENGTH behind it
  store<u32>(output, egress, OUTPUT_EGRESS); // and OUTPUT_FLAGS: none
  outputCount++;
  const header = parsed.virtioHeader();
  if (!keepsOffload || !header) return;
  store<u16>(output, META_HAS_VIRTIO, OUTPUT_FLAGS);
  virtio.copyShifted(output + OUTPUT_VIRTIO, header, shift);
}
