// encap/gue.ts: Generic UDP Encapsulation (draft-ietf-intarea-gue-09). Variant 1: the packet directly behind UDP; the first two
// bits of what UDP carries are 01, as those of IP version 4 and 6 are. Variant 0 has a header between, ready made in the backend
// record, which names the protocol and may end with a private field:
//   |0 0|C|  Hlen   |  Proto/ctype  |             Flags             |  0     C 0: data; Hlen: words of what follows; no flags
//   |                         Private data ...                      |  4
// The UDP checksum is always there and right, over IPv4 too: it covers the outer addresses, and some receivers insist on it.
// Received is data of both variants, with any private field; control messages, and flags, which name fields we do not know, are not.
import { BACKEND_OUTER, BACKEND_UDP_SUM } from '../layout';
import { DROP_OUTER_HEADER } from '../verdict';
import * as checksum from '../wire/checksum';
import * as gue from '../wire/gue';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import * as inner from './inner';
import { flowLabel, writeOuterIpv4, writeOuterIpv6 } from './outer';

/** Bytes of the outer IP and UDP headers. */
export const GUE4_BYTES: u32 = ipv4.MIN_LEN + l4.UDP_LEN;
export const GUE6_BYTES: u32 = ipv6.HEADER_LEN + l4.UDP_LEN;

/** Source port: of the dynamic range (RFC 6335), so that it is nobody's service; routers and receivers spread flows by it. */
function entropyPort(hash: u64): u32 {
  return 0xc000 | (<u32>hash & 0x3fff);
}

/**
 * Writes GUE4_BYTES before `at`, where `bytes` bytes begin that UDP carries: the packet, or the GUE header before it. `sum` is
 * the one's complement sum of the packet (innerSum.ts); that of a GUE header is in the record.
 */
export function writeGue4(at: usize, backend: usize, tos: u32, bytes: u32, hash: u64, sum: u64): void {
  writeOuterIpv4(at - GUE4_BYTES, backend, tos, GUE4_BYTES + bytes);
  writeUdp(at - l4.UDP_LEN, backend, load<u16>(backend, BACKEND_OUTER + 22), bytes, hash, sum);
}

/** Writes GUE6_BYTES before `at`; see writeGue4. */
export function writeGue6(at: usize, backend: usize, tos: u32, bytes: u32, hash: u64, sum: u64): void {
  writeOuterIpv6(at - GUE6_BYTES, backend, tos, flowLabel(hash), l4.UDP_LEN + bytes);
  writeUdp(at - l4.UDP_LEN, backend, load<u16>(backend, BACKEND_OUTER + 42), bytes, hash, sum);
}

/** Writes the header of variant 0 to `at`: `bytes` (a multiple of 4) from the record, behind `front` bytes of IP and UDP. */
export function writeHeader(at: usize, backend: usize, front: u32, bytes: u32): void {
  const from = backend + BACKEND_OUTER + front;
  for (let i: u32 = 0; i < bytes; i += 4) store<u32>(at + i, load<u32>(from + i));
}

/** `port` is the destination port as it lies in memory. The length stands in the header and in the pseudo header. */
function writeUdp(at: usize, backend: usize, port: u32, bytes: u32, hash: u64, sum: u64): void {
  const source = <u64>bswap<u16>(<u16>entropyPort(hash));
  const length = <u64>bswap<u16>(<u16>(l4.UDP_LEN + bytes));
  const whole = checksum.finish(sum + load<u32>(backend, BACKEND_UDP_SUM) + source + length + length);
  // RFC 768: a checksum that comes out as 0 is sent as all ones; 0 says there is none.
  const field = <u64>(whole == 0 ? 0xffff : whole);
  store<u64>(at, source | ((<u64>port) << 16) | (length << 32) | (field << 48));
}

/** Finds the packet in the `len` bytes at `p`, behind the outer UDP header. NO_VERDICT, or why there is none. */
export function decapGue(p: usize, len: u32): u32 {
  if (!len) return DROP_OUTER_HEADER;
  const variant = gue.variant(p);
  if (variant == 1) return inner.take(p, len, !ipv4.isVersion4(p));
  if (variant || !gue.isValid(p, len) || gue.isControl(p) || gue.flags(p)) return DROP_OUTER_HEADER;
  const protocol = gue.protocol(p);
  if (protocol != l4.PROTOCOL_IPV4 && protocol != l4.PROTOCOL_IPV6) return DROP_OUTER_HEADER;
  const header = gue.headerLen(p);
  return inner.take(p + header, len - header, protocol == l4.PROTOCOL_IPV6);
}

/**
 * True unless the checksum of a UDP datagram of `len` bytes at `p` in the IP packet `outer` is wrong. One of 0 says that there is none
 * (RFC 768), which over IPv6 counts only where `mayLack` (RFC 6935).
 */
export function isUdpIntact(outer: usize, isOuterV6: bool, p: usize, len: u32, mayLack: bool): bool {
  if (!l4.udpChecksum(p)) return !isOuterV6 || mayLack;
  const pseudo = <u64>bswap<u16>(<u16>len) + (l4.PROTOCOL_UDP << 8);
  const addresses = isOuterV6
    ? checksum.add(pseudo, outer + ipv6.SOURCE, 32)
    : checksum.add(pseudo, outer + ipv4.SOURCE, 8);
  return checksum.finish(checksum.add(addresses, p, len)) == 0;
}
