// HTTP and UDP through the balancer, one- and two-armed, IPv4 and IPv6, with curl and nginx: bodies right, requests spread over
// the backends, and not one frame of an answer on an interface of the balancer.
import * as assert from 'uvu/assert';
import type { Family, Topology } from '../../host/demo/lab/topology.js';
import { vipKey } from '../../host/membership/index.js';
import { type TopologyName, withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { countAnswers, fetchSha256 } from './support/curl.js';
import { echoVip, webVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { echo, startEchoServers } from './support/udp.js';
import { BODY_BYTES, WebServers } from './support/webServers.js';

const live = liveSuiteWith('live/forward', ['curl', 'nginx', ...CAPTURE_PROGRAMS]);
const CONNECTIONS = 200;
const DATAGRAMS = 200;
const OTHER_HTTP_PORT = 8080; // nginx has 80
/** Of 200 connections with random ports over 2 backends: 100, and six standard deviations of 7.07 to each side. */
const SHARE_MIN = 57;

/** Bytes that all interfaces of the balancer have received and sent. */
async function crossed({ balancer, balancerLinks }: Topology): Promise<number> {
  const counters = await Promise.all(balancerLinks.map((link) => balancer.counters(link)));
  return counters.reduce((sum, { rxBytes, txBytes }) => sum + rxBytes + txBytes, 0);
}

/** Records answers that cross the balancer: what comes from the VIP, announcements of it excepted. */
function captureAnswers({ lab, balancer, balancerLinks, vip }: Topology): Promise<Capture[]> {
  const filter = `src host ${vip} and not arp and not icmp6`;
  return Promise.all(balancerLinks.map((link) => Capture.start(lab, balancer, { link, filter })));
}

function sumOf(verdicts: Record<string, number>, prefix: string): number {
  return Object.entries(verdicts).reduce((sum, [name, count]) => (name.startsWith(prefix) ? sum + count : sum), 0);
}

for (const name of ['one-armed', 'two-armed'] as TopologyName[]) {
  for (const family of [4, 6] as Family[]) {
    live(`${name}, IPv${family}: HTTP and UDP reach the backends, answers miss the balancer`, async () => {
      await withTopology(name, { family }, async (topology) => {
        const { client, clientAddresses, vip } = topology;
        const servers = await WebServers.start(topology);
        await startEchoServers(topology, { httpPort: OTHER_HTTP_PORT });
        const members = [webVip(topology), echoVip(topology)];
        const balancer = await CommandBalancer.start(topology, { members });
        const captures = await captureAnswers(topology);

        const answers = await countAnswers(client, vip, CONNECTIONS);
        assert.equal([...answers.keys()].sort(), ['backend1', 'backend2']);
        assert.is((answers.get('backend1') ?? 0) + (answers.get('backend2') ?? 0), CONNECTIONS);
        for (const count of answers.values()) assert.ok(count >= SHARE_MIN, `${count} of ${CONNECTIONS} on a backend`);

        const before = await crossed(topology);
        assert.is(await fetchSha256(client, vip), servers.bodySha256);
        const bytes = (await crossed(topology)) - before;
        // Requests cross twice, in and out: a SYN, a request of less than 200 bytes, and at most an ACK of 66 (IPv6: 86) bytes
        // for every second of the body's 2,763 segments.
        assert.ok(bytes > 2 * 3 * 66, `${bytes} bytes crossed the balancer: too few for a request`);
        assert.ok(bytes < BODY_BYTES * 0.06, `${bytes} bytes crossed the balancer for ${BODY_BYTES} to the client`);

        const outcome = await echo(client, { address: vip, localAddress: clientAddresses[0] as string });
        assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [DATAGRAMS, DATAGRAMS, 0]);
        assert.equal(outcome.backends, ['backend1', 'backend2']);
        assert.is(outcome.flows.filter(({ backends }) => backends.length !== 1).length, 0);

        const { verdicts, vips, backends } = await balancer.stats();
        const [web = { packets: 0 }, games = { packets: 0 }] = members.map((vip) => vips[vipKey(vip)]);
        assert.is(games.packets, DATAGRAMS);
        assert.ok(web.packets >= CONNECTIONS * 4, `${web.packets} frames for ${CONNECTIONS} connections`);
        assert.is(verdicts.FORWARD_L2, web.packets + games.packets);
        assert.is(sumOf(verdicts, 'DROP_'), 0);
        const ofBackends = Object.values(backends).reduce((sum, { packets }) => sum + packets, 0);
        assert.is(ofBackends, verdicts.FORWARD_L2);
        for (const capture of captures) assert.equal(await (await capture.stop()).rows(['frame.protocols']), []);
        assert.is((await balancer.stop()).end, 0);
      });
    });
  }
}

live.run();
