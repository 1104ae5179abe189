// encap/ipip.ts: IP in IP, any in any: 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473). Protocol 4 or 41 says what is
// inside; it stands in the ready-made header.
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import * as inner from './inner';
import { flowLabel, writeOuterIpv4, writeOuterIpv6 } from './outer';

/** Bytes of the outer header. */
export const IPIP4_BYTES: u32 = ipv4.MIN_LEN;
export const IPIP6_BYTES: u32 = ipv6.HEADER_LEN;

/** Writes IPIP4_BYTES before the packet of `bytes` bytes. */
export function writeIpip4(packet: usize, backend: usize, tos: u32, bytes: u32): void {
  writeOuterIpv4(packet - IPIP4_BYTES, backend, tos, IPIP4_BYTES + bytes);
}

/** Writes IPIP6_BYTES before the packet of `bytes` bytes. */
export function writeIpip6(packet: usize, backend: usize, tos: u32, bytes: u32, hash: u64): void {
  writeOuterIpv6(packet - IPIP6_BYTES, backend, tos, flowLabel(hash), bytes);
}

/** Finds the packet in the `len` bytes at `p`, behind an outer IP header of `protocol` 4 or 41. NO_VERDICT, or why there is none. */
export function decapIpip(p: usize, len: u32, protocol: u32): u32 {
  return inner.take(p, len, protocol == l4.PROTOCOL_IPV6);
}
