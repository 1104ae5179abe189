// Every verdict: its number, name and sentence agree, and a frame in a test reaches it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EGRESS_FLAGS, REGION_EGRESSES, VERDICT_MAX } from '../assembly/layout.js';
import * as constants from '../assembly/verdict.js';
import { type FrameMeta, type HotPath, VERDICTS, verdictName } from '../host/hotpath.js';
import { DECAP_VERDICTS } from '../host/stats.js';
import * as v4 from './golden/forward4.js';
import * as v6 from './golden/forward6.js';
import * as icmp from './golden/icmp.js';
import * as neighbours from './golden/neighbour.js';
import * as tunnel from './golden/tunnel.js';
import { patch } from './support/hex.js';
import { engineOf, GOLDEN, goldenHotPath, virtioHeader } from './support/hotpath.js';

const Verdict = suite('verdict');

const l2 = await goldenHotPath({ type: 'l2' });
const ipip = await goldenHotPath({ type: 'ipip' });
const gue = await goldenHotPath({ type: 'gue' });
const gre = await goldenHotPath({ type: 'gre' });
const l3dsr = await goldenHotPath({ type: 'l3dsr', dscp: 46 });
const roomless = await goldenHotPath({ type: 'ipip' }, { segmentsMax: 0 });
const announcing = await goldenHotPath({ type: 'l2' }, { announce: true });
const narrow = await goldenHotPath({ type: 'l2' }, { mtu: 57 });
const tooNarrow = await goldenHotPath({ type: 'l2' }, { mtu: 1400 });
const short = await goldenHotPath({ type: 'l2' }, { frameBytesMax: 64, fragmentsHeldMax: 0 });
const unresolved = await goldenHotPath({ type: 'l2' }, { nextHops: {} });
const katran = await goldenHotPath(
  { type: 'ipip' },
  {
    compat: 'katran',
    katran: {
      localDelivery: true,
      decap: { ipip: true, guePort: 6080, destinations: [{ address: GOLDEN.backend4, egress: true }] },
    },
  },
);
await katran.apply([
  { put: { address: GOLDEN.vip4, protocol: 'udp', port: 53, encap: { type: 'ipip' }, katran: ['local-vip'] } },
  { put: { vip: `udp/${GOLDEN.vip4}:53`, address: GOLDEN.backend4, katran: ['local'] } },
]);
const empty = await goldenHotPath({ type: 'l2' });
await empty.apply([{ remove: `tcp/${GOLDEN.vip4}:80/${GOLDEN.backend4}` }]);
const down = await goldenHotPath({ type: 'l2' });
{
  const { memory } = engineOf(down);
  memory.view.setUint32(memory.region(REGION_EGRESSES).base + EGRESS_FLAGS, 0, true); // as when its link went down
}

/** Verdicts that only a transmit ring can give: its frames may be too small, or all of them the kernel's. */
const RING_ONLY = new Set(['DROP_NO_HEADROOM', 'DROP_TX_RING_FULL', 'DROP_SEGMENTS_LOST']);

/** Those of a balancer, then those that only a decapsulator gives (test/decap.test.ts). */
const ALL = [...VERDICTS, ...DECAP_VERDICTS.filter((verdict) => !VERDICTS.includes(verdict))];

const BROADCAST = { packetType: 1 };
const MULTICAST = { packetType: 2 };
const SEGMENTS = { virtio: virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize: 10 }) };
const FRAGMENTS = { virtio: virtioHeader({ start: 34, offset: 6, gsoType: 3, gsoSize: 8 }) };
const BEYOND = { virtio: virtioHeader({ start: 34, offset: 37 }) };

interface Case {
  verdict: string;
  what: string;
  frame: Uint8Array;
  meta?: FrameMeta;
  /** Default: l2. */
  on?: HotPath;
}

