// A frame through the whole hot path, for every profile and every choice of fields: the backend is the one that a slow twin of
// table and hash names; the flow table tells flows apart by their whole 5-tuple all the same.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath } from '../../host/hotpath.js';
import { addressBytes, isMapped } from '../../host/membership/address.js';
import type { HashFields, HashName, Vip } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import { xxh64 } from '../model/hash64.js';
import { jhash, tuple6 } from '../model/jhash.js';
import { ciliumTable, envoyTable, katranTable, type Named } from '../model/tables.js';
import { FakeClock, SMALL } from '../support/hotpath.js';
import { flowFrame } from '../support/packets.js';
import { type Random, withSeeds } from '../support/random.js';

const Slot = suite('profiles/slot');
const PROTOCOL = { tcp: 6, udp: 17 } as const;
const DESTINATION = '192.0.2.80';

interface Flow {
  source: Uint8Array;
  destination: Uint8Array;
  sourcePort: number;
  destinationPort: number;
  protocol: 'tcp' | 'udp';
  frame: Uint8Array;
}

/** A flow to a VIP, as an Ethernet frame of its family; what the hot path does not look at is 0. */
function flowTo(address: string, destinationPort: number, protocol: 'tcp' | 'udp', { bytes, int }: Random): Flow {
  const sourcePort = int(65536);
  const isV6 = address.includes(':');
  const destination = addressBytes(address).subarray(isV6 ? 0 : 12);
  if (!isV6) {
    const client = int(65536);
    const [a = 0, b = 0, c = 0, d = 0] = destination;
    const frame = flowFrame({ protocol, client, sourcePort, destination: [a, b, c, d], destinationPort });
    return { source: frame.slice(26, 30), destination, sourcePort, destinationPort, protocol, frame };
  }
  const source = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, ...bytes(4)]);
  const v4 = flowFrame({ protocol, client: 0, sourcePort, destinationPort });
  const transport = v4.subarray(34);
  const header = [0x60, 0, 0, 0, 0, transport.length, PROTOCOL[protocol], 64, ...source, ...destination];
  const frame = Uint8Array.from([...v4.subarray(0, 12), 0x86, 0xdd, ...header, ...transport]);
  return { source, destination, sourcePort, destinationPort, protocol, frame };
}

function portBytes(source: number, destination: number): Buffer {
  return Buffer.of(source >> 8, source & 255, destination >> 8, destination & 255);
}

/** Slot of a flow, from what each system says of itself. */
function slotOf(vip: Vip, hash: HashName, on: HashFields, flow: Flow, slotCount: number): number {
  const sourcePort = on === 'source' ? 0 : flow.sourcePort;
  const protocol = PROTOCOL[flow.protocol];
  if (hash === 'envoy') {
    const text = flow.source.length === 4 ? flow.source.join('.') : formatV6(flow.source);
    const ports = portBytes(flow.sourcePort, flow.destinationPort);
    const whole = Buffer.concat([flow.source, flow.destination, ports, Buffer.of(protocol)]);
    return Number(xxh64(on === 'source' ? Buffer.from(text) : whole, 0n) % BigInt(slotCount));
  }
  if (hash === 'cilium') {
    const ports = portBytes(sourcePort, flow.destinationPort);
    if (flow.source.length === 16) return tuple6(flow.source, ports.readUInt32LE(), protocol, 0x92505688) % slotCount;
    return jhash(Buffer.concat([flow.source, ports, Buffer.of(protocol, 0, 0, 0)]), 0x71dcda46) % slotCount;
  }
  const isExact = vip.port !== 0 && !vip.address.includes('/');
  const destinationPort = isExact || on === 'port' ? flow.destinationPort : 0;
  const ports = portBytes(on === 'port' ? destinationPort : sourcePort, destinationPort);
  let client = Buffer.from(on === 'port' ? new Uint8Array(flow.source.length) : flow.source);
  if (client.length === 16) {
    const first = jhash(client, 512);
    client = Buffer.alloc(4);
    client.writeUInt32LE(first);
  }
  return jhash(Buffer.concat([client, ports]), 512 * slotCount) % slotCount;
}

