// test/fuzz/grammar.ts: frames as networks carry them, most of them whole, some with one thing unusual: a tag, options, a
// fragment, a TTL of 1. What breaks them comes afterwards (mutate.ts).

import { readPrefix } from '../../host/membership/prefix.js';
import type { Dice } from './dice.js';
import { writeArp, writeSolicitation } from './grammarNeighbour.js';
import { type Destination, mendTransport, writeTransport } from './grammarTransport.js';
import type { Input } from './input.js';
import { sumOf } from './outer.js';
import { MARKS_MAX, SCENE } from './scene.js';

const TYPE_IPV4 = 0x0800;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100;
const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;
const ICMP = 1;
const ICMPV6 = 58;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

/** Where packets go: the VIPs of the scene, those that forward more often. */
const VIPS: readonly (Destination & { bits: number })[] = SCENE.flatMap(({ address, protocol, port, fate }) => {
  const { bytes, bits } = readPrefix(address);
  const to = { address: bytes, bits, protocol: PROTOCOLS[protocol], port };
  return Array.from({ length: fate === 'forward' || fate === 'churn' ? 4 : 1 }, () => to);
});

/** A VIP address, or one that is nobody's. */
export function someAddress(dice: Dice): Uint8Array {
  const address = addressIn(dice.pick(VIPS), dice);
  if (!dice.oneIn(6)) return address;
  const other = Uint8Array.from(address);
  other[15] = dice.next();
  return other;
}

/** The address of a VIP, or one in its prefix: of few, so that flows have several packets. */
function addressIn({ address, bits }: { address: Uint8Array; bits: number }, dice: Dice): Uint8Array {
  if (bits === 128) return address;
  const one = Uint8Array.from(address);
  if (bits <= 64) one[7] = (one[7] as number) | (bits < 64 ? dice.below(8) : 0);
  else one[14] = (one[14] as number) | dice.below(bits <= 112 ? 8 : 4);
  one[15] = 5 + dice.below(4);
  return one;
}

/** Writes a frame over `input`; its length is what was written. */
export function writeFrame(input: Input, dice: Dice): void {
  input.clear();
  const kind = dice.below(64);
  if (kind === 0) writeArp(input, dice);
  else if (kind === 1) writeSolicitation(input, dice);
  else writePacket(input, dice);
}

function writePacket(input: Input, dice: Dice): void {
  const to = destination(dice);
  // In the tables an IPv4 address stands mapped (RFC 4291, section 2.5.5.2); in an IPv6 packet such an address is nobody's.
  const isV4 = isIpv4(to.address) && (to.protocol === ICMP || !dice.oneIn(64));
  const at = writeEthernet(input, dice, isV4 ? TYPE_IPV4 : TYPE_IPV6);
  const end = isV4 ? writeIpv4(input, dice, at, to) : writeIpv6(input, dice, at, to);
  input.length = end + (dice.oneIn(8) ? dice.below(20) : 0); // padding
  if (input.length > input.capacity) input.length = input.capacity;
}

/** Most go to a VIP; some to a VIP's address but another port or protocol; some elsewhere. */
function destination(dice: Dice): Destination {
  const some = dice.pick(VIPS);
  const vip = some.bits === 128 ? some : { ...some, address: addressIn(some, dice) };
  const kind = dice.below(16);
  if (kind === 0) return { ...vip, address: someAddress(dice) };
  if (kind === 1) return { ...vip, port: dice.below(1 << 16) };
  if (kind === 2) return { ...vip, protocol: dice.pick([0, 1, 2, 6, 17, 47, 50, 58, 132, 255]) };
  if (kind === 3) return { ...vip, protocol: isIpv4(vip.address) ? ICMP : ICMPV6, quoted: vip.protocol };
  return vip.port === 0 ? { ...vip, port: dice.below(1 << 16) } : vip;
}

function isIpv4(address: Uint8Array): boolean {
  return address[0] === 0 && address[10] === 0xff;
}

/** Ethernet header, with a tag in the frame or beside it now and then; returns where the packet begins. */
export function writeEthernet(input: Input, dice: Dice, type: number): number {
  const { bytes, view } = input;
  view.setUint32(0, 0x0200_0000);
  view.setUint32(4, 0x0001_0200);
  view.setUint32(8, 0x0000_0c01);
  const kind = dice.below(16);
  input.ingress = dice.oneIn(8) ? dice.below(3) : 0;
  if (kind === 0) input.packetType = dice.below(5);
  if (kind === 1) input.setVlan(dice.next() & 0xffff);
  if (dice.oneIn(32)) input.mark = dice.below(MARKS_MAX + 3);
  if (kind !== 2) {
    view.setUint16(12, type);
    return 14;
  }
  view.setUint16(12, TYPE_VLAN);
  view.setUint16(14, dice.next() & 0xffff);
  view.setUint16(16, type);
  bytes[15] = 7;
  return 18;
}

