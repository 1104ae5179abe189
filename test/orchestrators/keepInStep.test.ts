// The loop between a source and a publisher: windows, refusals, brokers that are away, what is not said.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../../host/errors.js';
import type { Endpoint, EndpointSource, Tell } from '../../host/orchestrators/endpoints.js';
import { type KeepOptions, keepInStep, type StepEvent } from '../../host/orchestrators/keepInStep.js';
import { until } from '../live/support/until.js';
import { PaperPublisher, WEB } from './support.js';

const Keep = suite('orchestrators/keepInStep');
const API = 'tcp/192.0.2.81:80';
const active = (...lasts: number[]): Endpoint[] =>
  lasts.map((last) => ({ address: `10.0.1.${last}`, state: 'active' }));
const tooLarge = (): MaglevError => new MaglevError('ERR_LIMIT', 'too large', { option: 'moveShareMax' });

/** A source that says what a test says. */
class TestSource implements EndpointSource {
  tell: Tell = () => undefined;
  follow(tell: Tell, signal: AbortSignal): Promise<void> {
    this.tell = tell;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  say(vip: string, endpoints: Endpoint[]): void {
    this.tell({ type: 'endpoints', vip, endpoints });
  }
}

async function keeping(
  body: (source: TestSource, publisher: PaperPublisher, events: StepEvent[]) => Promise<void>,
  more: Partial<KeepOptions> = {},
): Promise<void> {
  const [source, publisher, stop] = [new TestSource(), new PaperPublisher(), new AbortController()];
  const events: StepEvent[] = [];
  const targets = [{ vip: WEB }, { vip: API }];
  const onEvent = (event: StepEvent): void => void events.push(event);
  const kept = keepInStep({
    source,
    publisher,
    targets,
    by: 'a',
    coalesceMs: 20,
    signal: stop.signal,
    onEvent,
    ...more,
  });
  try {
    await body(source, publisher, events);
  } finally {
    stop.abort();
    await kept;
  }
}

Keep('a hundred lists in one window are one step, of the last', async () => {
  await keeping(async (source, publisher) => {
    for (let last = 1; last <= 100; last++) source.say(WEB, active(last));
    await until('a step', () => publisher.steps.length > 0);
    assert.equal(publisher.steps, ['VIP, 10.0.1.100 active']);
  });
});

Keep('a VIP of which nothing was said is not touched, and inStep waits for it', async () => {
  await keeping(async (source, publisher, events) => {
    source.say(WEB, active(9));
    await until('a step', () => publisher.steps.length > 0);
    assert.equal([publisher.records.has(API), events.some(({ type }) => type === 'inStep')], [false, false]);
    source.say(API, []);
    await until('in step', () => events.some(({ type }) => type === 'inStep'));
    assert.is(publisher.records.has(API), true);
  });
});

Keep('brokers that are away: the same again until they took it, and the last list counts then', async () => {
  await keeping(async (source, publisher, events) => {
    publisher.failures.push(new MaglevError('ERR_BROKER', 'brokers are away'));
    source.say(WEB, active(9));
    await until('the failure', () => events.some((event) => event.type === 'warning'));
    source.say(WEB, active(10));
    await until('a step', () => publisher.steps.length > 0);
    assert.equal(publisher.steps, ['VIP, 10.0.1.10 active']);
  });
});

Keep(
  'a step that is too large is made in parts, additions first; what is refused alone stays, is told once',
  async () => {
    await keeping(async (source, publisher, events) => {
      source.say(WEB, active(1, 2));
      await until('a step', () => publisher.steps.length === 1);
      // All four, then the halves: the second half, then its second half is refused.
      const { publish } = publisher;
      publisher.publish = (edits) => {
        const last = JSON.stringify(edits).includes('"address":"10.0.1.2"');
        return edits.length > 2 || last ? Promise.reject(tooLarge()) : publish.call(publisher, edits);
      };
      source.say(WEB, active(3, 4));
      await until('the refusal', () => events.some((event) => event.type === 'warning'));
      assert.equal(publisher.steps.slice(1), ['10.0.1.3 active, 10.0.1.4 active', '10.0.1.1 draining']);
      assert.is(publisher.states.join(), '10.0.1.1 draining,10.0.1.2 active,10.0.1.3 active,10.0.1.4 active');
      source.say(WEB, active(3, 4));
      publisher.publish = publish;
      await until('the rest', () => publisher.states[1] === '10.0.1.2 draining');
      assert.is(events.filter((event) => event.type === 'warning').length, 1);
    });
  },
);

Keep('once: returns when all is in step', async () => {
  const source = new TestSource();
  const kept = keepInStep({
    ...{ source, publisher: new PaperPublisher(), targets: [{ vip: WEB }], by: 'a', coalesceMs: 0, once: true },
    signal: new AbortController().signal,
  });
  source.say(WEB, active(1));
  await kept;
});

Keep('options are checked by name', async () => {
  const options = { source: new TestSource(), publisher: new PaperPublisher(), by: 'a', signal: AbortSignal.abort() };
  for (const [more, message] of [
    [{ targets: [] }, /^targets 0 must be 1\.\.10000$/],
    [{ targets: [{ vip: 'web' }] }, /^vip "web" expected a key/],
    [{ targets: [{ vip: WEB }, { vip: WEB }] }, /must be named once$/],
    [{ targets: [{ vip: WEB }], graceMs: -1 }, /^graceMs -1 must be an integer of 0\.\.86400000$/],
  ] as [Partial<KeepOptions> & Pick<KeepOptions, 'targets'>, RegExp][]) {
    const error = await keepInStep({ ...options, ...more }).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    assert.match(error.message, message);
  }
});

Keep.run();
