// fast/plain.ts: is this frame plain? Untagged, for us, IPv4 without options or fragments or IPv6 without extension headers, TCP
// or UDP, whole, nothing left to the device, TTL to spare: nearly every frame there is. A few wide loads answer what
// parse.ts asks header by header. What is not plain, or wrong in any way, goes to forward.ts, which says what it is.
import { META_HAS_VIRTIO, META_PACKET_TYPE, META_VIRTIO } from '../layout';
import * as ethernet from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

// Words as they lie in memory, little-endian.
const IPV4_BEGINS: u32 = 0x45_0008; // ethertype 0x0800, version 4, header of 5 words; the byte behind it is the TOS
const IPV6_BEGINS: u32 = 0x60_dd86; // ethertype 0x86dd, version 6
const FRAGMENT_MASK: u32 = 0xff3f; // of the word at the fragment field: more fragments, or an offset
const TTL_ONE: u32 = 0x01_0000; // in that same word
const NOT_PLAIN_MASK: u32 = 0xff01; // of flags and GSO type of a virtio header: VIRTIO_NEEDS_CSUM, any segments

/** True when the meta says: for us, no tag beside the frame, no half checksum, no segments. */
export function isPlainMeta(meta: usize): bool {
  const word = load<u32>(meta, META_PACKET_TYPE); // packet type (for us: 0), the last verdict, flags
  if (!(word & 0xffff_00ff)) return true;
  if (word & 0xff || word >> 16 != META_HAS_VIRTIO) return false;
  return !(load<u16>(meta, META_VIRTIO) & NOT_PLAIN_MASK);
}

/** Bytes of the packet of a plain IPv4 frame, 0 for any other. */
export function plainIpv4(frame: usize, len: u32): u32 {
  const packet = frame + ethernet.HEADER_BYTES;
  if (len < ethernet.HEADER_BYTES + ipv4.MIN_LEN + l4.UDP_LEN) return 0;
  if ((load<u32>(frame, 12) & 0xff_ffff) != IPV4_BEGINS) return 0;
  const word = load<u32>(packet, 6); // fragment, TTL, protocol
  if (word & FRAGMENT_MASK || (word & 0xff_0000) <= TTL_ONE) return 0;
  const total = ipv4.totalLen(packet);
  if (total + ethernet.HEADER_BYTES > len) return 0;
  return isPlainTransport(packet + ipv4.MIN_LEN, total - ipv4.MIN_LEN, word >> 24) ? total : 0;
}

/** Bytes of the packet of a plain IPv6 frame, 0 for any other. */
export function plainIpv6(frame: usize, len: u32): u32 {
  const packet = frame + ethernet.HEADER_BYTES;
  if (len < ethernet.HEADER_BYTES + ipv6.HEADER_LEN + l4.UDP_LEN) return 0;
  if ((load<u32>(frame, 12) & 0xf0_ffff) != IPV6_BEGINS || ipv6.hopLimit(packet) <= 1) return 0;
  const total = ipv6.totalLen(packet);
  if (total + ethernet.HEADER_BYTES > len) return 0;
  return isPlainTransport(packet + ipv6.HEADER_LEN, total - ipv6.HEADER_LEN, ipv6.nextHeader(packet)) ? total : 0;
}

/** TCP or UDP whose lengths agree with the `bytes` that are there. The fixed part may be read: the frame is that long. */
function isPlainTransport(p: usize, bytes: u32, protocol: u32): bool {
  if (protocol == l4.PROTOCOL_TCP) {
    const header = l4.tcpHeaderLen(p);
    return <i32>bytes >= <i32>l4.TCP_MIN_LEN && header >= l4.TCP_MIN_LEN && header <= bytes;
  }
  if (protocol != l4.PROTOCOL_UDP) return false;
  const length = l4.udpLength(p);
  return <i32>bytes >= <i32>l4.UDP_LEN && length >= l4.UDP_LEN && length <= bytes;
}
