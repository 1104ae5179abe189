// Who finds the VIP, and whose frames are ours: announcements at the start, answers to ARP and neighbour solicitations, none of it
// with `announce: none`; and frames for another MAC address are nobody's business.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Family, Topology } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { sendFrames, udpFrame } from './support/frames.js';
import { ECHO_PORT, echoVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { type EchoOutcome, echo, startEchoServers } from './support/udp.js';

const live = liveSuiteWith('live/announce', CAPTURE_PROGRAMS);
/** Three announcements, a second apart. */
const ANNOUNCED_MS = 2500;
const FLOODED = 50;
const NOBODYS_MAC = '02:00:00:00:00:99';

/** tshark's view of an announcement: to whom, of what, from where. */
const ANNOUNCEMENT = {
  4: ['eth.dst', 'arp.opcode', 'arp.src.proto_ipv4', 'arp.dst.proto_ipv4', 'arp.src.hw_mac'],
  6: ['eth.dst', 'icmpv6.type', 'icmpv6.nd.na.target_address', 'icmpv6.nd.na.flag.s', 'icmpv6.opt.linkaddr'],
} as const;

async function play({ client, clientAddresses, vip }: Topology): Promise<EchoOutcome> {
  const plan = {
    address: vip,
    localAddress: clientAddresses[0] as string,
    flows: 4,
    packetsPerFlow: 5,
    timeoutMs: 500,
  };
  return echo(client, plan);
}

async function neighbourOf({ client, vip }: Topology): Promise<string> {
  const { stdout } = await client.exec('ip', ['neighbour', 'show', vip]);
  return /lladdr (\S+)/.exec(stdout)?.[1] ?? '';
}

/** How many ask that an interface takes all multicast. */
async function allMulticastCount(host: Topology['balancer']): Promise<number> {
  const { stdout } = await host.exec('ip', ['-details', '-json', 'link', 'show', 'eth0']);
  const [link] = JSON.parse(stdout) as { allmulti: number }[];
  return link?.allmulti ?? -1;
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}, announce arp: announced at the start, three times, and answered when asked`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { lab, balancer: host, client, vip } = topology;
      await startEchoServers(topology);
      const filter = family === 4 ? 'arp' : 'icmp6 and ip6[40] == 136';
      const capture = await Capture.start(lab, client, { direction: 'in', filter });
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      const mac = await host.mac('eth0');
      await sleep(ANNOUNCED_MS);
      await capture.stop();
      const expected =
        family === 4
          ? ['ff:ff:ff:ff:ff:ff', '1', vip, vip, mac] // RFC 5227: a request from the VIP for the VIP
          : ['33:33:00:00:00:01', '136', vip, '0', mac]; // RFC 4861: to all nodes, not solicited
      const rows = await capture.rows(ANNOUNCEMENT[family]);
      assert.equal(
        rows.filter((row) => row.includes(vip)),
        [expected, expected, expected],
      );

      await client.ip(`neighbour flush to ${vip} dev eth0`);
      const { echoed } = await play(topology);
      assert.is(echoed, 20);
      assert.is(await neighbourOf(topology), mac);
      const { verdicts } = await balancer.stats();
      const answers = family === 4 ? verdicts.REPLY_ARP : verdicts.REPLY_NEIGHBOUR;
      assert.ok((answers ?? 0) >= 1, 'nobody asked');
      // A network card would leave out solicitations for an address that is not the interface's own.
      assert.is(await allMulticastCount(host), 1);
      await balancer.stop();
      assert.is(await allMulticastCount(host), 0);
    });
  });

  live(`IPv${family}, announce none: silent, yet forwards what is sent to it`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { lab, balancer: host, client, vip } = topology;
      await client.sysctl({ [`net/ipv${family}/neigh/eth0/retrans_time_ms`]: 100 }); // asks three times
      await startEchoServers(topology);
      const filter = `${family === 4 ? 'arp' : 'icmp6 and ip6[40] == 136'} and ether src ${await host.mac('eth0')}`;
      const capture = await Capture.start(lab, client, { direction: 'in', filter });
      const balancer = await CommandBalancer.start(topology, {
        members: [echoVip(topology)],
        config: { announce: 'none' },
      });
      assert.is((await play(topology)).echoed, 0);
      assert.is(await neighbourOf(topology), '');
      await sleep(1200); // a second announcement would be due
      const rows = await (await capture.stop()).rows(ANNOUNCEMENT[family]);
      assert.equal(
        rows.filter((row) => row.includes(vip)),
        [],
      );

      await client.ip(`neighbour replace ${vip} lladdr ${await host.mac('eth0')} dev eth0 nud permanent`);
      assert.is((await play(topology)).echoed, 20);
      const { verdicts } = await balancer.stats();
      assert.equal([verdicts.FORWARD_L2, verdicts.REPLY_ARP, verdicts.REPLY_NEIGHBOUR], [20, 0, 0]);
      await balancer.stop();
    });
  });

  live(`IPv${family}: frames for another MAC address that a bridge floods are left alone`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { lab, balancer: host, client, clientAddresses, vip, backends } = topology;
      await host.ip('link set dev eth0 promisc on');
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      const before = (await balancer.stats()).verdicts;
      const backend = backends[0]?.host ?? client;
      const capture = await Capture.start(lab, backend, { direction: 'in', filter: `udp and dst host ${vip}` });
      const ends = { source: clientAddresses[0] as string, destination: vip, destinationMac: NOBODYS_MAC };
      const frame = udpFrame({ ...ends, sourceMac: await client.mac('eth0') }, 20_000, ECHO_PORT, new Uint8Array(32));
      await sendFrames(client, [frame], { times: FLOODED });

      const { verdicts } = await balancer.stats();
      assert.is((verdicts.IGNORE_OTHER_HOST ?? 0) - (before.IGNORE_OTHER_HOST ?? 0), FLOODED);
      assert.is(verdicts.FORWARD_L2, 0);
      // The bridge floods them to the backend as well: once, as they were.
      const rows = await (await capture.stop()).rows(['eth.dst', family === 4 ? 'ip.ttl' : 'ipv6.hlim']);
      assert.equal(rows, new Array(FLOODED).fill([NOBODYS_MAC, '64']));
      await balancer.stop();
    });
  });
}

live.run();
