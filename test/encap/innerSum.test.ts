// The sum of a packet, derived from its transport checksum, against the sum of all its bytes.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as tunnel from '../golden/tunnel.js';
import { checksum, onesSum } from '../model/checksum.js';
import { createPieces } from '../support/module.js';
import { type Random, withSeeds } from '../support/random.js';

const InnerSum = suite('encap/innerSum');
const { call, callLong, lay } = createPieces();

/** The sum as it is stored: a big-endian number, folded. */
function sumOf(packet: Uint8Array): number {
  const folded = call('checksumFold', callLong('innerSumOf', lay(packet), packet.length));
  return ((folded & 0xff) << 8) | (folded >> 8);
}

/** The packet of a frame without padding. */
const SYN4 = v4.SYN.subarray(14, 54);
const SYN6 = v6.SYN.subarray(14);

InnerSum('golden packets: derived and summed are the same', () => {
  const frames = [v4.DATA, v4.UDP, v4.OPTIONS, tunnel.NO_CHECKSUM, tunnel.SPARE, tunnel.UDP6];
  for (const packet of [SYN4, SYN6, ...frames.map((frame) => frame.subarray(14))]) {
    assert.is(sumOf(packet), onesSum(packet));
  }
});

InnerSum('TCP: only the first words are looked at; other bytes may be anything', () => {
  assert.is(sumOf(SYN4), onesSum(SYN4));
  const other = SYN4.slice();
  other.fill(0xee, 12);
  assert.is(sumOf(other), onesSum(SYN4));
});

/** A packet of random length and fields with right checksums: of `protocol`, or of UDP without a checksum (0). */
function packetOf(random: Random, isV6: boolean, protocol: number): Uint8Array {
  const [head, number] = [isV6 ? 40 : 20, protocol || 17];
  const minimum = number === 6 ? 20 : 8;
  const packet = random.bytes(head + minimum + random.int(40));
  const view = new DataView(packet.buffer);
  const length = packet.length - head;
  packet[0] = isV6 ? 0x60 | (packet[0] as number & 0x0f) : 0x45;
  view.setUint16(isV6 ? 4 : 2, isV6 ? length : packet.length);
  packet[isV6 ? 6 : 9] = number;
  if (!isV6) view.setUint16(6, random.pick([0, 0x4000]));
  if (!isV6) view.setUint16(10, 0);
  if (!isV6) view.setUint16(10, checksum(packet.subarray(0, 20)));
  const field = head + (number === 6 ? 16 : number === 17 ? 6 : 2);
  if (number === 17) view.setUint16(head + 4, length);
  view.setUint16(field, 0);
  const addresses = isV6 ? packet.subarray(8, 40) : packet.subarray(12, 20);
  const pseudo = number === 1 ? [] : [...addresses, length >> 8, length & 0xff, 0, number];
  if (protocol !== 0) view.setUint16(field, checksum(Uint8Array.from([...pseudo, ...packet.subarray(head)])) || 0xffff);
  return packet;
}

InnerSum('random packets of TCP, UDP, ICMP, ICMPv6, SCTP and UDP without a checksum (seeded)', () =>
  withSeeds([1, 2, 3], (random) => {
    for (let i = 0; i < 600; i++) {
      const isV6 = random.int(2) === 1;
      const protocol = random.pick([6, 17, isV6 ? 58 : 1, 132, 0]);
      const packet = packetOf(random, isV6, protocol);
      assert.is(sumOf(packet), onesSum(packet), `packet ${i}, protocol ${protocol}, IPv${isV6 ? 6 : 4}`);
    }
  }),
);

InnerSum('fragments are summed, whatever their protocol', () => {
  for (const fragment of [0x2000, 0x0001, 0x2001]) {
    const packet = SYN4.slice();
    new DataView(packet.buffer).setUint16(6, fragment);
    packet.fill(0x3c, 20);
    assert.is(sumOf(packet), onesSum(packet));
  }
});

InnerSum.run();
