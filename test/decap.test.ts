// The other end of a tunnel: golden outer frames in, the packets that were inside out. Each verdict is reached by a frame.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameMeta } from '../host/hotpath.js';
import { DECAP_VERDICTS } from '../host/stats.js';
import * as golden from './golden/decap.js';
import * as v4 from './golden/forward4.js';
import * as neighbours from './golden/neighbour.js';
import { DecapCells, withOptions } from './support/decap.js';
import { dump, patch } from './support/hex.js';

const Decap = suite('decap');
const frames = golden as Record<string, Uint8Array>;
const plain = new DecapCells();
const lax = new DecapCells({ zeroChecksum6: true });
const ETHERNET = 14;
const NOTHING = new Uint8Array(10);

function frame(name: string): Uint8Array {
  const found = frames[name];
  if (found === undefined) throw new Error(`no golden frame ${name}`);
  return found;
}

/** The golden frame gets `verdict`, and `inside`, without its Ethernet header, is all that comes out. */
function assertInside(
  name: string,
  verdict: string,
  inside: Uint8Array,
  { on = plain, meta = {} as FrameMeta } = {},
): void {
  const outcome = on.decapsulate(frame(name), meta);
  assert.is(outcome.verdict, verdict, name);
  assert.is(outcome.packets.length, 1, name);
  assert.fixture(dump(outcome.packets[0]?.bytes ?? NOTHING), dump(inside.subarray(ETHERNET)), name);
  assert.equal(outcome.packets[0]?.virtio, NOTHING);
}

const PAIRS = [
  { pair: '4_4', inside: golden.INSIDE4 },
  { pair: '4_6', inside: golden.INSIDE4 },
  { pair: '6_4', inside: golden.INSIDE6 },
  { pair: '6_6', inside: golden.INSIDE6 },
];

for (const { pair, inside } of PAIRS) {
  Decap(`IPv${pair[0]} in IPv${pair[2]}: the packet comes out as it went in`, () => {
    assertInside(`IPIP${pair}`, 'DECAP_IPIP', inside);
    assertInside(`GRE${pair}`, 'DECAP_GRE', inside);
    assertInside(`GRE_SUM${pair}`, 'DECAP_GRE', inside);
    assertInside(`GUE${pair}`, 'DECAP_GUE', inside);
    assertInside(`GUE0${pair}`, 'DECAP_GUE', inside);
    assertInside(`GUE0_PRIVATE${pair}`, 'DECAP_GUE', inside);
  });
}

Decap('GUE without a UDP checksum: taken over IPv4, over IPv6 only where it may lack (RFC 6935)', () => {
  for (const { pair, inside } of PAIRS) {
    assertInside(`GUE_NONE${pair}`, 'DECAP_GUE', inside, { on: lax });
    if (pair.endsWith('4')) assertInside(`GUE_NONE${pair}`, 'DECAP_GUE', inside);
    else assert.is(plain.decapsulate(frame(`GUE_NONE${pair}`)).verdict, 'DROP_OUTER_CHECKSUM');
  }
});

Decap('a tag, an extension header, bytes behind the packet: what is inside is the same', () => {
  assertInside('IPIP_TAGGED', 'DECAP_IPIP', golden.INSIDE4);
  assertInside('IPIP4_4', 'DECAP_IPIP', golden.INSIDE4, { meta: { vlanTci: 42 } });
  assertInside('IPIP_LIMIT', 'DECAP_IPIP', golden.INSIDE4);
  assertInside('IPIP_SPARE', 'DECAP_IPIP', golden.INSIDE4);
  assertInside('GUE_SPARE', 'DECAP_GUE', golden.INSIDE4);
  assertInside('GRE_RESERVED', 'DECAP_GRE', golden.INSIDE4);
});

const REFUSED: { verdict: string; names: string[] }[] = [
  { verdict: 'DROP_OUTER_SOURCE', names: ['IPIP_OTHER', 'IPIP_OTHER6'] },
  { verdict: 'IGNORE_NOT_TUNNEL', names: ['IPIP_ELSEWHERE', 'GUE_PORT'] },
  { verdict: 'DROP_OUTER_CHECKSUM', names: ['IPIP_BROKEN', 'GRE_SUM_BROKEN', 'GUE_BROKEN4', 'GUE_BROKEN6'] },
  { verdict: 'DROP_OUTER_FRAGMENT', names: ['IPIP_FRAGMENT', 'IPIP_LATER', 'IPIP_FRAGMENT6'] },
  { verdict: 'DROP_INNER', names: ['IPIP_SHORT', 'IPIP_LIE', 'IPIP_NOTHING', 'GUE_VERSION5'] },
  {
    verdict: 'DROP_OUTER_HEADER',
    names: [
      ...['GRE_KEY', 'GRE_SEQUENCE', 'GRE_VERSION', 'GRE_BRIDGED', 'GRE_SHORT', 'GRE_SUM_SHORT'],
      ...['GUE_NOTHING', 'GUE_VARIANT2', 'GUE0_CONTROL', 'GUE0_FLAGS', 'GUE0_TCP', 'GUE0_LONG'],
    ],
  },
];

