// `maglev-dsr decap` and its host: what is not let in, what the host's stack says of it, addresses that come and go, how it ends, how it does
// not begin, and frames that the kernel joined on the way in.
import { readdirSync, readlinkSync } from 'node:fs';
import * as assert from 'uvu/assert';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import type { LabBackend, Topology } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { ipFrame, sendFrames, udpFrame } from './support/frames.js';
import { webVip } from './support/members.js';
import { joinDatagrams, joinSegments } from './support/offload.js';
import { failedDecap, OwnDecap } from './support/ownDecap.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { leaveRoom } from './support/tunnelPath.js';
import { until } from './support/until.js';
import { WebServers } from './support/webServers.js';
import { assertUploadsWhole } from './support/whole.js';

const live = liveSuiteWith('live/decapHost', ['curl', 'nginx', 'nft', 'python3', ...CAPTURE_PROGRAMS]);
const STOP_MS_MAX = 1000;
const CLOSED_PORT = 9;
const IPIP = 4;

/** An IPIP packet from `source` on the client, with a datagram to a port of the VIP where nobody listens. */
async function tunnelled(topology: Topology, source: string, destination: string): Promise<Uint8Array> {
  const { client, clientAddresses, vip, backends } = topology;
  const [sourceMac, destinationMac] = [await client.mac('eth0'), await (backends[0] as LabBackend).host.mac('eth0')];
  const macs = { sourceMac, destinationMac };
  const inner = udpFrame(
    { ...macs, source: clientAddresses[0] as string, destination: vip },
    4000,
    CLOSED_PORT,
    new Uint8Array(4),
  );
  return ipFrame({ ...macs, source, destination }, IPIP, inner.subarray(14));
}

/** ICMP types and codes that reach the client while `body` runs. */
async function icmpWhile({ lab, client }: Topology, body: () => Promise<void>): Promise<string[]> {
  const capture = await Capture.start(lab, client, { filter: 'icmp', direction: 'in' });
  await body();
  await capture.stop();
  const rows = await capture.rows(['icmp.type', 'icmp.code']);
  return rows.map(([type = '', code = '']) => `${type.split(',')[0]}/${code.split(',')[0]}`);
}

live('strangers are dropped by name, others left alone, and the host says nothing of either', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { client, balancerAddress, backends } = topology;
    const { host, address } = backends[0] as LabBackend;
    const friend = await tunnelled(topology, balancerAddress, address);
    const stranger = await tunnelled(topology, '10.0.0.9', address);
    await client.addAddress('eth0', '10.0.0.9/24'); // where the host's answer would go
    const decap = await OwnDecap.start(host, '--source', balancerAddress);
    const heard = await icmpWhile(topology, async () => {
      await sendFrames(client, [friend, stranger, stranger]);
      await decap.until('three frames', async () => ((await decap.counts()).DROP_OUTER_SOURCE ?? 0) === 2);
    });
    // Port unreachable, from the VIP: the friend's packet has reached the stack, as the client sent it.
    assert.equal(heard, ['3/3']);
    const { IGNORE_OTHER_HOST, ...counts } = await decap.counts();
    assert.equal(counts, { DECAP_IPIP: 1, DROP_OUTER_SOURCE: 2 });
    await decap.stop();

    const bare = await OwnDecap.start(host, '--source', balancerAddress, '--no-divert');
    const protests = await icmpWhile(topology, async () => {
      await sendFrames(client, [stranger]);
      await bare.until('it', async () => ((await bare.counts()).DROP_OUTER_SOURCE ?? 0) === 1);
    });
    assert.equal(protests, ['3/2']); // protocol unreachable: what diverting is for
    await bare.stop();
  });
});

live('a VIP that comes to lo is let in from then on, one that goes is not; a second outer address too', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { client, balancerAddress, vip, backends } = topology;
    const { host, address } = backends[0] as LabBackend;
    await host.ip(`address del ${vip}/32 dev lo`);
    const decap = await OwnDecap.start(host, '--source', balancerAddress);
    const count = async (name: string): Promise<number> => (await decap.counts())[name] ?? 0;
    const send = async (to = address): Promise<void> =>
      sendFrames(client, [await tunnelled(topology, balancerAddress, to)]);
    await send();
    await decap.until('a drop', async () => (await count('DROP_INNER_DESTINATION')) === 1);
    await host.addAddress('lo', `${vip}/32`);
    await decap.until('the VIP', async () => (await decap.stats()).status.inners.includes(vip));
    await send();
    await decap.until('a packet', async () => (await count('DECAP_IPIP')) === 1);
    await host.ip(`address del ${vip}/32 dev lo`);
    await decap.until('it to go', async () => !(await decap.stats()).status.inners.includes(vip));
    await send();
    await decap.until('another drop', async () => (await count('DROP_INNER_DESTINATION')) === 2);

    await host.addAddress('lo', `${vip}/32`);
    await send('10.0.0.77');
    await decap.until('a stranger', async () => (await count('IGNORE_NOT_TUNNEL')) === 1);
    await host.addAddress('eth0', '10.0.0.77/24');
    await decap.until('the address', async () => (await decap.stats()).status.locals.includes('10.0.0.77'));
    await send('10.0.0.77');
    await decap.until('a packet', async () => (await count('DECAP_IPIP')) === 2);
    assert.ok(decap.events.filter(({ event }) => event === 'addresses').length >= 4);
    await decap.stop();
  });
});

