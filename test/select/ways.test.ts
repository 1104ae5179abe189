// Ways to a backend before the table: what packets name, against a slow reader of them; then one story a test.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Backend,
  type Change,
  createHotPath,
  type HotPath,
  type HotPathOptions,
  type Vip,
} from '../../host/hotpath.js';
import { addressBytes } from '../../host/membership/address.js';
import { vipKey } from '../../host/membership/key.js';
import * as frames from '../golden/ways.js';
import { type ModelRoute, quicId, routeOf, stableId, tcpOptionId } from '../model/ways.js';
import { type ClientPacket, clientFrame } from '../support/clientPackets.js';
import { FakeClock, SMALL } from '../support/hotpath.js';
import { type Random, withSeeds } from '../support/random.js';

const Ways = suite('select/ways');

const SECRET = 'a secret of 16 bytes';
const QUIC = { address: '192.0.2.80', protocol: 'udp', port: 443, tableSize: 251 } as const;
const WEB = { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 251 } as const;
const A = '10.0.1.1';
const B = '10.0.1.2';
const C = '10.0.1.3';
/** In no table: only to be named. */
const NAMED = '10.0.1.4';
const BACKENDS: Omit<Backend, 'vip'>[] = [
  { address: A, serverId: [7, 70_000] },
  { address: B, serverId: 300 },
  { address: C, serverId: 0xfffffd },
  { address: NAMED, weight: 0, serverId: 1 },
];

async function open(
  vip: Vip,
  backends: Omit<Backend, 'vip'>[] = BACKENDS,
  options: HotPathOptions = {},
): Promise<HotPath> {
  const hotPath = await createHotPath({ ...SMALL, hashSecret: SECRET, ...options });
  await hotPath.apply([{ put: vip }, ...puts(vip, backends)]);
  return hotPath;
}

function puts(vip: Vip, backends: Omit<Backend, 'vip'>[]): Change[] {
  return backends.map((backend) => ({ put: { vip: vipKey(vip), ...backend } }));
}

/** A frame of a client of `vip`. */
function frame(vip: Vip, packet: Partial<ClientPacket> = {}): Uint8Array {
  const source = vip.address.includes(':') ? '2001:db8:c::7' : '198.51.100.7';
  const { address, protocol, port } = vip;
  return clientFrame({ source, destination: address, protocol: protocol as 'tcp', destinationPort: port, ...packet });
}

/** What is named by an id of the backends above. */
function backendOfId(id: number): string | undefined {
  return BACKENDS.find(({ serverId }) => [serverId].flat().includes(id))?.address;
}

const INTERESTING_IDS = [0, 1, 7, 300, 70_000, 0xfffffd, 0xfffffe, 0xffffff, 5];

function quicPayload(random: Random): Uint8Array {
  const payload = random.bytes(random.int(24));
  const id = random.pick(INTERESTING_IDS);
  const at = (payload[0] ?? 0) & 0x80 ? 6 : 1;
  const version = random.int(4);
  if (at === 6 && payload.length > 5) payload[5] = random.pick([8, 8, 8, 7, 0, 255]);
  if (at === 6 && random.int(4) === 0)
    payload.set([0x6b, 0x33, 0x43, 0xcf].slice(0, Math.max(0, payload.length - 1)), 1);
  if (payload.length >= at + 5 && random.int(4) > 0) payload.set(connectionId(version, id).subarray(0, 5), at);
  return payload;
}

/** The beginning of a connection id of 8 bytes, with the id in the form `version`. */
function connectionId(version: number, id: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  if (version === 1) bytes.writeUInt32BE(((1 << 30) | ((id & 0xffff) << 14)) >>> 0);
  else if (version === 2) bytes.writeUInt32BE(((2 << 30) | id) >>> 0);
  else {
    bytes[0] = version << 6;
    bytes.writeUInt32BE(id, 1);
  }
  return bytes;
}

const packetWithId = (id: number, version = 2): Uint8Array => Uint8Array.from([0x40, ...connectionId(version, id)]);

const GOLDEN_BACKENDS: Omit<Backend, 'vip'>[] = [
  { address: A, serverId: [300, 70_000, 0xfffffd] },
  { address: B },
  { address: C },
];

