// test/examples.test.ts: the programs of examples/ run and say what they promise. Those that need an interface run on the
// balancer's host of a network in a box.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LabHost } from '../host/demo/lab/labHost.js';
import type { LabBackend, Topology } from '../host/demo/lab/topology.js';
import type { Backend } from '../host/membership/event.js';
import { loadKafka } from '../host/membership/sources/kafkaClient.js';
import { liveSuite, withTopology } from './live/lab.js';
import { CommandBalancer } from './live/support/commandBalancer.js';
import { webVip } from './live/support/members.js';
import { until } from './live/support/until.js';
import { askNames, startNameServer, startNameServers } from './package/nameServers.js';
import { Talker } from './package/talker.js';
import { whyMissing } from './support/optional.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const BROKER = fileURLToPath(new URL('./membership/brokerProcess.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../host/cli/main.js', import.meta.url));
const TOPIC = 'balancer-members';

const plain = suite('examples');
const live = liveSuite('examples/live');

function run(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', timeout: 30_000 });
}

/** Starts an example on a host of the lab. */
function start(host: LabHost, example: string, ...args: string[]): Talker {
  const path = join(EXAMPLES, example);
  return new Talker(host.spawn(process.execPath, [path, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** A VIP of the topology for HTTP, with all its backends, as changes. */
function changesOf({ vip, backends }: Topology): object[] {
  const key = `tcp/${vip}:80`;
  return [
    { put: { address: vip, protocol: 'tcp', port: 80 } },
    ...backends.map(({ address }) => ({ put: { vip: key, address } })),
  ];
}

/** Waits until the VIP is announced and every backend has answered once. */
async function untilAllAnswer(topology: Topology): Promise<void> {
  const wanted = topology.backends.map(({ name }) => name).sort();
  await until(
    `answers of ${wanted}`,
    async () => {
      const names = await askNames(topology, 12).catch(() => []); // its next hops may not be known yet
      return `${[...new Set(names)].sort()}` === `${wanted}`;
    },
    15_000,
  );
}

plain('hotpath.mjs forwards one frame and a batch of eight', () => {
  const said = run('examples/hotpath.mjs');
  assert.match(said, /10\.0\.1\.9 has 16384 slots/); // a quarter of 65537, weights 1 and 3
  assert.match(said, /10\.0\.1\.10 has 49153 slots/);
  assert.is([...said.matchAll(/^port 5000\d: FORWARD_L2/gm)].length, 9);
  assert.match(said, /^9 frames forwarded$/m);
});

plain('what-if.mjs says what a third backend would get, and follows a flow to its verdict', () => {
  const said = run('examples/what-if.mjs');
  const [, moved, must] =
    /^tcp\/192\.0\.2\.80:80: (\d+) of 65537 slots would move, (\d+) of them must$/m.exec(said) ?? [];
  assert.ok(Number(must) === 21_845 || Number(must) === 21_846, `${must}`); // a third of 65537
  assert.ok(Number(moved) >= Number(must), `${moved}`);
  assert.match(said, /^ {2}10\.0\.1\.11: 0 slots, then 2184[56]$/m);
  assert.match(said, /^parse: TCP over IPv4, 198\.51\.100\.7 port 50000 to 192\.0\.2\.80 port 80, SYN$/m);
  assert.match(said, /^verdict: FORWARD_L2: /m);
});

plain('tracking.mjs: no connection breaks with changed or all; a fifth does with none', () => {
  const said = run('examples/tracking.mjs', '5000');
  const row = (tracking: string): number[] => {
    const line = said.split('\n').find((text) => text.includes(`'${tracking}'`)) ?? '';
    return line.split('│').slice(3, -1).map(Number);
  };
  const [moved, ...changed] = row('changed');
  const [, ...all] = row('all');
  const [movedNone, ...none] = row('none');
  assert.is(moved, movedNone);
  assert.equal(changed.slice(0, 2), [0, 0]);
  assert.equal(all, [0, 0, 5000]);
  // One slot of five moves to the newcomer, and one of five from the drained: 1000 of 5000 connections, six standard
  // deviations of 28 to each side, and a few percent more slots that Maglev moves between the others.
  for (const broken of none.slice(0, 2)) assert.ok(broken > 830 && broken < 1250, `${broken} broken`);
  assert.is(none[2], 0);
  assert.ok((changed[2] ?? 0) > 1600 && (changed[2] ?? 0) < 2600, `${changed[2]} entries`); // both fifths, nobody else
});

plain('the configuration and the members file are right', () => {
  const said = run('dist/host/cli/main.js', 'check', '--config', 'examples/balancer.yaml');
  assert.match(said, /all is well/);
  for (const key of ['tcp/192.0.2.80:80', 'tcp/192.0.2.80:443', 'udp/[2001:db8::53]:53'])
    assert.ok(said.includes(key), key);
});

plain('every example says how to run it, and README names it', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const names = (await readdir(EXAMPLES)).filter((file) => file.endsWith('.mjs')).map((file) => file.slice(0, -4));
  assert.ok(names.includes('hotpath'), `${names}`);
  for (const name of names) {
    const text = await readFile(join(EXAMPLES, `${name}.mjs`), 'utf8');
    assert.match(text, new RegExp(`^// @ts-check\\n// examples/${name}\\.mjs: `));
    assert.match(text, new RegExp(`^// +node examples/${name}\\.mjs`, 'm'));
    assert.ok(readme.includes(`examples/${name}.mjs`), `${name} in README.md`);
  }
});

live('daemon.mjs balances what is posted to it, refuses what breaks a rule, and stops on SIGTERM', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { balancer, balancerLinks, vip } = topology;
    await startNameServers(topology);
    const daemon = start(balancer, 'daemon.mjs', '--interface', `${balancerLinks[0]}`, '--announce', '--port', '0');
    const [, url] = await daemon.hear(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    const request = async (
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: Record<string, unknown> }> => {
      const script = `fetch(${JSON.stringify(`${url}${path}`)}, ${JSON.stringify(
        body === undefined
          ? {}
          : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      )}).then(async (r) => console.log(JSON.stringify({ status: r.status, body: await r.json() })))`;
      const { stdout } = await balancer.exec(process.execPath, ['-e', script]);
      return JSON.parse(stdout) as { status: number; body: Record<string, unknown> };
    };

    assert.is((await request('/changes', changesOf(topology))).status, 200);
    await untilAllAnswer(topology);
    const status = await request('/status');
    assert.equal(
      (status.body.vips as { key: string }[]).map(({ key }) => key),
      [`tcp/${vip}:80`],
    );
    const { verdicts } = (await request('/stats')).body as { verdicts: Record<string, number> };
    assert.ok((verdicts.FORWARD_L2 ?? 0) >= 12 * 4, `${verdicts.FORWARD_L2} frames`); // SYN, ACK, request, FIN at least

    const refused = await request('/changes', [{ put: { vip: `tcp/${vip}:80`, address: '10.0.0.99', weight: -3 } }]);
    assert.is(refused.status, 400);
    assert.equal([refused.body.code, refused.body.field], ['ERR_RECORD', 'weight']);
    assert.is((await request('/changes', 'no list')).status, 400);
    assert.is((await request('/nothing')).status, 404);
    assert.is(await daemon.end('SIGTERM'), 0);
  });
});

live('file-source.mjs follows its file, and stops on SIGINT', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer, balancerLinks, vip, backends } = topology;
    const file = join(lab.directory, 'members.yaml');
    const write = (addresses: (string | undefined)[]): Promise<void> =>
      writeFile(file, JSON.stringify({ vips: [{ vip: `tcp/${vip}:80`, backends: addresses }] }));
    await copyFile(join(EXAMPLES, 'members.yaml'), file);
    const follower = start(balancer, 'file-source.mjs', `${balancerLinks[0]}`, file);
    await follower.hear(/ready: tcp\/192\.0\.2\.80:80, tcp\/192\.0\.2\.80:443, udp\/\[2001:db8::53\]:53/);
    await write(backends.map(({ address }) => address));
    await follower.hear(new RegExp(`generation \\d+: .*tcp/${vip}:80`));
    await write(['10.0.0.300']);
    await until('the refusal', () => /address.*10\.0\.0\.300.*file ignored/.test(follower.complaints));
    assert.is(await follower.end('SIGINT'), 0);
  });
});

