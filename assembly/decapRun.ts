// decapRun.ts: outer frames in batches: from a receive ring, and from cells. What is inside is not copied: records (decapOutput.ts)
// say where it lies, so a frame of a ring stays ours until it was handed on, and giveBackDecap() is called.
import { openCells } from './batch';
import { decapsulate, useSettings } from './decap';
import { clear, outputCount } from './decapOutput';
import { enterGeneration, leave } from './epoch';
import { DECAP_HALF_BYTES, META_VERDICT, STEP_BYTES, STEP_FRAME, STEP_LENGTH, STEP_META, STEPS_MAX } from './layout';
import { countVerdict, decap, steps } from './memory';
import { giveBack, openFrames } from './ring/tpacket';
import { DROP_SNAPPED } from './verdict';

let taken: u32 = 0; // frames of the ring in hand

/** Takes received frames, 64 at most, to their verdicts. Returns how many packets came out; decapTaken() how many frames there were. */
export function runDecapRing(): u32 {
  taken = openFrames(STEPS_MAX);
  return run(taken);
}

/** Frames that the last runDecapRing() took: 0 when the ring was empty. */
export function decapTaken(): u32 {
  return taken;
}

/** The kernel may fill those frames again. */
export function giveBackDecap(): void {
  giveBack(taken);
  taken = 0;
}

/** The same for the frames of cells 0 to `count` - 1, STEPS_MAX at most. Their verdicts stand in their metas. */
export function runDecapBatch(count: u32): u32 {
  openCells(0, count);
  return run(count);
}

function run(count: u32): u32 {
  useSettings(decap + (enterGeneration() & 1) * DECAP_HALF_BYTES);
  clear();
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) {
    const frame = <usize>load<u32>(step, STEP_FRAME);
    const meta = <usize>load<u32>(step, STEP_META);
    let verdict: u32 = DROP_SNAPPED;
    if (frame) verdict = decapsulate(frame, load<u32>(step, STEP_LENGTH), meta);
    else countVerdict(DROP_SNAPPED);
    store<u8>(meta, <u8>verdict, META_VERDICT);
  }
  leave();
  return outputCount;
}
