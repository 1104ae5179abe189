// The timer of slow start: wakes when a step is due, not before; again after each; again after a failure; not after a stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../host/errors.js';
import { StepTimer } from '../host/stepTimer.js';

const Timer = suite('stepTimer');
const VIP = 'tcp/192.0.2.80:80';

/** An engine with steps due at `times`, Unix ms, which breaks `failures` times before. */
class FakeEngine {
  readonly takenMs: number[] = [];
  constructor(
    private readonly times: number[],
    private failures = 0,
    private readonly shortages: MaglevError[] = [],
  ) {}
  get nextStepMs(): number {
    return this.times[0] ?? Number.POSITIVE_INFINITY;
  }
  async takeSteps() {
    if (this.failures-- > 0) throw new MaglevError('ERR_SYSCALL', 'no such thing');
    this.takenMs.push(Date.now());
    const isDue = (this.times[0] ?? Number.POSITIVE_INFINITY) <= Date.now();
    if (isDue) this.times.shift();
    return { vips: isDue ? [VIP] : [], shortages: isDue ? this.shortages.splice(0) : [] };
  }
}

Timer('one publication for each step, none before it is due', async () => {
  const due = [Date.now() + 60, Date.now() + 120];
  const engine = new FakeEngine([...due]);
  const timer = new StepTimer(engine, {}, () => assert.unreachable());
  timer.arm();
  timer.arm(); // once more, as after a publication that changed nothing
  while (engine.nextStepMs !== Number.POSITIVE_INFINITY) await sleep(5);
  const early = due.map((at, i) => at - (engine.takenMs.filter((ms) => ms >= at)[0] ?? 0) > 0 && i);
  assert.equal(early, [false, false]);
  timer.stop();
});

Timer('what breaks is told, and tried again; what there was no room for is told', async () => {
  const engine = new FakeEngine([Date.now()], 1, [new MaglevError('ERR_LIMIT', 'no memory')]);
  const failures: string[] = [];
  const timer = new StepTimer(engine, {}, ({ code }) => failures.push(code));
  timer.arm();
  while (engine.nextStepMs !== Number.POSITIVE_INFINITY) await sleep(20);
  assert.equal(failures, ['ERR_SYSCALL', 'ERR_LIMIT']);
  timer.stop();
});

Timer('nothing after a stop', async () => {
  const engine = new FakeEngine([Date.now() + 30]);
  const timer = new StepTimer(engine, {}, () => assert.unreachable());
  timer.arm();
  timer.stop();
  timer.arm();
  await sleep(100);
  assert.equal(engine.takenMs, []);
});

Timer.run();