const NAMED_FRAMES4 = [
  ...[frames.QUIC_HANDSHAKE_1, frames.QUIC_SHORT_1, frames.QUIC_MOVED_1],
  ...[frames.QUIC_HANDSHAKE_2, frames.QUIC_SHORT_2, frames.QUIC_MOVED_2],
  ...[frames.QUIC_HANDSHAKE_3, frames.QUIC_SHORT_3, frames.QUIC_MOVED_3],
];
const NAMED_FRAMES6 = [frames.QUIC_SHORT6_1, frames.QUIC_SHORT6_2, frames.QUIC_SHORT6_3];

Ways("golden frames: a real client's packets reach the server whose id they have, from wherever it sends", async () => {
  for (const address of ['192.0.2.80', '2001:db8::80']) {
    const vip: Vip = { ...QUIC, address, encap: { type: 'ipip' }, routeBy: ['quic'] };
    const hotPath = await open(vip, GOLDEN_BACKENDS);
    const plain = await open({ ...vip, routeBy: [] }, GOLDEN_BACKENDS);
    const named = address.includes(':') ? NAMED_FRAMES6 : NAMED_FRAMES4;
    for (const frame of named) assert.is(hotPath.forward(frame).backend, A);
    if (address.includes(':')) continue;
    assert.is(hotPath.forward(frames.QUIC2_HANDSHAKE).backend, A);
    assert.is(hotPath.stats().events.routedQuic, 10);
    for (const frame of [frames.QUIC_INITIAL, frames.QUIC_0RTT, frames.QUIC2_INITIAL]) {
      assert.is(hotPath.forward(frame).backend, plain.forward(frame).backend);
    }
    assert.is(hotPath.stats().events.quicInitial, 3);
    // Without the way the table decides, and the client that moved has another slot.
    assert.is(plain.forward(frames.QUIC_SHORT_1).backend, B);
    assert.is(plain.forward(frames.QUIC_MOVED_1).backend, A);
  }
});

Ways('golden frames: stable header, and TCP option', async () => {
  for (const [address, stable] of [
    ['192.0.2.80', frames.STABLE],
    ['2001:db8::80', frames.STABLE_6],
  ] as const) {
    const vip: Vip = { ...QUIC, address, encap: { type: 'ipip' }, routeBy: ['stable-udp'] };
    const hotPath = await open(vip, GOLDEN_BACKENDS);
    assert.is(hotPath.forward(stable).backend, A);
    assert.is(hotPath.stats().events.routedStableUdp, 1);
  }
  const hotPath = await open({ ...WEB, routeBy: ['tcp-option'] }, GOLDEN_BACKENDS);
  assert.is(hotPath.forward(frames.TCP_OPTION).backend, A);
  hotPath.forward(frames.TCP_OPTION_SYN);
  hotPath.forward(frames.TCP_NO_OPTION);
  const { routedTcpOption, tcpOptionNoId, tcpOptionUnknown } = hotPath.stats().events;
  assert.equal([routedTcpOption, tcpOptionNoId, tcpOptionUnknown], [1, 1, 0]);
});

Ways('a QUIC connection id names the backend that a slow reader finds, else the table decides', async () => {
  const plain = await open({ ...QUIC, tracking: 'none' });
  const hotPath = await open({ ...QUIC, tracking: 'none', routeBy: ['quic'] });
  const seen = { routed: 0, unknown: 0, initial: 0, none: 0, versions: [0, 0, 0, 0] };
  await withSeeds([1, 2, 3, 4], (random) => {
    for (let i = 0; i < 2000; i++) {
      const payload = quicPayload(random);
      const packet = frame(QUIC, { payload, sourcePort: 1024 + random.int(4096) });
      const { id, version, isInitial } = quicId(payload);
      const named = id === 0 ? undefined : backendOfId(id);
      const expected = named ?? plain.forward(packet).backend;
      assert.is(hotPath.forward(packet).backend, expected, `${Buffer.from(payload).toString('hex')}, id ${id}`);
      if (isInitial) seen.initial++;
      else if (id === 0) seen.none++;
      else {
        (seen.versions[version] as number)++;
        if (named === undefined) seen.unknown++;
        else seen.routed++;
      }
    }
  });
  const { events } = hotPath.stats();
  const { routedQuic, quicUnknown, quicInitial, quicNoId, quicV1, quicV2, quicV3 } = events;
  assert.equal(
    { routedQuic, quicUnknown, quicInitial, quicNoId },
    {
      routedQuic: seen.routed,
      quicUnknown: seen.unknown,
      quicInitial: seen.initial,
      quicNoId: seen.none,
    },
  );
  assert.equal([0, quicV1, quicV2, quicV3], seen.versions);
  assert.ok(
    Math.min(seen.routed, seen.unknown, seen.initial, seen.none, ...seen.versions.slice(1)) > 100,
    JSON.stringify(seen),
  );
});

