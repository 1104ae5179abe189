// prefix.ts: what finding a prefix by its address takes: masks, of VIPs and source routes, and a hash for the map of source routes.

/** The first `bits` bits of a word as it lies in memory, in network order; all of it for 64 and more. */
export function leading(bits: u32): u64 {
  if (bits >= 64) return u64.MAX_VALUE;
  return bits ? bswap<u64>(u64.MAX_VALUE << (64 - bits)) : 0;
}

/** Spreads keys that come from configuration, not from strangers: multiplication by odd constants is enough. */
export function keyHash(high: u64, low: u64, key: u32): u32 {
  let x = (low ^ (high * 0x9e37_79b9_7f4a_7c15)) + <u64>key * 0xd6e8_feb8_6659_fd93;
  x = (x ^ (x >> 32)) * 0x9e37_79b9_7f4a_7c15;
  return <u32>(x >> 32);
}
