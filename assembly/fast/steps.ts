// fast/steps.ts: the frames in hand, in stages (ARCHITECTURE.md, "The fast path"): read them all, choose for them all, send them
// all, so that what one stage asks memory for is there when the next needs it. A step that is not for the fast path goes
// through forward.ts when its turn to be sent comes, so that frames leave in the order in which they came.
import { deliver, forward } from '../forward';
import {
  META_OUTPUT,
  META_VERDICT,
  META_VIP,
  SLOT_TRACKED,
  STEP_BYTES,
  STEP_CHOSEN,
  STEP_FRAME,
  STEP_HASH,
  STEP_LENGTH,
  STEP_META,
  STEP_VIP,
  VIP_NUMBER,
} from '../layout';
import { countTraffic, countVerdict, steps } from '../memory';
import * as parsed from '../parse';
import { outputCount } from '../sink';
import { DROP_SNAPPED } from '../verdict';
import { choose, chooseTracked } from './choose';
import { locate } from './locate';
import { read } from './read';
import { send } from './send';

/** Takes steps 0 to `count` - 1, whose frame, length and meta are set, to their verdicts. `Sink` says where frames leave: sink.ts. */
export function runSteps<Sink>(count: u32, root: usize, tick: u32): void {
  const end = steps + count * STEP_BYTES;
  const isPlain = read(count, root);
  const isNamed = locate(end, root);
  choose(end, tick, isPlain && isNamed);
  for (let step = steps; ; ) {
    step = send<Sink>(step, end); // the only call there is, and so inlined
    if (step >= end) return;
    if (load<u32>(step, STEP_CHOSEN) & SLOT_TRACKED) {
      chooseTracked(step, tick);
      continue;
    }
    if (load<u32>(step, STEP_VIP)) runChosen(step, tick);
    else runGeneral(step, root, tick);
    step += STEP_BYTES;
  }
}

/** The same without the fast path: what it is compared with, and what explains itself (explain.ts). */
export function runGenerally(count: u32, root: usize, tick: u32): void {
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) runGeneral(step, root, tick);
}

/** A plain frame that cannot leave plainly (no backend, no way, too big, an encapsulation send() has not): forward.ts ends it. */
function runChosen(step: usize, tick: u32): void {
  const meta = <usize>load<u32>(step, STEP_META);
  const len = load<u32>(step, STEP_LENGTH);
  const vipNumber = <u32>load<u16>(load<u32>(step, STEP_VIP), VIP_NUMBER);
  const chosen = load<u32>(step, STEP_CHOSEN);
  const before = outputCount();
  store<u32>(meta, vipNumber | (chosen << 16), META_VIP); // and META_BACKEND behind it
  countTraffic(vipNumber, chosen, len);
  parsed.parse(load<u32>(step, STEP_FRAME), len, meta);
  const verdict = deliver(chosen, load<u64>(step, STEP_HASH), tick);
  countVerdict(verdict);
  noteOutcome(meta, verdict, before);
}

function runGeneral(step: usize, root: usize, tick: u32): void {
  const meta = <usize>load<u32>(step, STEP_META);
  const frame = <usize>load<u32>(step, STEP_FRAME);
  const before = outputCount();
  let verdict: u32 = DROP_SNAPPED;
  if (frame) verdict = forward(frame, load<u32>(step, STEP_LENGTH), meta, root, tick);
  else countVerdict(DROP_SNAPPED);
  noteOutcome(meta, verdict, before);
}

function noteOutcome(meta: usize, verdict: u32, firstOutput: u32): void {
  store<u8>(meta, <u8>verdict, META_VERDICT);
  store<u32>(meta, firstOutput | ((outputCount() - firstOutput) << 16), META_OUTPUT); // and META_OUTPUTS behind it
}