function formatV6(bytes: Uint8Array): string {
  // Addresses of this test: 2001:db8:: and 32 bits of chance.
  const high = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  const low = ((bytes[14] ?? 0) << 8) | (bytes[15] ?? 0);
  if (high === 0) return low === 0 ? '2001:db8::' : `2001:db8::${low.toString(16)}`;
  return `2001:db8::${high.toString(16)}:${low.toString(16)}`;
}

function tableOf(vip: Vip, hash: HashName, backends: readonly string[], slotCount: number): number[] {
  const named = backends.map((address, i): Named => {
    const weight = 1 + (i % 3);
    const place = address.includes(':') ? `[${address}]:${vip.port}` : `${address}:${vip.port}`;
    if (hash === 'envoy') return { weight, identity: Buffer.from(place) };
    if (hash === 'cilium')
      return { weight, identity: Buffer.from(`[${place}/${vip.protocol.toUpperCase()},State:active]`) };
    const bytes = addressBytes(address);
    return { weight, identity: isMapped(bytes) ? bytes.subarray(12) : bytes };
  });
  if (hash === 'envoy') return envoyTable(named, slotCount);
  if (hash === 'cilium') return ciliumTable(named, slotCount);
  return katranTable(named, slotCount, hash === 'katran-v1' ? 1 : 2);
}

async function serve(vip: Vip, backends: readonly string[]): Promise<HotPath> {
  const hotPath = await createHotPath({ ...SMALL, hashSecret: 'the test of profiles' });
  const key = vipKey(vip);
  const records = backends.map((address, i) => ({ put: { vip: key, address, weight: 1 + (i % 3) } }));
  await hotPath.apply([{ put: vip }, ...records]);
  return hotPath;
}

const CASES: [hash: HashName, on: HashFields][] = [
  ['katran-v1', '5-tuple'],
  ['katran-v1', 'source'],
  ['katran-v1', 'port'],
  ['katran-v2', '5-tuple'],
  ['cilium', '5-tuple'],
  ['cilium', 'source'],
  ['envoy', '5-tuple'],
  ['envoy', 'source'],
];
for (const [hash, hashOn] of CASES) {
  Slot(`${hash} on ${hashOn}: frames go where the model says`, () =>
    withSeeds([1, 2], async (chance) => {
      for (const address of [DESTINATION, '2001:db8:f::80']) {
        const isV6 = address.includes(':');
        const backends = [1, 2, 3, 4, 5].map((last) => (isV6 ? `2001:db8:1::${last}` : `10.0.1.${last}`));
        for (const port of [0, 443]) {
          const protocol = chance.pick(['tcp', 'udp'] as const);
          const vip: Vip = { address, protocol, port, hash, hashOn, tableSize: 251 };
          const hotPath = await serve(vip, backends);
          const table = tableOf(vip, hash, backends, 251);
          for (let i = 0; i < 40; i++) {
            const flow = flowTo(address, port || 1 + chance.int(65535), protocol, chance);
            const expected = backends[table[slotOf(vip, hash, hashOn, flow, 251)] ?? -1];
            assert.is(hotPath.forward(flow.frame).backend, expected, `port ${port}, flow ${i}`);
          }
          hotPath[Symbol.dispose]();
        }
      }
    }),
  );
}

Slot('katran: behind a prefix the destination port does not count, as behind port 0', () =>
  withSeeds([3], async (chance) => {
    const backends = [1, 2, 3].map((last) => `10.0.1.${last}`);
    const vip: Vip = { address: '192.0.2.0/24', protocol: 'tcp', port: 443, hash: 'katran-v1', tableSize: 251 };
    const hotPath = await serve(vip, backends);
    const table = tableOf(vip, 'katran-v1', backends, 251);
    for (let i = 0; i < 40; i++) {
      const flow = flowTo(`192.0.2.${chance.int(256)}`, 443, 'tcp', chance);
      const expected = backends[table[slotOf(vip, 'katran-v1', '5-tuple', flow, 251)] ?? -1];
      assert.is(hotPath.forward(flow.frame).backend, expected);
    }
  }),
);

