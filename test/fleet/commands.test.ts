// `maglev-dsr fleet` over librdkafka's in-process cluster: balancers that agree, differ, lag, fall silent; tables of the past.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFleet } from '../../host/fleet/fleetTopic.js';
import type { Plan } from '../../host/hotpath.js';
import type { Change } from '../../host/membership/event.js';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { createPublisher, type Publisher } from '../../host/membership/sources/kafka.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { differingSlots } from '../../host/membership/table.js';
import { until } from '../live/support/until.js';
import { bounded } from '../membership/support.js';
import { casesThatNeed } from '../support/optional.js';
import { FAST, FollowingBalancer, type Oddities, type Ran, runCommand, STATUS_TOPIC } from './following.js';
import { SECRET, TOPIC, WEB } from './support.js';

const Fleet = suite('fleet/commands');
const kafkaTest = await casesThatNeed(loadKafka(), Fleet);

const vipEntry = { key: WEB, value: '{"v":1,"address":"192.0.2.80","protocol":"tcp","port":80,"tableSize":4099}' };
const entry = (last: number, extra: object = {}) => ({
  key: `${WEB}/10.0.1.${last}`,
  value: JSON.stringify({ v: 1, vip: WEB, address: `10.0.1.${last}`, ...extra }),
});
/** Not told to one of them. */
const isBackend = (last: number) => (change: Change) => 'put' in change && change.put.address === `10.0.1.${last}`;

interface Setting {
  publisher: Publisher;
  start(id: string, oddities?: Oddities): FollowingBalancer;
  /** Runs `maglev-dsr fleet ...` on this cluster. */
  fleet(...args: string[]): Promise<Ran>;
  watched(pattern: RegExp, ...args: string[]): Promise<Ran>;
  secretFile: string;
  brokers: string[];
}

function withFleet(body: (setting: Setting) => Promise<void>) {
  return bounded(60_000, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-fleet-'));
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, `${SECRET}\n`);
    const { brokers, close } = await startEmbeddedBroker({ topics: [TOPIC, STATUS_TOPIC] });
    const publisher = await createPublisher({ brokers, topic: TOPIC });
    const balancers: FollowingBalancer[] = [];
    const common = ['--brokers', brokers.join(','), '--status-topic', STATUS_TOPIC, '--set', 'fetch.wait.max.ms=10'];
    try {
      await body({
        publisher,
        start: (id, oddities = {}) => {
          const balancer = new FollowingBalancer(brokers, id, oddities);
          balancers.push(balancer);
          return balancer;
        },
        fleet: (command = '', ...args) => runCommand(['fleet', command, ...args, ...common]),
        watched: (pattern, ...args) => runCommand(['fleet', 'watch', ...args, ...common], { until: pattern }),
        secretFile,
        brokers,
      });
    } finally {
      await Promise.all(balancers.map((balancer) => balancer.close()));
      await publisher.close();
      await close();
      await rm(folder, { recursive: true });
    }
  });
}

const standings = (ran: Ran): Record<string, string> => {
  const { groups } = JSON.parse(ran.stdout) as { groups: { balancers: { id: string; standing: string }[] }[] };
  return Object.fromEntries(groups.flatMap(({ balancers }) => balancers.map(({ id, standing }) => [id, standing])));
};

kafkaTest(
  'all agree, right after records were published; then one stops',
  withFleet(async ({ publisher, start, fleet, watched }) => {
    await publisher.publish([vipEntry, entry(9), entry(10)]);
    const [, second] = [start('lb1'), start('lb2'), start('lb3')];
    const first = await fleet('status', '--json', '--expect', '3');
    assert.equal([first.exitCode, first.stderr], [0, '']);
    assert.equal(standings(first), { lb1: 'agrees', lb2: 'agrees', lb3: 'agrees' });
    await publisher.publish([entry(11, { weight: 4 }), entry(9, { state: 'draining' })]);
    const { exitCode, stdout } = await fleet('status');
    assert.is(exitCode, 0);
    assert.match(stdout, /^topic balancer-members, read up to (\d:\d+,?)+$/m);
    assert.match(stdout, /^lb2 +agrees +0 +\d\.\d s ago +1 +\d+ +current +0\.1\.0 +[0-9a-f]{12}$/m);
    assert.match(stdout, /^all agree$/m);

    const watch = await watched(/"verdict":"agree"/, '--json');
    assert.is(watch.exitCode, 0);
    assert.equal(standings({ ...watch, stdout: watch.stdout.split('\n')[0] ?? '' }), {
      lb1: 'agrees',
      lb2: 'agrees',
      lb3: 'agrees',
    });

    await second.close();
    assert.equal(standings(await fleet('status', '--json')), { lb1: 'agrees', lb3: 'agrees' });
  }),
);

