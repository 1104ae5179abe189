// test/fuzz/grammarTransport.ts: what stands behind the IP header: TCP, UDP, SCTP, ICMP errors that quote a packet.
import { VIRTIO_NEEDS_CSUM } from '../../assembly/layout.js';
import type { Dice } from './dice.js';
import { writeServerId, writeServerOption } from './grammarNames.js';
import type { Input } from './input.js';
import { sumOf } from './outer.js';
import { QUIC_PORT } from './scene.js';

/** Where a packet goes. */
export interface Destination {
  /** 16 bytes (layout.ts). */
  address: Uint8Array;
  /** IANA protocol number. */
  protocol: number;
  port: number;
  /** Protocol of the packet that an ICMP error quotes. */
  quoted?: number;
}

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;
const SYN = 0x02;
const ACK = 0x10;
/** virtio.h: VIRTIO_NET_HDR_GSO_ */
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const GSO_UDP_L4 = 5;

/** Writes the transport header and payload for `to` at `at`; returns where they end, at most `limit`. */
export function writeTransport(input: Input, dice: Dice, at: number, to: Destination, limit: number): number {
  if (to.protocol === TCP) return writeTcp(input, dice, at, to.port, limit);
  if (to.protocol === UDP) return writeUdp(input, dice, at, to.port, limit);
  if (to.protocol === SCTP) return writeSctp(input, dice, at, to.port, limit);
  if (to.protocol === ICMP || to.protocol === ICMPV6) return writeIcmp(input, dice, at, to, limit);
  return Math.min(limit, at + dice.below(40));
}

/** Payload bytes: few, or about as many as the narrow way allows, or many. */
function payloadEnd(dice: Dice, at: number, limit: number): number {
  const kind = dice.below(8);
  const bytes = kind < 5 ? dice.below(16) : kind < 7 ? dice.below(64) : dice.below(limit);
  return Math.min(limit, at + bytes);
}

function writePorts(view: DataView, dice: Dice, at: number, port: number): void {
  view.setUint16(at, 1024 + dice.below(64));
  view.setUint16(at + 2, port);
}

function writeTcp(input: Input, dice: Dice, at: number, port: number, limit: number): number {
  const { view, bytes } = input;
  const words = dice.oneIn(6) ? 5 + dice.below(11) : 5;
  writePorts(view, dice, at, port);
  view.setUint32(at + 4, dice.next());
  view.setUint32(at + 8, 0);
  view.setUint16(at + 12, (words << 12) | tcpFlags(dice));
  view.setUint32(at + 14, dice.next());
  view.setUint16(at + 18, 0);
  const payload = at + 4 * words;
  bytes.fill(1, at + 20, payload);
  if (words >= 7 && dice.oneIn(2)) writeServerOption(input, dice, at + 20, payload);
  const end = payloadEnd(dice, payload, limit);
  if (dice.oneIn(16)) leaveToDevice(input, dice, at, 16, isV6At(input, at) ? GSO_TCPV6 : GSO_TCPV4);
  return end;
}

function tcpFlags(dice: Dice): number {
  const kind = dice.below(16);
  return kind < 4 ? SYN : kind === 4 ? dice.below(256) : ACK;
}

function writeUdp(input: Input, dice: Dice, at: number, port: number, limit: number): number {
  const end = payloadEnd(dice, at + 8, limit);
  writePorts(input.view, dice, at, port);
  input.view.setUint16(at + 4, end - at);
  if (port === QUIC_PORT) writeServerId(input, dice, at + 8, end);
  input.view.setUint16(at + 6, dice.oneIn(2) ? 0 : dice.next() & 0xffff); // 0: none; mostly mended later
  if (dice.oneIn(16)) leaveToDevice(input, dice, at, 6, GSO_UDP_L4);
  return end;
}

/**
 * Sets the checksum of the transport header from `at` to `end`, mostly: half of it where the rest is left to the device.
 * `addresses` is the sum of both addresses.
 */
