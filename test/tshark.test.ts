// What leaves, as another program reads it: Wireshark's dissectors over frames in a capture file, with every checksum
// verified. The skipped cases need tshark: apt-get install tshark.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Encap, FrameMeta, HotPath } from '../host/hotpath.js';
import * as v4 from './golden/forward4.js';
import * as v6 from './golden/forward6.js';
import * as pieceFrames from './golden/fragment.js';
import * as icmp from './golden/icmp.js';
import * as neighbours from './golden/neighbour.js';
import * as segments from './golden/segment.js';
import * as tunnels from './golden/tunnel.js';
import { GOLDEN, goldenHotPath, tunnelHotPath, virtioHeader } from './support/hotpath.js';
import {
  ABSENT,
  assertNoComplaint,
  BAD,
  type Dissected,
  dissect,
  GOOD,
  isThere,
  layersOf,
  type Reading,
} from './support/tshark.js';

const Tshark = suite('tshark');
const test = isThere ? Tshark : Tshark.skip;
if (!isThere) console.log('tshark skipped: the program tshark is not installed (Debian: apt-get install tshark)');

/** What leaves because of `frame`. */
function sent(hotPath: HotPath, frame: Uint8Array, meta?: FrameMeta): Uint8Array {
  const { verdict, frames } = hotPath.forward(frame, meta);
  const [first] = frames;
  if (first === undefined) throw new Error(`nothing left: ${verdict}`);
  return first.slice();
}

const half = (start: number, offset: number): FrameMeta => ({ virtio: virtioHeader({ start, offset }) });

test('4in4: TCP and UDP, whole and completed checksums, options, a VLAN tag', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  const cases: [frame: Uint8Array, meta: FrameMeta | undefined, layers: string, transport: 'tcp' | 'udp'][] = [
    [v4.SYN, undefined, 'eth:ethertype:ip:ip:tcp', 'tcp'],
    [v4.DATA_TAGGED, undefined, 'eth:ethertype:vlan:ethertype:ip:ip:tcp', 'tcp'],
    [v4.DATA_HALF, half(34, 16), 'eth:ethertype:ip:ip:tcp', 'tcp'],
    [v4.UDP_HALF, half(34, 6), 'eth:ethertype:ip:ip:udp', 'udp'],
    [v4.UDP_ZERO_HALF, half(34, 6), 'eth:ethertype:ip:ip:udp', 'udp'],
    [v4.OPTIONS, undefined, 'eth:ethertype:ip:ip:udp', 'udp'],
  ];
  const all = dissect(cases.map(([frame, meta]) => sent(hotPath, frame, meta)));
  assert.is(all.length, cases.length);
  all.forEach((dissected, i) => {
    const [frame, , layers, transport] = cases[i] ?? [v4.SYN, undefined, '', 'tcp'];
    assertNoComplaint(dissected);
    assert.is(layersOf(dissected), layers);
    assert.equal(dissected['ip.src'], [GOLDEN.outerSource.ipv4, '198.51.100.7']);
    assert.equal(dissected['ip.dst'], [GOLDEN.backend4, GOLDEN.vip4]);
    assert.equal(dissected['ip.ttl'], ['64', '63']);
    assert.equal(dissected['ip.checksum.status'], [GOOD, GOOD]);
    assert.equal(dissected[`${transport}.checksum.status`], [GOOD]);
    assert.equal(dissected['vlan.id'], frame === v4.DATA_TAGGED ? ['42'] : []);
  });
});

