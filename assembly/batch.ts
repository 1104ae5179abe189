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
  META_OUTPUTS,
  META_VERDICT,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_EGRESS,
  OUTPUT_FLAGS,
  OUTPUT_LENGTH,
  OUTPUT_VIRTIO,
} from './layout';
import { cellBytes, cellCount, cells, countVerdict, metas, outputs } from './memory';
import * as parsed from './parse';
import * as sink from './sink';
import { DROP_SNAPPED } from './verdict';
import * as virtio from './wire/virtio';

let cell: usize = 0;
let outputCount: u32 = 0;

/** Runs the frames of cells 0 to `count` - 1: verdict and outputs stand in their metas afterwards. */
export function runBatch(count: u32, tick: u32): void {
  sink.useRings(false);
  const root = enter();
  outputCount = 0;
  for (let i: u32 = 0; i < count; i++) {
    const meta = metas + i * META_BYTES;
    cell = cells + i * cellBytes;
    const first = outputCount;
    const verdict = forwardCell(meta, root, tick);
    store<u8>(meta, <u8>verdict, META_VERDICT);
    store<u16>(meta, <u16>first, META_OUTPUT);
    store<u16>(meta, <u16>(outputCount - first), META_OUTPUTS);
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
  return from - front >= cell && outputCount < cellCount ? from : 0;
}

export function commit(start: usize, bytes: u32, egress: u32, shift: i32, keepsOffload: bool): void {
  const output = outputs + outputCount * OUTPUT_BYTES;
  store<u32>(output, <u32>start, OUTPUT_BASE);
  store<u32>(output, bytes, OUTPUT_LENGTH);
  store<u16>(output, <u16>egress, OUTPUT_EGRESS);
  store<u16>(output, 0, OUTPUT_FLAGS);
  outputCount++;
  const header = parsed.virtioHeader();
  if (!keepsOffload || !header) return;
  store<u16>(output, META_HAS_VIRTIO, OUTPUT_FLAGS);
  virtio.copyShifted(output + OUTPUT_VIRTIO, header, shift);
}
