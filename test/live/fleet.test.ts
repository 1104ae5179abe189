// Two real balancers on one topic, asked as an operator asks: they agree; one with another rule differs, in slots that are named;
// one that was killed is silent.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import { LabProgram } from '../../host/demo/lab/program.js';
import type { Topology } from '../../host/demo/lab/topology.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { whyMissing } from '../support/optional.js';
import { liveSuite, withTopology } from './lab.js';
import type { FleetBrokerReport } from './programs/fleetBroker.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { HTTP_PORT, webVip } from './support/members.js';
import { skippedSuite } from './support/suite.js';
import { until } from './support/until.js';

const BROKER = new URL('./programs/fleetBroker.js', import.meta.url);
const COMMAND = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const TOPIC = 'balancer-members';
const STATUS_TOPIC = 'balancer-status';
const TABLE_SIZE = 4099;

const missing = await whyMissing(loadKafka());
const live = missing === undefined ? liveSuite('live/fleet') : skippedSuite('live/fleet', missing);

interface Balancer {
  id: string;
  standing: string;
  differences: { slots: [number, number][]; count: number; isExact: boolean; causes: string[] }[];
}

async function maglev(
  host: LabHost,
  ...args: string[]
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return host.exec(process.execPath, [COMMAND, ...args], { anyExitCode: true, timeoutMs: 30_000 });
}

/** Both balancers on the balancer's host, one on each interface; the broker is on its loopback. */
async function startBroker({ balancer }: Topology): Promise<string> {
  const broker = new LabProgram<never, FleetBrokerReport>(
    balancer,
    BROKER,
    { topics: [TOPIC, STATUS_TOPIC] },
    () => undefined,
  );
  const { brokers } = await broker.first('ready', 10_000);
  return brokers.join(',');
}

live(
  'two balancers agree; one that counts otherwise differs in slots that are named; one that is killed is silent',
  async () => {
    await withTopology('two-armed', { backendCount: 3 }, async (topology) => {
      const { lab, balancer: host, balancerLinks, vip, backends } = topology;
      const brokers = await startBroker(topology);
      const membersFile = join(lab.directory, 'topic.yaml');
      const publish = async (drainer: string): Promise<void> => {
        const [first, ...rest] = backends.map(({ address }) => address);
        const vips = [
          {
            vip: `tcp/${vip}:${HTTP_PORT}`,
            tableSize: TABLE_SIZE,
            backends: [{ address: first, state: drainer }, ...rest],
          },
        ];
        await writeFile(membersFile, JSON.stringify({ vips }));
        const { exitCode, stderr } = await maglev(host, 'apply', membersFile, '--brokers', brokers, '--topic', TOPIC);
        assert.is(exitCode, 0, stderr);
      };
      await publish('active');
      const start = (n: number, flow: object = {}): Promise<CommandBalancer> =>
        CommandBalancer.launch(topology, {
          members: [webVip(topology)],
          config: {
            interfaces: [{ name: balancerLinks[n - 1] }],
            membership: { kafka: { brokers: brokers.split(','), topic: TOPIC } },
            fleet: { statusTopic: STATUS_TOPIC, id: `lb${n}`, everyMs: 500 },
            control: { socket: `lb${n}.sock` },
            flow,
          },
        });
      const status = async (
        ...args: string[]
      ): Promise<{ exitCode: number | null; balancers: Balancer[]; stderr: string }> => {
        const config = join(lab.directory, 'balancer.yaml');
        const { exitCode, stdout, stderr } = await maglev(
          host,
          'fleet',
          'status',
          '--kafka-config',
          config,
          '--json',
          ...args,
        );
        return {
          exitCode,
          stderr,
          balancers: JSON.parse(stdout).groups.flatMap((group: { balancers: Balancer[] }) => group.balancers),
        };
      };
      const standings = ({ balancers }: { balancers: Balancer[] }): string[] =>
        balancers.map(({ id, standing }) => `${id} ${standing}`);
      const isReady = (balancer: CommandBalancer): Promise<unknown> =>
        balancer.until('it to be ready', () => balancer.events.some(({ event }) => event === 'ready'), 15_000);

      const odd = await start(2, { panicShare: 1 }); // whatever drains counts as active again
      await isReady(odd);
      const good = await start(1); // last, so that its configuration is the one that is asked with
      await isReady(good);
      await until('both to have reported', async () => (await status()).balancers.length === 2, 15_000);
      const before = await status();
      assert.equal([before.exitCode, before.stderr], [0, '']);
      assert.equal(standings(before), ['lb1 agrees', 'lb2 agrees']);

      await publish('draining');
      const after = await status();
      assert.is(after.exitCode, 1, after.stderr);
      assert.equal(standings(after), ['lb1 agrees', 'lb2 differs']);
      const difference = after.balancers[1]?.differences[0];
      assert.equal([difference?.isExact, difference?.causes], [true, [`${backends[0]?.address} has weight 1, not 0`]]);
      // A third of the slots at least: those of the one that drains, and what Maglev moves beside.
      assert.ok((difference?.count ?? 0) >= 1366 && (difference?.count ?? 0) < 2100, `${difference?.count} slots`);
      assert.ok((difference?.slots.length ?? 0) > 100, 'pieces of slots');
      const own = JSON.parse(
        (await maglev(host, 'status', '--socket', join(lab.directory, 'lb2.sock'), '--json')).stdout,
      );
      assert.equal([own.hello.id, own.status.vips[0].panic], ['lb2', 'draining']);

      await odd.stop('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const silent = await status('--silent', '1500');
      assert.equal([silent.exitCode, standings(silent)], [2, ['lb1 agrees', 'lb2 silent']]);
      const again = await start(2);
      await isReady(again);
      // Ready is a moment before reported: until then the topic has what the one before said.
      await until('it to have reported', async () => (await status()).exitCode === 0, 15_000);
      assert.equal(standings(await status()), ['lb1 agrees', 'lb2 agrees']);
      const { end, ms } = await again.stop();
      assert.is(end, 0);
      console.log(`a balancer that reports stopped in ${ms.toFixed(0)} ms`);
      assert.equal(standings(await status()), ['lb1 agrees']);
      await good.stop();
    });
  },
);

live.run();
