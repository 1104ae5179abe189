// wire/extension.ts: IPv6 extension headers (RFC 8200, section 4), walked from the fixed header to what they stand before. All but
// two say their length in units of 8 bytes, less one:
//   |  Next Header  |  Hdr Ext Len  |                               |  0     hop-by-hop, routing, destination options
//   |  Next Header  |  Payload Len: words of 4 bytes, less two      |  0     authentication (RFC 4302, section 2)
//   |  Next Header  |   Reserved    |  Fragment Offset: 13  |Res |M |  0     fragment, always 8 bytes
//   |                        Identification                         |  4
// Encryption (50) ends the walk: nothing behind it can be read.
import * as ipv6 from './ipv6';

/** Most headers that are walked. Real packets have one or two; each is a load that the sender chooses for us. */
const HEADERS_MAX: u32 = 8;

const HOP_BY_HOP: u32 = 0;
const ROUTING: u32 = 43;
const AUTHENTICATION: u32 = 51;
const DESTINATION_OPTIONS: u32 = 60;
const LEN_MIN: u32 = 8;

/** What walk() answers. */
export const WALKED: u32 = 0;
export const SHORT: u32 = 1; // a header does not end inside the packet
export const TOO_MANY: u32 = 2; // more than HEADERS_MAX, or a second fragment header

/** What the last walk() found: the protocol behind the headers, where it begins, where a fragment header is (0: none). */
export let protocol: u32 = 0;
export let offset: u32 = 0;
export let fragment: u32 = 0;

/**
 * Walks the headers of the `bytes` bytes at `packet`, of which the fixed header must be there. Behind a fragment header with an
 * offset stands the middle of a packet: the walk ends there.
 */
export function walk(packet: usize, bytes: u32): u32 {
  protocol = ipv6.nextHeader(packet);
  offset = ipv6.HEADER_LEN;
  fragment = 0;
  for (let count: u32 = 0; isExtension(protocol); count++) {
    if (count == HEADERS_MAX || (protocol == ipv6.NEXT_FRAGMENT && fragment)) return TOO_MANY;
    if (bytes - offset < LEN_MIN) return SHORT;
    const at = packet + offset;
    const len = lengthOf(protocol, at);
    if (len > bytes - offset) return SHORT;
    const isFragment = protocol == ipv6.NEXT_FRAGMENT;
    if (isFragment) fragment = offset;
    protocol = load<u8>(at);
    offset += len;
    if (isFragment && fragmentOffset(at)) return WALKED;
  }
  return WALKED;
}

/** True for a header that the walk goes past. */
export function isExtension(type: u32): bool {
  return (
    type == ipv6.NEXT_FRAGMENT ||
    type == HOP_BY_HOP ||
    type == ROUTING ||
    type == DESTINATION_OPTIONS ||
    type == AUTHENTICATION
  );
}

function lengthOf(type: u32, at: usize): u32 {
  if (type == ipv6.NEXT_FRAGMENT) return LEN_MIN;
  const units = <u32>load<u8>(at, 1);
  return type == AUTHENTICATION ? max((units + 2) << 2, LEN_MIN) : (units + 1) << 3;
}

/** Offset in the packet that the fragment is of, in units of 8 bytes. */
export function fragmentOffset(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at, 2)) >> 3;
}

export function hasMoreFragments(at: usize): bool {
  return (load<u8>(at, 3) & 1) != 0;
}

/** Identification, as it lies in memory. */
export function fragmentId(at: usize): u32 {
  return load<u32>(at, 4);
}