kafkaTest(
  'one that lost a record differs: exit code 1, with the very slots and why',
  withFleet(async ({ publisher, start, fleet, secretFile }) => {
    await publisher.publish([vipEntry, entry(9), entry(10), entry(11)]);
    const good = start('lb1');
    const odd = start('lb2', { loses: isBackend(10) });
    const args = ['--hash-secret-file', secretFile, '--expect', '2'];
    const { exitCode, stdout, stderr } = await fleet('status', ...args, '--json');
    assert.equal([exitCode, stderr], [1, '']);
    const slots = differingSlots(odd.paper.engine.table(WEB), good.paper.engine.table(WEB));
    const { verdict, groups } = JSON.parse(stdout);
    const [one, two] = groups[0].balancers;
    assert.equal([verdict, one.standing, one.differences, two.standing], ['differ', 'agrees', [], 'differs']);
    const [difference] = two.differences;
    assert.equal([difference.vip, difference.by, difference.isExact, difference.slotCount], [WEB, 'log', true, 4099]);
    assert.equal(difference.causes, ['10.0.1.10 is missing']);
    const named = (difference.slots as [number, number][]).flatMap(([a, b]) =>
      Array.from({ length: b - a + 1 }, (_, i) => a + i),
    );
    assert.equal(named, slots);

    const text = await fleet('status', ...args);
    assert.match(
      text.stdout,
      new RegExp(`^  ${WEB}: ${slots.length.toLocaleString('en-US')} of 4,099 slots are not as in the log: `, 'm'),
    );
    assert.match(text.stdout, /^ {4}10\.0\.1\.10 is missing$/m);
    assert.match(text.stdout, /^THEY DIFFER: see above$/m);

    // Two against each other: without the secret nobody knows who is right, but what they were filled with is known.
    const unclear = await fleet('status');
    assert.is(unclear.exitCode, 3);
    assert.match(unclear.stdout, /10\.0\.1\.10 is missing/);
    start('lb3');
    const majority = await fleet('status', '--no-log', '--expect', '3');
    assert.is(majority.exitCode, 1);
    assert.match(majority.stdout, /^lb2 +DIFFERS /m);
    assert.match(majority.stdout, /somewhere in 0-255, /);
  }),
);

kafkaTest(
  'another secret: all of its slots, and that is the reason',
  withFleet(async ({ publisher, start, fleet, secretFile }) => {
    await publisher.publish([vipEntry, entry(9), entry(10)]);
    start('lb1');
    start('lb2', { hashSecret: 'another secret of more' });
    const { exitCode, stdout } = await fleet('status', '--hash-secret-file', secretFile, '--expect', '2');
    assert.is(exitCode, 1);
    assert.match(stdout, /^lb2 differs: tcp\/192\.0\.2\.80:80$/m);
    assert.match(stdout, /^ {4}it has another hash secret$/m);
    assert.match(stdout, /up to 4,099 of 4,099 slots are not as in the log: somewhere in 0-255, 256-511/);
  }),
);

