// compat/katran/outer.ts: Katran's outer headers, bit for bit. Source address of IPIP and source port of GUE are made of the client's
// address and port, so that receivers and paths spread flows. DF is clear, the id and the flow label are 0, and the packet inside keeps its
// TTL: two balancers that point at each other loop until the outer TTL is spent.
//
//   IPIP over IPv4   172.16.(p1 ^ s2).(p0 ^ s3)                  p: source port, s: source address, byte by byte
//   IPIP over IPv6   100::(t0 ^ p0).(t1 ^ p1).t2.t3              t: s of IPv4, the last four bytes of IPv6
//   GUE over IPv4    port (p1 ^ s2).(p0 ^ s3)                    the port's bytes change places (quirk)
//   GUE over IPv6    port (s2 ^ p0).(s3 ^ p1), or of s12 and s13
import { BACKEND_ADDRESS, BACKEND_OUTER } from '../../layout';
import * as checksum from '../../wire/checksum';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import { sourcePort } from './choose';
import * as flow from './flow';
import * as packet from './packet';

const TTL: u32 = 64;
const IPIP4_PREFIX: u32 = 0x10ac; // 172.16, as it lies in memory
const IPIP6_PREFIX: u64 = 0x0001; // 100::/96
const PROTOCOL_IPV4: u32 = 4;
const PROTOCOL_IPV6: u32 = 41;

/** Writes the IPv4 header of IPIP to `at`. */
export function writeIpip4(at: usize, real: usize): void {
  const source = IPIP4_PREFIX | (exchanged() << 16);
  writeIpv4(at, inside() + ipv4.MIN_LEN, protocolInside(), source, destination4(real));
}

export function writeIpip6(at: usize, real: usize): void {
  const source = load<u32>(flow.source() + (packet.isV6 ? 12 : 0)) ^ sourcePort;
  writeIpv6(at, inside(), protocolInside(), real);
  store<u64>(at, IPIP6_PREFIX, ipv6.SOURCE);
  store<u64>(at, (<u64>source) << 32, ipv6.SOURCE + 8);
}

/**
 * IPv4 and UDP headers of GUE, before the packet that now stands at `inner`. The source address stands in the ready-made header of `real`,
 * as does the UDP port.
 */
export function writeGue4(at: usize, real: usize, inner: usize): void {
  const source = load<u32>(real + ipv4.SOURCE, BACKEND_OUTER);
  writeIpv4(at, inside() + ipv4.MIN_LEN + l4.UDP_LEN, l4.PROTOCOL_UDP, source, destination4(real));
  const port = load<u16>(real, BACKEND_OUTER + ipv4.MIN_LEN + 2);
  writeUdp(at + ipv4.MIN_LEN, inner, exchanged(), port, checksum.add(0, at + ipv4.SOURCE, 8));
}

export function writeGue6(at: usize, real: usize, inner: usize): void {
  writeIpv6(at, inside() + l4.UDP_LEN, l4.PROTOCOL_UDP, real);
  v128.store(at, v128.load(real + ipv6.SOURCE, BACKEND_OUTER), ipv6.SOURCE);
  const port = load<u16>(real, BACKEND_OUTER + ipv6.HEADER_LEN + 2);
  const entropy = <u32>load<u16>(flow.source() + (packet.isV6 ? 12 : 2)) ^ sourcePort;
  writeUdp(at + ipv6.HEADER_LEN, inner, entropy, port, checksum.add(0, at + ipv6.SOURCE, 32));
}

/** What the packet inside says of its own length, which the outer lengths are made of, whatever the frame's. */
export function inside(): u32 {
  return packet.isV6 ? packet.length + ipv6.HEADER_LEN : packet.length;
}

export function protocolInside(): u32 {
  return packet.isV6 ? PROTOCOL_IPV6 : PROTOCOL_IPV4;
}

/** The port's bytes, changed round, on the third and fourth of the source address. */
function exchanged(): u32 {
  return <u32>bswap<u16>(<u16>sourcePort) ^ <u32>load<u16>(flow.source(), 2);
}

export function destination4(real: usize): u32 {
  return load<u32>(real, BACKEND_ADDRESS + 12);
}

/** Addresses as they lie in memory; `total` and `payload` below are lengths, of which 16 bits are written. */
export function writeIpv4(at: usize, total: u32, protocol: u32, source: u32, destination: u32): void {
  store<u32>(at, 0x45 | (packet.tos << 8));
  ipv4.setTotalLen(at, total);
  store<u32>(at, 0, 4);
  store<u32>(at, TTL | (protocol << 8), 8);
  store<u32>(at, source, ipv4.SOURCE);
  store<u32>(at, destination, ipv4.DESTINATION);
  ipv4.storeChecksum(at, checksum.finish(checksum.add(0, at, ipv4.MIN_LEN)));
}

/** All but the source address. */
export function writeIpv6(at: usize, payload: u32, next: u32, real: usize): void {
  ipv6.setFirstWord(at, packet.tos, 0);
  ipv6.setPayloadLen(at, payload);
  store<u16>(at, <u16>(next | (TTL << 8)), 6);
  v128.store(at, v128.load(real, BACKEND_ADDRESS), ipv6.DESTINATION);
}

/** Ports as they lie in memory; `addresses` is the sum of the outer ones. */
function writeUdp(at: usize, inner: usize, source: u32, destination: u32, addresses: u64): void {
  store<u32>(at, source | (destination << 16));
  store<u32>(at, 0, 4);
  l4.setUdpLength(at, inside() + l4.UDP_LEN);
  store<u16>(at, <u16>udpChecksum(at, inner, addresses), l4.UDP_CHECKSUM);
}

/**
 * Worked out on the assumption that the packet's own checksum is right, and that it has one over a pseudo header: wrong for ICMP, and
 * for UDP without one (quirk). 0, which says that there is none, where the packet is too short for its headers; or by chance.
 *   sum(inner IP header) + sum(UDP header) + pseudo(outer) - pseudo(inner)
 */
function udpChecksum(udp: usize, inner: usize, addresses: u64): u32 {
  if (packet.packetBytes() < packet.headerBytes() + transportBytes()) return 0;
  const length = <u64>load<u16>(udp, 4); // as it lies in memory, as all words are that are summed
  const outer = checksum.add(addresses, udp, l4.UDP_LEN) + length + (l4.PROTOCOL_UDP << 8);
  const sum = outer + checksum.add(0, inner, packet.headerBytes());
  return checksum.finish(sum + minus(pseudoOf(inner)));
}

/** What the flow's protocol needs at least; others do not get here. */
function transportBytes(): u32 {
  return flow.protocol == l4.PROTOCOL_TCP ? l4.TCP_MIN_LEN : l4.UDP_LEN;
}

function pseudoOf(p: usize): u64 {
  const protocol = (<u64>packet.protocol) << 8;
  if (packet.isV6) return checksum.add(protocol + <u64>load<u16>(p, 4), p + ipv6.SOURCE, 32);
  const length = <u64>bswap<u16>(<u16>(packet.length - ipv4.MIN_LEN));
  return checksum.add(protocol + length, p + ipv4.SOURCE, 8);
}

/** In one's complement; never 0, so that a sum that is 0 modulo 65535 folds to 0xffff. */
function minus(sum: u64): u64 {
  return <u64>checksum.fold(sum) ^ 0xffff;
}
