// wire/crc32c.ts: the checksum of SCTP: CRC32c (Castagnoli), RFC 9260, appendix A; reflected, so the polynomial is 0x82f63b78. A bit
// at a time: only what a local sender left to its device is completed here.

const POLYNOMIAL: u32 = 0x82f6_3b78;

/** CRC32c of `len` bytes at `p`, to be stored as it is: `store<u32>(field, crc32c(p, len))`. */
export function crc32c(p: usize, len: u32): u32 {
  let crc: u32 = 0xffff_ffff;
  for (let i: u32 = 0; i < len; i++) {
    crc ^= load<u8>(p + i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & -(crc & 1));
  }
  return ~crc;
}
