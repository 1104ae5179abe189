// encap/gue.ts: Generic UDP Encapsulation (draft-ietf-intarea-gue-09). Variant 1: the packet directly behind UDP; the first two
// bits of what UDP carries are 01, as those of IP version 4 and 6 are. Variant 0 has a header between, ready made in the backend
// record, which names the protocol and may end with a private field:
//   |0 0|C|  Hlen   |  Proto/ctype  |             Flags             |  0     C 0: data; Hlen: words of what follows; no flags
//   |                         Private data ...                      |  4
// The UDP checksum is always there and right, over IPv4 too: it covers the outer addresses, and some receivers insist on it.
import { BACKEND_OUTER, BACKEND_UDP_SUM } from '../layout';
import * as checksum from '../wire/checksum';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import { flowLabel, writeOuterIpv4, writeOuterIpv6 } from './outer';

/** Bytes of the outer IP and UDP headers. */
export const GUE4_BYTES: u32 = ipv4.MIN_LEN + l4.UDP_LEN;
export const GUE6_BYTES: u32 = ipv6.HEADER_LEN + l4.UDP_LEN;

/** Source port: of the dynamic range (RFC 6335), so that it is nobody's service; routers and receivers spread flows by it. */
export function entropyPort(hash: u64): u32 {
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
