// `maglev-dsr publish-from docker` as a user runs it: an Engine's socket that replays a transcript, the embedded broker, and the tables of a
// balancer that follows the topic.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { followSource, UNHEARD } from '../../host/follow.js';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { kafkaSource } from '../../host/membership/sources/kafka.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { until } from '../live/support/until.js';
import { bounded } from '../membership/support.js';
import { modelDigests } from '../model/topic.js';
import { casesThatNeed } from '../support/optional.js';
import { createEngine } from '../support/worker.js';
import { COMMAND, RunningPublisher } from './command.js';
import { Replay } from './replay.js';
import { WEB } from './support.js';

const TOPIC = 'balancer-members';
const SECRET = 'a secret of 16 bytes';
const PublishFromDocker = suite('orchestrators/publishFromDocker');
const commandTest = await casesThatNeed(loadKafka(), PublishFromDocker);

/** A balancer without interfaces that follows the topic. */
function startBalancer(brokers: readonly string[]) {
  const engine = createEngine({ hashSecret: SECRET, tablesMiB: 24 }, 1, () => 1);
  const refused: unknown[] = [];
  const stop = new AbortController();
  const following = followSource(
    kafkaSource({ brokers, topic: TOPIC, librdkafka: { 'fetch.wait.max.ms': 10 } }),
    {
      apply: (changes, origin) => engine.apply(changes, origin),
      ...UNHEARD,
      refused: (refusal) => void refused.push(refusal),
      failed: (error) => void refused.push(error),
      packets: () => engine.packets(),
    },
    stop.signal,
  );
  const end = async (): Promise<void> => {
    stop.abort();
    await following;
  };
  return { engine, refused, end };
}

/** Backends of a state, by the last number of their address: `state weight`. */
type States = Record<number, string>;

function statesOf(engine: ReturnType<typeof createEngine>): States {
  const entries = [...(engine.membership.backends.get(WEB)?.values() ?? [])];
  return Object.fromEntries(
    entries.map(({ backend: { address, state = 'active', weight = 1 } }) => {
      return [address.replace('172.18.0.', ''), `${state} ${weight}`];
    }),
  );
}

/** The digest of the table that a plain model makes of such backends. */
function modelDigest(states: States): string | undefined {
  const records = Object.entries(states).map(([host, text]) => {
    const [state, weight] = text.split(' ');
    return { v: 1, vip: WEB, address: `172.18.0.${host}`, weight: Number(weight), state };
  });
  const vip = [WEB, { v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80 }] as const;
  const messages = [vip, ...records.map((record) => [`${WEB}/${record.address}`, record] as const)];
  const log = messages.map(([key, value], offset) => {
    return { partition: 0, offset, key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)), timestampMs: 0 };
  });
  return modelDigests(log, SECRET)[0]?.[1];
}

commandTest(
  'the life of containers is in the tables of a balancer, slot by slot; SIGTERM ends it cleanly',
  bounded(150_000, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const replay = new Replay('docker-life');
    const socket = join(folder, 'docker.sock');
    await replay.listen({ socket });
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const config = join(folder, 'endpoints.yaml');
    const docker = { socket, vips: [{ vip: WEB }] };
    await writeFile(config, JSON.stringify({ id: 'host-a', coalesceMs: 30, graceMs: 300, docker }));
    const target = ['--brokers', broker.brokers.join(','), '--topic', TOPIC, '--set', 'fetch.wait.max.ms=10'];
    const publisher = new RunningPublisher([...COMMAND, 'docker', '--config', config, ...target]);
    const { engine, refused, end } = startBalancer(broker.brokers);
    const become = async (states: States, slots: Record<number, number>): Promise<void> => {
      const wanted = JSON.stringify(states);
      const is = () => JSON.stringify(statesOf(engine)) === wanted && engine.vips.has(WEB);
      await until(`backends ${wanted}`, is, 40_000).catch((error: Error) => {
        throw new Error(`${error.message}, not ${JSON.stringify(statesOf(engine))}: ${publisher.log}`);
      });
      assert.is(engine.digest(WEB), modelDigest(states), wanted);
      const named = Object.entries(slots).map(([host, count]) => [`172.18.0.${host}`, count]);
      assert.equal(Object.fromEntries([...engine.slots(WEB)].sort()), Object.fromEntries(named), wanted);
    };
    try {
      await become({ 1: 'active 1', 2: 'active 3' }, { 1: 16_384, 2: 49_153 });
      replay.say('start'); // its health is not known yet
      await become({ 1: 'active 1', 2: 'active 3', 3: 'down 1' }, { 1: 16_384, 2: 49_153 });
      replay.say('healthy');
      await become({ 1: 'active 1', 2: 'active 3', 3: 'active 1' }, { 1: 13_108, 2: 39_322, 3: 13_107 });
      replay.say('reload'); // SIGHUP ends nobody
      replay.say('stop');
      await become({ 1: 'draining 1', 2: 'active 3', 3: 'active 1' }, { 2: 49_153, 3: 16_384 });
      replay.say('die');
      await become({ 2: 'active 3', 3: 'active 1' }, { 2: 49_153, 3: 16_384 });
      replay.say('unhealthy');
      await become({ 2: 'active 3', 3: 'down 1' }, { 2: 65_537 });
      assert.equal(refused, []);
      assert.equal(replay.complaints, []);
      assert.is(replay.left, 0);
      await publisher.stop('SIGTERM');
    } finally {
      publisher.kill();
      await end();
      await replay.close();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    }
  }),
);

commandTest(
  'an Engine that is not there is said, and nothing is published',
  bounded(60_000, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const config = join(folder, 'endpoints.yaml');
    const docker = { socket: join(folder, 'docker.sock'), vips: [{ vip: WEB }], retryMs: 10 };
    await writeFile(config, JSON.stringify({ id: 'host-a', docker }));
    const target = ['--brokers', broker.brokers.join(','), '--topic', TOPIC, '--set', 'fetch.wait.max.ms=10'];
    const publisher = new RunningPublisher([...COMMAND, 'docker', '--config', config, ...target]);
    try {
      await until('its complaint', () => /away: docker .*docker\.sock: .*ENOENT/.test(publisher.log), 40_000);
      assert.not.match(publisher.log, /published|in step/);
      await publisher.stop('SIGINT');
    } finally {
      publisher.kill();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    }
  }),
);

PublishFromDocker.run();
