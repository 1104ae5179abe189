// sink.ts: where frames go. forward() asks for a place, fills in the headers and commits; 0..n times a frame.
//   place(front, from, bytes, egress, frame)   a place where the `bytes` at `from` stand with `front` free bytes before them
//   room(front, bytes, egress)   the same, but empty
//   commit(start, bytes, egress, offload, shift)   the frame from `start` is done
// Two kinds: cells (frames are rewritten where they lie, batch.ts) and transmit rings (frames are copied, ring/tpacket.ts).
import * as cellSink from './batch';
import * as parsed from './parse';
import * as ringSink from './ring/tpacket';
import * as virtio from './wire/virtio';

/** The two kinds as types, for code that is compiled once for each of them (fast/send.ts): no frame asks which it is. */
export abstract class Cells {}
export abstract class Rings {}

export function isRings<Sink>(): bool {
  return idof<Sink>() == idof<Rings>();
}

/** Which sink this call of the host writes to; set before the first frame of a batch. */
let usesRings: bool = false;

export function useRings(yes: bool): void {
  usesRings = yes;
}

/**
 * Address where `bytes` bytes of the frame in hand now stand, with `front` bytes free before them; 0 when there is no
 * place. An earlier place that was not committed is given up. `frame` is where the frame in hand begins.
 */
export function place(front: u32, from: usize, bytes: u32, egress: u32, frame: usize): usize {
  return usesRings ? ringSink.place(front, from, bytes, egress) : cellSink.place(front, from, bytes, frame);
}

/** Address of an empty place for `bytes` bytes, with `front` bytes before them; 0 when there is none. For segments. */
export function room(front: u32, bytes: u32, egress: u32): usize {
  return usesRings ? ringSink.room(front, bytes, egress) : cellSink.room(front, bytes);
}

/** False when `count` times room() of `bytes` bytes, `front` included, cannot all succeed. Of a ring nobody knows. */
export function mayHaveRoom(count: u32, bytes: u32): bool {
  return usesRings || cellSink.hasRoom(count, bytes);
}

/** Many frames went to `egress` at once: a ring may want to be sent before the batch is over. */
export function noteBurst(egress: u32): void {
  if (usesRings) ringSink.noteBurst(egress);
}

/**
 * True when whoever gets the frame in hand also gets its virtio header: rings always; cells for super-frames only, whose
 * segments need it, so that who takes frames from cells need not know of half checksums.
 */
export function tellsOffload(): bool {
  const header = parsed.virtioHeader();
  return usesRings || (header != 0 && virtio.isSuperFrame(header));
}

/** True when what place() may use up is a transmit ring, which others empty. */
export function isFull(egress: u32): bool {
  return usesRings && ringSink.isFull(egress);
}

/**
 * Hands over the frame of `bytes` bytes at `start`, which lies in the last place. Its packet starts `shift` bytes further
 * from the start of the frame than that of the frame in hand. `offload` is the virtio header by which the receiver of the frame is
 * told what the sender left to the device: half checksums, segments; 0: nothing is left.
 */
export function commit(start: usize, bytes: u32, egress: u32, offload: usize, shift: i32): void {
  if (usesRings) ringSink.commit(start, bytes, egress, offload, shift);
  else cellSink.commit(start, bytes, egress, offload, shift);
}

/** How many output records of this batch are filled; rings have none. */
export function outputCount(): u32 {
  return cellSink.outputCount;
}
