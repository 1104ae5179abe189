// How old the view is, as status says it, through what befalls a source.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Follower, followSource } from '../host/follow.js';
import type { Change, SourceEvent } from '../host/membership/event.js';
import { SourceProgress } from '../host/sourceProgress.js';

const Progress = suite('sourceProgress');

const ageOf = (progress: SourceProgress): number => progress.status(undefined).viewAgeMs ?? -1;
/** A duration, but for the milliseconds that the test itself takes. */
function isAbout(ageMs: number, expectedMs: number): void {
  assert.ok(ageMs >= expectedMs && ageMs < expectedMs + 1000, `${ageMs} is not about ${expectedMs}`);
}

Progress('a source that can be away: the age is that of its last look, live or stale', () => {
  const progress = new SourceProgress('topic');
  assert.is(ageOf(progress), -1);
  progress.caughtUp();
  progress.current(Date.now() - 4000);
  isAbout(ageOf(progress), 4000);
  assert.is(progress.status(undefined).state, 'live');
  progress.stale(Date.now() - 60_000, 'nobody answers');
  isAbout(ageOf(progress), 60_000);
  progress.fresh();
  isAbout(ageOf(progress), 4000);
  progress.current(Date.now() - 9000); // of a look before the last one
  isAbout(ageOf(progress), 4000);
  progress.current(Date.now());
  isAbout(ageOf(progress), 0);
});

Progress('a source that is always there: its view has no age', () => {
  const progress = new SourceProgress('file');
  progress.caughtUp();
  isAbout(ageOf(progress), 0);
});

Progress('current is told when what was told before it is live, and holds up nothing', async () => {
  const log: string[] = [];
  let publish = () => {};
  const follower = {
    apply: async (changes: Change[]) => {
      log.push(`apply ${changes.length}`);
      await new Promise<void>((resolve) => {
        publish = resolve;
      });
      log.push('live');
      return { applied: { generation: 1, slotsMoved: 0, buildMs: 0 }, refusals: [], shortages: [] };
    },
    current: (atMs: number) => log.push(`current ${atMs}`),
    refused: () => log.push('refused'),
  } as unknown as Follower;
  const source = {
    name: 'told',
    async *events(): AsyncGenerator<SourceEvent> {
      yield { type: 'changes', changes: [{ remove: 'tcp/192.0.2.80:80' }] };
      yield { type: 'current', atMs: 7 };
      yield { type: 'refused', refusal: { where: 'here', field: 'f', value: 'v', rule: 'r' } };
      publish();
    },
  };
  assert.is(await followSource(source, follower, new AbortController().signal), undefined);
  assert.equal(log, ['apply 1', 'refused', 'live', 'current 7']);
});

Progress.run();
