// hash/fnv.ts: FNV-1 of 4 bytes in 32 bits (Fowler, Noll, Vo; RFC 9923), as folly computes it: each byte is a signed char
// there, so one of 0x80 and above flips the high 24 bits too. For smaller bytes it is FNV-1 as published.

const OFFSET: u32 = 2166136261;
const PRIME: u32 = 16777619;

/** FNV-1 of the 4 bytes at `message`. */
export function fnv1Signed4(message: usize): u32 {
  let hash = OFFSET;
  for (let i: usize = 0; i < 4; i++) hash = (hash * PRIME) ^ <u32>(<i32>load<i8>(message + i));
  return hash;
}
