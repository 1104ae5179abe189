// The timer of slow start: wakes when a step is due, not before; again after each; again after a failure; not after a stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../host/errors.js';
import { StepTimer } from '../host/stepTimer.js';

const Timer = suite('stepTimer');
const PUBLICATION = { generation: 2, slotsMoved: 1, buildMs: 0, vips: ['tcp/192.0.2.80:80'] };

/** An engine with steps due at `times`, Unix ms; those of `failing` fail once. */
class FakeEngine {
  readonly takenMs: number[] = [];
  constructor(
    private readonly times: number[],
    private failures = 0,
  ) {}
  get nextStepMs(): number {
    return this.times[0] ?? Number.POSITIVE_INFINITY;
  }
  async takeSteps() {
    if (this.failures-- > 0) throw new MaglevError('ERR_LIMIT', 'no memory');
    this.takenMs.push(Date.now());
    const [due] = this.times;
    if (due === undefined || due > Date.now()) return undefined;
    this.times.shift();
    return PUBLICATION;
  }
}

Timer('one publication for each step, none before it is due', async () => {
  const due = [Date.now() + 60, Date.now() + 120];
  const engine = new FakeEngine([...due]);
  let told = 0;
  const timer = new StepTimer(engine, { taken: () => told++, failed: () => assert.unreachable() });
  timer.arm();
  timer.arm(); // once more, as after a publication that changed nothing
  while (told < 2) await sleep(5);
  assert.is(engine.nextStepMs, Number.POSITIVE_INFINITY);
  const early = due.map((at, i) => at - (engine.takenMs.filter((ms) => ms >= at)[0] ?? 0) > 0 && i);
  assert.equal(early, [false, false]);
  timer.stop();
});

Timer('a publication that fails is told, and tried again', async () => {
  const engine = new FakeEngine([Date.now()], 1);
  const failures: string[] = [];
  let told = 0;
  const timer = new StepTimer(engine, { taken: () => told++, failed: ({ code }) => failures.push(code) });
  timer.arm();
  while (told < 1) await sleep(20);
  assert.equal(failures, ['ERR_LIMIT']);
  timer.stop();
});

Timer('nothing after a stop', async () => {
  const engine = new FakeEngine([Date.now() + 30]);
  const timer = new StepTimer(engine, { taken: () => assert.unreachable(), failed: () => assert.unreachable() });
  timer.arm();
  timer.stop();
  timer.arm();
  await sleep(100);
  assert.equal(engine.takenMs, []);
});

Timer.run();
