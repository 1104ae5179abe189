// encap/gre.ts: GRE over IPv4 (RFC 2784) and IPv6 (RFC 7676), sent without checksum, key and sequence number: a key would have to be
// agreed on with the receiver, and few receivers spread by it. Received with a checksum or without; a key or a sequence number
// (RFC 2890) is refused: the one says that there are several tunnels, the other asks for an order that nobody here keeps.
import { BACKEND_OUTER } from '../layout';
import { DROP_OUTER_HEADER } from '../verdict';
import * as checksum from '../wire/checksum';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as gre from '../wire/gre';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as inner from './inner';
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

/** Finds the packet in the `len` bytes at `p`, where GRE begins. NO_VERDICT, or why there is none. */
export function decapGre(p: usize, len: u32): u32 {
  if (!gre.isValid(p, len) || !gre.isPlain(p)) return DROP_OUTER_HEADER;
  const type = gre.protocolType(p);
  if (type != TYPE_IPV4 && type != TYPE_IPV6) return DROP_OUTER_HEADER;
  const header = gre.headerLen(p);
  return inner.take(p + header, len - header, type == TYPE_IPV6);
}

/**
 * True unless there is a checksum, and it is wrong: it covers all `len` bytes at `p`, where GRE begins. A header that is not all there
 * is for decapGre() to refuse.
 */
export function isGreIntact(p: usize, len: u32): bool {
  return !gre.isValid(p, len) || !gre.hasChecksum(p) || checksum.finish(checksum.add(0, p, len)) == 0;
}
