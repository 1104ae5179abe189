// Kafka is gone when the balancer starts again: it forwards by its snapshot, and says how old that is. A damaged one is no help.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { LabProgram } from '../../host/demo/lab/program.js';
import type { Topology } from '../../host/demo/lab/topology.js';
import type { BrokerCommand, BrokerConfig, BrokerReport } from '../../host/demo/programs/broker.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { whyMissing } from '../support/optional.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { countBackends, visit } from './support/httpLoad.js';
import { changesOf, type FileVip, webVip } from './support/members.js';
import { liveSuiteWith, skippedSuite } from './support/suite.js';
import { startEchoServers } from './support/udp.js';

const TOPIC = 'balancer-members';
const SNAPSHOT = 'members.snapshot';
const VISITS = 40;
const WRITTEN_MS_MAX = 8000;
const SCRIPT = new URL('../../host/demo/programs/broker.js', import.meta.url);
const BROKER_TIMEOUT_MS = 20_000;

const missing = await whyMissing(loadKafka());
const live = missing === undefined ? liveSuiteWith('live/snapshot', ['curl']) : skippedSuite('live/snapshot', missing);

async function startBroker({ balancer }: Topology, vips: readonly FileVip[]) {
  const config: BrokerConfig = { topic: TOPIC };
  const program = new LabProgram<BrokerCommand, BrokerReport>(balancer, SCRIPT, config, () => undefined);
  const { brokers } = await program.first('ready', BROKER_TIMEOUT_MS);
  program.send({ type: 'publish', number: 1, changes: changesOf(vips) });
  await program.first('published', BROKER_TIMEOUT_MS);
  return { brokers, program };
}

function start(topology: Topology, members: readonly FileVip[], brokers: readonly string[]): Promise<CommandBalancer> {
  const membership = { kafka: { brokers, topic: TOPIC, snapshot: SNAPSHOT } };
  return CommandBalancer.start(topology, { members, config: { membership } });
}

live('the broker is gone: the next start forwards by the snapshot, and a killed balancer left one', () =>
  withTopology('one-armed', {}, async (topology) => {
    await startEchoServers(topology);
    const members = [webVip(topology)];
    const path = join(topology.lab.directory, SNAPSHOT);
    const { brokers, program } = await startBroker(topology, members);

    const first = await start(topology, members, brokers);
    const before = countBackends(await visit(topology, VISITS, 21_000));
    assert.equal(Object.keys(before), ['backend1', 'backend2']);
    const isThere = () =>
      stat(path).then(
        ({ mode }) => (mode & 0o777) === 0o600,
        () => false,
      );
    for (const deadline = Date.now() + WRITTEN_MS_MAX; !(await isThere()); ) {
      assert.ok(Date.now() < deadline, 'no snapshot was written');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await first.stop('SIGKILL');
    await program.kill();

    const second = await start(topology, members, brokers);
    const { status } = await second.stats();
    assert.is(status.isReady, true);
    assert.is(status.source.state, 'stale');
    assert.match(status.source.reason ?? '', /^brokers .* do not answer: /);
    assert.ok((status.source.viewAgeMs ?? 0) > 0 && (status.source.viewAgeMs ?? 0) < 60_000);
    assert.equal(status.source.position, { topic: TOPIC, offsets: positionIn(await readFile(path, 'utf8')) });
    // The table is the same, and so each flow's backend.
    assert.equal(countBackends(await visit(topology, VISITS, 21_000)), before);
    await second.stop();

    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const third = await CommandBalancer.launch(topology, {
      members,
      config: { membership: { kafka: { brokers, topic: TOPIC, snapshot: SNAPSHOT } } },
    });
    const refused = await third.until('a refusal', () => third.all('refused')[0]);
    assert.equal([refused.where, refused.field, refused.ignored], [`snapshot ${path}`, 'checksum', 'snapshot']);
    await third.until('it to be stale', () => third.all('stale')[0]);
    assert.equal(
      third.events.filter(({ event }) => event === 'ready' || event === 'applied'),
      [],
    );
    await third.stop();
  }),
);

function positionIn(snapshot: string): Record<string, number> {
  const { bookmarks } = JSON.parse(snapshot.slice(snapshot.indexOf('\n'))) as {
    bookmarks: { partition: number; next: number }[];
  };
  return Object.fromEntries(bookmarks.map(({ partition, next }) => [partition, next]));
}

live.run();
