// encap/gre.ts: GRE over IPv4 (RFC 2784) and IPv6 (RFC 7676), without checksum, key and sequence number: a key would have to be
// agreed on with the receiver, and few receivers spread by it.
import { BACKEND_OUTER } from '../layout';
import * as gre from '../wire/gre';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import { flowLabel, writeOuterIpv4, writeOuterIpv6 } from './outer';

/** Bytes of the outer headers. */
export const GRE4_BYTES: u32 = ipv4.MIN_LEN + gre.LEN;
export const GRE6_BYTES: u32 = ipv6.HEADER_LEN + gre.LEN;

/** Writes GRE4_BYTES before the packet of `bytes` bytes. */
export function writeGre4(packet: usize, backend: usize, tos: u32, bytes: u32): void {
  writeOuterIpv4(packet - GRE4_BYTES, backend, tos, GRE4_BYTES + bytes);
  store<u32>(packet - gre.LEN, load<u32>(backend, BACKEND_OUTER + 20));
}

/** Writes GRE6_BYTES before the packet of `bytes` bytes. */
export function writeGre6(packet: usize, backend: usize, tos: u32, bytes: u32, hash: u64): void {
  writeOuterIpv6(packet - GRE6_BYTES, backend, tos, flowLabel(hash), gre.LEN + bytes);
  store<u32>(packet - gre.LEN, load<u32>(backend, BACKEND_OUTER + 40));
}
