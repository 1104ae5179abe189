// wire/icmp.ts: ICMP (RFC 792) and ICMPv6 (RFC 4443): the eight bytes that every message begins with.
//   |     Type      |     Code      |           Checksum            |  0
//   |  echo: identifier, sequence   |  v4: unused | MTU (RFC 1191)  |  4
//   |                v6: MTU (RFC 4443, section 3.2)                |  4
// Behind it an error quotes the packet it is about, from its IP header on.
const TYPE: usize = 0;
const CHECKSUM: usize = 2;
const WORD: usize = 4;

export const HEADER_LEN: u32 = 8;

const ECHO_REPLY: u32 = 0;
const UNREACHABLE: u32 = 3;
const NEEDS_FRAGMENTATION: u32 = 4; // code of UNREACHABLE
const ECHO_REQUEST: u32 = 8;
const TIME_EXCEEDED: u32 = 11;
const PARAMETER_PROBLEM: u32 = 12;
const V6_PACKET_TOO_BIG: u32 = 2;
const V6_PARAMETER_PROBLEM: u32 = 4;
const V6_ECHO_REQUEST: u32 = 128;
const V6_ECHO_REPLY: u32 = 129;

export function isEchoRequest(p: usize, isV6: bool): bool {
  return load<u16>(p, TYPE) == (isV6 ? V6_ECHO_REQUEST : ECHO_REQUEST); // and code 0
}

/**
 * True for an error about a packet that was sent: unreachable, time exceeded, parameter problem, and in ICMPv6 packet too big.
 * Source quench is not among them: RFC 6633 says it must be ignored.
 */
export function isError(p: usize, isV6: bool): bool {
  const type = <u32>load<u8>(p, TYPE);
  if (isV6) return type >= 1 && type <= V6_PARAMETER_PROBLEM;
  return type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
}

/** Turns an echo request of code 0 into its reply; the checksum is still that of the request. */
export function intoEchoReply(p: usize, isV6: bool): void {
  store<u16>(p, <u16>(isV6 ? V6_ECHO_REPLY : ECHO_REPLY), TYPE);
}

/** Writes the header of an error that says the packet was larger than `mtu`; the checksum is 0. */
export function writeTooBig(p: usize, isV6: bool, mtu: u32): void {
  store<u32>(p, isV6 ? V6_PACKET_TOO_BIG : UNREACHABLE | (NEEDS_FRAGMENTATION << 8), TYPE);
  store<u32>(p, bswap<u32>(mtu), WORD); // ICMP has it in the low half; the high one is unused
}

/** As it lies in memory. */
export function storedChecksum(p: usize): u32 {
  return load<u16>(p, CHECKSUM);
}

/** Stores a checksum as checksum.finish() gives it: already in the order of memory. */
export function storeChecksum(p: usize, v: u32): void {
  store<u16>(p, <u16>v, CHECKSUM);
}

/** Type and code in one word, as checksum.replaced() takes it. */
export function firstWord(p: usize): u32 {
  return load<u16>(p, TYPE);
}
