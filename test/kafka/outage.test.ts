// Three brokers, and what befalls them: a leader dies, one hangs, all are gone, what was acknowledged by too few is lost.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { changesTold, type Listener } from '../membership/support.js';
import type { Cluster } from './support/cluster.js';
import { runTool } from './support/javaTool.js';
import { byText, entry, put, standing, untilStanding, WEB_ENTRY, WEB_PUT, withTopic } from './support/records.js';
import { kafkaSuite } from './support/suite.js';
import { bootstrap, topicMetadata } from './support/topics.js';

const test = await kafkaSuite('kafka/outage', { brokers: 3, isPrivate: true });
const needs = ['topics', 'tools', 'listeners', 'cluster'] as const;

const IN_SYNC = { 'min.insync.replicas': '2' };
const countOf = (listener: Listener, type: string) => listener.events.filter((event) => event.type === type).length;
const isAway = (listener: Listener) => countOf(listener, 'stale') > countOf(listener, 'fresh');

async function leaderOf(brokers: readonly string[], topic: string): Promise<number> {
  const leader = (await topicMetadata(brokers, topic))?.partitions[0]?.leader;
  if (leader === undefined || leader < 0) throw new Error(`topic ${topic} has no leader`);
  return leader;
}

test(
  'the leader dies: another one is followed, and nothing is lost or taken away',
  { needs, limitMs: 90_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { partitions: 3, config: IN_SYNC }, async ({ topic, publish, listen }) => {
      await publish([WEB_ENTRY, entry(9)]);
      const listener = listen();
      await listener.next('caughtUp');
      const leader = await leaderOf(kafka.brokers, topic);
      await kafka.cluster().stopNode(leader);
      await publish([10, 11, 12, 13, 14].map((host) => entry(host)));
      const wanted = [WEB_PUT, ...[9, 10, 11, 12, 13, 14].map((host) => put(host))];
      await untilStanding(listener, wanted, signal);
      await kafka.cluster().startNode(leader);
      await publish([entry(15)]);
      await untilStanding(listener, [...wanted, put(15)], signal);
      assert.not.ok(changesTold(listener).some((change) => 'remove' in change));
      while (isAway(listener)) await listener.next('fresh');
    }),
);

test('a broker hangs: another one leads, and it is followed', { needs, limitMs: 90_000 }, (kafka, signal) =>
  withTopic(kafka, signal, { config: IN_SYNC }, async ({ topic, publish, listen }) => {
    await publish([WEB_ENTRY, entry(9)]);
    const listener = listen();
    await listener.next('current');
    const leader = await leaderOf(kafka.brokers, topic);
    kafka.cluster().pauseNode(leader);
    try {
      await untilLed(kafka.cluster(), topic, leader, signal);
      await publish([entry(10)]);
      await untilStanding(listener, [WEB_PUT, put(9), put(10)], signal);
    } finally {
      kafka.cluster().resumeNode(leader);
    }
    while (isAway(listener)) await listener.next('fresh');
  }),
);