Ways('a stable UDP header does, too', async () => {
  const plain = await open({ ...QUIC, tracking: 'none' });
  const hotPath = await open({ ...QUIC, tracking: 'none', routeBy: ['stable-udp'] });
  let routed = 0;
  await withSeeds([5, 6], (random) => {
    for (let i = 0; i < 2000; i++) {
      const payload = random.bytes(random.int(14));
      payload.set([random.int(8) > 0 ? 0x52 : 0x53].slice(0, payload.length));
      if (payload.length >= 4) Buffer.from(payload.buffer).writeUIntBE(random.pick(INTERESTING_IDS), 1, 3);
      const packet = frame(QUIC, { payload, sourcePort: 1024 + random.int(4096) });
      const named = backendOfId(stableId(payload));
      if (named !== undefined) routed++;
      assert.is(hotPath.forward(packet).backend, named ?? plain.forward(packet).backend);
    }
  });
  assert.is(hotPath.stats().events.routedStableUdp, routed);
  assert.ok(routed > 300, `${routed}`);
});

Ways('a TCP option does, but not in a SYN', async () => {
  const plain = await open({ ...WEB, tracking: 'none' });
  const hotPath = await open({ ...WEB, tracking: 'none', routeBy: ['tcp-option'] });
  let routed = 0;
  await withSeeds([7, 8, 9], (random) => {
    for (let i = 0; i < 2000; i++) {
      const options = tcpOptions(random);
      const isSyn = random.int(8) === 0;
      const packet = frame(WEB, { options, isSyn, sourcePort: 1024 + random.int(4096) });
      const named = isSyn ? undefined : backendOfId(tcpOptionId(options));
      if (named !== undefined) routed++;
      const got = hotPath.forward(packet).backend;
      assert.is(got, named ?? plain.forward(packet).backend, Buffer.from(options).toString('hex'));
    }
  });
  assert.is(hotPath.stats().events.routedTcpOption, routed);
  assert.ok(routed > 1000, `${routed}`);
});

/** Options as senders write them, some broken, with the one we look for among them. */
function tcpOptions(random: Random): Uint8Array {
  const bytes: number[] = [];
  const count = random.int(14);
  for (let i = 0; i < count; i++) {
    const kind = random.int(12);
    if (kind < 6) bytes.push(1);
    else if (kind < 8) bytes.push(8, 10, ...random.bytes(8));
    else if (kind === 8) bytes.push(random.int(256), random.int(8));
    else bytes.push(5, 2);
  }
  const id = Buffer.alloc(4);
  id.writeUInt32LE(random.pick([...INTERESTING_IDS, 2 ** 31 + 7]));
  bytes.splice(random.int(bytes.length + 1), 0, 0xb7, random.int(16) === 0 ? 5 : 6, ...id);
  const cut = bytes.slice(0, 40);
  while (cut.length % 4 !== 0) cut.push(0);
  return Uint8Array.from(cut);
}

const numberOf = (address: string): bigint => {
  const bytes = addressBytes(address);
  const hex = Buffer.from(address.includes(':') ? bytes : bytes.subarray(12)).toString('hex');
  return BigInt(`0x${hex}`);
};