export function mendTransport(
  input: Input,
  dice: Dice,
  at: number,
  end: number,
  protocol: number,
  addresses: number,
): void {
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  const offset = protocol === TCP ? 16 : protocol === UDP ? 6 : isIcmp ? 2 : -1;
  if (offset < 0 || end - at < offset + 2 || dice.oneIn(8)) return;
  const { view } = input;
  const pseudo = protocol === ICMP ? 0 : (addresses + protocol + end - at) % 0xffff;
  view.setUint16(at + offset, 0);
  const sum = (pseudo + sumOf(view, at, end - at)) % 0xffff;
  view.setUint16(at + offset, input.hasVirtio ? pseudo : 0xffff - sum);
}

/** Half a checksum, and now and then a super-frame. */
function leaveToDevice(input: Input, dice: Dice, start: number, offset: number, gsoType: number): void {
  const gso = dice.oneIn(3) ? gsoType : 0;
  input.setVirtio(VIRTIO_NEEDS_CSUM, gso, gso ? 1 + dice.below(64) : 0, start, offset);
}

function isV6At(input: Input, transport: number): boolean {
  return transport >= 14 + 40 && ((input.bytes[14] as number) >> 4 === 6 || (input.bytes[18] as number) >> 4 === 6);
}

function writeSctp(input: Input, dice: Dice, at: number, port: number, limit: number): number {
  const end = payloadEnd(dice, at + 12, limit);
  writePorts(input.view, dice, at, port);
  input.view.setUint32(at + 4, dice.next());
  input.view.setUint32(at + 8, dice.next());
  if (end > at + 12) input.bytes[at + 12] = dice.below(3); // chunk type: data, INIT, INIT ACK
  return end;
}

/** An echo request, or an error that quotes a packet sent from the VIP to a client (RFC 792, RFC 4443). */
function writeIcmp(input: Input, dice: Dice, at: number, to: Destination, limit: number): number {
  const { bytes, view } = input;
  const isV6 = to.protocol === ICMPV6;
  const types = isV6 ? [128, 1, 2, 3, 135, 129] : [8, 3, 11, 4, 0, 5];
  bytes[at] = dice.pick(types);
  bytes[at + 1] = dice.oneIn(2) ? 0 : dice.below(8);
  view.setUint16(at + 2, dice.next() & 0xffff);
  view.setUint32(at + 4, dice.oneIn(2) ? 1400 : dice.next());
  if (bytes[at] === 128 || bytes[at] === 8) return payloadEnd(dice, at + 8, limit);
  const quote = at + 8;
  const protocol = to.quoted !== undefined && !dice.oneIn(4) ? to.quoted : dice.pick([TCP, UDP, SCTP, ICMP]);
  const transport = isV6 ? quoteIpv6(input, quote, to, protocol) : quoteIpv4(input, quote, to, protocol);
  view.setUint16(transport, to.port);
  view.setUint16(transport + 2, 1024 + dice.below(64));
  view.setUint32(transport + 4, dice.next());
  return Math.min(limit, transport + (dice.oneIn(2) ? 8 : dice.below(40)));
}

function quoteIpv4({ bytes, view }: Input, at: number, from: Destination, protocol: number): number {
  view.setUint32(at, 0x4500_05dc);
  view.setUint32(at + 4, 0x4000);
  view.setUint32(at + 8, 0x4000_0000 | (protocol << 16));
  bytes.set(from.address.subarray(12), at + 12);
  view.setUint32(at + 16, 0xc633_0007);
  return at + 20;
}

function quoteIpv6({ bytes, view }: Input, at: number, from: Destination, protocol: number): number {
  view.setUint32(at, 0x6000_0000);
  view.setUint32(at + 4, (1400 << 16) | (protocol << 8) | 64);
  bytes.set(from.address, at + 8);
  bytes.fill(0, at + 24, at + 40);
  bytes[at + 24] = 0x20;
  bytes[at + 39] = 7;
  return at + 40;
}