for (const { verdict, names } of REFUSED) {
  for (const name of names) {
    Decap(`${verdict}: ${name}`, () => {
      assert.equal(plain.decapsulate(frame(name)), { verdict, packets: [] });
    });
  }
}

Decap('ECN: all sixteen pairs of figure 4 of RFC 6040, for both families; DSCP stays that of inside', () => {
  let dropped = 0;
  const names = Object.keys(frames).filter((name) => /^ECN._.*_IN_[A-Z0-9_]+$/.test(name) && !name.endsWith('_OUT'));
  assert.is(names.length, 32);
  for (const name of names) {
    const out = frames[`${name}_OUT`];
    if (out !== undefined) assertInside(name, 'DECAP_IPIP', out);
    else assert.equal(plain.decapsulate(frame(name)), { verdict: 'DROP_ECN', packets: [] }, name);
    if (out === undefined) dropped++;
  }
  assert.is(dropped, 2);
});

Decap('a header checksum that was wrong inside is still wrong when a mark was brought in', () => {
  const at = ETHERNET + 20 + 10;
  const broken = patch(golden.ECN4_ECT0_IN_CE, at, (golden.ECN4_ECT0_IN_CE[at] ?? 0) ^ 1);
  const expected = patch(
    golden.ECN4_ECT0_IN_CE_OUT,
    ETHERNET + 10,
    (golden.ECN4_ECT0_IN_CE_OUT[ETHERNET + 10] ?? 0) ^ 1,
  );
  const { packets } = plain.decapsulate(broken);
  assert.fixture(dump(packets[0]?.bytes ?? NOTHING), dump(expected.subarray(ETHERNET)));
});

Decap('types and ports: what is not asked for is left to the host', () => {
  const only = new DecapCells({ types: ['gue'], guePorts: [6081, 6090] });
  assertInside('GUE_PORT', 'DECAP_GUE', golden.INSIDE4, { on: only });
  for (const name of ['IPIP4_4', 'GRE4_4', 'GUE4_4'])
    assert.equal(only.decapsulate(frame(name)), { verdict: 'IGNORE_NOT_TUNNEL', packets: [] });
  const none = new DecapCells({ types: ['ipip'] });
  for (const name of ['GRE4_4', 'GUE4_4']) assert.is(none.decapsulate(frame(name)).verdict, 'IGNORE_NOT_TUNNEL');
});

Decap('prefixes: of balancers, of what is let in, of our own addresses; of all lengths', () => {
  const verdictOf = (options: ConstructorParameters<typeof DecapCells>[0], name: string): string =>
    new DecapCells(options).decapsulate(frame(name)).verdict;
  for (const sources of [['10.0.0.0/31'], ['0.0.0.0/0'], ['192.0.2.0/24', '10.0.0.1/32'], ['8.0.0.0/6']])
    assert.is(verdictOf({ sources }, 'IPIP4_4'), 'DECAP_IPIP', sources.join());
  for (const sources of [['10.0.0.2/31'], ['::/0'], [], ['11.0.0.0/8'], ['12.0.0.0/6']])
    assert.is(verdictOf({ sources }, 'IPIP4_4'), 'DROP_OUTER_SOURCE', sources.join());
  for (const sources of [['2001:db8:5::/64'], ['::/0'], ['2001:db8:4::/47'], ['2001:db8:5::/127']])
    assert.is(verdictOf({ sources }, 'IPIP6_6'), 'DECAP_IPIP', sources.join());
  for (const sources of [['2001:db8:6::/47'], ['0.0.0.0/0'], ['2001:db8:5::2/127']])
    assert.is(verdictOf({ sources }, 'IPIP6_6'), 'DROP_OUTER_SOURCE', sources.join());
  assert.is(verdictOf({ inners: ['192.0.2.81'] }, 'IPIP4_4'), 'DROP_INNER_DESTINATION');
  assert.is(verdictOf({ inners: ['192.0.2.80/28'] }, 'IPIP4_6'), 'DECAP_IPIP');
  assert.is(verdictOf({ inners: ['2001:db8::81'] }, 'GUE6_4'), 'DROP_INNER_DESTINATION');
  assert.is(verdictOf({ inners: ['2001:db8::/64'] }, 'GUE6_4'), 'DECAP_GUE');
  assert.is(verdictOf({ locals: ['10.0.1.0/24'] }, 'IPIP_ELSEWHERE'), 'DECAP_IPIP');
  assert.is(verdictOf({ locals: [] }, 'IPIP4_4'), 'IGNORE_NOT_TUNNEL');
});