test('6in6: TCP and UDP, whole and completed checksums', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  const cases: [frame: Uint8Array, meta: FrameMeta | undefined, layers: string, transport: 'tcp' | 'udp'][] = [
    [v6.SYN, undefined, 'eth:ethertype:ipv6:ipv6:tcp', 'tcp'],
    [v6.DATA_HALF, half(54, 16), 'eth:ethertype:ipv6:ipv6:tcp', 'tcp'],
    [v6.UDP_HALF, half(54, 6), 'eth:ethertype:ipv6:ipv6:udp', 'udp'],
    [v6.UDP_ZERO_HALF, half(54, 6), 'eth:ethertype:ipv6:ipv6:udp', 'udp'],
  ];
  const all = dissect(cases.map(([frame, meta]) => sent(hotPath, frame, meta)));
  assert.is(all.length, cases.length);
  all.forEach((dissected, i) => {
    const [, , layers, transport] = cases[i] ?? [v6.SYN, undefined, '', 'tcp'];
    assertNoComplaint(dissected);
    assert.is(layersOf(dissected), layers);
    assert.equal(dissected['ipv6.src'], [GOLDEN.outerSource.ipv6, '2001:db8:c::7']);
    assert.equal(dissected['ipv6.dst'], [GOLDEN.backend6, GOLDEN.vip6]);
    assert.equal(dissected['ipv6.hlim'], ['64', '63']);
    assert.is(Number(dissected['ipv6.flow'][1]), 0x12345, 'the flow label of the client');
    assert.equal(dissected[`${transport}.checksum.status`], [GOOD]);
  });
});

test('L2: header and transport checksums are right, completed ones too', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  const all = dissect([
    sent(hotPath, v4.SYN),
    sent(hotPath, v4.DATA_HALF, half(34, 16)),
    sent(hotPath, v6.DATA_HALF, half(54, 16)),
  ]);
  for (const dissected of all) {
    assertNoComplaint(dissected);
    assert.equal(dissected['tcp.checksum.status'], [GOOD]);
  }
  assert.equal(
    all.map((dissected) => dissected['ip.checksum.status']),
    [[GOOD], [GOOD], []],
  );
});

test('answers: ping, fragmentation needed, packet too big', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' }, { mtu: 1400 });
  const all = dissect(
    [icmp.PING4_OPTIONS, icmp.PING6_EXTENSION, icmp.BIG4, icmp.BIG6].map((frame) => sent(hotPath, frame)),
  );
  assert.equal(all.map(layersOf), [
    'eth:ethertype:ip:icmp',
    'eth:ethertype:ipv6:icmpv6',
    'eth:ethertype:ip:icmp:ip:tcp',
    'eth:ethertype:ipv6:icmpv6:ipv6:tcp',
  ]);
  for (const dissected of all.slice(0, 2)) assertNoComplaint(dissected);
  // tshark sums the TCP segment that an error quotes as if all of it were there; its own words are about nothing else.
  for (const dissected of all.slice(2)) {
    assert.equal(dissected['_ws.malformed'], []);
    assert.equal([dissected['_ws.expert.message'].length, dissected['tcp.checksum.status']], [1, [BAD]]);
  }
  assert.equal(
    all.map((dissected) => [...dissected['icmp.checksum.status'], ...dissected['icmpv6.checksum.status']]),
    [[GOOD], [GOOD], [GOOD], [GOOD]],
  );
});

/** Frames of every kind of packet that is in a tunnel, with what tshark is to find in it. */
const PACKETS: [frame: Uint8Array, meta: FrameMeta | undefined, layers: string, checksums: string[]][] = [
  [v4.SYN, undefined, 'ip:tcp', [GOOD]],
  [v4.DATA_HALF, half(34, 16), 'ip:tcp', [GOOD]],
  [v4.UDP_HALF, half(34, 6), 'ip:udp', [GOOD]],
  [v4.UDP_ZERO_HALF, half(34, 6), 'ip:udp', [GOOD]],
  [v4.OPTIONS, undefined, 'ip:udp', [GOOD]],
  [tunnels.NO_CHECKSUM, undefined, 'ip:udp', [ABSENT]],
  [v6.SYN, undefined, 'ipv6:tcp', [GOOD]],
  [v6.DATA_HALF, half(54, 16), 'ipv6:tcp', [GOOD]],
  [v6.UDP_HALF, half(54, 6), 'ipv6:udp', [GOOD]],
  [v6.UDP_ZERO_HALF, half(54, 6), 'ipv6:udp', [GOOD]],
  [tunnels.UDP6, undefined, 'ipv6:udp', [GOOD]],
];

