// reply/header.ts: the IP header of an answer that comes from the VIP: no options, no extension headers, TTL or hop limit 64, DF
// set and id 0 in IPv4 (RFC 6864: an atomic datagram), flow label 0.
import * as parsed from '../parse';
import * as checksum from '../wire/checksum';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

const TTL: u32 = 64;

/** Bytes of the header. */
export function headerBytes(isV6: bool): u32 {
  return isV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN;
}

/** False for a source that nobody may be answered at (RFC 1122, section 3.2.2; RFC 4443, section 2.4 e). */
export function isAnswerable(): bool {
  return parsed.isV6 ? isAnswerable6() : isAnswerable4();
}

/** Not 0/8, 127/8, multicast, reserved or broadcast. */
function isAnswerable4(): bool {
  const first = ipv4.source(parsed.packet) & 0xff;
  return first != 0 && first != 127 && first < 224;
}

/** Not ::, ::1, ::ffff:a.b.c.d or multicast. */
function isAnswerable6(): bool {
  const high = load<u64>(parsed.packet, ipv6.SOURCE);
  const low = load<u64>(parsed.packet, ipv6.SOURCE + 8);
  if ((high & 0xff) == 0xff || parsed.isMapped(high, low)) return false;
  return high != 0 || bswap<u64>(low) > 1;
}

/** Writes an IPv4 header to `at` before `bytes` bytes of ICMP. Addresses as they lie in memory. */
export function writeIpv4(at: usize, from: u32, to: u32, tos: u32, bytes: u32): void {
  store<u32>(at, 0x45 | (tos << 8));
  ipv4.setTotalLen(at, ipv4.MIN_LEN + bytes);
  store<u32>(at, 0x40_0000, 4); // id 0, DF
  store<u32>(at, TTL | (l4.PROTOCOL_ICMP << 8), 8);
  store<u32>(at, from, 12);
  store<u32>(at, to, ipv4.DESTINATION);
  ipv4.storeChecksum(at, checksum.finish(checksum.add(0, at, ipv4.MIN_LEN)));
}

/** Writes an IPv6 header to `at` before `bytes` bytes of ICMPv6. Addresses as two words, as they lie in memory. */
export function writeIpv6(
  at: usize,
  fromHigh: u64,
  fromLow: u64,
  toHigh: u64,
  toLow: u64,
  trafficClass: u32,
  bytes: u32,
): void {
  ipv6.setFirstWord(at, trafficClass, 0);
  ipv6.setPayloadLen(at, bytes);
  store<u16>(at, <u16>(l4.PROTOCOL_ICMPV6 | (TTL << 8)), 6);
  store<u64>(at, fromHigh, ipv6.SOURCE);
  store<u64>(at, fromLow, ipv6.SOURCE + 8);
  store<u64>(at, toHigh, ipv6.DESTINATION);
  store<u64>(at, toLow, ipv6.DESTINATION + 8);
}

/** Sum of the pseudo header (RFC 8200, section 8.1) of an ICMPv6 message of `bytes` bytes behind the header at `packet`. */
export function pseudoSum(packet: usize, bytes: u32): u64 {
  const lengthAndNext = <u64>bswap<u32>(bytes) + bswap<u32>(l4.PROTOCOL_ICMPV6);
  return checksum.add(lengthAndNext, packet + ipv6.SOURCE, 32);
}
