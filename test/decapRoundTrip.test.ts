// There and back: what the balancer puts into a tunnel, the decapsulator takes out as it would have left without one (L2), byte for byte:
// options, payloads of every length, marks, VLAN tags, fragments, super-frames cut into segments.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Encap } from '../host/membership/event.js';
import { checksum } from './model/checksum.js';
import { decapModel } from './model/decap.js';
import { DecapCells, RULES } from './support/decap.js';
import { dump } from './support/hex.js';
import { goldenHotPath, tunnelHotPath, virtioHeader } from './support/hotpath.js';
import { type Random, withSeeds } from './support/random.js';
import { transportFrame } from './support/transport.js';

const RoundTrip = suite('decap/roundTrip');
const TUNNELS: { encap: Encap; verdict: string }[] = [
  { encap: { type: 'ipip' }, verdict: 'DECAP_IPIP' },
  { encap: { type: 'gre' }, verdict: 'DECAP_GRE' },
  { encap: { type: 'gue' }, verdict: 'DECAP_GUE' },
  { encap: { type: 'gue', variant: 0 }, verdict: 'DECAP_GUE' },
  { encap: { type: 'gue', variant: 0, private: 'c0ffee00' }, verdict: 'DECAP_GUE' },
];
const VIP = { 4: [192, 0, 2, 80], 6: [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80] } as const;

/** A client's frame: TCP or UDP, with a payload, TOS and TTL by chance, checksums whole. */
function someFrame(family: 4 | 6, random: Random): Uint8Array {
  const protocol = random.pick([6, 17]);
  const head = transportFrame({
    destination: VIP[family],
    protocol,
    sourcePort: 1024 + random.int(60_000),
    destinationPort: protocol === 6 ? 80 : 53,
  });
  const payload = random.bytes(random.int(1200));
  const frame = Uint8Array.from([...head, ...payload]);
  const view = new DataView(frame.buffer);
  const transport = family === 4 ? 34 : 54;
  const length = frame.length - transport;
  const tos = random.int(256);
  if (family === 4) {
    view.setUint16(16, frame.length - 14);
    frame[15] = tos;
    frame[22] = 2 + random.int(254);
    view.setUint16(18, random.int(65_536));
    view.setUint16(24, checksum(frame.subarray(14, 34)));
  } else {
    view.setUint16(18, length);
    view.setUint32(14, (0x6000_0000 | (tos << 20) | random.int(1 << 20)) >>> 0);
    frame[21] = 2 + random.int(254);
  }
  if (protocol === 17) view.setUint16(38 + (transport - 34), length);
  const addresses = family === 4 ? frame.subarray(26, 34) : frame.subarray(22, 54);
  const pseudo = [...addresses, 0, protocol, length >> 8, length & 0xff];
  const sum = checksum(Uint8Array.from([...pseudo, ...frame.subarray(transport)]));
  view.setUint16(transport + (protocol === 6 ? 16 : 6), sum === 0 && protocol === 17 ? 0xffff : sum);
  return frame;
}

for (const { encap, verdict } of TUNNELS) {
  for (const outer of [4, 6] as const) {
    RoundTrip(`${JSON.stringify(encap)} over IPv${outer}`, async () => {
      const tunnel = await tunnelHotPath(encap, outer, { mtu: 9000 });
      const plain = await goldenHotPath({ type: 'l2' }, { mtu: 9000 });
      const end = new DecapCells();
      await withSeeds([1, 2, 3], (random) => {
        for (let round = 0; round < 300; round++) {
          const family = random.pick([4, 6] as const);
          const frame = someFrame(family, random);
          const meta = random.int(4) === 0 ? { vlanTci: random.int(65_536) } : {};
          const head = 14 + ('vlanTci' in meta ? 4 : 0);
          const expected = plain.forward(frame, meta).frames[0]?.slice(head);
          const sent = tunnel.forward(frame, meta).frames[0]?.slice();
          assert.ok(expected !== undefined && sent !== undefined, dump(frame));
          const { verdict: found, packets } = end.decapsulate(sent as Uint8Array);
          assert.is(found, verdict);
          assert.fixture(dump(packets[0]?.bytes ?? new Uint8Array(0)), dump(expected as Uint8Array));
          const twin = decapModel({ bytes: sent as Uint8Array }, RULES);
          assert.equal(twin.verdicts, [verdict]); // checksums made over all bytes, as RFC 768 and RFC 791 say
        }
      });
    });
  }
}

RoundTrip('a super-frame: its segments come out as they do of L2, which passes it on, when it is cut', async () => {
  const tunnel = await tunnelHotPath({ type: 'gue' }, 4);
  const end = new DecapCells();
  const { frame, virtio } = superFrame();
  const { frames } = tunnel.forward(frame, { virtio });
  assert.is(frames.length, 4);
  const payloads = frames.map((sent) => {
    const { verdict, packets } = end.decapsulate(sent.slice());
    assert.is(verdict, 'DECAP_GUE');
    return packets[0]?.bytes.slice(40) ?? new Uint8Array(0);
  });
  assert.equal(Buffer.concat(payloads), Buffer.from(frame.subarray(54)));
});

/** 3500 bytes of TCP in segments of 1000. */
function superFrame(): { frame: Uint8Array; virtio: Uint8Array } {
  const head = transportFrame({ destination: VIP[4], protocol: 6, destinationPort: 80 });
  const frame = Uint8Array.from([...head, ...Array.from({ length: 3500 }, (_, i) => i & 0xff)]);
  const view = new DataView(frame.buffer);
  view.setUint16(16, frame.length - 14);
  view.setUint16(24, checksum(frame.subarray(14, 34)));
  return { frame, virtio: virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize: 1000 }) };
}

RoundTrip.run();