live('decapsulator.mjs serves what comes to it through a tunnel', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { client, vip, balancerAddress, backends } = topology;
    const [backend] = backends;
    if (backend === undefined) throw new Error('no backend');
    const server = start(backend.host, 'decapsulator.mjs', 'eth0', vip, '80', balancerAddress);
    await server.hear(/^serving .* behind decap0$/m);
    const balancer = await CommandBalancer.start(topology, { members: [webVip(topology, { encap: { type: 'gue' } })] });
    const ask = `fetch('http://${vip}/hello').then((answer) => answer.text()).then(console.log)`;
    const { stdout } = await client.exec(process.execPath, ['-e', ask]);
    assert.match(stdout, /^GET \/hello from 10\.0\.0\.101, through a tunnel$/m);
    await balancer.stop();
    assert.is(await server.end('SIGTERM'), 0);
    assert.match(server.said, /\bDECAP_GUE \d+/);
    assert.is(server.complaints, '');
  });
});

const KAFKA_CASES: [string, () => Promise<void>][] = [
  ['kafka-source.mjs takes over what publish.mjs writes', takesOverFromKafka],
  ['health-checker.mjs says who is down and who is back, and never that all are', checksHealth],
];
const kafkaMissing = await whyMissing(loadKafka());
for (const [name, body] of KAFKA_CASES) {
  if (kafkaMissing === undefined) live(name, body);
  else {
    console.log(`skipped: ${name}: ${kafkaMissing}`);
    plain.skip(name);
  }
}

