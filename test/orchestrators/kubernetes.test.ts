// EndpointSlices through @kubernetes/client-node against a local API server that replays transcripts: what is asked, in which order, and the
// exact sequence of records that is published.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type KeepOptions, keepInStep } from '../../host/orchestrators/keepInStep.js';
import { loadKubernetes } from '../../host/orchestrators/kubernetes/client.js';
import type { ServiceTarget } from '../../host/orchestrators/kubernetes/slices.js';
import { type KubernetesOptions, kubernetesSource } from '../../host/orchestrators/kubernetes/source.js';
import { until } from '../live/support/until.js';
import { casesThatNeed } from '../support/optional.js';
import { Replay } from './replay.js';
import { PaperPublisher, WEB } from './support.js';

const Kubernetes = suite('orchestrators/kubernetes');
const kubernetesTest = await casesThatNeed(loadKubernetes(), Kubernetes);

interface Scene {
  replay: Replay;
  publisher: PaperPublisher;
  /** Events but `published`, in words. */
  told: string[];
  /** Waits until so many steps were published; returns them. */
  steps(count: number): Promise<string[]>;
  /** Waits until the transcript has been asked for whole. */
  over(): Promise<void>;
}

interface Given {
  service?: Partial<ServiceTarget>;
  source?: Partial<KubernetesOptions>;
  keep?: Partial<KeepOptions>;
}

