// profiles/native.ts: the `native` profile: how a packet is hashed, how a hash finds its slot, and where a backend begins on
// the table; the table itself is filled by build/maglev.ts. The other profiles (katran, cilium, envoy) are beside it.
import { hashIpv4, hashIpv6 } from '../hash/nh';
import { sipHash16 } from '../hash/siphash';
import { BUILD_NEXT, BUILD_SKIP } from '../layout';
import * as parsed from '../parse';

/**
 * Hash of the flow in hand: the low half chooses the slot, the high half is the flow's fingerprint. With another profile it
 * only finds the flow's entry in the flow table: those hashes have 32 bits, or no key.
 */
export function flowHash(): u64 {
  return parsed.isV6
    ? hashIpv6(parsed.packet, parsed.ports, parsed.protocol)
    : hashIpv4(parsed.packet, parsed.ports, parsed.protocol);
}

/** Slot of a hash: multiply and shift (Lemire, 2018) instead of a division; the bias is below slotCount / 2^32. */
export function slotOf(hash: u64, slotCount: u32): u32 {
  return <u32>(((hash & 0xffff_ffff) * slotCount) >> 32);
}

/** Sets offset and skip of a backend's permutation in its build record, from its 16-byte address. */
export function placeBackend(record: usize, address: usize, slotCount: u32): void {
  const hash = sipHash16(address);
  store<u32>(record, <u32>(hash >> 32) % slotCount, BUILD_NEXT);
  store<u32>(record, (<u32>hash % (slotCount - 1)) + 1, BUILD_SKIP);
}