function writeIpv4(input: Input, dice: Dice, at: number, to: Destination): number {
  const { bytes, view } = input;
  const words = dice.oneIn(12) ? 5 + dice.below(11) : 5;
  const transport = at + 4 * words;
  view.setUint32(at, 0x4500_0000 | (words << 24) | ((dice.oneIn(4) ? dice.next() & 0xff : 0) << 16));
  view.setUint32(at + 4, (dice.next() << 16) | fragmentWord(dice));
  view.setUint32(at + 8, (timeToLive(dice) << 24) | (to.protocol << 16));
  writeSource(bytes, at + 12, 4, dice);
  bytes.set(to.address.subarray(12), at + 16);
  for (let i = at + 20; i < transport; i++) bytes[i] = 1; // no operation (RFC 791, section 3.1)
  const end = writeTransport(input, dice, transport, to, input.capacity);
  view.setUint16(at + 2, end - at);
  mendIpv4(view, at);
  mendTransport(input, dice, transport, end, to.protocol, sumOf(view, at + 12, 8));
  return end;
}

/** Flags and offset: mostly don't-fragment, now and then a fragment. */
function fragmentWord(dice: Dice): number {
  const kind = dice.below(32);
  if (kind === 0) return 0x2000; // first
  if (kind === 1) return 0x2000 | (1 + dice.below(60));
  if (kind === 2) return 1 + dice.below(60); // last
  return kind < 16 ? 0x4000 : 0;
}

function timeToLive(dice: Dice): number {
  return dice.oneIn(24) ? dice.pick([0, 1, 2, 255]) : 64;
}

/** A few thousand clients, so that flows have several packets. */
function writeSource(bytes: Uint8Array, at: number, count: number, dice: Dice): void {
  bytes.fill(0, at, at + count);
  bytes[at] = count === 4 ? 198 : 0x20;
  bytes[at + 1] = count === 4 ? 51 : 1;
  bytes[at + count - 2] = dice.below(4);
  bytes[at + count - 1] = dice.next();
  if (!dice.oneIn(64)) return;
  bytes.fill(0, at, at + count); // whom nobody may answer: 0.0.0.0 and ::, or 127.0.0.0, a multicast address, or 0::1
  bytes[dice.oneIn(2) ? at : at + count - 1] = dice.pick([0, 1, 127, 0xe0, 0xff]);
}

/** Sets the header checksum of the IPv4 header at `at`, where it is whole. */
export function mendIpv4(view: DataView, at: number): void {
  const end = at + 4 * (view.getUint8(at) & 15);
  if (end - at < 20 || end > view.byteLength) return;
  view.setUint16(at + 10, 0);
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += view.getUint16(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(at + 10, ~(sum + (sum >>> 16)) & 0xffff);
}

function writeIpv6(input: Input, dice: Dice, at: number, to: Destination): number {
  const { bytes, view } = input;
  view.setUint32(at, 0x6000_0000 | (dice.oneIn(2) ? dice.next() & 0x0fff_ffff : 0));
  view.setUint32(at + 4, timeToLive(dice));
  writeSource(bytes, at + 8, 16, dice);
  bytes.set(to.address, at + 24);
  let nextAt = at + 6;
  let transport = at + 40;
  for (let left = dice.oneIn(10) ? 1 + dice.below(3) : 0; left > 0; left--) {
    const type = dice.pick([HOP_BY_HOP, DESTINATION_OPTIONS, ROUTING, FRAGMENT, FRAGMENT]);
    bytes[nextAt] = type;
    nextAt = transport;
    transport = writeExtension(bytes, view, transport, type, dice);
  }
  bytes[nextAt] = to.protocol;
  const end = writeTransport(input, dice, transport, to, input.capacity);
  view.setUint16(at + 4, end - at - 40);
  mendTransport(input, dice, transport, end, to.protocol, sumOf(view, at + 8, 32));
  return end;
}

/** An extension header (RFC 8200, section 4) whose next header is filled in later; returns where it ends. */
function writeExtension(bytes: Uint8Array, view: DataView, at: number, type: number, dice: Dice): number {
  const units = type === FRAGMENT ? 0 : dice.below(3);
  const end = at + 8 * (units + 1);
  bytes.fill(0, at, end);
  if (type === FRAGMENT) {
    view.setUint16(at + 2, dice.pick([0, 1, 1, 0x208, 0x209])); // whole, first, further ones
    view.setUint32(at + 4, dice.below(64));
    return end;
  }
  bytes[at + 1] = units;
  bytes[at + 2] = 1; // PadN (RFC 8200, section 4.2)
  bytes[at + 3] = end - at - 4;
  return end;
}