Decap('an IPv4 address in its mapped form is not that IPv4 address (RFC 4291)', () => {
  // 2001:db8::80 of the packet inside, at 14 + 20 + 24, becomes ::ffff:192.0.2.80; then the same of the outer source, at 14 + 8.
  const mapped = [...new Uint8Array(10), 0xff, 0xff, 192, 0, 2, 80];
  assert.is(plain.decapsulate(patch(golden.IPIP6_4, 58, ...mapped)).verdict, 'DROP_INNER_DESTINATION');
  const outer = [...new Uint8Array(10), 0xff, 0xff, 10, 0, 0, 1];
  assert.is(plain.decapsulate(patch(golden.IPIP4_6, 22, ...outer)).verdict, 'DROP_OUTER_SOURCE');
  const own = [...new Uint8Array(10), 0xff, 0xff, 10, 0, 1, 9];
  assert.is(plain.decapsulate(patch(golden.IPIP4_6, 38, ...own)).verdict, 'IGNORE_NOT_TUNNEL');
});

const CASES: { verdict: string; what: string; bytes: Uint8Array; meta?: FrameMeta }[] = [
  { verdict: 'IGNORE_OTHER_HOST', what: 'broadcast', bytes: golden.IPIP4_4, meta: { packetType: 1 } },
  { verdict: 'IGNORE_OTHER_HOST', what: 'multicast', bytes: golden.IPIP4_4, meta: { packetType: 2 } },
  { verdict: 'IGNORE_OTHER_HOST', what: 'sent by this host', bytes: golden.IPIP4_4, meta: { packetType: 4 } },
  { verdict: 'IGNORE_NOT_TUNNEL', what: 'ARP', bytes: neighbours.ARP_TOLD },
  { verdict: 'IGNORE_ETHERTYPE', what: 'LLDP', bytes: patch(v4.SYN, 12, 0x88, 0xcc) },
  { verdict: 'IGNORE_NOT_TUNNEL', what: 'TCP', bytes: v4.SYN },
  {
    verdict: 'IGNORE_NOT_TUNNEL',
    what: 'a broken header to somebody else',
    bytes: patch(golden.IPIP_ELSEWHERE, 16, 0xff, 0xff),
  },
  { verdict: 'DROP_TRUNCATED', what: 'shorter than Ethernet', bytes: new Uint8Array(0) },
  { verdict: 'DROP_TRUNCATED', what: 'longer than the frame', bytes: patch(golden.IPIP4_4, 16, 0xff, 0xff) },
  { verdict: 'DROP_BAD_HEADER', what: 'UDP length below its header', bytes: patch(golden.GUE4_4, 38, 0, 7) },
  { verdict: 'DROP_EXTENSIONS', what: 'nine destination options', bytes: withOptions(9) },
  { verdict: 'DROP_TINY_FRAGMENT', what: 'half a UDP header', bytes: tiny() },
];

/** The first four bytes of a UDP header, and more fragments. */
function tiny(): Uint8Array {
  return patch(golden.GUE4_4.slice(0, 38), 16, 0, 24, 0, 0, 0x20, 0);
}

for (const { verdict, what, bytes, meta } of CASES) {
  Decap(`${verdict}: ${what}`, () => {
    assert.equal(plain.decapsulate(bytes, meta), { verdict, packets: [] });
  });
}

Decap('every verdict of a decapsulator is reached, and counted once a frame', () => {
  const own = new DecapCells({ frameBytesMax: 64 });
  assert.is(own.decapsulate(new Uint8Array(400)).verdict, 'DROP_SNAPPED');
  const counts = plain.counts();
  for (const { name } of DECAP_VERDICTS) {
    if (name === 'DROP_SNAPPED' || name === 'DROP_SEGMENTS' || name === 'DROP_OUTER_SUPER_FRAME') continue;
    assert.ok((counts[name] ?? 0) > 0, name);
  }
  const before = plain.counts();
  plain.decapsulate(golden.GUE4_4);
  assert.equal(plain.counts(), { ...before, DECAP_GUE: (before.DECAP_GUE ?? 0) + 1 });
});

Decap.run();