Slot('native on source: a client has one backend, whatever its ports, and clients spread', async () => {
  for (const address of [DESTINATION, '2001:db8:f::80']) {
    const backends = [1, 2, 3, 4].map((last) => (address.includes(':') ? `2001:db8:1::${last}` : `10.0.1.${last}`));
    const hotPath = await serve({ address, protocol: 'tcp', port: 0, hashOn: 'source', tableSize: 251 }, backends);
    await withSeeds([4], (chance) => {
      const chosen = new Set<string | undefined>();
      for (let client = 0; client < 64; client++) {
        const { frame } = flowTo(address, 80, 'tcp', chance);
        const ports = address.includes(':') ? 54 : 34;
        const first = hotPath.forward(frame).backend;
        for (let i = 0; i < 5; i++) {
          frame.set(chance.bytes(4), ports);
          assert.is(hotPath.forward(frame).backend, first, `client ${client}`);
        }
        chosen.add(first);
      }
      assert.is(chosen.size, 4);
    });
  }
});

Slot('native on port: a port has one backend, whoever asks, and ports spread', async () => {
  const backends = [1, 2, 3, 4].map((last) => `10.0.1.${last}`);
  const hotPath = await serve(
    { address: DESTINATION, protocol: 'udp', port: 0, hashOn: 'port', tableSize: 251 },
    backends,
  );
  await withSeeds([5], (chance) => {
    const chosen = new Set<string | undefined>();
    for (let port = 1; port <= 64; port++) {
      const first = hotPath.forward(flowTo(DESTINATION, port, 'udp', chance).frame).backend;
      for (let i = 0; i < 5; i++)
        assert.is(hotPath.forward(flowTo(DESTINATION, port, 'udp', chance).frame).backend, first);
      chosen.add(first);
    }
    assert.is(chosen.size, 4);
  });
});

Slot('flows that share a slot are told apart: tracked by 5-tuple, with every profile', async () => {
  const vip = vipKey({ address: DESTINATION, protocol: 'tcp', port: 80 });
  for (const hash of ['native', 'katran-v1', 'katran-v2', 'cilium', 'envoy'] as const) {
    const clock = new FakeClock();
    const hotPath = await createHotPath({ ...SMALL, hashSecret: 'the test of profiles', nowMs: clock.nowMs });
    const put = { address: DESTINATION, protocol: 'tcp', port: 80, hash, hashOn: 'source', tableSize: 7 } as const;
    await hotPath.apply([{ put }, { put: { vip, address: '10.0.1.1' } }]);
    const packet = { protocol: 'tcp', client: 9 } as const;
    const old = flowFrame({ ...packet, sourcePort: 40000 });
    assert.is(hotPath.forward(old).backend, '10.0.1.1');
    await hotPath.apply([
      { put: { vip, address: '10.0.1.2' } },
      { put: { vip, address: '10.0.1.1', state: 'draining' } },
    ]);
    // The same client, so the same slot: what it had stays, what it begins goes to the new one.
    assert.is(hotPath.forward(old).backend, '10.0.1.1', hash);
    for (let port = 50000; port < 50020; port++) {
      assert.is(hotPath.forward(flowFrame({ ...packet, sourcePort: port, isSyn: true })).backend, '10.0.1.2', hash);
      assert.is(hotPath.forward(flowFrame({ ...packet, sourcePort: port })).backend, '10.0.1.2', hash);
    }
    assert.is(hotPath.forward(old).backend, '10.0.1.1', hash);
  }
});