/** Replays a transcript to a publisher; at the end, all of it must have been asked for, and nothing else. */
function replaying(name: string, body: (scene: Scene) => Promise<void>, { service, source, keep }: Given = {}) {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const replay = new Replay(name);
    const kubeconfig = join(folder, 'kubeconfig');
    const server = await replay.listen();
    await writeFile(kubeconfig, kubeconfigFor({ server, 'insecure-skip-tls-verify': true }));
    const target = { vip: WEB, namespace: 'shop', service: 'web', ...service };
    const publisher = new PaperPublisher();
    const stop = new AbortController();
    const told: string[] = [];
    const keeping = keepInStep({
      ...{
        publisher,
        targets: [target],
        by: 'cluster-a',
        graceMs: 3_600_000,
        coalesceMs: 60,
        signal: stop.signal,
        ...keep,
      },
      source: await kubernetesSource({ kubeconfig, services: [target], retryMs: 10, ...source }),
      onEvent: (event) => {
        if (event.type !== 'published') told.push(Object.values(event).join(' '));
      },
    });
    const steps = (count: number): Promise<string[]> =>
      until(`${count} steps of ${name}`, () => publisher.steps.length >= count && publisher.steps, 10_000);
    const over = async (): Promise<void> => {
      await until(`the end of ${name}: ${replay.complaints}`, () => replay.left === 0, 10_000);
    };
    try {
      await body({ replay, publisher, told, steps, over });
      await over();
      assert.equal(replay.complaints, []);
    } finally {
      stop.abort();
      await keeping;
      await replay.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function kubeconfigFor(cluster: object, user: object = { token: 'secret-token' }): string {
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

kubernetesTest(
  'conditions become states, step by step',
  replaying('conditions', async ({ replay, steps, publisher, told }) => {
    await steps(1);
    replay.say('first');
    await steps(2);
    replay.say('second');
    await steps(3);
    replay.say('third');
    assert.equal(await steps(4), [
      'VIP, 10.0.1.10 active, 10.0.1.11 active, 10.0.1.9 active, 10.0.1.12 draining, 10.0.1.14 down',
      '10.0.1.9 draining, 10.0.1.14 active',
      '10.0.1.14 down',
      '10.0.1.14 removed',
    ]);
    assert.equal(publisher.states, ['10.0.1.10 active', '10.0.1.11 active', '10.0.1.12 draining', '10.0.1.9 draining']);
    assert.equal(told, ['back', 'inStep']);
  }),
);

kubernetesTest(
  'what is gone is removed when its grace is over',
  replaying(
    'conditions',
    async ({ replay, steps, publisher }) => {
      await steps(1);
      for (const word of ['first', 'second', 'third']) replay.say(word);
      await until('two backends', () => publisher.records.size === 3);
      assert.equal(publisher.states, ['10.0.1.10 active', '10.0.1.11 active']);
    },
    { keep: { graceMs: 150 } },
  ),
);

kubernetesTest(
  'not ready may mean draining',
  replaying(
    'conditions',
    async ({ replay, steps }) => {
      const [first] = await steps(1);
      assert.match(first as string, /10\.0\.1\.14 draining$/);
      for (const word of ['first', 'second', 'third']) replay.say(word);
    },
    { service: { notReady: 'draining' } },
  ),
);

kubernetesTest(
  'a watch goes on from the last bookmark',
  replaying('bookmarks', async ({ replay, over, publisher }) => {
    await until('two backends', () => publisher.states.length === 2);
    replay.say('first');
    await over();
    await until('the last change', () => publisher.states.length === 3);
    assert.equal(publisher.states, ['10.0.1.10 draining', '10.0.1.11 active', '10.0.1.9 draining']);
  }),
);

kubernetesTest(
  '410 Gone: listed anew, and what vanished meanwhile drains',
  replaying('gone', async ({ replay, steps, told }) => {
    await steps(1);
    replay.say('first');
    assert.equal(await steps(2), [
      'VIP, 10.0.1.10 active, 10.0.1.11 active, 10.0.1.9 active',
      '10.0.1.10 draining, 10.0.1.11 draining, 10.0.1.12 active',
    ]);
    assert.equal(told, ['back', 'inStep']); // 410 is no failure
  }),
);

kubernetesTest(
  'half-open streams are noticed, and bookmarks keep one alive',
  replaying(
    'half-open',
    async ({ over, publisher }) => {
      await over();
      await until('three backends', () => publisher.records.size === 4);
      assert.equal(publisher.states, ['10.0.1.10 active', '10.0.1.11 active', '10.0.1.9 active']);
    },
    { source: { silenceMs: 300 } },
  ),
);

kubernetesTest(
  'refusals are told by name, waited out, and nothing is published before there is a list',
  replaying('refused', async ({ over, steps, told }) => {
    await over();
    assert.equal(await steps(1), ['VIP, 10.0.1.9 active']);
    await until('in step', () => told.includes('inStep'));
    assert.equal(told.slice(0, 4), [
      'away namespace shop: 401 Unauthorized: the credentials are not taken',
      'away namespace shop: 403 Forbidden: get, list and watch of endpointslices in discovery.k8s.io are needed there',
      'away namespace shop: 429 Too Many Requests',
      'away namespace shop: HTTP 500',
    ]);
    assert.match(told[4] as string, /^away namespace shop: .*(socket hang up|ECONNRESET)/);
    assert.equal(told.slice(5), ['back', 'inStep']);
  }),
);

kubernetesTest(
  'an API that is away removes nothing, nor do answers that are no list',
  replaying('away', async ({ replay, steps, told }) => {
    await steps(1);
    replay.say('first');
    assert.equal(await steps(2), ['VIP, 10.0.1.10 active, 10.0.1.9 active', '10.0.1.10 draining, 10.0.1.11 active']);
    assert.is(told.filter((text) => text.startsWith('away')).length, 4, told.join('\n'));
  }),
);

kubernetesTest(
  'lists come in pages; a token that expires begins the list anew',
  replaying(
    'pages',
    async ({ steps }) => {
      assert.equal(await steps(1), ['VIP, 10.0.1.10 active, 10.0.1.11 active, 10.0.1.9 active']);
    },
    { source: { pageSlices: 1 } },
  ),
);

kubernetesTest(
  'half a line is no change',
  replaying('cut-line', async ({ replay, over, publisher }) => {
    await until('two backends', () => publisher.states.length === 2);
    replay.say('first');
    await over();
    await until('the whole change', () => publisher.states[1] === '10.0.1.9 draining');
    assert.equal(publisher.states, ['10.0.1.10 active', '10.0.1.9 draining']);
  }),
);

kubernetesTest(
  'several slices of a Service are one list of endpoints',
  replaying(
    'slices',
    async ({ replay, steps }) => {
      await steps(1);
      replay.say('first');
      assert.equal(await steps(2), [
        'VIP, 10.0.1.10 active weight 3, 10.0.1.9 active weight 3',
        '10.0.1.11 active weight 3',
      ]);
    },
    { service: { port: 'http', weight: 3 }, keep: { coalesceMs: 150 } },
  ),
);

Kubernetes.run();
