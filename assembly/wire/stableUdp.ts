// wire/stableUdp.ts: a header before what UDP carries, by which a client says which server it belongs to (Katran's stable routing):
//   |  Type: 0x52   |                Server id: 24                  |  0
//   |                       Rest of the connection id               |  4
const TYPE: u8 = 0x52;
const MIN_LEN: u32 = 8;

/** True when the UDP payload of `bytes` bytes at `p` begins with the header. */
export function isValid(p: usize, bytes: u32): bool {
  return bytes >= MIN_LEN && load<u8>(p) == TYPE;
}

/** 0 = none. */
export function serverId(p: usize): u32 {
  return bswap<u32>(load<u32>(p)) & 0xff_ffff;
}
