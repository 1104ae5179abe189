// The lab itself: a network that works without a balancer, keeps its VIPs silent, and goes when its maker goes, even by SIGKILL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type LabMode, labSupport } from '../../host/demo/lab/holder.js';
import { createLab } from '../../host/demo/lab/lab.js';
import { LabProgram } from '../../host/demo/lab/program.js';
import type { Family, LabBackend, Topology } from '../../host/demo/lab/topology.js';
import type { ConnectionReport, HttpClientConfig, HttpClientReport } from '../../host/demo/programs/httpClient.js';
import type { WebServerConfig, WebServerReport } from '../../host/demo/programs/webServer.js';
import { liveSuite, type TopologyName, withTopology } from './lab.js';

const PROGRAMS = new URL('../../host/demo/programs/', import.meta.url);
const live = liveSuite('live/lab');
const BODY_BYTES = 5_000_000;

/** Starts the demo's web server on a backend. */
async function serve(topology: Topology, { name, host, address }: LabBackend): Promise<string[]> {
  const accepted: string[] = [];
  const config: WebServerConfig = { name, addresses: [topology.vip, address], httpPort: 80, echoPort: 9000 };
  const server = new LabProgram<never, WebServerReport>(host, new URL('webServer.js', PROGRAMS), config, (report) => {
    if (report.type === 'accepted') accepted.push(report.client);
  });
  await server.first('ready', 5000);
  return accepted;
}

/** One connection from the client, with two requests; what became of it. */
async function visit(topology: Topology, address: string): Promise<ConnectionReport> {
  const config: HttpClientConfig = {
    ...{ address, port: 80, clientAddresses: topology.clientAddresses, firstLocalPort: 20_000 },
    ...{ connectionsPerSecond: 1000, connectionsMax: 1, requestsPerConnection: 2, requestEveryMs: 0, timeoutMs: 4000 },
    objects: [
      { name: 'page', bytes: 1000, rate: 0 },
      { name: 'film', bytes: BODY_BYTES, rate: 0 },
    ],
  };
  const script = new URL('httpClient.js', PROGRAMS);
  const client = new LabProgram<never, HttpClientReport>(topology.client, script, config, () => undefined);
  return client.first('connection', 10_000);
}

function first(topology: Topology): LabBackend {
  const [backend] = topology.backends;
  if (backend === undefined) throw new Error('a topology without backends');
  return backend;
}

/** Makes the balancer host do DSR with the kernel's own means: the VIP is routed to one backend as next hop. */
async function routeVip({ balancer, balancerLinks, vip }: Topology, backend: LabBackend): Promise<void> {
  await balancer.sysctl({
    ...{ 'net/ipv4/ip_forward': 1, 'net/ipv4/conf/all/send_redirects': 0, 'net/ipv4/conf/eth0/send_redirects': 0 },
    'net/ipv6/conf/all/forwarding': 1,
  });
  await balancer.ip(`route add ${vip} via ${backend.address} dev ${balancerLinks.at(-1)}`);
}

for (const name of ['one-armed', 'two-armed'] as TopologyName[]) {
  for (const family of [4, 6] as Family[]) {
    live(`${name}, IPv${family}: a backend serves at its own address; nobody claims the VIP`, async () => {
      await withTopology(name, { family }, async (topology) => {
        const accepted = await serve(topology, first(topology));
        const direct = await visit(topology, first(topology).address);
        assert.is(direct.failure, undefined);
        assert.equal(direct.backends, ['backend1']);
        assert.is(direct.bytes, 1000 + BODY_BYTES);
        assert.equal(accepted, [`${topology.clientAddresses[0]} 20000`]);

        await topology.client.sysctl({ [`net/ipv${family}/neigh/eth0/retrans_time_ms`]: 100 }); // asks three times
        const lost = await visit(topology, topology.vip);
        assert.match(lost.failure ?? '', /EHOSTUNREACH/);
        const { stdout } = await topology.client.exec('ip', ['neighbour', 'show', topology.vip]);
        assert.not.match(stdout, /lladdr/);
      });
    });

    live(`${name}, IPv${family}: answers do not cross the balancer`, async () => {
      await withTopology(name, { family }, async (topology) => {
        const { balancer, client, vip, balancerLinks } = topology;
        await serve(topology, first(topology));
        await routeVip(topology, first(topology));
        await client.ip(`neighbour replace ${vip} lladdr ${await balancer.mac('eth0')} dev eth0 nud permanent`);
        const through = await visit(topology, vip);
        assert.is(through.failure, undefined);
        assert.equal(through.backends, ['backend1']);

        const counters = await Promise.all(balancerLinks.map((link) => balancer.counters(link)));
        const crossed = counters.reduce((sum, { rxBytes, txBytes }) => sum + rxBytes + txBytes, 0);
        assert.ok(crossed > 1000, `${crossed} bytes crossed the balancer: too few for two requests`);
        assert.ok(
          crossed < through.bytes * 0.05,
          `${crossed} bytes crossed the balancer, for ${through.bytes} received`,
        );
      });
    });
  }
}

