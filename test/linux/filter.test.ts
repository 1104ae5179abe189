import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBytes, addressText } from '../../host/linux/address.js';
import { type BpfProgram, encodeProgram } from '../../host/linux/bpf.js';
import { buildFilter, buildTunnelFilter } from '../../host/linux/filter.js';
import { interpret } from './bpfInterpreter.js';
import { dump, errorOf, hex } from './netns.js';

const Filter = suite('linux/filter');
const WHOLE = 0xffffffff;
const VLAN = [0x81, 0x00, 0x00, 0x2a];

/** An Ethernet frame with nothing in it but what a filter may look at. */
function frame(etherType: number, payload: Uint8Array, tag: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...new Uint8Array(12), ...tag, etherType >> 8, etherType & 0xff, ...payload]);
}

function ipTo(address: string, tag: readonly number[] = []): Uint8Array {
  const to = addressBytes(address);
  const header = new Uint8Array(to.length === 4 ? 20 : 40);
  header[0] = to.length === 4 ? 0x45 : 0x60;
  header[6] = 17;
  header.set(to, to.length === 4 ? 16 : 24);
  return frame(to.length === 4 ? 0x0800 : 0x86dd, header, tag);
}

function arp(operation: number): Uint8Array {
  const payload = new Uint8Array(28);
  payload[7] = operation;
  return frame(0x0806, payload);
}

function icmpv6(type: number, to: string): Uint8Array {
  const payload = new Uint8Array(64);
  payload[6] = 58;
  payload.set(addressBytes(to), 24);
  payload[40] = type;
  return frame(0x86dd, payload);
}

function build(vips: string[], isAnnouncing = false): BpfProgram {
  const program = buildFilter(vips, isAnnouncing);
  if (program === undefined) throw new Error('no filter');
  return program;
}

function passes(program: BpfProgram, bytes: Uint8Array): boolean {
  const { result } = interpret(program, bytes);
  assert.ok(result === 0 || result === WHOLE, `${result}`);
  return result === WHOLE;
}

Filter('passes VIPs of both families, with and without a tag, and nothing else', () => {
  const program = build(['192.0.2.80', '198.51.100.0/24', '2001:db8::80', '2001:db8:1::/48']);
  for (const tag of [[], VLAN, [0x88, 0xa8, 0, 1]]) {
    for (const vip of ['192.0.2.80', '198.51.100.0', '198.51.100.255', '2001:db8::80', '2001:db8:1:ffff::1']) {
      assert.ok(passes(program, ipTo(vip, tag)), `${vip} behind ${tag}`);
    }
    for (const other of ['192.0.2.79', '192.0.2.81', '198.51.99.255', '198.51.101.0', '2001:db8::81', '2001:db8:2::']) {
      assert.not.ok(passes(program, ipTo(other, tag)), `${other} behind ${tag}`);
    }
  }
  assert.not.ok(passes(program, ipTo('192.0.2.80', [...VLAN, ...VLAN])), 'two tags');
  assert.not.ok(passes(program, frame(0x88cc, new Uint8Array(50))), 'LLDP');
});

Filter('drops a frame that ends before its destination address', () => {
  const program = build(['192.0.2.80', '2001:db8::80'], true);
  for (const whole of [ipTo('192.0.2.80'), ipTo('2001:db8::80'), ipTo('192.0.2.80', VLAN)]) {
    for (let length = 0; length < whole.length; length++) assert.not.ok(passes(program, whole.subarray(0, length)));
    assert.ok(passes(program, whole));
  }
});

Filter('passes ARP requests and neighbour solicitations only when announcing', () => {
  for (const isAnnouncing of [true, false]) {
    const program = build(['192.0.2.80', '2001:db8::80'], isAnnouncing);
    assert.is(passes(program, arp(1)), isAnnouncing);
    assert.is(passes(program, icmpv6(135, 'ff02::1:ff00:80')), isAnnouncing);
    assert.not.ok(passes(program, arp(2)), 'ARP reply');
    assert.not.ok(passes(program, icmpv6(136, 'ff02::1')), 'neighbour advertisement');
    assert.ok(passes(program, icmpv6(128, '2001:db8::80')), 'echo request to the VIP');
  }
});