// Offsets into SYN of forward4: IP header at 14, TTL at 22, protocol at 23, destination at 30, TCP at 34.
const CASES: Case[] = [
  { verdict: 'FORWARD_L2', what: 'IPv4', frame: v4.SYN },
  { verdict: 'FORWARD_L2', what: 'IPv6', frame: v6.SYN },
  { verdict: 'FORWARD_L2', what: 'UDP with IP options', frame: v4.OPTIONS },
  { verdict: 'FORWARD_L2', what: 'TTL 2', frame: patch(v4.SYN, 22, 2) },
  { verdict: 'FORWARD_L2', what: 'a UDP length that leaves bytes over', frame: patch(v4.UDP, 38, 0, 18) },
  { verdict: 'FORWARD_IPIP', what: 'IPv4', frame: v4.SYN, on: ipip },
  { verdict: 'FORWARD_IPIP', what: 'IPv6', frame: v6.SYN, on: ipip },
  { verdict: 'FORWARD_GUE', what: 'IPv4', frame: v4.SYN, on: gue },
  { verdict: 'FORWARD_GUE', what: 'IPv6', frame: v6.SYN, on: gue },
  { verdict: 'FORWARD_GRE', what: 'IPv4', frame: v4.SYN, on: gre },
  { verdict: 'FORWARD_GRE', what: 'IPv6', frame: v6.SYN, on: gre },
  { verdict: 'FORWARD_L3DSR', what: 'IPv4', frame: v4.SYN, on: l3dsr },
  { verdict: 'FORWARD_L3DSR', what: 'IPv6', frame: v6.SYN, on: l3dsr },
  { verdict: 'REPLY_ARP', what: 'for a VIP', frame: neighbours.ARP_REQUEST, meta: BROADCAST, on: announcing },
  { verdict: 'REPLY_ECHO', what: 'IPv4', frame: icmp.PING4 },
  { verdict: 'REPLY_ECHO', what: 'IPv6', frame: icmp.PING6 },
  { verdict: 'REPLY_TOO_BIG', what: 'IPv4', frame: icmp.BIG4, on: tooNarrow },
  { verdict: 'REPLY_TOO_BIG', what: 'IPv6', frame: icmp.BIG6, on: tooNarrow },
  { verdict: 'REPLY_NEIGHBOUR', what: 'for a VIP', frame: neighbours.NS, meta: MULTICAST, on: announcing },

  { verdict: 'IGNORE_OTHER_HOST', what: 'broadcast', frame: v4.SYN, meta: BROADCAST },
  { verdict: 'IGNORE_OTHER_HOST', what: 'multicast', frame: v4.SYN, meta: MULTICAST },
  { verdict: 'IGNORE_OTHER_HOST', what: 'to another host', frame: v4.SYN, meta: { packetType: 3 } },
  { verdict: 'IGNORE_OTHER_HOST', what: 'sent by this host', frame: v4.SYN, meta: { packetType: 4 } },
  { verdict: 'IGNORE_NO_MARK', what: "a mark that is nobody's", frame: v4.SYN, meta: { mark: 7 } },
  { verdict: 'IGNORE_NO_MARK', what: 'ARP with a mark', frame: neighbours.ARP_TOLD, meta: { mark: 7 } },
  { verdict: 'IGNORE_ETHERTYPE', what: 'LLDP', frame: patch(v4.SYN, 12, 0x88, 0xcc) },
  { verdict: 'IGNORE_ETHERTYPE', what: 'a length instead of a type', frame: patch(v4.SYN, 12, 0x00, 0x2e) },
  { verdict: 'IGNORE_ETHERTYPE', what: 'a service tag (802.1ad)', frame: patch(v4.DATA_TAGGED, 12, 0x88, 0xa8) },
  { verdict: 'IGNORE_ETHERTYPE', what: 'two tags in the frame', frame: patch(v4.DATA_TAGGED, 16, 0x81, 0x00) },
  { verdict: 'IGNORE_ETHERTYPE', what: 'a tag beside one in the frame', frame: v4.DATA_TAGGED, meta: { vlanTci: 1 } },
  { verdict: 'IGNORE_NOT_VIP', what: 'another IPv4 address', frame: patch(v4.SYN, 33, 81) },
  { verdict: 'IGNORE_NOT_VIP', what: 'another IPv6 address', frame: patch(v6.SYN, 53, 0x81) },
  {
    verdict: 'IGNORE_NOT_VIP',
    what: 'an IPv6 packet to ::ffff:192.0.2.80, which is how an IPv4 VIP stands in the tables',
    frame: patch(v6.SYN, 38, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 80),
  },
  {
    verdict: 'IGNORE_NOT_VIP',
    what: 'a fragment for another address',
    frame: patch(v4.SYN, 20, 0x20, 0, 64, 6, 0, 0, 198, 51, 100, 7, 192, 0, 2, 81),
  },
  { verdict: 'IGNORE_NOT_VIP', what: 'a cut packet for another address', frame: patch(v4.SYN, 33, 81).subarray(0, 40) },
  { verdict: 'IGNORE_ARP', what: 'for no VIP', frame: neighbours.ARP_OTHER, meta: BROADCAST, on: announcing },
  { verdict: 'IGNORE_ARP', what: 'where VIPs are not announced', frame: neighbours.ARP_REQUEST, meta: BROADCAST },
  { verdict: 'IGNORE_NEIGHBOUR', what: 'for no VIP', frame: neighbours.NS_OTHER, meta: MULTICAST, on: announcing },
  { verdict: 'IGNORE_NEIGHBOUR', what: 'where VIPs are not announced', frame: neighbours.NS, meta: MULTICAST },

  { verdict: 'IGNORE_COMPAT', what: 'another port', frame: patch(v4.SYN, 37, 81), on: katran },
  { verdict: 'IGNORE_LOCAL_BACKEND', what: 'a backend that is this host', frame: v4.UDP, on: katran },
  { verdict: 'IGNORE_DECAPSULATED', what: 'IPIP to an address of nobody', frame: tunnel.SYN4_IPIP6, on: katran },
  { verdict: 'FORWARD_DECAPSULATED', what: 'GUE to an address for egress', frame: tunnel.SYN4_GUE4, on: katran },
  { verdict: 'DROP_IP_OPTIONS', what: 'TCP behind them', frame: v4.OPTIONS, on: katran },
  { verdict: 'DROP_TRUNCATED', what: 'nothing at all', frame: new Uint8Array(0) },
  { verdict: 'DROP_TRUNCATED', what: 'a tag without its type', frame: v4.DATA_TAGGED.subarray(0, 17) },
  { verdict: 'DROP_TRUNCATED', what: 'an IPv4 header without its end', frame: v4.SYN.subarray(0, 33) },
  { verdict: 'DROP_TRUNCATED', what: 'an IPv4 packet without its last byte', frame: v4.SYN.subarray(0, 53) },
  { verdict: 'DROP_TRUNCATED', what: 'an IPv6 packet without its last byte', frame: v6.SYN.subarray(0, 73) },
  { verdict: 'DROP_TRUNCATED', what: 'a packet that ends in its TCP header', frame: patch(v4.SYN, 16, 0, 39) },
  { verdict: 'DROP_TRUNCATED', what: 'TCP options behind the packet', frame: patch(v4.SYN, 46, 0x60) },
  { verdict: 'DROP_TRUNCATED', what: 'a UDP length beyond the packet', frame: patch(v4.UDP, 38, 0, 20) },
  { verdict: 'DROP_TRUNCATED', what: 'a packet that ends in its UDP header', frame: patch(v4.UDP, 16, 0, 27) },
  { verdict: 'DROP_BAD_HEADER', what: 'version 5 in IPv4', frame: patch(v4.SYN, 14, 0x55) },
  { verdict: 'DROP_BAD_HEADER', what: 'version 4 in IPv6', frame: patch(v6.SYN, 14, 0x42) },
  { verdict: 'DROP_BAD_HEADER', what: 'an IPv4 header of 16 bytes', frame: patch(v4.SYN, 14, 0x44) },
  { verdict: 'DROP_BAD_HEADER', what: 'an IPv4 header longer than its packet', frame: patch(v4.SYN, 16, 0, 19) },
  { verdict: 'DROP_BAD_HEADER', what: 'a TCP data offset of 4', frame: patch(v4.SYN, 46, 0x40) },
  { verdict: 'DROP_BAD_HEADER', what: 'a UDP length of 7', frame: patch(v4.UDP, 38, 0, 7) },
  { verdict: 'DROP_BAD_HEADER', what: 'a half checksum behind the packet', frame: v4.DATA_HALF, meta: BEYOND },
  { verdict: 'DROP_SNAPPED', what: 'a byte longer than frameBytesMax', frame: new Uint8Array(65), on: short },
  { verdict: 'DROP_NO_VIP', what: 'another port', frame: patch(v4.SYN, 37, 81) },
  { verdict: 'DROP_NO_VIP', what: 'port 0', frame: patch(v4.SYN, 36, 0, 0) },
  { verdict: 'DROP_NO_VIP', what: 'UDP to the port of TCP', frame: patch(v4.UDP, 37, 80) },
  { verdict: 'DROP_NO_VIP', what: 'ICMP', frame: patch(v4.SYN, 23, 1) },
  { verdict: 'DROP_NO_VIP', what: 'protocol 0 in IPv4', frame: patch(v4.SYN, 23, 0) },
  { verdict: 'DROP_TRUNCATED', what: 'hop-by-hop options longer than the packet', frame: patch(v6.SYN, 20, 0) },
  { verdict: 'DROP_TRUNCATED', what: 'a jumbogram: payload length 0', frame: patch(v6.SYN, 18, 0, 0, 0) },
  { verdict: 'DROP_EXTENSIONS', what: 'nine of them', frame: icmp.NINE6 },
  { verdict: 'DROP_BAD_QUOTE', what: 'of a packet that the VIP did not send', frame: patch(icmp.ERROR4, 54, 10) },
  {
    verdict: 'DROP_TOO_BIG_DF_CLEAR',
    what: 'longer than the way, to be cut',
    frame: patch(icmp.BIG4, 20, 0),
    on: tooNarrow,
  },
  { verdict: 'DROP_TINY_FRAGMENT', what: 'a first one of 16 bytes', frame: patch(v4.SYN, 16, 0, 36, 0, 0, 0x20) },
  { verdict: 'DROP_TINY_FRAGMENT', what: 'one at the TCP flags', frame: patch(v4.SYN, 20, 0, 1) },
  { verdict: 'DROP_BAD_SOURCE', what: 'ping from 127.0.0.1', frame: patch(icmp.PING4, 26, 127) },
  { verdict: 'FORWARD_L2', what: 'a first IPv4 fragment', frame: patch(v4.SYN, 20, 0x20) },
  { verdict: 'HOLD_FRAGMENT', what: 'a later one before its first', frame: patch(v4.SYN, 18, 1, 1, 0, 2) },
  { verdict: 'DROP_FRAGMENT', what: 'one that nobody has room for', frame: patch(v4.SYN, 20, 0x00, 0x02), on: short },
  { verdict: 'DROP_FRAGMENT', what: 'an IPv6 fragment', frame: patch(v6.SYN, 20, 44) },
  { verdict: 'DROP_TTL_EXPIRED', what: 'TTL 1', frame: patch(v4.SYN, 22, 1) },
  { verdict: 'DROP_TTL_EXPIRED', what: 'TTL 0', frame: patch(v4.SYN, 22, 0) },
  { verdict: 'DROP_TTL_EXPIRED', what: 'hop limit 1', frame: patch(v6.SYN, 21, 1) },
  { verdict: 'DROP_TTL_EXPIRED', what: 'hop limit 0', frame: patch(v6.SYN, 21, 0) },
  { verdict: 'DROP_NO_BACKEND', what: 'a VIP without backends', frame: v4.SYN, on: empty },
  { verdict: 'DROP_NEXT_HOP_UNRESOLVED', what: 'no MAC address', frame: v4.SYN, on: unresolved },
  { verdict: 'DROP_EGRESS_DOWN', what: 'its link went down', frame: v4.SYN, on: down },
  { verdict: 'DROP_TOO_BIG', what: 'a byte more than the MTU', frame: v4.DATA, on: narrow },
  { verdict: 'DROP_SUPER_FRAME_ENCAP', what: 'UDP fragments for IPIP', frame: v4.UDP_HALF, meta: FRAGMENTS, on: ipip },
  { verdict: 'DROP_SEGMENTS', what: 'no room for segments', frame: v4.DATA_HALF, meta: SEGMENTS, on: roomless },
];

