// profiles/addressText.ts: an address as people write it, for hashes taken of that: decimal for IPv4, RFC 5952 for IPv6.
// IPv6 addresses that embed an IPv4 one are written in groups too: none is a client's.

const DOT: u8 = 0x2e;
const COLON: u8 = 0x3a;
const ZERO: u8 = 0x30;
const A_LESS_TEN: u8 = 0x57; // 'a' - 10
const GROUPS: u32 = 8;

/** Writes the address at `address` (4 or 16 bytes, network order) to `to`; returns its length, at most 39. */
export function writeAddress(isV6: bool, address: usize, to: usize): u32 {
  return <u32>((isV6 ? writeIpv6(address, to) : writeIpv4(address, to)) - to);
}

function writeIpv4(address: usize, to: usize): usize {
  let p = to;
  for (let i: usize = 0; i < 4; i++) {
    if (i) p = put(p, DOT);
    p = writeDecimal(load<u8>(address + i), p);
  }
  return p;
}

function writeDecimal(value: u32, to: usize): usize {
  let p = to;
  if (value >= 100) p = put(p, ZERO + <u8>(value / 100));
  if (value >= 10) p = put(p, ZERO + <u8>((value / 10) % 10));
  return put(p, ZERO + <u8>(value % 10));
}

/** RFC 5952, section 4: no leading zeros, the longest run of two or more zero groups left out, the first of equal ones. */
function writeIpv6(address: usize, to: usize): usize {
  const run = longestRun(address);
  const start = run & 0xff;
  const end = run >> 8;
  let p = to;
  for (let i: u32 = 0; i < GROUPS; i++) {
    if (i == start && end) {
      p = put(put(p, COLON), COLON);
      i = end - 1;
      continue;
    }
    if (i && !(end && i == end)) p = put(p, COLON);
    p = writeHex(group(address, i), p);
  }
  return p;
}

/** First group of the run to leave out, and, 8 bits up, the group behind it; 0 there for none. */
function longestRun(address: usize): u32 {
  let start: u32 = 0;
  let longest: u32 = 1; // one group alone is written
  let at: u32 = 0;
  for (let i: u32 = 0; i < GROUPS; i++) {
    if (group(address, i)) {
      at = i + 1;
      continue;
    }
    if (i + 1 - at <= longest) continue;
    start = at;
    longest = i + 1 - at;
  }
  return longest > 1 ? start | ((start + longest) << 8) : 0;
}

function group(address: usize, i: u32): u32 {
  return bswap<u16>(load<u16>(address + (i << 1)));
}

function writeHex(value: u32, to: usize): usize {
  let p = to;
  let isWritten = false;
  for (let shift: i32 = 12; shift >= 0; shift -= 4) {
    const digit = <u8>((value >> shift) & 15);
    isWritten = isWritten || digit != 0 || shift == 0;
    if (isWritten) p = put(p, digit < 10 ? ZERO + digit : A_LESS_TEN + digit);
  }
  return p;
}

function put(to: usize, character: u8): usize {
  store<u8>(to, character);
  return to + 1;
}
