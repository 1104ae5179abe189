// bench.ts: a module of its own (dist/bench.wasm) that only the benchmark loads, beside the hot path as it ships: it puts
// frames into the cells, as a ring or a host would, and is timed with them. bench/native/restore.h does the same in C.
//
// The frames lie prepared in the RINGS region, which has no kernel rings then:
//   heads    16 bytes a flow: the first half of its meta (layout.ts, META_); the other half is 0
//   frames   `stride` bytes a flow, on a cache line
import { CACHE_LINE, HEADROOM, META_BYTES } from './layout';
import { cellBytes, cells, metas } from './memory';

export { init } from './memory';

const HEAD_BYTES: usize = 16;
const HEAD_SHIFT: u32 = 4;

let heads: usize = 0;
let frames: usize = 0;
let stride: u32 = 0;
let flowCount: u32 = 0;

/** Says where the prepared frames lie. `strideBytes` is a multiple of CACHE_LINE. */
export function setInputs(headsAt: usize, framesAt: usize, strideBytes: u32, flows: u32): void {
  heads = headsAt;
  frames = framesAt;
  stride = strideBytes;
  flowCount = flows;
}

/** Writes the `count` frames from `first` on into cells 0 to `count` - 1, going round; returns where the next batch begins. */
export function restore(first: u32, count: u32): u32 {
  let flow = first;
  let head = heads + (flow << HEAD_SHIFT);
  let from = frames + flow * stride;
  let meta = metas;
  let to = cells + HEADROOM;
  const bytes = stride;
  const cell = cellBytes;
  const flows = flowCount;
  for (const end = metas + count * META_BYTES; meta < end; meta += META_BYTES, to += cell) {
    v128.store(meta, v128.load(head));
    v128.store(meta, i64x2.splat(0), HEAD_BYTES);
    copyLine(to, from); // most frames are no longer
    for (let at: u32 = CACHE_LINE; at < bytes; at += CACHE_LINE) copyLine(to + at, from + at);
    head += HEAD_BYTES;
    from += bytes;
    if (++flow < flows) continue;
    flow = 0;
    head = heads;
    from = frames;
  }
  return flow;
}

function copyLine(to: usize, from: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  const d = v128.load(from, 48);
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}