for (const { verdict, what, frame, meta, on = l2 } of CASES) {
  Verdict(`${verdict}: ${what}`, () => {
    const before = on.stats().verdicts[verdict] ?? Number.NaN;
    const outcome = on.forward(frame, meta);
    assert.is(outcome.verdict, verdict);
    assert.is(outcome.frames.length, /^(FORWARD|REPLY)_/.test(verdict) ? 1 : 0);
    assert.is(on.stats().verdicts[verdict], before + 1);
  });
}

Verdict('a case reaches every verdict but those of rings', () => {
  const reached = new Set(CASES.map(({ verdict }) => verdict));
  const missing = VERDICTS.map(({ name }) => name).filter((name) => !reached.has(name) && !RING_ONLY.has(name));
  assert.equal(missing, []);
  for (const name of RING_ONLY) assert.not(reached.has(name));
});

Verdict('constants and table say the same', () => {
  const { NO_VERDICT, verdictTable: _table, decapVerdictTable: _decapTable, ...numbers } = constants;
  assert.is(NO_VERDICT, 0);
  assert.equal(
    ALL.map(({ name, number }) => [name, number]),
    Object.entries(numbers).sort(([, a], [, b]) => a - b),
  );
  assert.is(new Set(ALL.map(({ number }) => number)).size, ALL.length);
});

Verdict('every verdict has a class, a place among the counters and a sentence', () => {
  for (const { number, name, when } of ALL) {
    assert.match(name, /^(FORWARD|REPLY|IGNORE|HOLD|DROP|DECAP)_[A-Z0-9_]+$/);
    assert.ok(number > 0 && number < VERDICT_MAX, name);
    assert.ok(when.length > 10, name);
    assert.is(verdictName(number), name);
  }
  assert.is(verdictName(63), 'UNKNOWN_63');
});

Verdict.run();