Filter('ICMP for our own addresses passes, nothing else for them does', () => {
  const own = ['10.0.0.1', '10.0.0.2', '2001:db8:5::1', '2001:db8:5::2'];
  const program = buildFilter(['192.0.2.80', '2001:db8::80'], false, own) as BpfProgram;
  const icmp4 = (to: string): Uint8Array => {
    const bytes = ipTo(to);
    bytes[14 + 9] = 1;
    return bytes;
  };
  for (const address of own) {
    const isV6 = address.includes(':');
    assert.ok(passes(program, isV6 ? icmpv6(1, address) : icmp4(address)), `ICMP to ${address}`);
    assert.not.ok(passes(program, ipTo(address)), `no ICMP to ${address}`);
  }
  assert.not.ok(passes(program, icmp4('10.0.0.3')));
  assert.not.ok(passes(program, icmpv6(1, '2001:db8:5::3')));
  assert.ok(passes(program, icmp4('192.0.2.80')));
  assert.ok(passes(program, icmpv6(1, '2001:db8::80')));
  assert.ok(passes(program, ipTo('192.0.2.80')));
  assert.ok(passes(program, ipTo('2001:db8::80')));
});

Filter('without VIPs nothing passes', () => {
  const program = build([]);
  for (const bytes of [ipTo('192.0.2.80'), ipTo('::'), arp(1), icmpv6(135, 'ff02::1')]) {
    assert.not.ok(passes(program, bytes));
  }
});

Filter('prefixes inside one another, double ones and those of any length', () => {
  const program = build(['10.0.0.0/8', '10.1.2.3', '10.1.2.3', '10.255.255.255', '0.0.0.0/5', '240.0.0.0/4']);
  for (const vip of ['10.0.0.0', '10.1.2.3', '10.255.255.255', '0.0.0.1', '7.255.255.255', '255.255.255.255']) {
    assert.ok(passes(program, ipTo(vip)), vip);
  }
  for (const other of ['8.0.0.0', '9.255.255.255', '11.0.0.0', '239.255.255.255']) {
    assert.not.ok(passes(program, ipTo(other)), other);
  }
  assert.ok(passes(build(['0.0.0.0/0']), ipTo('203.0.113.7')));
  assert.ok(passes(build(['::/0']), ipTo('2001:db8::1')));
});

/** mulberry32: the same numbers on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Few different words, so that addresses share beginnings and neighbours are near. */
function randomAddress(next: () => number): string {
  const bytes = new Uint8Array(next() % 2 === 0 ? 4 : 16);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 4 < 2 ? next() % 2 : i % 4 === 2 ? next() % 3 : next();
  return addressText(bytes);
}

Filter('agrees with a list on random sets', () => {
  const seed = 20260801;
  const next = random(seed);
  for (let round = 0; round < 40; round++) {
    const vips = new Set(Array.from({ length: next() % 300 }, () => randomAddress(next)));
    const program = build([...vips], round % 2 === 0);
    for (const vip of vips) assert.ok(passes(program, ipTo(vip)), `seed ${seed}, round ${round}: ${vip}`);
    for (let i = 0; i < 200; i++) {
      const address = randomAddress(next);
      assert.is(passes(program, ipTo(address)), vips.has(address), `seed ${seed}, round ${round}: ${address}`);
    }
  }
});

Filter('1000 IPv4 addresses take a dozen compares; above 4096 instructions there is no filter', () => {
  const vips = Array.from({ length: 1000 }, (_, i) => `10.${i % 7}.${i >> 3}.${i & 255}`);
  const program = build(vips);
  assert.ok(program.length <= 4096, `${program.length}`);
  for (const vip of vips) {
    const { result, steps } = interpret(program, ipTo(vip));
    assert.is(result, WHOLE);
    // 6 to find the EtherType, 2 to the family, 1 load; 10 levels of at most 2; 2 for the leaf.
    assert.ok(steps <= 31, `${vip}: ${steps} steps`);
  }
  assert.is(
    buildFilter(
      Array.from({ length: 1200 }, (_, i) => `10.0.${i >> 8}.${i & 255}`),
      false,
    ),
    undefined,
  );
});

