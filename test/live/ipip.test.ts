// IP in IP as it is on the wire, read by tshark on the backend's interface: outer and inner headers whole, all checksums right, the
// packet as the client sent it but for one hop. (Nobody takes the outer header off here: this kernel may lack the tunnel.)
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Family, LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { tryOnce } from './support/curl.js';
import { ECHO_PORT, echoVip, HTTP_PORT, webVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { echo } from './support/udp.js';
import { urlOf, WebServers } from './support/webServers.js';
import { dropsOf } from './support/whole.js';

const live = liveSuiteWith('live/ipip', ['curl', 'nginx', ...CAPTURE_PROGRAMS]);
const DATAGRAMS = 12;
const CLIENT_TTL = 64; // net.ipv4.ip_default_ttl, hop_limit
const OUTER_TTL = 64;
const CHECKSUMS = ['ip.check_checksum', 'udp.check_checksum', 'tcp.check_checksum'].flatMap((name) => [
  '-o',
  `${name}:TRUE`,
]);
const GOOD = '1';

/** tshark's fields of interest; a field that is there twice is outer,inner. */
const FIELDS = {
  4: ['ip.src', 'ip.dst', 'ip.proto', 'ip.ttl', 'ip.checksum.status', 'ip.len'],
  6: ['ipv6.src', 'ipv6.dst', 'ipv6.nxt', 'ipv6.hlim', 'ipv6.version', 'ipv6.plen'],
} as const;
const FAULTS = ['_ws.malformed', '_ws.expert.severity'];

for (const family of [4, 6] as Family[]) {
  const outerBytes = family === 4 ? 20 : 40;

  live(`IPv${family} in IPv${family}: whole, right, and the packet as it was sent`, async () => {
    await withTopology('one-armed', { family, backendCount: 1 }, async (topology) => {
      const { lab, client, clientAddresses, vip, balancerAddress, backends } = topology;
      const backend = backends[0] as LabBackend;
      const ipip = { encap: { type: 'ipip' as const } };
      const members = [echoVip(topology, ipip), webVip(topology, ipip)];
      const balancer = await CommandBalancer.start(topology, { members });
      const direct = { filter: `dst host ${vip} and (udp or tcp)`, direction: 'out' as const };
      const atClient = await Capture.start(lab, client, direct);
      const atBackend = await Capture.start(lab, backend.host, {
        filter: family === 4 ? 'ip proto 4' : 'ip6 proto 41',
      });

      const flow = { address: vip, localAddress: clientAddresses[0] as string, flows: DATAGRAMS, packetsPerFlow: 1 };
      await echo(client, { ...flow, bytes: 1211, timeoutMs: 20 }); // an odd length: the checksum's last byte is alone
      await tryOnce(client, vip, { timeoutMs: 300 }); // a SYN
      await Promise.all([atClient.stop(), atBackend.stop()]);

      const transport = [
        'udp.srcport',
        'udp.dstport',
        'udp.payload',
        'tcp.srcport',
        'tcp.dstport',
        'tcp.seq_raw',
        'tcp.flags',
      ];
      const wire = { options: CHECKSUMS };
      const fields = [...FIELDS[family], 'udp.checksum.status', 'tcp.checksum.status', ...FAULTS];
      const rows = await atBackend.rows(fields, wire);
      const sent = await atClient.rows(transport);
      const arrived = await atBackend.rows(transport);
      assert.equal([...arrived].sort(), [...sent].sort());
      assert.is(sent.length, DATAGRAMS + 1);
      assert.is(sent.filter(([, port]) => port === `${ECHO_PORT}`).length, DATAGRAMS);
      assert.is(sent.filter((row) => row[4] === `${HTTP_PORT}`).length, 1);

      const inner = { udp: 17, tcp: 6 };
      for (const [source, destination, protocol, ttl, health, length, udp, tcp, malformed, severity] of rows) {
        const isUdp = udp !== '';
        assert.is(source, `${balancerAddress},${clientAddresses[0]}`);
        assert.is(destination, `${backend.address},${vip}`);
        assert.is(protocol, `${family === 4 ? 4 : 41},${isUdp ? inner.udp : inner.tcp}`);
        assert.is(ttl, `${OUTER_TTL},${CLIENT_TTL - 1}`);
        assert.is(health, family === 4 ? `${GOOD},${GOOD}` : '6,6');
        const [outerLength, innerLength] = (length ?? '').split(',').map(Number);
        assert.is((outerLength ?? 0) - (innerLength ?? 0), outerBytes);
        assert.equal([udp, tcp], isUdp ? [GOOD, ''] : ['', GOOD]);
        assert.is(malformed, '');
        // Wireshark remarks on a SYN (chat, 0x200000); warnings begin at 0x600000.
        assert.ok(Number(severity?.split(',')[0] ?? 0) < 0x600000, `tshark complains: severity ${severity}`);
      }
      const { verdicts, events } = await balancer.stats();
      assert.is(verdicts.FORWARD_IPIP, DATAGRAMS + 1);
      assert.is(events.checksumCompleted, DATAGRAMS + 1); // each came with half of one
      await balancer.stop();
    });
  });
}

live('super-frames of an upload are cut: every segment fits, is whole, and goes on from the one before', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { lab, client, vip } = topology;
    const { host, address } = topology.backends[0] as LabBackend;
    // With room for the outer header, as docs/BACKENDS.md has it.
    await host.ip(`route replace 10.0.0.0/24 dev eth0 src ${address} advmss 1440`);
    await WebServers.start(topology);
    const file = join(lab.directory, 'content');
    await writeFile(file, new Uint8Array(40_000_000));
    const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)] });
    const args = ['-sS', '-T', file, '--limit-rate', '20M', '--max-time', '3', urlOf(vip, '/upload/content')];
    const uploading = client.exec('curl', args, { anyExitCode: true });
    await balancer.until('the upload', () => (balancer.octets() > 5_000_000 ? true : undefined));
    const capture = await Capture.start(lab, host, { direction: 'in', filter: 'ip proto 4' });
    await balancer.publish([webVip(topology, { encap: { type: 'ipip' } })]);
    assert.is((await uploading).exitCode, 28); // nobody takes the outer header off: it ends by its time
    const { verdicts, events } = await balancer.stats();
    assert.equal(dropsOf(verdicts), []);
    assert.ok((events.segmentsSent ?? 0) >= 10, `${events.segmentsSent} segments sent`);
    const fields = ['ip.len', 'ip.checksum.status', 'tcp.checksum.status', 'tcp.len', 'tcp.seq_raw'];
    const rows = await (await capture.stop()).rows(fields, { options: CHECKSUMS });
    assert.ok(rows.length >= (events.segmentsSent ?? 0), `${rows.length} frames for ${events.segmentsSent} segments`);
    for (const [lengths = '', headers, transport] of rows) {
      assert.ok(Number(lengths.split(',')[0]) <= 1500, `${lengths} bytes`);
      assert.equal([headers, transport], [`${GOOD},${GOOD}`, GOOD]);
    }
    const first = rows
      .slice(0, 10)
      .map(([, , , length, sequence]) => ({ length: Number(length), at: Number(sequence) }));
    for (const [i, { at, length }] of first.slice(1).entries()) {
      const before = first[i] as (typeof first)[number];
      assert.is(at, (before.at + before.length) % 2 ** 32, `segment ${i + 1} of ${length} bytes`);
    }
    await balancer.stop();
  });
});

live.run();
