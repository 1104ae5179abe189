import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../../host/errors.js';
import { NeighbourKeeper } from '../../host/linux/neighbourKeeper.js';
import type { Neighbour } from '../../host/linux/neighbours.js';

const Keeper = suite('linux/neighbourKeeper');
const MAC = '02:00:00:00:00:05';
const TICK_MS = 500;

/** A kernel that answers with `known` and notes what it was asked for, on a clock of our own. */
function fakeKernel(known: Partial<Neighbour> = {}) {
  const kernel = {
    nowMs: 0,
    asked: [] as string[],
    error: undefined as MaglevError | undefined,
    failures: [] as MaglevError[],
    neighbour: (ifindex: number, address: string) => ({ ...neighbour(known), ifindex, address }),
    solicit(_ifindex: number, address: string) {
      if (kernel.error !== undefined) throw kernel.error;
      kernel.asked.push(`${kernel.nowMs} ${address}`);
    },
  };
  const keeper = new NeighbourKeeper<string>(
    kernel,
    (error) => kernel.failures.push(error),
    () => kernel.nowMs,
  );
  return { kernel, keeper };
}

function neighbour(more: Partial<Neighbour>): Neighbour {
  const unknown = { mac: undefined, isFailed: false, isRemoved: false, isPermanent: false };
  return { ifindex: 3, address: '10.0.0.5', ...unknown, ...more };
}

/** Real time for two ticks: the clock of the keeper stands still meanwhile. */
const ticks = () => new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS + 50));

Keeper('asks when a neighbour is first used, and once for all its users', () => {
  const { kernel, keeper } = fakeKernel({ mac: MAC });
  const kept = keeper.use(3, '10.0.0.5', 'a');
  assert.is(keeper.use(3, '10.0.0.5', 'b'), kept);
  assert.is(kept.mac, MAC);
  assert.equal([...kept.users], ['a', 'b']);
  assert.equal(kernel.asked, ['0 10.0.0.5']);
  keeper.release(kept, 'a');
  assert.equal([...kept.users], ['b']);
  keeper.close();
});

Keeper('says every 30 s that it is in use, until nobody uses it', async () => {
  const { kernel, keeper } = fakeKernel({ mac: MAC });
  const kept = keeper.use(3, '10.0.0.5', 'a');
  kernel.nowMs = 29_999;
  await ticks();
  assert.is(kernel.asked.length, 1);
  kernel.nowMs = 30_000;
  await ticks();
  assert.equal(kernel.asked, ['0 10.0.0.5', '30000 10.0.0.5']);
  keeper.release(kept, 'a');
  kernel.nowMs = 90_000;
  await ticks();
  assert.is(kernel.asked.length, 2);
});

Keeper('asks the silent ever more rarely: 1, 2, 4 ... 30 s after the last question', async () => {
  const { kernel, keeper } = fakeKernel();
  const kept = keeper.use(3, '10.0.0.5', 'a');
  const fail = (nowMs: number) => {
    kernel.nowMs = nowMs;
    keeper.update(neighbour({ isFailed: true }));
  };
  fail(3000); // more than 1 s after the question: at once
  assert.equal(kernel.asked, ['0 10.0.0.5', '3000 10.0.0.5']);
  fail(4000); // so the next is 2 s after 3000
  keeper.update(neighbour({ isRemoved: true })); // the kernel tells of both; they count once
  kernel.nowMs = 4999;
  await ticks();
  assert.is(kernel.asked.length, 2);
  kernel.nowMs = 5000;
  await ticks();
  assert.is(kernel.asked.at(-1), '5000 10.0.0.5');
  for (const [nowMs, count] of [
    [9000, 4],
    [17_000, 5],
    [33_000, 6],
    [62_999, 6],
    [63_000, 7],
  ] as const) {
    fail(nowMs);
    if (nowMs === 63_000) await ticks();
    assert.is(kernel.asked.length, count, `at ${nowMs}`);
  }
  keeper.update(neighbour({ mac: MAC }));
  assert.is(kept.mac, MAC);
  keeper.close();
});

Keeper('never asks for a permanent one, and tells when the kernel refuses, but not that an interface is gone', () => {
  const permanent = fakeKernel({ mac: MAC, isPermanent: true });
  permanent.keeper.use(3, '10.0.0.5', 'a');
  assert.equal(permanent.kernel.asked, []);
  permanent.keeper.close();
  const { kernel, keeper } = fakeKernel();
  kernel.error = new MaglevError('ERR_SYSCALL', 'gone', { errno: 'ENODEV' });
  keeper.use(3, '10.0.0.5', 'a');
  assert.equal(kernel.failures, []);
  kernel.error = new MaglevError('ERR_SYSCALL', 'not allowed', { errno: 'EPERM' });
  keeper.refresh(4);
  assert.equal(kernel.failures, []);
  keeper.refresh(3);
  assert.equal(kernel.failures, [kernel.error]);
  keeper.close();
});

Keeper.run();
