// fast/steps.ts: the frames in hand, in stages (ARCHITECTURE.md, "The fast path"): read them all, choose for them all, send them
// all, so that what one stage asks memory for is there when the next needs it. A step that is not for the fast path goes
// through forward.ts when its turn to be sent comes, so that frames leave in the order in which they came.
import { forward } from '../forward';
import {
  META_OUTPUT,
  META_VERDICT,
  SLOT_TRACKED,
  STEP_BYTES,
  STEP_CHOSEN,
  STEP_FRAME,
  STEP_LENGTH,
  STEP_META,
  STEP_VIP,
  VIP_NUMBER,
} from '../layout';
import { countTraffic, countVerdict, countVerdicts, steps } from '../memory';
import { outputCount } from '../sink';
import { DROP_SNAPPED, NO_VERDICT } from '../verdict';
import { choose, chooseTracked } from './choose';
import { read } from './read';
import { send } from './send';

/** Takes steps 0 to `count` - 1, whose frame, length and meta are set, to their verdicts. */
export function runSteps(count: u32, root: usize, tick: u32): void {
  read(count, root);
  choose(count, tick);
  let verdict: u32 = NO_VERDICT; // of the last steps on the fast path, and how many had it in a row
  let times: u32 = 0;
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) {
    const vip = <usize>load<u32>(step, STEP_VIP);
    if (!vip) {
      runGeneral(step, root, tick);
      continue;
    }
    const before = outputCount();
    let chosen = load<u32>(step, STEP_CHOSEN);
    if (chosen & SLOT_TRACKED) chosen = chooseTracked(step, tick);
    const number = load<u32>(vip, VIP_NUMBER);
    countTraffic(number, chosen, load<u32>(step, STEP_LENGTH));
    const found = send(step, chosen, tick);
    noteOutcome(load<u32>(step, STEP_META), found, before, number | (chosen << 16));
    if (found != verdict) {
      countVerdicts(verdict, times);
      verdict = found;
      times = 0;
    }
    times++;
  }
  countVerdicts(verdict, times);
}

/** The same without the fast path: what it is compared with, and what explains itself (explain.ts). */
export function runGenerally(count: u32, root: usize, tick: u32): void {
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) runGeneral(step, root, tick);
}

function runGeneral(step: usize, root: usize, tick: u32): void {
  const meta = <usize>load<u32>(step, STEP_META);
  const frame = <usize>load<u32>(step, STEP_FRAME);
  const before = outputCount();
  let verdict: u32 = DROP_SNAPPED;
  if (frame) verdict = forward(frame, load<u32>(step, STEP_LENGTH), meta, root, tick);
  else countVerdict(DROP_SNAPPED);
  store<u8>(meta, <u8>verdict, META_VERDICT);
  store<u32>(meta, before | ((outputCount() - before) << 16), META_OUTPUT); // and META_OUTPUTS behind it
}

/** `choice` is META_VIP with META_BACKEND above it. */
function noteOutcome(meta: usize, verdict: u32, firstOutput: u32, choice: u32): void {
  store<u8>(meta, <u8>verdict, META_VERDICT);
  const found = firstOutput | ((outputCount() - firstOutput) << 16);
  store<u64>(meta, <u64>found | ((<u64>choice) << 32), META_OUTPUT); // META_OUTPUTS, META_VIP, META_BACKEND follow
}
