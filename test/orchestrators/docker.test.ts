// Containers of a Docker Engine, against a unix socket that replays transcripts: what is asked, in which order, and what is published.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dockerSource } from '../../host/orchestrators/docker/source.js';
import { keepInStep } from '../../host/orchestrators/keepInStep.js';
import { until } from '../live/support/until.js';
import { Replay } from './replay.js';
import { PaperPublisher, WEB } from './support.js';

const Docker = suite('orchestrators/docker');

interface Scene {
  replay: Replay;
  publisher: PaperPublisher;
  told: string[];
  /** Waits until the backends are these. */
  become(...states: string[]): Promise<void>;
}

function replaying(name: string, body: (scene: Scene) => Promise<void>) {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const socket = join(folder, 'docker.sock');
    const replay = new Replay(name);
    await replay.listen({ socket });
    const vips = [{ vip: WEB }];
    const publisher = new PaperPublisher();
    const stop = new AbortController();
    const told: string[] = [];
    const keeping = keepInStep({
      ...{ publisher, targets: vips, by: 'host-a', graceMs: 300, coalesceMs: 30, signal: stop.signal },
      source: dockerSource({ socket, vips, retryMs: 10 }),
      onEvent: (event) => {
        if (event.type !== 'published') told.push(Object.values(event).join(' '));
      },
    });
    const become = async (...states: string[]): Promise<void> => {
      await until(`${states}`, () => publisher.states.join() === states.join(), 10_000).catch((error: Error) => {
        throw new Error(`${error.message}; is ${publisher.states}; ${replay.complaints}; ${told}`);
      });
    };
    try {
      await body({ replay, publisher, told, become });
      await until(`the end of ${name}: ${replay.requests.join(' ')}`, () => replay.left === 0);
      assert.equal(replay.complaints, []);
    } finally {
      stop.abort();
      await keeping;
      await replay.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
}

Docker(
  'the life of containers: starting, healthy, reloaded, stopped, gone, unhealthy',
  replaying('docker-life', async ({ replay, become, publisher, told }) => {
    await become('172.18.0.1 active', '172.18.0.2 active weight 3');
    replay.say('start');
    await become('172.18.0.1 active', '172.18.0.2 active weight 3', '172.18.0.3 down');
    replay.say('healthy');
    await become('172.18.0.1 active', '172.18.0.2 active weight 3', '172.18.0.3 active');
    replay.say('reload');
    replay.say('stop');
    await become('172.18.0.1 draining', '172.18.0.2 active weight 3', '172.18.0.3 active');
    replay.say('die');
    await become('172.18.0.2 active weight 3', '172.18.0.3 active');
    replay.say('unhealthy');
    await become('172.18.0.2 active weight 3', '172.18.0.3 down');
    assert.equal(publisher.steps, [
      'VIP, 172.18.0.1 active, 172.18.0.2 active weight 3',
      '172.18.0.3 down',
      '172.18.0.3 active',
      '172.18.0.1 draining',
      '172.18.0.1 removed',
      '172.18.0.3 down',
    ]);
    assert.equal(told, ['back', 'inStep']);
  }),
);

Docker(
  'an Engine that is away removes nothing; then the events since the last one, and all of the list',
  replaying('docker-away', async ({ replay, become, publisher, told }) => {
    await become('172.18.0.1 active', '172.18.0.2 active');
    replay.say('pause');
    await become('172.18.0.1 down', '172.18.0.2 active');
    replay.say('cut');
    await become('172.18.0.2 active', '172.18.0.3 active');
    assert.equal(publisher.steps, [
      'VIP, 172.18.0.1 active, 172.18.0.2 active',
      '172.18.0.1 down',
      '172.18.0.3 active, 172.18.0.1 removed',
    ]);
    assert.is(told.filter((text) => text.startsWith('away docker ')).length, 3, told.join('\n'));
  }),
);

Docker(
  'labels that say something else are told, and nobody claims a VIP that is not managed here',
  replaying('docker-labels', async ({ become, told }) => {
    await become('172.18.0.5 active', '172.19.0.4 active');
    assert.equal(told.slice(0, 4), [
      'warning container 020202020202: maglev-dsr.weight "heavy" is not 0..65535; left out',
      'warning container 030303030303: maglev-dsr.network must name one of its networks (a, b); left out',
      'warning container 010101010101 names tcp/192.0.2.99:80: not managed here',
      'warning container 050505050505 names tcp/192.0.2.99:80: not managed here',
    ]);
  }),
);

Docker('a socket that is not there is told, and tried again', async () => {
  const told: string[] = [];
  const stop = new AbortController();
  const source = dockerSource({ socket: '/nowhere/docker.sock', vips: [{ vip: WEB }], retryMs: 10 });
  const following = source.follow((event) => {
    told.push(Object.values(event).join(' '));
    if (told.length === 2) stop.abort();
  }, stop.signal);
  await following;
  for (const text of told) assert.match(text, /^away docker \/nowhere\/docker\.sock: .*ENOENT/);
  assert.is(told.length, 2);
});

Docker.run();