const PRIVATE = { type: 'gue', port: 6090, variant: 0, private: 'c0ffee0001020304' } as const;
/** tshark knows no GUE header; this takes it off, by its own length, and leaves the rest to Wireshark's IP. */
const GUE_HEADER = `
  local gue = Proto("gue", "GUE, variant 0")
  function gue.dissector(buffer, pinfo, tree)
    local first = buffer(0, 1):uint()
    assert(first < 32 and buffer(2, 2):uint() == 0, "not version 0, control, or flags")
    local inner = ({ [4] = "ip", [41] = "ipv6" })[buffer(1, 1):uint()]
    Dissector.get(inner):call(buffer(4 + 4 * first):tvb(), pinfo, tree)
  end
  DissectorTable.get("udp.port"):add(6090, gue)
`;
const TUNNELS: [encap: Encap, layer: string, reading: Reading][] = [
  [{ type: 'ipip' }, '', {}],
  [{ type: 'gre' }, 'gre:', {}],
  [{ type: 'gue' }, 'udp:', { args: ['-d', 'udp.port==6080,ip'] }],
  [{ type: 'gue', port: 6090, variant: 0 }, 'udp:gue:', { lua: GUE_HEADER }],
  [PRIVATE, 'udp:gue:', { lua: GUE_HEADER }],
];

for (const [encap, layer, reading] of TUNNELS) {
  for (const outer of [4, 6] as const) {
    const name = `${Object.values(encap).join(' ')} over IPv${outer}`;
    test(`${name}: every packet inside is whole, every checksum right`, async () => {
      const hotPath = await tunnelHotPath(encap, outer);
      const all = dissect(
        PACKETS.map(([frame, meta]) => sent(hotPath, frame, meta)),
        reading,
      );
      assert.is(all.length, PACKETS.length);
      all.forEach((dissected, i) => {
        const [, , layers, checksums] = PACKETS[i] as (typeof PACKETS)[number];
        assertNoComplaint(dissected);
        // Wireshark names IPv6 inside what it was told to be IP twice.
        const seen = layersOf(dissected).replace('udp:ip:ipv6', 'udp:ipv6');
        assert.is(seen, `eth:ethertype:${outer === 4 ? 'ip' : 'ipv6'}:${layer}${layers}`, `packet ${i}`);
        const isTcp = layers.endsWith('tcp');
        const outerUdp = encap.type === 'gue' ? [GOOD] : [];
        assert.equal(dissected['tcp.checksum.status'], isTcp ? checksums : [], `packet ${i}`);
        assert.equal(dissected['udp.checksum.status'], isTcp ? outerUdp : [...outerUdp, ...checksums], `packet ${i}`);
        assert.ok(
          dissected['ip.checksum.status'].every((status) => status === GOOD),
          `packet ${i}`,
        );
        assertOuter(dissected, outer, encap);
      });
    });
  }
}

test('GUE: the outer checksum is right around ICMP errors, extension headers and fragments', async () => {
  for (const outer of [4, 6] as const) {
    const hotPath = await tunnelHotPath({ type: 'gue' }, outer);
    const input = [icmp.ERROR4, icmp.ERROR6, icmp.ERROR6_LONG, icmp.EXTENSIONS6];
    const pieces = [pieceFrames.PIECE4_1, pieceFrames.PIECE4_2, pieceFrames.PIECE6_1, pieceFrames.PIECE6_2];
    const reading = { args: ['-d', 'udp.port==6080,ip'] };
    const all = dissect(
      [...input, ...pieces].map((frame) => sent(hotPath, frame)),
      reading,
    );
    assert.is(all.length, 8);
    for (const dissected of all) {
      assert.equal([dissected['udp.checksum.status'][0], dissected['_ws.malformed']], [GOOD, []]);
    }
  }
});

/** What all outer headers say. */
function assertOuter(dissected: Dissected, outer: 4 | 6, encap: Encap): void {
  const [address, source] =
    outer === 4 ? [GOLDEN.backend4, GOLDEN.outerSource.ipv4] : [GOLDEN.backend6, GOLDEN.outerSource.ipv6];
  const ip = outer === 4 ? 'ip' : 'ipv6';
  assert.is(dissected[`${ip}.src`][0], source);
  assert.is(dissected[`${ip}.dst`][0], address);
  assert.is(dissected[outer === 4 ? 'ip.ttl' : 'ipv6.hlim'][0], '64');
  if (outer === 4) assert.equal([dissected['ip.flags.df'][0], Number(dissected['ip.id'][0])], ['1', 0]);
  if (encap.type !== 'gue') return;
  assert.is(dissected['udp.dstport'][0], `${encap.port ?? 6080}`);
  assert.ok(Number(dissected['udp.srcport'][0]) >= 49_152);
}

