// The host's own stack never answers for the VIP, nor forwards its frames a second time, although it would: with forwarding on,
// and the VIP on its loopback or routed to a backend. Without our divert rule the same traffic brings all of that out.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Family, Topology } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { tryOnce } from './support/curl.js';
import { type Ends, ipFrame, pingFrame, sendFrames } from './support/frames.js';
import { ECHO_PORT, echoVip, HTTP_PORT, webVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { echo, startEchoServers } from './support/udp.js';

const live = liveSuiteWith('live/host-silent', ['curl', ...CAPTURE_PROGRAMS]);
const CLOSED_PORT = 81;
const PROTOCOL_GRE = 47;
const REQUESTS = 5;
const DATAGRAMS = 20;
/** A connection's last ACK comes when curl has gone; delayed by 40 ms at most. */
const SETTLE_MS = 200;

/** How the host would get in the way. */
const TEMPTATIONS = {
  'the VIP on its loopback': async ({ balancer, vip, family }: Topology): Promise<void> => {
    await balancer.addAddress('lo', `${vip}/${family === 4 ? 32 : 128}`);
  },
  'a route for the VIP to a backend': async ({ balancer, vip, backends }: Topology): Promise<void> => {
    await balancer.ip(`route add ${vip} via ${backends[0]?.address} dev eth0`);
  },
};

/** What came out of the balancer's interface and should not have, and what came to the client. */
interface Seen {
  /** Frames for the VIP's two ports, as they came in. */
  requests: number;
  /** The same, as they went out: once each. */
  forwarded: number;
  /** RST, ICMP, ICMPv6, anything else but forwarded requests: what tshark calls it. */
  own: string[];
  /** MAC addresses that the client got answers of the VIP from. */
  answerers: string[];
}

async function endsOf({ client, balancer, clientAddresses, vip }: Topology): Promise<Ends> {
  const [sourceMac, destinationMac] = await Promise.all([client.mac('eth0'), balancer.mac('eth0')]);
  return { sourceMac, destinationMac, source: clientAddresses[0] as string, destination: vip };
}

/** Everything a stack might answer to: open and closed ports, ping, a protocol nobody speaks. Returns what was answered. */
async function provoke(topology: Topology): Promise<{ bodies: number; echoed: number; closed: number | null }> {
  const { client, vip, clientAddresses } = topology;
  const udp = { address: vip, localAddress: clientAddresses[0] as string, timeoutMs: 300 };
  const ends = await endsOf(topology);
  await sendFrames(client, [pingFrame(ends, 1), ipFrame(ends, PROTOCOL_GRE, new Uint8Array(8))]);
  const { exitCode: closed } = await tryOnce(client, vip, { port: CLOSED_PORT, timeoutMs: 500 });
  await echo(client, { ...udp, port: ECHO_PORT + 1, flows: 1, packetsPerFlow: 2 });
  const { echoed } = await echo(client, { ...udp, flows: 1, packetsPerFlow: DATAGRAMS });
  let bodies = 0;
  for (let i = 0; i < REQUESTS; i++) bodies += (await tryOnce(client, vip)).exitCode === 0 ? 1 : 0;
  return { bodies, echoed, closed };
}

const PORTS = [HTTP_PORT, ECHO_PORT];
const FIELDS = ['eth.src', 'eth.dst', 'ip.dst', 'ipv6.dst', 'tcp.dstport', 'udp.dstport', 'icmpv6.type', 'arp.opcode'];
FIELDS.push('_ws.col.Info');

interface Frame {
  from: string;
  to: string;
  destination: string;
  port: number;
  /** Finding neighbours (ARP; ICMPv6 133 to 137) and joining groups (143): everybody's right. */
  isAsking: boolean;
  info: string;
}

function toFrame(row: string[]): Frame {
  const [from = '', to = '', ipv4 = '', ipv6 = '', tcp = '', udp = '', icmpv6 = '', arp = '', info = ''] = row;
  const isAsking = arp !== '' || Number(icmpv6) >= 133;
  return { from, to, destination: ipv4 || ipv6, port: Number(tcp || udp), isAsking, info };
}

/** Records what crosses the balancer and what reaches the client while `body` runs. */
async function watch(topology: Topology, body: () => Promise<void>): Promise<Seen> {
  const { lab, balancer, client, vip } = topology;
  const atBalancer = await Capture.start(lab, balancer);
  const atClient = await Capture.start(lab, client, { direction: 'in', filter: `src host ${vip}` });
  await body();
  await sleep(SETTLE_MS);
  await Promise.all([atBalancer.stop(), atClient.stop()]);
  const mac = await balancer.mac('eth0');
  const [crossed, answers] = await Promise.all([atBalancer.rows(FIELDS), atClient.rows(FIELDS)]);
  const frames = crossed.map(toFrame).filter(({ isAsking }) => !isAsking);
  const isRequest = ({ destination, port }: Frame): boolean => destination === vip && PORTS.includes(port);
  const sent = frames.filter(({ from }) => from === mac);
  return {
    requests: frames.filter((frame) => frame.to === mac && isRequest(frame)).length,
    forwarded: sent.filter(isRequest).length,
    own: sent.filter((frame) => !isRequest(frame)).map(({ info }) => info),
    answerers: [...new Set(answers.map(toFrame).flatMap(({ from, isAsking }) => (isAsking ? [] : [from])))],
  };
}

async function setUp(topology: Topology): Promise<void> {
  const { balancer } = topology;
  await balancer.sysctl({ 'net/ipv4/ip_forward': 1, 'net/ipv6/conf/all/forwarding': 1 });
  // As many as it likes: by default the kernel spares us some.
  await balancer.sysctl({ 'net/ipv4/icmp_ratelimit': 0 });
  await startEchoServers(topology);
}

for (const family of [4, 6] as Family[]) {
  for (const [temptation, tempt] of Object.entries(TEMPTATIONS)) {
    live(`IPv${family}, ${temptation}: silent; without our rule, not`, async () => {
      await withTopology('one-armed', { family }, async (topology) => {
        const { balancer, backends } = topology;
        await setUp(topology);
        await tempt(topology);
        const members = [webVip(topology), echoVip(topology)];
        const backendMacs = await Promise.all(backends.map(({ host }) => host.mac('eth0')));

        const diverted = await CommandBalancer.start(topology, { members });
        const silent = await watch(topology, async () => {
          const answered = await provoke(topology);
          assert.equal(answered, { bodies: REQUESTS, echoed: DATAGRAMS, closed: 28 }); // 28: curl had no answer in time
        });
        // The ping is answered by the balancer itself, once; nothing else comes from this host.
        assert.is(silent.own.length, 1, `${silent.own}`);
        assert.match(silent.own[0] ?? '', /echo.*reply/i);
        assert.ok(silent.requests >= REQUESTS * 4 + DATAGRAMS, `${silent.requests} requests seen`);
        assert.is(silent.forwarded, silent.requests);
        const { verdicts } = await diverted.stats();
        assert.is(verdicts.FORWARD_L2, silent.requests);
        assert.is(verdicts.REPLY_ECHO, 1);
        assert.ok((verdicts.DROP_NO_VIP ?? 0) >= 4, `${verdicts.DROP_NO_VIP} dropped: GRE, a SYN, two datagrams`);
        const ownMac = await balancer.mac('eth0');
        for (const mac of silent.answerers)
          assert.ok([...backendMacs, ownMac].includes(mac), `${mac} answered for the VIP`);
        await diverted.stop();

        const bare = await CommandBalancer.start(topology, { members, config: { divert: false } });
        const loud = await watch(topology, async () => {
          await provoke(topology);
        });
        await bare.stop();
        if (temptation === 'the VIP on its loopback') {
          assert.ok(
            loud.own.some((info) => /\[RST/.test(info)),
            `no RST in ${loud.own}`,
          );
          assert.ok(
            loud.own.some((info) => /unreachable/i.test(info)),
            `no ICMP error in ${loud.own}`,
          );
          const replies = loud.own.filter((info) => /reply/i.test(info)).length;
          assert.ok(replies >= 2, `the host answers beside us: ${replies} echo replies in ${loud.own}`);
          assert.ok(loud.answerers.includes(await balancer.mac('eth0')), `answers only of ${loud.answerers}`);
        } else {
          assert.ok(loud.forwarded > loud.requests, `${loud.forwarded} frames out for ${loud.requests} in`);
        }
      });
    });
  }
}

live.run();
