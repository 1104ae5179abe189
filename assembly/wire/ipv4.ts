// wire/ipv4.ts: RFC 791, section 3.1. Import by name, so calls read `ipv4.totalLen(p)`.
//   |Version|  IHL  |      TOS      |          Total Length         |  0
//   |         Identification        |Flags|     Fragment Offset     |  4
//   |      TTL      |    Protocol   |        Header Checksum        |  8
//   |            Source Address, then Destination Address           |  12, 16
const VERSION_IHL: usize = 0;
const TOS: usize = 1;
const TOTAL_LEN: usize = 2;
const ID: usize = 4;
const IDENTIFICATION: usize = 4;
const FRAGMENT: usize = 6;
const TTL: usize = 8;
const PROTOCOL: usize = 9;
const CHECKSUM: usize = 10;
export const SOURCE: usize = 12;
export const DESTINATION: usize = 16;

export const MIN_LEN: u32 = 20;
const MORE_FRAGMENTS_OR_OFFSET: u32 = 0xff3f; // as they lie in memory, without the don't-fragment flag
const DONT_FRAGMENT: u32 = 0x40; // in the first byte of the field

/** True when the fixed header is there and contradicts nothing. `isWhole` then says whether the packet is all here. */
export function isValid(p: usize, len: u32): bool {
  if (len < MIN_LEN || load<u8>(p, VERSION_IHL) >> 4 != 4) return false;
  return MIN_LEN <= headerLen(p) && headerLen(p) <= totalLen(p);
}

/** True when the packet ends inside the `len` bytes at `p`. */
export function isWhole(p: usize, len: u32): bool {
  return totalLen(p) <= len;
}

/** Tells an IPv4 packet from an IPv6 one. */
export function isVersion4(p: usize): bool {
  return load<u8>(p, VERSION_IHL) >> 4 == 4;
}

export function headerLen(p: usize): u32 {
  return (<u32>load<u8>(p, VERSION_IHL) & 0x0f) << 2;
}

export function tos(p: usize): u32 {
  return load<u8>(p, TOS);
}

export function totalLen(p: usize): u32 {
  return ((<u32>load<u8>(p, TOTAL_LEN)) << 8) | load<u8>(p, TOTAL_LEN + 1); // shorter than to load both and swap them
}

export function id(p: usize): u32 {
  return bswap<u16>(load<u16>(p, ID));
}

/** Any fragment but a whole packet: the more-fragments flag or an offset. */
export function isFragment(p: usize): bool {
  return (load<u16>(p, FRAGMENT) & MORE_FRAGMENTS_OR_OFFSET) != 0;
}

/** As it lies in memory. */
export function identification(p: usize): u32 {
  return load<u16>(p, IDENTIFICATION);
}

/** No router may cut it: then the sender wants to be told what fits (RFC 1191). */
export function dontFragment(p: usize): bool {
  return (<u32>load<u8>(p, FRAGMENT) & DONT_FRAGMENT) != 0;
}

/** Offset in the packet it is of, in units of 8 bytes; 0 for a first fragment and for a whole packet. */
export function fragmentOffset(p: usize): u32 {
  return <u32>bswap<u16>(load<u16>(p, FRAGMENT)) & 0x1fff;
}

export function ttl(p: usize): u32 {
  return load<u8>(p, TTL);
}

export function protocol(p: usize): u32 {
  return load<u8>(p, PROTOCOL);
}

/** Source address, bytes in network order as they lie in memory. */
export function source(p: usize): u32 {
  return load<u32>(p, SOURCE);
}

/** Destination address, bytes in network order as they lie in memory. */
export function destination(p: usize): u32 {
  return load<u32>(p, DESTINATION);
}

/**
 * Takes one from the TTL and mends the checksum. RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). The word m holds the TTL
 * in its high byte, so m' = m - 0x0100 and ~m + m' = 0xfeff: HC' = HC + 0x0100 with the carry brought round. In one's complement
 * the bytes may be swapped as long as all are (RFC 1071, section 2(B)): of words as they lie in memory that is HC + 1. So one
 * 32-bit word, of TTL, protocol and checksum, is all there is to load and to store.
 */
export function decrementTtl(p: usize): void {
  const word = load<u32>(p, TTL);
  // RFC 1624, section 4: as RFC 1141 this would end in 0xffff where a full sum gives 0; bring that round as well.
  const carry: u32 = word >= 0xfffe_0000 ? 0x1_0000 : 0;
  store<u32>(p, word - 1 + 0x1_0000 + carry, TTL);
}

export function setTos(p: usize, v: u32): void {
  store<u8>(p, <u8>v, TOS);
}

export function setTotalLen(p: usize, v: u32): void {
  store<u16>(p, bswap<u16>(<u16>v), TOTAL_LEN);
}

export function setId(p: usize, v: u32): void {
  store<u16>(p, bswap<u16>(<u16>v), ID);
}

/** The header checksum as it lies in memory. */
export function headerChecksum(p: usize): u32 {
  return load<u16>(p, CHECKSUM);
}

/** Stores a checksum as checksum.finish() gives it: already in the order of memory. */
export function storeChecksum(p: usize, v: u32): void {
  store<u16>(p, <u16>v, CHECKSUM);
}