/** Makes a lab in a process of its own, with a program in it and one that got away from its parent; says what to look for. */
const VICTIM = `
  const { createLab } = await import(process.argv[1]);
  const { readlinkSync } = await import('node:fs');
  const lab = await createLab({ mode: process.argv[2] });
  const host = await lab.addHost('host');
  host.spawn('sleep', ['60']);
  await host.exec('sh', ['-c', 'setsid sleep 60 >/dev/null 2>&1 </dev/null &']);
  const namespaces = [lab.fabric, host].map(({ pid }) => readlinkSync('/proc/' + pid + '/ns/net'));
  console.log(JSON.stringify({ namespaces, directory: lab.directory }));
`;

/** Processes whose network namespace is one of these. */
function processesIn(namespaces: string[]): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return namespaces.includes(readlinkSync(`/proc/${pid}/ns/net`));
    } catch (error) {
      // The process ended while we looked (ENOENT, ESRCH), or is somebody else's (EACCES): not in our namespaces.
      if (error instanceof Error && /ENOENT|ESRCH|EACCES/.test(error.message)) return false;
      throw error;
    }
  }).length;
}

async function untilTrue(condition: () => boolean, timeoutMs: number): Promise<void> {
  for (const startedAt = Date.now(); !condition() && Date.now() - startedAt < timeoutMs; ) await sleep(20);
}

for (const mode of ['root', 'user'] as LabMode[]) {
  if (labSupport([mode]).mode === undefined) continue;
  live(`as ${mode}: nothing outlives a maker that is killed`, async () => {
    const labModule = new URL('../../host/demo/lab/lab.js', import.meta.url).href;
    const maker = spawn(process.execPath, ['--input-type=module', '-e', VICTIM, labModule, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(maker.stdout, 'data')) as [Buffer];
    const { namespaces, directory } = JSON.parse(line.toString()) as { namespaces: string[]; directory: string };
    assert.is(processesIn(namespaces), 4); // two holders, sleep, and the sleep without a parent
    assert.ok(existsSync(directory));

    maker.kill('SIGKILL');
    await untilTrue(() => processesIn(namespaces) === 0 && !existsSync(directory), 3000);
    assert.is(processesIn(namespaces), 0);
    assert.not.ok(existsSync(directory));
  });
}

live('close() ends what runs in the lab, and may be called twice', async () => {
  const lab = await createLab();
  const host = await lab.addHost('host');
  host.spawn('sleep', ['60']);
  const namespaces = [lab.fabric, host].map(({ pid }) => readlinkSync(`/proc/${pid}/ns/net`));
  await lab.close();
  assert.is(processesIn(namespaces), 0);
  assert.not.ok(existsSync(lab.directory));
  await lab.close();
});

live('a failed command says what was tried, where, and what came back', async () => {
  const lab = await createLab();
  try {
    const host = await lab.addHost('host');
    await assertRejects(
      host.exec('ip', ['link', 'show', 'dev', 'eth7']),
      /^ip link show dev eth7 on host: 1: .*does not exist/,
    );
    await assertRejects(host.exec('no-such-program', []), /^no-such-program {2}on host: .*No such file/);
  } finally {
    await lab.close();
  }
});

async function assertRejects(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, Error);
  assert.match((error as Error).message, message);
}

live.run();
