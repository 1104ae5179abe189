// Compat 'katran' against its slow twin (test/model/katran.ts): the same action, the same bytes and the same real for frames of every
// kind, state carried along. Each frame goes through two hot paths: one in batches with leftovers of earlier frames around it, the other
// alone with guard bytes around it: so nothing outside a frame is read or written.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HEADROOM } from '../../assembly/layout.js';
import { createHotPath, verdictName } from '../../host/hotpath.js';
import { actionOf } from '../conformance/katran/frames.js';
import { differenceOf } from '../conformance/outcome.js';
import { Dice } from '../fuzz/dice.js';
import { Input } from '../fuzz/input.js';
import { Subject } from '../fuzz/subject.js';
import { KatranModel } from '../model/katran.js';
import { someFrame } from './katranFrames.js';
import { modelConfig, REALS, type SceneOptions, sceneChanges, sceneOptions } from './katranScene.js';

const Compat = suite('compat/katran');

const CAPACITY = 2304;
const BATCH = 32;
const FRAMES = Number(process.env.KATRAN_FRAMES ?? 30_000);
const TICK_MS = 512;

const RUNS: SceneOptions[] = [
  { encap: 'ipip', answersTooBig: false, decap: false, strict: false },
  { encap: 'gue', answersTooBig: true, decap: true, strict: false },
  { encap: 'gue', answersTooBig: false, decap: true, strict: true },
];

async function subjectOf(options: SceneOptions): Promise<Subject> {
  const hotPath = await createHotPath({
    ...sceneOptions(options),
    frameBytesMax: CAPACITY,
    batchMax: BATCH,
    segmentsMax: 0,
  });
  await hotPath.apply(sceneChanges(options));
  return new Subject(hotPath, CAPACITY);
}

/** What became of the frame in cell `i`. */
function outcomeOf(subject: Subject, i: number, length: number): { action: string; bytes: Uint8Array; real: number } {
  const { memory } = subject;
  const front = subject.front(i);
  const verdict = verdictName(subject.verdict(i));
  const first = subject.firstOutput(i);
  const sent = subject.outputs(i) > 0 ? ([subject.base(first), subject.length(first)] as const) : undefined;
  const [at, bytes] = sent ?? [subject.cellAt(i) + HEADROOM + front, length - front];
  return {
    action: `${actionOf(verdict)} (${verdict})`,
    bytes: Uint8Array.from(memory.subarray(at, at + bytes)),
    real: subject.backend(i),
  };
}

for (const [run, options] of RUNS.entries()) {
  const name = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  Compat(`${FRAMES} frames: ${name.join(', ')}`, async () => {
    const dice = new Dice(run + 1);
    const model = new KatranModel(modelConfig(options));
    const [whole, alone] = [await subjectOf(options), await subjectOf(options)];
    const inputs = Array.from({ length: BATCH }, () => new Input(CAPACITY));
    const actions = new Map<string, number>();
    let tick = 2000;
    for (let done = 0; done < FRAMES; done += BATCH) {
      if (dice.oneIn(50)) tick += dice.pick([1, 200]);
      for (const input of inputs) {
        const frame = someFrame(dice, CAPACITY);
        input.clear();
        input.bytes.set(frame);
        input.length = frame.length;
      }
      inputs.forEach((input, i) => {
        whole.put(i, input);
      });
      whole.run(BATCH, tick);
      inputs.forEach((input, i) => {
        const frame = input.bytes.subarray(0, input.length);
        const expected = model.run(Uint8Array.from(frame), tick * TICK_MS);
        alone.putGuarded(0, input);
        alone.run(1, tick);
        const [got, other] = [outcomeOf(whole, i, input.length), outcomeOf(alone, 0, input.length)];
        const where = `seed ${run + 1}, frame ${done + i}: ${Buffer.from(frame).toString('hex')}`;
        assert.equal(got, other, `${where}: in a batch and alone`);
        assert.ok(alone.isGuarded(0, input, true), `${where}: bytes outside it were written`);
        const difference = differenceOf(got.bytes, expected.bytes);
        const isSame = got.action.startsWith(expected.action) && difference === undefined;
        assert.ok(isSame, `${where}: ${got.action}, expected ${expected.action}: ${difference}`);
        actions.set(got.action, (actions.get(got.action) ?? 0) + 1);
      });
    }
    for (const [index, count] of model.got) assert.is(packetsOf(whole, index), count, `packets of real ${index}`);
    for (const seen of [
      'tx (REPLY_ECHO)',
      'pass (IGNORE_LOCAL_BACKEND)',
      'drop (DROP_NO_BACKEND)',
      'pass (IGNORE_COMPAT)',
    ]) {
      assert.ok((actions.get(seen) ?? 0) > 0, `${seen} was seen`);
    }
    const forwarded = [...actions].reduce((sum, [action, count]) => sum + (action.includes('FORWARD_') ? count : 0), 0);
    assert.ok(forwarded > 0.3 * FRAMES, `${forwarded} of ${FRAMES} frames forwarded`);
  });
}

/** Frames that a real got, under whatever VIP. */
function packetsOf({ hotPath }: Subject, index: number): number {
  const address = REALS[index - 1];
  return Object.entries(hotPath.stats().backends).reduce(
    (sum, [key, { packets }]) => sum + (key.endsWith(`/${address}`) ? packets : 0),
    0,
  );
}

Compat.run();