test('segments: sequence numbers and lengths go on from each other, FIN comes last, every checksum is right', async () => {
  for (const [encap, layer, reading] of TUNNELS) {
    const hotPath = await tunnelHotPath(encap, 4);
    for (const { frame, virtio } of [segments.TCP4, segments.TCP6, segments.UDP4, segments.UDP6]) {
      const { frames } = hotPath.forward(frame, { virtio: virtioHeader(virtio) });
      const all = dissect(frames, reading);
      assert.is(all.length, 3);
      const isTcp = virtio.gsoType !== 5;
      for (const dissected of all) {
        assertNoComplaint(dissected);
        assert.ok(layersOf(dissected).startsWith(`eth:ethertype:ip:${layer}`));
        assert.ok(dissected['ip.checksum.status'].every((status) => status === GOOD));
        const statuses = [...dissected['tcp.checksum.status'], ...dissected['udp.checksum.status']];
        assert.equal(statuses, encap.type === 'gue' ? [GOOD, GOOD] : [GOOD]);
        assertOuter(dissected, 4, encap);
      }
      if (!isTcp) continue;
      const fields = (name: 'tcp.seq_raw' | 'tcp.len' | 'tcp.flags.fin'): number[] =>
        all.map((one) => Number(one[name][0]));
      assert.equal(fields('tcp.seq_raw'), [0xfffffff8, 2, 12]);
      assert.equal(fields('tcp.len'), [10, 10, 5]);
      assert.equal(fields('tcp.flags.fin'), [0, 0, 1]);
    }
  }
});

test('L3DSR: the backend is the destination, the DSCP is marked, every checksum is right', async () => {
  const hotPath = await goldenHotPath({ type: 'l3dsr', dscp: 46 });
  const all = dissect(PACKETS.map(([frame, meta]) => sent(hotPath, frame, meta)));
  all.forEach((dissected, i) => {
    const [, , layers, checksums] = PACKETS[i] as (typeof PACKETS)[number];
    const isV4 = layers.startsWith('ip:');
    assertNoComplaint(dissected);
    assert.is(layersOf(dissected), `eth:ethertype:${layers}`);
    assert.equal(dissected[isV4 ? 'ip.dst' : 'ipv6.dst'], [isV4 ? GOLDEN.backend4 : GOLDEN.backend6]);
    assert.equal(dissected[isV4 ? 'ip.dsfield.dscp' : 'ipv6.tclass.dscp'], ['46']);
    assert.equal(dissected['ip.checksum.status'], isV4 ? [GOOD] : []);
    assert.equal([...dissected['tcp.checksum.status'], ...dissected['udp.checksum.status']], checksums, `packet ${i}`);
  });
});

test('answers to ARP and neighbour discovery', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' }, { announce: true });
  const [arp, advertisement, toAll] = dissect([
    sent(hotPath, neighbours.ARP_REQUEST, { packetType: 1 }),
    sent(hotPath, neighbours.NS, { packetType: 2 }),
    sent(hotPath, neighbours.NS_DAD, { packetType: 2 }),
  ]);
  for (const dissected of [arp, advertisement, toAll]) assertNoComplaint(dissected as Dissected);
  assert.equal(arp?.['arp.opcode'], ['2']);
  assert.equal(advertisement?.['icmpv6.checksum.status'], [GOOD]);
  assert.equal(toAll?.['icmpv6.checksum.status'], [GOOD]);
  assert.equal(toAll?.['ipv6.dst'], ['ff02::1']);
});

test('and it does complain where there is reason: a half checksum, a wrong header checksum', () => {
  const wrongHeader = Uint8Array.from(v4.SYN);
  wrongHeader[22] = 63; // a TTL nobody told the checksum about
  const [halfDone, wrong] = dissect([v4.DATA_HALF, wrongHeader]);
  assert.equal(halfDone?.['tcp.checksum.status'], [BAD]);
  assert.equal(wrong?.['ip.checksum.status'], [BAD]);
});

Tshark.run();