for (const isV6 of [false, true]) {
  Ways(`the longest source prefix that holds an IPv${isV6 ? 6 : 4} client names a backend`, async () => {
    const vip: Vip = {
      ...WEB,
      address: isV6 ? '2001:db8::80' : WEB.address,
      tracking: 'none',
      encap: { type: 'ipip' },
    };
    const routes: Record<string, string> = isV6
      ? { '2001:db8:c::/48': A, '2001:db8:c:1::/64': B, '2001:db8:c:1::7/128': NAMED, '2000::/3': C }
      : { '198.0.0.0/8': A, '198.51.100.0/24': B, '198.51.100.7': NAMED, '198.51.100.128/25': A, '10.0.0.0/31': C };
    const model: ModelRoute[] = Object.entries(routes).map(([prefix, backend]) => {
      const [address, length] = prefix.split('/') as [string, string?];
      return { address: numberOf(address), prefixBits: Number(length ?? (isV6 ? 128 : 32)), backend };
    });
    const plain = await open(vip);
    const hotPath = await open({ ...vip, routeBy: ['source'], sourceRoutes: routes });
    let routed = 0;
    await withSeeds([10, 11], (random) => {
      for (let i = 0; i < 1000; i++) {
        const source = isV6
          ? `${random.pick(['2001:db8:c', '2001:db8:d', 'fd00:0:0'])}:${random.int(3)}::${random.pick(['7', '8'])}`
          : random.pick([
              `198.51.100.${random.int(256)}`,
              `198.51.101.${random.int(256)}`,
              `10.0.0.${random.int(4)}`,
              '198.51.100.7',
            ]);
        const packet = frame(vip, { source, sourcePort: 1024 + random.int(512) });
        const named = routeOf(model, numberOf(source), isV6 ? 128 : 32);
        if (named !== undefined) routed++;
        assert.is(hotPath.forward(packet).backend, named ?? plain.forward(packet).backend, source);
      }
    });
    const { routedSource, sourceNoRoute } = hotPath.stats().events;
    assert.equal([routedSource, sourceNoRoute], [routed, 2000 - routed]);
    assert.ok(routed > 500 && routed < 1900, `${routed}`);
  });
}

Ways('a QUIC client that moves keeps its backend, and one without an id does not', async () => {
  const hotPath = await open({ ...QUIC, routeBy: ['quic'] });
  const addresses = Array.from({ length: 100 }, (_, i) => `198.51.${i}.9`);
  const moved = new Set(
    addresses.map((source) => hotPath.forward(frame(QUIC, { source, payload: packetWithId(300) })).backend),
  );
  assert.equal([...moved], [B]);
  const without = new Set(addresses.map((source) => hotPath.forward(frame(QUIC, { source })).backend));
  assert.equal([...without].sort(), [A, B, C]);
});

Ways('ways are asked in their order, whatever order the record has', async () => {
  const vip: Vip = { ...QUIC, routeBy: ['source', 'stable-udp', 'quic'], sourceRoutes: { '0.0.0.0/0': C } };
  const hotPath = await open(vip);
  // 0x52 is a short header, too: behind it, 0x81.... is a connection id of the second form, and 0x810007 an id nobody has.
  const both = Uint8Array.from([0x52, 0x80, 0x01, 0x2c, 0, 0, 0, 0, 0]); // QUIC: 0x012c00; stable: 0x80012c
  assert.is(hotPath.forward(frame(vip, { payload: both })).backend, C);
  const stable = Uint8Array.from([0x52, 0, 1, 0x2c, 0, 0, 0, 0]);
  assert.is(hotPath.forward(frame(vip, { payload: stable })).backend, B);
  const quic = Uint8Array.from([0x52, 0x80, 0, 0, 7, 0, 0, 0, 0]); // QUIC: 7; stable: 0x800000
  assert.is(hotPath.forward(frame(vip, { payload: quic })).backend, A);
  assert.is(hotPath.forward(frame(vip)).backend, C);
});

Ways('what names a backend that is down is asked on', async () => {
  const clock = new FakeClock();
  const vip: Vip = {
    ...WEB,
    routeBy: ['tcp-option', 'source'],
    sourceRoutes: { '198.51.100.0/24': B, '198.51.0.0/16': C },
  };
  const hotPath = await open(vip, BACKENDS, { nowMs: clock.nowMs });
  const options = Uint8Array.from([0xb7, 6, 7, 0, 0, 0, 1, 1]);
  const packet = frame(vip, { options });
  assert.is(hotPath.forward(packet).backend, A);
  await hotPath.apply([{ put: { vip: vipKey(vip), address: A, serverId: 7, state: 'down' } }]);
  assert.is(hotPath.forward(packet).backend, B);
  await hotPath.apply([{ put: { vip: vipKey(vip), address: B, serverId: 300, state: 'down' } }]);
  // Not the shorter prefix: the table, in which C is all that is left.
  const events = hotPath.stats().events.namedDown;
  assert.is(hotPath.forward(packet).backend, C);
  assert.is(hotPath.stats().events.routedSource, 1);
  assert.is(hotPath.stats().events.namedDown, (events ?? 0) + 2);
});

Ways.run();
