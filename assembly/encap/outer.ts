// encap/outer.ts: writes the outer IP header of every tunnel, and says what all tunnels have in common. Pure functions of
// addresses and numbers, as all writers in ipip.ts, gre.ts and gue.ts: what does not depend on the packet stands ready made in the
// backend record, what does is an argument. Each writer has a fixed length: the places it stores to depend on `packet` alone,
// never on a load from the record, so that the processor knows them long before the record is there, and the next frame's
// loads need not wait for them. ARCHITECTURE.md has what the headers say, in one table.
import { BACKEND_OUTER, BACKEND_OUTER_SUM } from '../layout';
import * as checksum from '../wire/checksum';
import * as ipv6 from '../wire/ipv6';

/** Flow label of an outer IPv6 header: 20 bits of the flow hash, so that routers and receivers spread flows (RFC 6438). */
export function flowLabel(hash: u64): u32 {
  return <u32>hash & ipv6.FLOW_LABEL_MASK;
}

/** Outer IPv4 header. The ready-made one is summed with TOS, length and checksum 0: adding the two gives the checksum. */
export function writeOuterIpv4(at: usize, backend: usize, tos: u32, totalLen: u32): void {
  // Sums are of little-endian words (checksum.ts), where TOS is the high byte of the first word.
  const length = <u32>bswap<u16>(<u16>totalLen);
  const sum = checksum.finishHeader(load<u32>(backend, BACKEND_OUTER_SUM) + (tos << 8) + length);
  // TOS, length and checksum are 0 in the ready-made header: three whole stores, nothing overwritten.
  store<u32>(at, load<u32>(backend, BACKEND_OUTER) | (tos << 8) | (length << 16));
  store<u64>(at, load<u64>(backend, BACKEND_OUTER + 4) | ((<u64>sum) << 48), 4);
  store<u64>(at, load<u64>(backend, BACKEND_OUTER + 12), 12);
}

/** Outer IPv6 header. */
export function writeOuterIpv6(at: usize, backend: usize, trafficClass: u32, label: u32, payloadLen: u32): void {
  // Of the ready-made header the first word says no more than this one, and the length is 0: three whole stores.
  const first = <u64>ipv6.firstWord(trafficClass, label);
  const length = <u64>bswap<u16>(<u16>payloadLen);
  store<u64>(at, load<u64>(backend, BACKEND_OUTER) | first | (length << 32));
  v128.store(at, v128.load(backend, BACKEND_OUTER + 8), 8); // source
  v128.store(at, v128.load(backend, BACKEND_OUTER + 24), 24); // destination
}