/** An ICMP error (RFC 792: fragmentation needed) about what the VIP sent to the client of `flow`, quoted with 8 bytes. */
function errorAbout({ source, destination, sourcePort, destinationPort, protocol }: Flow): Uint8Array {
  const quoted = [0x45, 0, 5, 220, 0, 0, 0x40, 0, 60, PROTOCOL[protocol], 0, 0, ...destination, ...source];
  const icmp = [3, 4, 0, 0, 0, 0, 5, 0x78, ...quoted, ...portBytes(destinationPort, sourcePort), 0, 0, 0, 0];
  const header = [0x45, 0, 0, 20 + icmp.length, 0, 0, 0, 0, 60, 1, 0, 0, 203, 0, 113, 1, ...destination];
  return Uint8Array.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1, 8, 0, ...header, ...icmp]);
}

Slot('an ICMP error goes to the backend of the flow that it quotes, with every profile', () =>
  withSeeds([8], async (chance) => {
    for (const [hash, hashOn] of [['native', 'source'] as const, ['native', 'port'] as const, ...CASES]) {
      const vip: Vip = { address: DESTINATION, protocol: 'tcp', port: 443, hash, hashOn, tableSize: 251 };
      const backends = [1, 2, 3, 4, 5].map((last) => `10.0.1.${last}`);
      const hotPath = await serve(vip, backends);
      for (let i = 0; i < 20; i++) {
        const flow = flowTo(DESTINATION, 443, 'tcp', chance);
        const { backend } = hotPath.forward(flow.frame);
        assert.is(hotPath.forward(errorAbout(flow)).backend, backend, `${hash} on ${hashOn}, flow ${i}`);
      }
      hotPath[Symbol.dispose]();
    }
  }),
);

Slot('5,000,011 slots, the most there are, with every profile: all have a backend, and frames find theirs', () =>
  withSeeds([6], async (chance) => {
    for (const hash of ['native', 'katran-v1', 'katran-v2', 'cilium', 'envoy'] as const) {
      const hotPath = await createHotPath({ ...SMALL, tablesMiB: 64, hashSecret: 'the test of profiles' });
      const vip: Vip = { address: DESTINATION, protocol: 'tcp', port: 80, hash, tableSize: 5000011 };
      const key = vipKey(vip);
      const backends = [1, 2, 3].map((last) => ({ put: { vip: key, address: `10.0.1.${last}` } }));
      await hotPath.apply([{ put: vip }, ...backends]);
      const slots = [...hotPath.slots(key).values()].sort((a, b) => a - b);
      assert.equal(slots, [1666670, 1666670, 1666671], hash);
      const chosen = new Set<string | undefined>();
      for (let i = 0; i < 64; i++) chosen.add(hotPath.forward(flowTo(DESTINATION, 80, 'tcp', chance).frame).backend);
      assert.is(chosen.size, 3, hash);
      hotPath[Symbol.dispose]();
    }
  }),
);

Slot('another hash is another table: digests differ, and are a function of the records', async () => {
  const digests = new Map<string, HashName>();
  for (const hash of ['native', 'katran-v1', 'katran-v2', 'cilium', 'envoy'] as const) {
    const backends = [1, 2, 3].map((last) => `10.0.1.${last}`);
    const vip: Vip = { address: DESTINATION, protocol: 'tcp', port: 80, tableSize: 251 };
    const hotPath = await serve({ ...vip, hash }, backends);
    const digest = hotPath.digest(vipKey(vip));
    assert.is(digests.get(digest), undefined);
    digests.set(digest, hash);
    const other = await serve({ ...vip, hash: hash === 'native' ? 'envoy' : 'native' }, backends.toReversed());
    await other.apply(backends.map((address, i) => ({ put: { vip: vipKey(vip), address, weight: 1 + (i % 3) } })));
    await other.apply([{ put: { ...vip, hash } }]);
    assert.is(other.digest(vipKey(vip)), digest, `changed to ${hash}`);
  }
});

Slot.run();
