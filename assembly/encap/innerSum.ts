// encap/innerSum.ts: the one's complement sum of a whole packet, which the checksum of the UDP around it (GUE) covers.
//
// Derived where that can be done, in a few loads, whatever the packet's length: a transport checksum that is right makes the
// sum of segment and pseudo header 0 (in one's complement), so the segment's sum is that of the pseudo header, negated:
//   sum(packet) = sum(IP header) + sum(segment) = sum(IP header) - sum(pseudo header)
// The addresses are in both and cancel each other. What is left are the first words of the header, less protocol and length.
//
// If the packet's own checksum is wrong, the outer one comes out wrong by just as much: its receiver drops the packet for the
// outer checksum instead of the inner one. It is lost either way, and nothing broken is given a checksum that vouches for it.
// Where there is no such checksum (UDP without one, SCTP, fragments, anything else) every byte is summed.
import * as checksum from '../wire/checksum';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

/** Sum of the IP packet of `bytes` bytes at `packet`. A half checksum must have been completed before. */
export function sumOf(packet: usize, bytes: u32): u64 {
  return ipv4.isVersion4(packet) ? sumOfIpv4(packet, bytes) : sumOfIpv6(packet, bytes);
}

/** Options may change the destination that the pseudo header has (source routes): then every byte is summed. */
function sumOfIpv4(packet: usize, bytes: u32): u64 {
  if (ipv4.headerLen(packet) != ipv4.MIN_LEN || ipv4.isFragment(packet)) return checksum.add(0, packet, bytes);
  const protocol = ipv4.protocol(packet);
  // The checksum of ICMP has no pseudo header: its message sums to 0, and the IP header is left.
  if (protocol == l4.PROTOCOL_ICMP) return checksum.add(0, packet, ipv4.MIN_LEN);
  if (!hasChecksum(protocol, packet + ipv4.MIN_LEN, bytes - ipv4.MIN_LEN)) return checksum.add(0, packet, bytes);
  // Total length less segment length is MIN_LEN.
  const lengths = bswap<u16>(<u16>ipv4.MIN_LEN);
  return minus(protocol) + lengths + load<u16>(packet) + load<u32>(packet, 4) + load<u32>(packet, 8);
}

/** Without extension headers the payload length is that of the segment, and cancels as well. */
function sumOfIpv6(packet: usize, bytes: u32): u64 {
  const protocol = ipv6.nextHeader(packet);
  const segment = packet + ipv6.HEADER_LEN;
  const isDerived = protocol == l4.PROTOCOL_ICMPV6 || hasChecksum(protocol, segment, bytes - ipv6.HEADER_LEN);
  if (!isDerived) return checksum.add(0, packet, bytes);
  return minus(protocol) + load<u32>(packet) + load<u16>(packet, 6); // next header and hop limit
}

/** True for TCP, and for UDP that has a checksum over all of the `bytes` bytes at `segment`. */
function hasChecksum(protocol: u32, segment: usize, bytes: u32): bool {
  if (protocol == l4.PROTOCOL_TCP) return true;
  return protocol == l4.PROTOCOL_UDP && l4.udpChecksum(segment) != 0 && l4.udpLength(segment) == bytes;
}

/** In one's complement, minus x is ~x. The protocol is the second byte of its word, so the high one here (checksum.ts). */
function minus(protocol: u32): u64 {
  return (protocol << 8) ^ 0xffff;
}
