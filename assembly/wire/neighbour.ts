// wire/neighbour.ts: IPv6 neighbour discovery, RFC 4861, sections 4.3 (solicitation) and 4.4 (advertisement).
//   |  Type 135/136 |    Code 0     |           Checksum            |  0
//   |R|S|O|              Reserved (solicitation: all 0)             |  4
//   |                      Target Address (16)                      |  8
//   |  Option: type 2, length 1 (8 bytes), link-layer address (6)   |  24
const TYPE: usize = 0;
const CHECKSUM: usize = 2;
const FLAGS: usize = 4;
export const TARGET: usize = 8;
const OPTION: usize = 24;

const SOLICITATION: u32 = 135;
const ADVERTISEMENT: u32 = 136;
const SOLICITATION_MIN_LEN: u32 = 24;
export const ADVERTISEMENT_LEN: u32 = 32;
export const FLAG_SOLICITED: u32 = 0x4000_0000;
export const FLAG_OVERRIDE: u32 = 0x2000_0000;

/** True for a solicitation whose target stays inside the `len` bytes at `p` (RFC 4861, section 7.1.1; hop limit apart). */
export function isSolicitation(p: usize, len: u32): bool {
  return len >= SOLICITATION_MIN_LEN && load<u8>(p, TYPE) == SOLICITATION && load<u8>(p, 1) == 0;
}

/** Writes an advertisement with the target's link-layer address; the target itself stays, the checksum is 0. */
export function writeAdvertisement(p: usize, flags: u32, mac: u64): void {
  store<u32>(p, ADVERTISEMENT, TYPE); // code and checksum 0 with it
  store<u32>(p, bswap<u32>(flags), FLAGS);
  store<u16>(p, 0x0102, OPTION); // type 2, length 1
  store<u32>(p, <u32>mac, OPTION + 2);
  store<u16>(p, <u16>(mac >> 32), OPTION + 6);
}

/** Stores a checksum as checksum.finish() gives it: already in the order of memory. */
export function storeChecksum(p: usize, v: u32): void {
  store<u16>(p, <u16>v, CHECKSUM);
}
