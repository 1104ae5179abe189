// wire/arp.ts: RFC 826, for IPv4 over Ethernet.
//   |         Hardware 1            |        Protocol 0x0800        |  0
//   |   HLen 6      |   PLen 4      |   Operation: 1 asks, 2 tells  |  4
//   |  Sender MAC (6), sender IPv4 (4), target MAC (6), target IPv4 (4)  |  8, 14, 18, 24
const HEAD: usize = 0;
const OPERATION: usize = 6;
const SENDER_MAC: usize = 8;
const SENDER_IPV4: usize = 14;
const TARGET_MAC: usize = 18;
const TARGET_IPV4: usize = 24;

export const LEN: u32 = 28;
// Hardware 1, protocol 0x0800, lengths 6 and 4, operation 1, as they lie in memory.
const REQUEST: u64 = 0x0100_0406_0008_0100;

/** True for a request of this kind that stays inside the `len` bytes at `p`. Call once, before the others. */
export function isRequest(p: usize, len: u32): bool {
  return len >= LEN && load<u64>(p, HEAD) == REQUEST;
}

/** The address asked for, bytes in network order as they lie in memory. */
export function target(p: usize): u32 {
  return load<u32>(p, TARGET_IPV4);
}

/** Sender's MAC address in the low 6 bytes. */
export function senderMac(p: usize): u64 {
  return load<u64>(p, SENDER_MAC) & 0xffff_ffff_ffff;
}

/** Turns the request at `p` into the answer: target and sender change places, the MAC asked for is filled in. */
export function intoReply(p: usize, mac: u64): void {
  const asker = senderMac(p);
  const askerAddress = load<u32>(p, SENDER_IPV4);
  const asked = target(p);
  store<u16>(p, bswap<u16>(2), OPERATION);
  storeMac(p + SENDER_MAC, mac);
  store<u32>(p, asked, SENDER_IPV4);
  storeMac(p + TARGET_MAC, asker);
  store<u32>(p, askerAddress, TARGET_IPV4);
}

function storeMac(p: usize, mac: u64): void {
  store<u32>(p, <u32>mac);
  store<u16>(p, <u16>(mac >> 32), 4);
}
