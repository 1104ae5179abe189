// wire/ethernet.ts: IEEE 802.3, with one IEEE 802.1Q tag where there is one.
//   |        Destination (6)        |           Source (6)          | Ethertype (2) |
//   |        Destination (6)        |           Source (6)          | 0x8100 | TCI | Ethertype (2) |
export const HEADER_BYTES: u32 = 14;
export const TAG_BYTES: u32 = 4;
const SOURCE: usize = 6;
const TYPE: usize = 12;
const TAG_TCI: usize = 14;
const TAGGED_TYPE: usize = 16;

export const TYPE_IPV4: u32 = 0x0800;
export const TYPE_ARP: u32 = 0x0806;
export const TYPE_VLAN: u32 = 0x8100;
export const TYPE_IPV6: u32 = 0x86dd;

const MAC_MASK: u64 = 0xffff_ffff_ffff;

/** True when the type field stays inside the `len` bytes at `p`, tag included. Call once, before the others. */
export function isValid(p: usize, len: u32): bool {
  if (len < HEADER_BYTES) return false;
  return type(p) != TYPE_VLAN || len >= HEADER_BYTES + TAG_BYTES;
}

export function type(p: usize): u32 {
  return bswap<u16>(load<u16>(p, TYPE));
}

/** TCI of a tagged frame: priority, drop eligible, VLAN. */
export function tagTci(p: usize): u32 {
  return bswap<u16>(load<u16>(p, TAG_TCI));
}

/** Ethertype behind the tag. */
export function taggedType(p: usize): u32 {
  return bswap<u16>(load<u16>(p, TAGGED_TYPE));
}

/** Source MAC address in the low 6 bytes. `p` has at least 8 bytes behind it in any valid frame. */
export function source(p: usize): u64 {
  return load<u64>(p, SOURCE) & MAC_MASK;
}

/** Writes an untagged header; MAC addresses are the low 6 bytes of their u64. Of `from` the other two are 0. */
export function write(p: usize, destination: u64, from: u64, ethertype: u32): void {
  writeHalves(p, destination, secondHalf(from, ethertype));
}

/** The last 8 bytes of an untagged header: the source, whose other two bytes are 0, and the ethertype. */
export function secondHalf(from: u64, ethertype: u32): u64 {
  return from | ((<u64>bswap<u16>(<u16>ethertype)) << 48);
}

/** Writes an untagged header; the other two bytes of `destination` do not matter, the second half comes over them. */
export function writeHalves(p: usize, destination: u64, half: u64): void {
  store<u64>(p, destination);
  store<u64>(p, half, SOURCE);
}

/** Writes a header with an 802.1Q tag. */
export function writeTagged(p: usize, destination: u64, from: u64, tci: u32, ethertype: u32): void {
  write(p, destination, from, TYPE_VLAN);
  store<u16>(p, bswap<u16>(<u16>tci), TAG_TCI);
  store<u16>(p, bswap<u16>(<u16>ethertype), TAGGED_TYPE);
}

/** Source and destination change places. */
export function exchangeMacs(p: usize): void {
  const destination = load<u64>(p) & MAC_MASK;
  write(p, source(p), destination, type(p));
}