async function takesOverFromKafka(): Promise<void> {
  await withTopology('one-armed', {}, async ({ lab, balancer, balancerLinks }) => {
    const brokers = await startBroker(balancer); // all three run on one host
    const secret = join(lab.directory, 'secret');
    await writeFile(secret, 'a secret that everybody may know\n');
    const follower = start(balancer, 'kafka-source.mjs', `${balancerLinks[0]}`, brokers, TOPIC, secret);
    await follower.hear(/ready: caught up/);
    const publisher = start(balancer, 'publish.mjs', brokers, TOPIC);
    assert.is(await publisher.end(), 0);
    assert.match(publisher.said, /10\.0\.1\.9 is gone/);
    await follower.hear(/generation \d+: tcp\/192\.0\.2\.80:80 rebuilt/);
    assert.is(follower.complaints, '');
    assert.is(await follower.end('SIGTERM'), 0);
  });
}

async function checksHealth(): Promise<void> {
  await withTopology('one-armed', { backendCount: 2 }, async (topology) => {
    const { lab, balancer, vip, backends } = topology;
    const [first, second] = backends as [LabBackend, LabBackend];
    const brokers = await startBroker(balancer);
    const key = `tcp/${vip}:80`;
    const members = join(lab.directory, 'members.json');
    await writeFile(
      members,
      JSON.stringify({ vips: [{ vip: key, backends: backends.map(({ address }) => address) }] }),
    );
    const apply = async (...args: string[]): Promise<string> => {
      const command = [MAIN, 'apply', members, '--brokers', brokers, '--topic', TOPIC, ...args];
      return (await balancer.exec(process.execPath, command)).stdout;
    };
    /** What the topic says otherwise than the file: keys, and the state that they have. */
    const states = async (): Promise<unknown[]> => {
      const { differences } = JSON.parse(await apply('--dry-run', '--json'));
      return differences.map((found: { key: string; before: Backend }) => [found.key, found.before.state]);
    };
    await apply();
    const servers = await Promise.all([startNameServer(first), startNameServer(second)]);
    const checker = start(balancer, 'health-checker.mjs', brokers, TOPIC, key);
    await checker.hear(/^checking the backends/m);
    await servers[1].end('SIGKILL');
    await checker.hear(new RegExp(`^${key}/${second.address} is down$`, 'm'));
    await servers[0].end('SIGKILL');
    await checker.hear(new RegExp(`^${key}/${first.address} stays as it is: ${key}: no active backend is left`, 'm'));
    assert.equal(await states(), [[`${key}/${second.address}`, 'down']]);
    await startNameServer(second);
    await checker.hear(new RegExp(`^${key}/${second.address} is back$`, 'm'));
    await checker.hear(new RegExp(`^${key}/${first.address} is down$`, 'm'));
    assert.equal(await states(), [[`${key}/${first.address}`, 'down']]);
    assert.is(await checker.end('SIGTERM'), 0);
    assert.is(checker.complaints, '');
  });
}

/** A broker in a namespace of the lab, where it listens on 127.0.0.1; returns its addresses. */
async function startBroker(host: LabHost): Promise<string> {
  const broker = host.spawn(process.execPath, [BROKER, TOPIC], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [addresses] = (await once(broker, 'message')) as [string[]];
  return addresses.join(',');
}

plain.run();
live.run();