kafkaTest(
  'who is silent, who is forgotten; nobody there, and no brokers: exit codes for scripts',
  withFleet(async ({ publisher, start, fleet, brokers }) => {
    const none = await fleet('status', '--settle', '0');
    assert.equal([none.exitCode, none.stdout], [3, 'no balancer has reported to this topic\ncannot tell: see above\n']);
    await publisher.publish([vipEntry, entry(9)]);
    const living = start('lb1');
    assert.is((await fleet('status')).exitCode, 0);
    const few = await fleet('status', '--expect', '3', '--settle', '0');
    assert.equal([few.exitCode, few.stdout.includes('\n1 of 3 balancers have reported\n')], [2, true]);
    await living.reportOnceAs('lb2', brokers);
    const early = await fleet('forget', 'lb2');
    assert.is(early.exitCode, 1);
    assert.match(early.stderr, /^maglev-dsr: lb2 reported \d+ s ago: it runs on lb, pid 1$/m);
    await sleep(2500);
    const silent = await fleet('status', '--silent', '2000');
    assert.is(silent.exitCode, 2);
    assert.match(silent.stdout, /^lb2 is silent: its last report is \d+ s old$/m);
    assert.equal((await fleet('forget', 'lb2', '--silent', '2000')).stdout, 'lb2 is forgotten\n');
    assert.is((await fleet('status', '--silent', '2000')).exitCode, 0);
    const { balancers } = await readFleet({ brokers, topic: STATUS_TOPIC, librdkafka: FAST });
    assert.equal(
      balancers.map(({ id }) => id),
      ['lb1'],
    );
    const unknown = await fleet('forget', 'lb9');
    assert.equal([unknown.exitCode, unknown.stderr], [1, 'maglev-dsr: id "lb9" has not reported; there are lb1\n']);
    const away = await runCommand([
      'fleet',
      'status',
      '--brokers',
      '127.0.0.1:1',
      '--status-topic',
      'x',
      '--timeout',
      '500',
    ]);
    assert.is(away.exitCode, 3);
    assert.match(away.stderr, /status topic x could not be read within 500 ms/);
    const topicless = await runCommand(['fleet', 'status', '--brokers', '127.0.0.1:1']);
    assert.match(topicless.stderr, /--status-topic must be given, or a --kafka-config that names it/);
  }),
);

kafkaTest(
  'replay: the tables that balancers had at some offsets, and what moved since',
  withFleet(async ({ publisher, start, fleet, secretFile }) => {
    await publisher.publish([vipEntry, entry(9), entry(10)]);
    const balancer = start('lb1');
    await until('it to have read all', () => sum(balancer.paper.engine.position?.offsets) === 3, 10_000);
    const [offsets, digest] = [balancer.paper.engine.position?.offsets ?? {}, balancer.paper.engine.digest(WEB)];
    const at = Object.entries(offsets)
      .map(([partition, offset]) => `${partition}:${offset}`)
      .join();
    await sleep(20);
    const between = new Date().toISOString();
    await sleep(20);
    await publisher.publish([entry(11), { key: entry(9).key, value: null }, { key: 'nonsense', value: '{}' }]);
    await until('it to have read the rest', () => sum(balancer.paper.engine.position?.offsets) === 6, 10_000);

    const args = ['--topic', TOPIC, '--hash-secret-file', secretFile, '--json'];
    for (const moment of [at, between]) {
      const { exitCode, stdout, stderr } = await fleet('replay', '--at', moment, ...args);
      assert.equal([exitCode, stderr], [0, ''], moment);
      const past = JSON.parse(stdout);
      assert.equal([past.isCertain, past.missing, past.messages, past.records], [true, 0, 3, 3], moment);
      assert.equal(past.position.offsets, offsets, moment);
      assert.equal(
        past.vips.map((table: { digest: string }) => table.digest),
        [digest],
        moment,
      );
    }
    const now = JSON.parse((await fleet('replay', '--at', 'now', ...args)).stdout);
    assert.equal([now.vips[0].digest, now.refusals.length], [balancer.paper.engine.digest(WEB), 1]);

    const { from, to, plans } = JSON.parse((await fleet('replay', '--at', at, '--diff', 'now', ...args)).stdout);
    assert.equal([from.messages, to.messages, plans.length], [3, 6, 1]);
    const [plan] = plans as Plan[];
    const moved = plan?.backends.map(
      ({ address, slotsBefore, slotsAfter }) => `${address} ${slotsBefore} ${slotsAfter}`,
    );
    assert.equal(moved?.sort(), ['10.0.1.10 2049 2050', '10.0.1.11 0 2049', '10.0.1.9 2050 0']);
    const text = await fleet('replay', '--at', at, '--topic', TOPIC);
    assert.match(text.stdout, /^ {2}digest needs --hash-secret-file$/m);
    assert.match(text.stdout, /^ {2}10\.0\.1\.9 +active +1 +2,050 +50\.0 %$/m);
    assert.match(text.stdout, /^every message of that time is still in the topic: this is what balancers had$/m);
    const ahead = await fleet('replay', '--at', '0:99', '--topic', TOPIC);
    assert.is(ahead.exitCode, 1);
    assert.match(ahead.stderr, /--at "0:99" is not in the topic/);
  }),
);

function sum(offsets: Record<string, number> | undefined): number {
  return Object.values(offsets ?? {}).reduce((all, offset) => all + offset, 0);
}

Fleet.run();
