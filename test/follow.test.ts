// What waits together is published together; what need not wait does not.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EngineOutcome } from '../host/engine.js';
import { type Follower, type FollowOrigin, followSource, UNHEARD } from '../host/follow.js';
import type { Change, MembershipSource, SourceEvent } from '../host/membership/event.js';

const Follow = suite('follow');

const OUTCOME: EngineOutcome = {
  applied: { generation: 1, slotsMoved: 0, buildMs: 0 },
  refusals: [],
  shortages: [],
};

const removals = (count: number): Change[] =>
  Array.from({ length: count }, (_, i) => ({ remove: `tcp/192.0.2.80:80/10.0.${i >> 8}.${i & 255}` }));

/** What of a publication a script may wait for. */
interface Told {
  /** Resolves with the next publication. */
  next(): Promise<{ count: number; origin: FollowOrigin }>;
}

/** Follows what `script` tells; returns how many changes each publication had. */
async function publications(script: (told: Told) => AsyncGenerator<SourceEvent>): Promise<number[]> {
  const counts: number[] = [];
  const waiting: ((publication: { count: number; origin: FollowOrigin }) => void)[] = [];
  const next: Told['next'] = () => new Promise((resolve) => waiting.push(resolve));
  const source: MembershipSource = { name: 'script', events: () => script({ next }) };
  const follower: Follower = {
    apply: async (changes, origin) => {
      counts.push(changes.length);
      for (const resolve of waiting.splice(0)) resolve({ count: changes.length, origin });
      return OUTCOME;
    },
    ...UNHEARD,
    failed: (error) => assert.unreachable(error.message),
    packets: () => new Map(),
  };
  assert.is(await followSource(source, follower, new AbortController().signal), undefined);
  return counts;
}

Follow('a change is published at once, before the source says anything more', async () => {
  const counts = await publications(async function* ({ next }) {
    for (const count of [1, 31]) {
      const published = next();
      yield { type: 'changes', changes: removals(count) };
      assert.is((await published).count, count);
    }
  });
  assert.equal(counts, [1, 31]);
});

Follow('while the source says that more is on the way it is waited for, and published together', async () => {
  const counts = await publications(async function* () {
    for (const [count, isMore] of [[1, true] as const, [2000, true] as const, [30, false] as const]) {
      yield { type: 'changes', changes: removals(count), isMore };
    }
  });
  assert.equal(counts, [2031]);
});

Follow('what the source says is all is published at once, however much it is', async () => {
  const counts = await publications(async function* ({ next }) {
    const published = next();
    yield { type: 'changes', changes: removals(3000), isMore: false };
    assert.is((await published).count, 3000);
    yield { type: 'changes', changes: removals(2), isMore: false };
  });
  assert.equal(counts, [3000, 2]);
});

Follow('more that does not come is not waited for without end', async () => {
  const counts = await publications(async function* ({ next }) {
    const published = next();
    yield { type: 'changes', changes: removals(2), isMore: true };
    assert.is((await published).count, 2);
    yield { type: 'changes', changes: removals(1) };
  });
  assert.equal(counts, [2, 1]);
});

Follow('of many changes the rest is waited for, though nobody says that there is one', async () => {
  const counts = await publications(async function* () {
    yield { type: 'changes', changes: removals(32) };
    yield { type: 'changes', changes: removals(5) };
  });
  assert.equal(counts, [37]);
});

Follow('who waits for an answer has a publication of his own, in his place', async () => {
  const answers: unknown[] = [];
  const counts = await publications(async function* () {
    yield { type: 'changes', changes: removals(300), isMore: true };
    yield { type: 'changes', changes: removals(7), applied: (outcome) => answers.push(outcome) };
    yield { type: 'changes', changes: removals(3) };
  });
  assert.equal(counts, [300, 7, 3]);
  assert.equal(answers, [OUTCOME.applied]);
});

Follow.run();
