// fast/plain.ts: is this frame plain? Untagged, for us, IPv4 without options or fragments or IPv6 without extension headers, TCP
// or UDP, whole, nothing left to the device, TTL to spare: nearly every frame there is. What is not plain, or wrong in any way,
// goes to forward.ts, which says what it is.
//
// A frame that ends too early is found last: what is read before may be of an earlier frame in the same place, but the lengths in it
// count for nothing unless the frame is as long as they say.
//
// Every comparison has its own load, for that makes it one instruction and one branch that is never taken. Of comparisons of
// what is in registers already, wasm-opt makes one that computes all of them: twice as many instructions.
import { META_FLAGS, META_HAS_VIRTIO, META_PACKET_TYPE, META_VIRTIO, STEP_LENGTH } from '../layout';
import * as ethernet from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';

// Words as they lie in memory, little-endian.
const IPV4_BEGINS: u32 = 0x45_0008; // ethertype 0x0800, version 4, header of 5 words; the byte behind it is the TOS
const IPV6_BEGINS: u32 = 0x60_dd86; // ethertype 0x86dd, version 6
const NOT_PLAIN_MASK: u32 = 0xff01; // of flags and GSO type of a virtio header: VIRTIO_NEEDS_CSUM, any segments

/** True when the meta says: for us, no tag beside the frame, no half checksum, no segments. */
export function isPlainMeta(meta: usize): bool {
  // Packet type (for us: 0), the last verdict, flags.
  return !(load<u32>(meta, META_PACKET_TYPE) & 0xffff_00ff) || isPlainVirtio(meta);
}

function isPlainVirtio(meta: usize): bool {
  if (load<u8>(meta, META_PACKET_TYPE) || load<u16>(meta, META_FLAGS) != META_HAS_VIRTIO) return false;
  return !(load<u16>(meta, META_VIRTIO) & NOT_PLAIN_MASK);
}

/** Bytes of the packet of the frame of `step`, if it is a plain IPv4 one, else 0. */
export function plainIpv4(step: usize, frame: usize): u32 {
  const packet = frame + ethernet.HEADER_BYTES;
  if ((load<u32>(frame, 12) & 0xff_ffff) != IPV4_BEGINS) return 0;
  if (ipv4.isFragment(packet)) return 0;
  if (ipv4.ttl(packet) <= 1) return 0;
  const total = ipv4.totalLen(packet);
  if (total + ethernet.HEADER_BYTES > load<u32>(step, STEP_LENGTH)) return 0;
  return plainTransport(packet + ipv4.MIN_LEN, total, ipv4.MIN_LEN, ipv4.protocol(packet));
}

/** True when an Ethernet header with an IPv6 packet behind it is at `frame`, plain or not. */
export function isIpv6(frame: usize): bool {
  return (load<u32>(frame, 12) & 0xf0_ffff) == IPV6_BEGINS;
}

/** As plainIpv4(). */
export function plainIpv6(step: usize, frame: usize): u32 {
  const packet = frame + ethernet.HEADER_BYTES;
  if (!isIpv6(frame)) return 0;
  if (ipv6.hopLimit(packet) <= 1) return 0;
  const total = ipv6.totalLen(packet);
  if (total + ethernet.HEADER_BYTES > load<u32>(step, STEP_LENGTH)) return 0;
  return plainTransport(packet + ipv6.HEADER_LEN, total, ipv6.HEADER_LEN, ipv6.nextHeader(packet));
}

/**
 * `total` for TCP or UDP at `p` whose lengths agree with the bytes that are there, `total` less `header`, else 0. Signed: there may be
 * less than none, when the IP header says nonsense.
 */
function plainTransport(p: usize, total: u32, header: u32, protocol: u32): u32 {
  if (protocol == l4.PROTOCOL_TCP) {
    if (l4.tcpHeaderLen(p) < l4.TCP_MIN_LEN) return 0;
    return <i32>l4.tcpHeaderLen(p) <= <i32>(total - header) ? total : 0;
  }
  if (protocol != l4.PROTOCOL_UDP) return 0;
  if (l4.udpLength(p) < l4.UDP_LEN) return 0;
  return <i32>l4.udpLength(p) <= <i32>(total - header) ? total : 0;
}
