// HTTP and UDP through the balancer, one- and two-armed, IPv4 and IPv6, with curl and nginx: bodies right, requests spread over
// the backends, and not one frame of an answer on an interface of the balancer.
import * as assert from 'uvu/assert';
import type { Family, Topology } from '../../host/demo/lab/topology.js';
import { liveSuite, type TopologyName, withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { countAnswers, fetchSha256 } from './support/curl.js';
import { echoVip, webVip } from './support/members.js';
import { echo, startEchoServers } from './support/udp.js';
import { BODY_BYTES, WebServers } from './support/webServers.js';

const live = liveSuite('live/forward');
const CONNECTIONS = 200;
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
    live(`${name}, IPv${family}: HTTP by curl, spread over the backends; answers never cross the balancer`, async () => {
      await withTopology(name, { family }, async (topology) => {
        const { client, vip } = topology;
        const servers = await WebServers.start(topology);
        const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)] });
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

        const { verdicts, vips, backends } = await balancer.stats();
        const forwarded = verdicts.FORWARD_L2 ?? 0;
        assert.ok(forwarded >= CONNECTIONS * 4, `${forwarded} frames for ${CONNECTIONS} connections`);
        assert.is(sumOf(verdicts, 'DROP_'), 0);
        assert.equal(Object.values(vips).map(({ packets }) => packets), [forwarded]);
        assert.is(Object.values(backends).reduce((sum, { packets }) => sum + packets, 0), forwarded);
        for (const capture of captures) assert.equal(await (await capture.stop()).rows(['frame.protocols']), []);
        assert.is((await balancer.stop()).end, 0);
      });
    });

    live(`${name}, IPv${family}: UDP echo: every datagram once, from one backend a flow`, async () => {
      await withTopology(name, { family }, async (topology) => {
        const { client, vip, clientAddresses } = topology;
        await startEchoServers(topology);
        const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
        const captures = await captureAnswers(topology);
        const outcome = await echo(client, { address: vip, localAddress: clientAddresses[0] as string });
        assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [200, 200, 0]);
        assert.equal(outcome.backends, ['backend1', 'backend2']);
        assert.is(outcome.flows.filter(({ backends }) => backends.length !== 1).length, 0);
        const { verdicts } = await balancer.stats();
        assert.is(verdicts.FORWARD_L2, 200);
        assert.is(sumOf(verdicts, 'DROP_'), 0);
        for (const capture of captures) assert.equal(await (await capture.stop()).rows(['frame.protocols']), []);
        assert.is((await balancer.stop()).end, 0);
      });
    });
  }
}

live.run();
