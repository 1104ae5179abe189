// wire/ipv6.ts: RFC 8200, section 3.
//   |Version| Traffic Class |              Flow Label               |  0
//   |         Payload Length        |  Next Header  |   Hop Limit   |  4
//   |      Source Address (16), then Destination Address (16)       |  8, 24
const FIRST_WORD: usize = 0;
const PAYLOAD_LEN: usize = 4;
const NEXT_HEADER: usize = 6;
const HOP_LIMIT: usize = 7;
export const SOURCE: usize = 8;
export const DESTINATION: usize = 24;

export const HEADER_LEN: u32 = 40;
export const MTU_MIN: u32 = 1280; // section 5: every link takes that
export const NEXT_FRAGMENT: u32 = 44; // RFC 8200, section 4.5
export const FLOW_LABEL_MASK: u32 = 0xfffff;

/** True when the fixed header is there. `isWhole` then says whether the packet is all here. */
export function isValid(p: usize, len: u32): bool {
  return len >= HEADER_LEN && load<u8>(p, FIRST_WORD) >> 4 == 6;
}

/** True when the packet ends inside the `len` bytes at `p`. */
export function isWhole(p: usize, len: u32): bool {
  return totalLen(p) <= len;
}

/** Header and payload: at most 65,575 bytes; jumbograms (RFC 2675) say 0 and so end with their header. */
export function totalLen(p: usize): u32 {
  return HEADER_LEN + ((<u32>load<u8>(p, PAYLOAD_LEN)) << 8) + load<u8>(p, PAYLOAD_LEN + 1);
}

export function trafficClass(p: usize): u32 {
  return (((<u32>load<u8>(p, FIRST_WORD)) << 4) | (load<u8>(p, FIRST_WORD + 1) >> 4)) & 0xff;
}

/** Sets DSCP and ECN, leaves the flow label. */
export function setTrafficClass(p: usize, v: u32): void {
  const word = bswap<u32>(load<u32>(p, FIRST_WORD));
  store<u32>(p, bswap<u32>((word & 0xf00f_ffff) | (v << 20)), FIRST_WORD);
}

export function nextHeader(p: usize): u32 {
  return load<u8>(p, NEXT_HEADER);
}

export function hopLimit(p: usize): u32 {
  return load<u8>(p, HOP_LIMIT);
}

export function decrementHopLimit(p: usize): void {
  store<u8>(p, load<u8>(p, HOP_LIMIT) - 1, HOP_LIMIT);
}

/** Version, traffic class and flow label, as they lie in memory. */
export function firstWord(trafficClass: u32, flowLabel: u32): u32 {
  return bswap<u32>((6 << 28) | (trafficClass << 20) | flowLabel);
}

export function setFirstWord(p: usize, trafficClass: u32, flowLabel: u32): void {
  store<u32>(p, firstWord(trafficClass, flowLabel), FIRST_WORD);
}

export function setPayloadLen(p: usize, v: u32): void {
  store<u16>(p, bswap<u16>(<u16>v), PAYLOAD_LEN);
}
