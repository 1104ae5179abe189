// wire/gue.ts: Generic UDP Encapsulation (draft-ietf-intarea-gue-09, sections 3 and 4): what stands behind the UDP header. The
// first two bits say which variant it is; in variant 1 they are those of an IP version, and the packet begins with them.
//   |Var|C|  Hlen   |  Proto/ctype  |             Flags             |  0     variant 0; Hlen: words behind these four bytes
//   |            Fields named by flags, then private data ...       |  4
const LEN: u32 = 4;
const CONTROL: u32 = 0x20;

export function variant(p: usize): u32 {
  return <u32>load<u8>(p) >> 6;
}

/** True when the header of variant 0 ends inside the `len` bytes at `p`. */
export function isValid(p: usize, len: u32): bool {
  return len >= LEN && headerLen(p) <= len;
}

export function headerLen(p: usize): u32 {
  return LEN + ((<u32>load<u8>(p) & 0x1f) << 2);
}

/** A message of GUE itself, not a packet. */
export function isControl(p: usize): bool {
  return (<u32>load<u8>(p) & CONTROL) != 0;
}

/** Protocol number of what is inside. */
export function protocol(p: usize): u32 {
  return load<u8>(p, 1);
}

/** As they lie in memory. */
export function flags(p: usize): u32 {
  return load<u16>(p, 2);
}
