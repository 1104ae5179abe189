// wire/checksum.ts: the Internet checksum, RFC 1071. Sums are of little-endian words: RFC 1071, section 2(B) says that
// byte order does not matter as long as the result is stored in the order it was summed in.

/** One's complement sum of `len` bytes at `p`, added to `sum`; not folded. Good for 2^32 words, far above any frame. */
export function add(sum: u64, p: usize, len: u32): u64 {
  let at = p;
  let left = len;
  for (; left >= 16; left -= 16, at += 16) {
    sum += <u64>load<u32>(at) + load<u32>(at, 4) + load<u32>(at, 8) + load<u32>(at, 12);
  }
  for (; left >= 4; left -= 4, at += 4) sum += load<u32>(at);
  if (left & 2) {
    sum += load<u16>(at);
    at += 2;
  }
  if (left & 1) sum += load<u8>(at); // RFC 1071: as if padded with a zero byte
  return sum;
}

/** Folds a sum to 16 bits. */
export function fold(sum: u64): u32 {
  let s = (sum & 0xffff_ffff) + (sum >> 32);
  s = (s & 0xffff) + ((s >> 16) & 0xffff) + (s >> 32);
  s = (s & 0xffff) + (s >> 16);
  return <u32>((s & 0xffff) + (s >> 16));
}

/** The checksum of a sum, to be stored as it is: `store<u16>(p, <u16>finish(sum))`. */
export function finish(sum: u64): u32 {
  return ~fold(sum) & 0xffff;
}

/** The same for the sum of a header's words: below 2^31, it is folded in two steps. */
export function finishHeader(sum: u32): u32 {
  const folded = (sum & 0xffff) + (sum >> 16);
  return ~(folded + (folded >> 16)) & 0xffff;
}

/**
 * The checksum `old` after words that summed to `before` were replaced by words that sum to `after`, both folded. RFC 1624,
 * equation 3: HC' = ~(~HC + ~m + m'). Equal to a sum made anew, but where that is over zeros only.
 */
export function replaced(old: u32, before: u32, after: u32): u32 {
  return finishHeader((old ^ 0xffff) + (before ^ 0xffff) + after);
}