Filter('is encoded as struct sock_filter', () => {
  // By hand, after linux/filter.h: code u16, jt u8, jf u8, k u32, little-endian.
  const program = build(['192.0.2.80']);
  assert.fixture(
    dump(encodeProgram(program.slice(0, 8))),
    dump(hex`
      01 00 00 00 00 00 00 00    // ldx #0
      28 00 00 00 0c 00 00 00    // ldh [12]
      15 00 01 00 00 81 00 00    // jeq #0x8100, 1, 0
      15 00 00 02 a8 88 00 00    // jeq #0x88a8, 0, 2
      01 00 00 00 04 00 00 00    // ldx #4
      28 00 00 00 10 00 00 00    // ldh [16]
      15 00 01 00 00 08 00 00    // jeq #0x0800, 1, 0
      05 00 00 00 04 00 00 00    // ja 4
    `),
  );
});

Filter('refuses what is not an address', async () => {
  assert.is(
    (await errorOf(() => buildFilter(['10.1'], false))).message,
    'address "10.1" must be an IPv4 or IPv6 address',
  );
  assert.is((await errorOf(() => buildFilter(['10.0.0.0/33'], false))).code, 'ERR_OPTION');
});

Filter(
  'of a decapsulator: tunnel protocols and ports of both families, and what only the walk of headers can tell',
  () => {
    const program = buildTunnelFilter([4, 41, 47], [6080, 6081]);
    const v4 = (protocol: number, port = 0, first = 0x45): Uint8Array => {
      const packet = new Uint8Array(28);
      packet.set([first], 0);
      packet.set([protocol], 9);
      packet.set([port >> 8, port & 0xff], 22);
      return packet;
    };
    const v6 = (next: number, port = 0): Uint8Array => {
      const packet = new Uint8Array(48);
      packet.set([0x60], 0);
      packet.set([next], 6);
      packet.set([port >> 8, port & 0xff], 42);
      return packet;
    };
    for (const tag of [[], VLAN]) {
      for (const protocol of [4, 41, 47]) {
        assert.ok(passes(program, frame(0x0800, v4(protocol), tag)), `IPv4 ${protocol}`);
        assert.ok(passes(program, frame(0x86dd, v6(protocol), tag)), `IPv6 ${protocol}`);
      }
      for (const port of [6080, 6081]) {
        assert.ok(passes(program, frame(0x0800, v4(17, port), tag)), `IPv4 ${port}`);
        assert.ok(passes(program, frame(0x86dd, v6(17, port), tag)), `IPv6 ${port}`);
      }
      for (const next of [0, 43, 44, 51, 60]) assert.ok(passes(program, frame(0x86dd, v6(next), tag)), `next ${next}`);
      assert.ok(passes(program, frame(0x0800, v4(6, 0, 0x46), tag)), 'IP options');
      for (const [protocol, port] of [
        [6, 6080],
        [17, 6079],
        [17, 6082],
        [1, 0],
        [58, 0],
        [132, 6080],
      ] as const) {
        assert.not.ok(passes(program, frame(0x0800, v4(protocol, port), tag)), `IPv4 ${protocol} ${port}`);
        assert.not.ok(passes(program, frame(0x86dd, v6(protocol, port), tag)), `IPv6 ${protocol} ${port}`);
      }
      assert.not.ok(passes(program, frame(0x0806, v4(4), tag)), 'ARP');
    }
    const withoutUdp = buildTunnelFilter([47], []);
    assert.ok(passes(withoutUdp, frame(0x0800, v4(47))));
    for (const protocol of [4, 17]) assert.not.ok(passes(withoutUdp, frame(0x0800, v4(protocol, 6080))));
  },
);

Filter.run();
