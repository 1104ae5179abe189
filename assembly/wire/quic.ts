// wire/quic.ts: as much of a QUIC packet as says which server it is for (RFC 9000, section 17; types of version 2: RFC 9369, section 3.2).
//   long   |1|F|Type 2|....|       Version 32      | DCID length 8 |  DCID ...     Initial, 0-RTT, Handshake, Retry
//   short  |0|F|..........|  DCID ...                                              1-RTT: its length is the server's to know
// A server that is found by its connection ids begins each with two bits that say how its id stands in them (Katran's CIDv1, v2, v3):
//   1  |0 1| server id 16 | ...           2  |1 0| any 6 | server id 24 | ...      3  |1 1| any 6 | server id 32 | ...
// The id of an Initial or 0-RTT packet is the client's own, of random bytes: it says nothing.
const VERSION: usize = 1;
const LONG_DCID_LEN: usize = 5;
const LONG_DCID: usize = 6;
const SHORT_DCID: usize = 1;

const IS_LONG: u32 = 0x80;
const VERSION_2: u32 = 0x6b33_43cf;
const ZERO_RTT: u32 = 1;
const DCID_LEN_MIN: u32 = 8; // shorter ones are nobody's who puts an id inside
const LONG_MIN_LEN: u32 = <u32>LONG_DCID + DCID_LEN_MIN;
const SHORT_MIN_LEN: u32 = <u32>SHORT_DCID + DCID_LEN_MIN;
const SIGN: u32 = 0x8000_0000;

/** Of the packet that readServerId() read last: its connection id was chosen by the client. */
export let isInitial: bool = false;
/** How the server id stands in the connection id: 1, 2 or 3; 0 = not at all. */
export let idVersion: u32 = 0;

/**
 * The server id in the connection id of the UDP payload of `bytes` bytes at `p`; 0 when there is none. Without `knowsVersion2` types of
 * long headers are those of version 1 in every packet.
 */
export function readServerId(p: usize, bytes: u32, knowsVersion2: bool): u32 {
  isInitial = false;
  idVersion = 0;
  if (!bytes) return 0;
  if (!(load<u8>(p) & IS_LONG)) return bytes < SHORT_MIN_LEN ? 0 : idIn(p + SHORT_DCID);
  if (bytes < LONG_MIN_LEN) return 0;
  isInitial = typeOf(p, knowsVersion2) <= ZERO_RTT;
  return isInitial || <u32>load<u8>(p, LONG_DCID_LEN) < DCID_LEN_MIN ? 0 : idIn(p + LONG_DCID);
}

/** Type of a long header as version 1 numbers them; version 2 counts them from 1, modulo 4. */
function typeOf(p: usize, knowsVersion2: bool): u32 {
  const bits = (<u32>load<u8>(p) >> 4) & 3;
  return knowsVersion2 && load<u32>(p, VERSION) == bswap<u32>(VERSION_2) ? (bits - 1) & 3 : bits;
}

/** `c` is a connection id of at least DCID_LEN_MIN bytes. */
function idIn(c: usize): u32 {
  const word = bswap<u32>(load<u32>(c));
  idVersion = word >> 30;
  if (idVersion == 1) return (word >> 14) & 0xffff;
  if (idVersion == 2) return word & 0xff_ffff;
  const id = bswap<u32>(load<u32>(c, 1));
  return idVersion == 3 && !(id & SIGN) ? id : 0;
}