test(
  'all are gone: nothing is taken away, and it says how old that is; they return, some with another password',
  { needs, limitMs: 120_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: IN_SYNC }, async ({ publish, listen }) => {
      const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-outage-'));
      const passwordFile = join(folder, 'password');
      const { user, listeners, jars } = kafka.access();
      try {
        writeFileSync(passwordFile, user.password);
        await publish([WEB_ENTRY, entry(9)]);
        const plain = listen();
        const sasl = { mechanism: 'scram-sha-512', username: user.name, passwordFile } as const;
        const scram = listen({ brokers: listeners.scram, sasl });
        const current = await Promise.all([plain, scram].map((listener) => listener.next('current')));
        await changePassword(jars, kafka.brokers, user.name, 'another-one');
        const { nodes } = kafka.cluster();
        await Promise.all(nodes.map((id) => kafka.cluster().stopNode(id)));
        for (const [n, listener] of [plain, scram].entries()) {
          const { sinceMs, reason } = await listener.next('stale');
          assert.match(reason, /^brokers 127\.0\.0\.1:\d+,.* do not answer: /);
          assert.ok(sinceMs >= (current[n]?.atMs ?? Number.POSITIVE_INFINITY) && sinceMs <= Date.now(), `${sinceMs}`);
        }
        await Promise.all(nodes.map((id) => kafka.cluster().startNode(id)));
        await plain.next('fresh');
        await publish([entry(10)]);
        await untilStanding(plain, [WEB_PUT, put(9), put(10)], signal);
        assert.is(countOf(scram, 'fresh'), 0);
        assert.equal(standing(changesTold(scram)), byText([WEB_PUT, put(9)]));
        writeFileSync(passwordFile, 'another-one\n');
        await scram.next('fresh');
        await untilStanding(scram, [WEB_PUT, put(9), put(10)], signal);
        // Out of touch for a few seconds only: what they had was not read again.
        for (const listener of [plain, scram]) assert.is(changesTold(listener).length, 3);
      } finally {
        await changePassword(jars, kafka.brokers, user.name, user.password);
        await rm(folder, { recursive: true, force: true });
      }
    }),
);

test(
  'out of touch for longer than it may be: read again, though the offsets are there',
  { needs, limitMs: 90_000 },
  (kafka, signal) =>
    withTopic(kafka, signal, { config: IN_SYNC }, async ({ publish, listen }) => {
      await publish([WEB_ENTRY, entry(9)]);
      const listener = listen({ rereadAfterMs: 2500 });
      await listener.next('current');
      for (const id of kafka.cluster().nodes) kafka.cluster().pauseNode(id);
      await listener.next('stale');
      await new Promise((resolve) => setTimeout(resolve, 3000));
      for (const id of kafka.cluster().nodes) kafka.cluster().resumeNode(id);
      await listener.next('fresh');
      const { changes, where } = await listener.next('changes');
      assert.equal(byText(changes), byText([WEB_PUT, put(9)]));
      assert.match(where ?? '', /^2 events /);
    }),
);

test(
  'an unclean election: what only the dead leader had is gone, and gone here too',
  { needs, limitMs: 120_000 },
  (kafka, signal) =>
    withTopic(
      kafka,
      signal,
      { replicas: 2, config: { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' } },
      async ({ topic, publish, listen }) => {
        await publish([WEB_ENTRY, entry(9)]);
        const listener = listen();
        await listener.next('current');
        const { leader, replicas } = (await topicMetadata(kafka.brokers, topic))?.partitions[0] ?? {};
        const follower = replicas?.find((id) => id !== leader);
        if (leader === undefined || follower === undefined) throw new Error(`topic ${topic} has no follower`);
        await kafka.cluster().stopNode(follower);
        await publish([entry(10), entry(11)]);
        await untilStanding(listener, [WEB_PUT, put(9), put(10), put(11)], signal);
        await kafka.cluster().stopNode(leader);
        await kafka.cluster().startNode(follower);
        await untilStanding(listener, [WEB_PUT, put(9)], signal);
        await publish([entry(12)]);
        await untilStanding(listener, [WEB_PUT, put(9), put(12)], signal);
        while (isAway(listener)) await listener.next('fresh');
        await kafka.cluster().startNode(leader);
      },
    ),
);

/** Waits until somebody else leads the only partition. */
async function untilLed(cluster: Cluster, topic: string, not: number, signal: AbortSignal): Promise<void> {
  const others = cluster.brokers.filter((_, index) => cluster.nodes[index] !== not);
  for (;;) {
    signal.throwIfAborted();
    const leader = (await topicMetadata(others, topic))?.partitions[0]?.leader ?? -1;
    if (leader >= 0 && leader !== not) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function changePassword(jars: string, brokers: readonly string[], user: string, password: string): Promise<void> {
  const config = `SCRAM-SHA-512=[password=${password}]`;
  const entity = ['--entity-type', 'users', '--entity-name', user];
  await runTool(jars, 'kafka-configs', [...bootstrap(brokers), ...entity, '--alter', '--add-config', config]);
}

test.run();
