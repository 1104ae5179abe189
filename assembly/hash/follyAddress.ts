// hash/follyAddress.ts: the hash that the folly library gives an IP address, on which Katran's rings stand: family and bytes,
// combined by Hash128to64 (Geoff Pike, CityHash). An IPv4-mapped IPv6 address counts as the IPv4 address it holds.
import { fnv1Signed4 } from './fnv';
import { first, second, spooky16 } from './spooky';

const MULTIPLIER: u64 = 0x9ddf_ea08_eb38_2d69;
const FAMILY_V4: u64 = 2; // AF_INET
const FAMILY_V6: u64 = 10; // AF_INET6

/** Hash of the 16-byte address at `address`; IPv4 stands there in its mapped form (layout.ts). */
export function hashAddress(address: usize): u64 {
  const isV4 = !load<u64>(address) && load<u32>(address, 8) == 0xffff_0000;
  if (isV4) return combine(FAMILY_V4, fnv1Signed4(address + 12));
  spooky16(address);
  return combine(FAMILY_V6, combine(first, second));
}

function combine(upper: u64, lower: u64): u64 {
  let a = (lower ^ upper) * MULTIPLIER;
  a ^= a >> 47;
  let b = (upper ^ a) * MULTIPLIER;
  b ^= b >> 47;
  return b * MULTIPLIER;
}
