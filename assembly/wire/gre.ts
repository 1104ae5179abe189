// wire/gre.ts: RFC 2784, section 2.1. The checksum is there when C says so; bits 1 to 5 are RFC 2890's key and sequence number,
// and what RFC 1701 had.
//   |C|         |    Reserved0    | Ver |         Protocol Type         |  0
//   |           Checksum            |           Reserved1             |  4     if C
export const LEN: u32 = 4;
const CHECKSUM_LEN: u32 = 4;
const CHECKSUM_PRESENT: u32 = 0x8000;
const MUST_BE_ZERO: u32 = 0x7c07; // bits 1 to 5 (section 2.2: "MUST discard"), and the version; bits 6 to 12 are ignored

/** True when the header ends inside the `len` bytes at `p`. */
export function isValid(p: usize, len: u32): bool {
  return len >= LEN && headerLen(p) <= len;
}

/** False for what RFC 2784 does not have. */
export function isPlain(p: usize): bool {
  return (flags(p) & MUST_BE_ZERO) == 0;
}

export function hasChecksum(p: usize): bool {
  return (flags(p) & CHECKSUM_PRESENT) != 0;
}

export function headerLen(p: usize): u32 {
  return hasChecksum(p) ? LEN + CHECKSUM_LEN : LEN;
}

/** An EtherType. */
export function protocolType(p: usize): u32 {
  return bswap<u16>(load<u16>(p, 2));
}

function flags(p: usize): u32 {
  return bswap<u16>(load<u16>(p));
}