/** What a decapsulator leaves or holds on a host. */
async function traces(host: LabHost): Promise<{ tables: string; links: string[]; processes: number; locks: number }> {
  const { stdout: tables } = await host.exec('nft', ['list', 'tables']);
  const { stdout: links } = await host.exec('ip', ['-json', 'link', 'show']);
  const { stdout: sockets } = await host.exec('cat', ['/proc/net/unix']);
  const namespace = readlinkSync(`/proc/${host.pid}/ns/net`);
  const isThere = (pid: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) === namespace;
    } catch (error) {
      // It ended while we looked, or is somebody else's: not in our namespace.
      if (error instanceof Error && /ENOENT|ESRCH|EACCES/.test(error.message)) return false;
      throw error;
    }
  };
  return {
    tables: tables.trim(),
    links: (JSON.parse(links) as { ifname: string }[]).map(({ ifname }) => ifname),
    processes: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isThere(pid)).length,
    locks: sockets.split('\n').filter((line) => line.includes('@maglev-dsr/decap')).length,
  };
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  live(`${signal}: nothing is left of it, and it starts again`, async () => {
    await withTopology('one-armed', { backendCount: 1 }, async ({ balancerAddress, backends }) => {
      const { host } = backends[0] as LabBackend;
      const bare = await traces(host);
      const first = await OwnDecap.start(host, '--source', balancerAddress);
      const running = await traces(host);
      assert.match(running.tables, /^table netdev maglev-dsr-\d+-1$/);
      assert.equal(running.links, [...bare.links, 'decap0']);
      assert.equal([running.processes - bare.processes, running.locks], [2, 1]); // node and nft
      const { end, ms } = await first.stop(signal);
      assert.is(end, signal === 'SIGKILL' ? 'SIGKILL' : 0);
      assert.ok(ms < STOP_MS_MAX, `stopping took ${ms} ms`);
      await until('nft to end', async () => (await traces(host)).processes === bare.processes, 1000);
      assert.equal(await traces(host), bare);
      await (await OwnDecap.start(host, '--source', balancerAddress)).stop();
    });
  });
}

live(
  'a start that cannot be says why, and leaves nothing; a balancer may have the interface at the same time',
  async () => {
    await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
      const { balancer: host } = topology;
      const bare = await traces(host);
      const cases: [args: string[], said: RegExp][] = [
        [['-i', 'eth0'], /required option '--source <prefixes>' not specified/],
        [['-i', 'eth7', '--source', 'any'], /interface "eth7" is no interface here; there are lo, eth0/],
        [['-i', 'lo', '--source', 'any'], /interface "lo" must be an Ethernet interface/],
        [['-i', 'eth0', '--source', '10.0.0.300'], /address "10\.0\.0\.300" must be an IPv4 or IPv6 address/],
        [['-i', 'eth0', '--source', 'any', '--tun', 'eth0'], /tun "eth0" is the name of an interface that is there/],
        [['-i', 'eth0', '--source', 'any', '--tun', 'far-too-long-a-name'], /tun .* must have 1\.\.15 bytes/],
        [
          ['-i', 'eth0', '--source', 'any', '--type', 'ipip,vxlan'],
          /types \["ipip","vxlan"\] must be a list of ipip, gue, gre/,
        ],
        [['-i', 'eth0', '--source', 'any', '--gue-port', '0'], /guePorts \[0\] must be a list of 1\.\.8 ports/],
        [['-i', 'eth0', '--source', 'any', '--rx-frames', '3'], /rxFrames 3 must be an integer of 16\.\.65536/],
      ];
      for (const [args, said] of cases) {
        const { exitCode, stderr } = await failedDecap(host, ...args);
        assert.match(stderr, said);
        assert.is(exitCode, 1, args.join(' '));
      }
      assert.equal(await traces(host), bare);

      const first = await OwnDecap.start(host, '--source', 'any');
      const second = await failedDecap(host, '-i', 'eth0', '--source', 'any', '--tun', 'other');
      assert.match(second.stderr, new RegExp(`eth0 is already decapsulated by pid ${first.child.pid}`));
      const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)] });
      await balancer.stop();
      await first.stop();
    });
  },
);

const UPLOAD_BYTES = 24 * 1024 * 1024;
const JOINED = [
  { encap: { type: 'ipip' as const }, what: 'TCP in IPIP, joined by GRO', join: joinSegments, verdict: 'DECAP_IPIP' },
  {
    encap: { type: 'gue' as const },
    what: 'GUE datagrams, joined by UDP GRO',
    join: joinDatagrams,
    verdict: 'DECAP_GUE',
  },
];

for (const { encap, what, join: turnOn, verdict } of JOINED) {
  live(`${what}: an upload arrives whole, in fewer frames than packets`, async () => {
    await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
      const { lab, balancerAddress, backends } = topology;
      const backend = backends[0] as LabBackend;
      await leaveRoom(topology, backend, 28);
      await turnOn(lab, backend.host, 'eth0');
      const decap = await OwnDecap.start(backend.host, '--source', balancerAddress);
      const servers = await WebServers.start(topology);
      const balancer = await CommandBalancer.start(topology, { members: [webVip(topology, { encap })] });
      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      const { events } = await balancer.stats();
      const { status, verdicts, refused } = await decap.stats();
      const [sent, frames, packets] = [events.segmentsSent ?? 0, status.received, verdicts[verdict] ?? 0];
      console.log(`${what}: ${sent} segments sent, ${frames} frames received, ${packets} packets of them`);
      assert.ok(frames < sent * 0.8, `${frames} frames of ${sent} segments: nothing was joined`);
      assert.equal(refused, {});
      await balancer.stop();
      await decap.stop();
    });
  });
}

live.run();
