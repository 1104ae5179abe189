// Large uploads with offloads as they are on veth: TCP super-frames and half checksums cross the balancer with their virtio
// header, and arrive whole.
import * as assert from 'uvu/assert';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import type { Family, LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { ECHO_PORT, echoVip, vipOf, webVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { echo, startEchoServers } from './support/udp.js';
import { until } from './support/until.js';
import { WebServers } from './support/webServers.js';
import { assertUploadsWhole, dropsOf } from './support/whole.js';

const live = liveSuiteWith('live/bulk', ['curl', 'nginx', 'iperf3', ...CAPTURE_PROGRAMS]);
const UPLOAD_BYTES = 48 * 1024 * 1024;
const IPERF_PORT = 5201;
const IPERF_BYTES = 100_000_000;
/** net.ipv4.tcp_wmem and tcp_rmem: 4 MiB and 6 MiB at most. */
const SOCKET_BUFFERS_BYTES = 10 * 1024 * 1024;
const FRAME_BYTES_MAX = 1514; // of a frame that is no super-frame

/** A counter of /proc/net/snmp (IPv4) or snmp6. */
async function udpCounter(host: LabHost, family: Family, name: 'InDatagrams' | 'InCsumErrors'): Promise<number> {
  if (family === 6) {
    const { stdout } = await host.exec('cat', ['/proc/net/snmp6']);
    return Number(new RegExp(`^Udp6${name}\\s+(\\d+)$`, 'm').exec(stdout)?.[1]);
  }
  const { stdout } = await host.exec('cat', ['/proc/net/snmp']);
  const [names = [], values = []] = [...stdout.matchAll(/^Udp: (.*)$/gm)].map(([, line]) => line?.split(' ') ?? []);
  return Number(values[names.indexOf(name)]);
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: an upload arrives whole, in super-frames`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const servers = await WebServers.start(topology);
      const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)] });

      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      const { verdicts, vips } = await balancer.stats();
      assert.equal(dropsOf(verdicts), []);
      const [{ packets, octets } = { packets: 0, octets: 0 }] = Object.values(vips);
      assert.is(verdicts.FORWARD_L2, packets);
      assert.ok(octets > UPLOAD_BYTES, `${octets} bytes crossed the balancer`);
      const meanBytes = octets / packets;
      assert.ok(meanBytes > 2 * FRAME_BYTES_MAX, `frames had ${meanBytes.toFixed(0)} bytes: no super-frames`);
      await balancer.stop();
    });
  });

  live(`IPv${family}: iperf3 uploads through the VIP`, async () => {
    await withTopology('one-armed', { family, backendCount: 1 }, async (topology) => {
      const { backends, client, vip } = topology;
      const server = backends[0]?.host.spawn('iperf3', ['-s', '-1', '-B', vip, '-p', `${IPERF_PORT}`, '--forceflush'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      server?.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await until('the iperf3 server', () => said.includes('listening'));
      const members = [vipOf(topology, { protocol: 'tcp', port: IPERF_PORT })];
      const balancer = await CommandBalancer.start(topology, { members });

      const args = ['-c', vip, '-p', `${IPERF_PORT}`, '-n', `${IPERF_BYTES}`, '-J'];
      const { stdout } = await client.exec('iperf3', args, { timeoutMs: 30_000 });
      const { end } = JSON.parse(stdout) as {
        end: Record<'sum_received' | 'sum_sent', { bytes: number; bits_per_second: number }>;
      };
      assert.ok(end.sum_sent.bytes >= IPERF_BYTES, `${end.sum_sent.bytes} bytes sent`);
      // The client says goodbye when it has written all; what is in the buffers then, the server does not count.
      const uncounted = end.sum_sent.bytes - end.sum_received.bytes;
      assert.ok(uncounted >= 0 && uncounted < SOCKET_BUFFERS_BYTES, `${uncounted} bytes sent and not received`);
      console.log(`IPv${family}: iperf3 upload at ${(end.sum_received.bits_per_second / 1e9).toFixed(2)} Gbit/s`);
      const { verdicts } = await balancer.stats();
      assert.equal(dropsOf(verdicts), []);
      await balancer.stop();
    });
  });

  live(`IPv${family}: UDP datagrams keep their half checksum, and are taken`, async () => {
    await withTopology('one-armed', { family, backendCount: 1 }, async (topology) => {
      const { lab, client, clientAddresses, vip } = topology;
      const { host } = topology.backends[0] as LabBackend;
      await startEchoServers(topology);
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      const filter = `udp and dst host ${vip} and dst port ${ECHO_PORT}`;
      const capture = await Capture.start(lab, host, { direction: 'in', filter });

      const bytes = family === 4 ? 1472 : 1452; // as much as an MTU of 1500 holds
      const sent = { address: vip, localAddress: clientAddresses[0] as string, flows: 4, packetsPerFlow: 25, bytes };
      const outcome = await echo(client, sent);
      assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [100, 100, 0]);
      const { verdicts } = await balancer.stats();
      assert.equal(dropsOf(verdicts), []);
      assert.is(verdicts.FORWARD_L2, 100);
      assert.is(await udpCounter(host, family, 'InDatagrams'), 100);
      assert.is(await udpCounter(host, family, 'InCsumErrors'), 0);
      // 0: tshark finds them wrong, as on this virtual wire they are: only the pseudo-header is in the sum.
      const options = ['-o', 'udp.check_checksum:TRUE'];
      const rows = await (await capture.stop()).rows(['udp.checksum.status', 'udp.length'], { options });
      assert.equal(rows, new Array(100).fill(['0', `${bytes + 8}`]));
      await balancer.stop();
    });
  });
}

live.run();
