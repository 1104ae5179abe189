// wire/l4.ts: the beginnings of TCP (RFC 9293, section 3.1), UDP (RFC 768) and SCTP (RFC 9260, section 3): ports, flags, lengths.
//   TCP  |          Source Port          |       Destination Port        |  0
//        |                        Sequence Number                        |  4
//        |                     Acknowledgment Number                     |  8
//        |DOffset|  Rsv  |     Flags     |            Window             |  12
//   UDP  |          Source Port          |       Destination Port        |  0
//        |             Length            |           Checksum            |  4
//   SCTP |          Source Port          |       Destination Port        |  0
//        |                       Verification Tag                        |  4
//        |           Checksum: CRC32c, of the SCTP packet alone          |  8
//        |  Chunk type   |  Chunk flags  |         Chunk length          |  12
const SOURCE_PORT: usize = 0;
const TCP_SEQUENCE: usize = 4;
const TCP_DATA_OFFSET: usize = 12;
const TCP_FLAGS: usize = 13;
const UDP_LENGTH: usize = 4;
const SCTP_CHUNK_TYPE: usize = 12;
export const TCP_CHECKSUM: usize = 16;
export const UDP_CHECKSUM: usize = 6;
export const ICMPV6_CHECKSUM: usize = 2;

export const PROTOCOL_ICMP: u32 = 1;
export const PROTOCOL_ICMPV6: u32 = 58;
export const PROTOCOL_IPV4: u32 = 4; // of a packet inside another: RFC 2003
export const PROTOCOL_IPV6: u32 = 41; // RFC 2473, RFC 4213
export const PROTOCOL_GRE: u32 = 47;
export const PROTOCOL_TCP: u32 = 6;
export const PROTOCOL_UDP: u32 = 17;
export const TCP_MIN_LEN: u32 = 20;
export const UDP_LEN: u32 = 8;
export const PROTOCOL_SCTP: u32 = 132;
export const SCTP_LEN: u32 = 12;
export const SCTP_CHECKSUM: usize = 8;
const SCTP_INIT: u32 = 1;

export const FLAG_FIN: u32 = 0x01;
const FLAG_SYN: u32 = 0x02;
export const FLAG_PSH: u32 = 0x08;
const FLAG_ACK: u32 = 0x10;
export const FLAG_CWR: u32 = 0x80;

/** Both ports in one word as they lie in memory: what a hash takes. */
export function ports(p: usize): u32 {
  return load<u32>(p, SOURCE_PORT);
}

/** Destination port of the word that ports() gave. */
export function destinationPortOf(ports: u32): u32 {
  return bswap<u16>(<u16>(ports >> 16));
}

/** Header with options, from the data offset. */
export function tcpHeaderLen(p: usize): u32 {
  return (<u32>load<u8>(p, TCP_DATA_OFFSET) >> 4) << 2;
}

/** The first segment of a connection: SYN without ACK. */
export function isSyn(p: usize): bool {
  return (<u32>load<u8>(p, TCP_FLAGS) & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

export function sequence(p: usize): u32 {
  return bswap<u32>(load<u32>(p, TCP_SEQUENCE));
}

export function setSequence(p: usize, v: u32): void {
  store<u32>(p, bswap<u32>(v), TCP_SEQUENCE);
}

/** FLAG_ bits. */
export function tcpFlags(p: usize): u32 {
  return load<u8>(p, TCP_FLAGS);
}

export function setTcpFlags(p: usize, v: u32): void {
  store<u8>(p, <u8>v, TCP_FLAGS);
}

/** The first packet of an association: INIT stands alone in it (RFC 9260, section 3.3.2). `len` is of the SCTP packet. */
export function isSctpInit(p: usize, len: u32): bool {
  return len > SCTP_LEN && load<u8>(p, SCTP_CHUNK_TYPE) == SCTP_INIT;
}

export function udpLength(p: usize): u32 {
  return ((<u32>load<u8>(p, UDP_LENGTH)) << 8) | load<u8>(p, UDP_LENGTH + 1); // shorter than to load both and swap them
}

export function setUdpLength(p: usize, v: u32): void {
  store<u16>(p, bswap<u16>(<u16>v), UDP_LENGTH);
}

/** As it lies in memory; 0 = there is none (RFC 768). */
export function udpChecksum(p: usize): u32 {
  return load<u16>(p, UDP_CHECKSUM);
}
