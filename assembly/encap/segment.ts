// encap/segment.ts: cuts a super-frame into its segments. A sender or the kernel's receive offload joined them; a receiver that
// gets them inside a tunnel has to get each as a packet of its own. What segment i is, from the packet that was joined:
//   IP     length; IPv4 id + i, as the sender would have counted (and Linux counts); TTL one less (tunnels; not with compat); header checksum mended
//   TCP    sequence + i * size; FIN and PSH only on the last, CWR only on the first; checksum made whole
//   UDP    length; checksum made whole, if there is one
//   the rest of the headers, options too, is copied
// The super-frame in hand is in parse.ts; what prepare() found out stands in this file's globals.
import { SEGMENTS_MAX } from '../layout';
import * as parsed from '../parse';
import { DROP_SEGMENTS, DROP_SUPER_FRAME_ENCAP, NO_VERDICT } from '../verdict';
import * as checksum from '../wire/checksum';
import { copy } from '../wire/copy';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import * as virtio from '../wire/virtio';

/** How many segments there are: 1 to SEGMENTS_MAX. */
export let count: u32 = 0;
/** Bytes of the longest packet: the first. */
export let longest: u32 = 0;

let size: u32 = 0; // payload bytes of each segment but the last
let headerBytes: u32 = 0; // IP and transport header
let payloadBytes: u32 = 0; // of all segments
let makesChecksum: bool = false;

/** Measures the super-frame in hand. NO_VERDICT: it can be cut; else why not. */
export function prepare(): u32 {
  const header = parsed.virtioHeader();
  size = virtio.segmentBytes(header);
  if (!size || parsed.isFragment || !isOfKind(virtio.superFrameType(header))) return DROP_SUPER_FRAME_ENCAP;
  const isTcp = parsed.protocol == l4.PROTOCOL_TCP;
  const transportHeader = isTcp ? l4.tcpHeaderLen(parsed.transport) : l4.UDP_LEN;
  headerBytes = <u32>(parsed.transport - parsed.packet) + transportHeader;
  payloadBytes = parsed.packetBytes - headerBytes;
  // RFC 768: UDP without a checksum stays without one.
  makesChecksum = isTcp || virtio.needsChecksum(header) || l4.udpChecksum(parsed.transport) != 0;
  count = payloadBytes > size ? (payloadBytes + size - 1) / size : 1;
  longest = headerBytes + min(payloadBytes, size);
  return count > <u32>SEGMENTS_MAX ? DROP_SEGMENTS : NO_VERDICT;
}

/** Bytes of the packet of segment `i`. */
export function bytesOf(i: u32): u32 {
  return headerBytes + min(payloadBytes - i * size, size);
}

/** Writes the packet of segment `i` to `at`; may write up to 15 bytes past its end. `isHop`: its TTL is one less. */
export function write(at: usize, i: u32, isHop: bool): void {
  const bytes = bytesOf(i);
  copy(at, parsed.packet, headerBytes);
  copy(at + headerBytes, parsed.packet + headerBytes + i * size, bytes - headerBytes);
  if (parsed.isV6) finishIpv6(at, bytes, isHop);
  else finishIpv4(at, bytes, i, isHop);
  const transport = at + (parsed.transport - parsed.packet);
  const transportBytes = bytes - <u32>(transport - at);
  if (parsed.protocol == l4.PROTOCOL_TCP) finishTcp(transport, i);
  else l4.setUdpLength(transport, transportBytes);
  if (makesChecksum) makeChecksum(at, transport, transportBytes);
}

/** True when the virtio header means what the packet is. UDP fragmentation offload (another type) means fragments. */
function isOfKind(type: u32): bool {
  if (type == virtio.SUPER_TCP4) return parsed.protocol == l4.PROTOCOL_TCP && !parsed.isV6;
  if (type == virtio.SUPER_TCP6) return parsed.protocol == l4.PROTOCOL_TCP && parsed.isV6;
  if (type != virtio.SUPER_UDP || parsed.protocol != l4.PROTOCOL_UDP) return false;
  return l4.udpLength(parsed.transport) == parsed.transportBytes;
}

/** Length and id change; mended, not made anew, so that a header that was broken is still found out. */
function finishIpv4(at: usize, bytes: u32, i: u32, isHop: bool): void {
  const id = ipv4.id(at) + i;
  const before = bswap<u16>(<u16>ipv4.totalLen(at)) + <u32>bswap<u16>(<u16>ipv4.id(at));
  const after = bswap<u16>(<u16>bytes) + <u32>bswap<u16>(<u16>id);
  const field = checksum.replaced(ipv4.headerChecksum(at), checksum.fold(before), checksum.fold(after));
  ipv4.setTotalLen(at, bytes);
  ipv4.setId(at, id);
  ipv4.storeChecksum(at, field);
  if (isHop) ipv4.decrementTtl(at);
}

function finishIpv6(at: usize, bytes: u32, isHop: bool): void {
  ipv6.setPayloadLen(at, bytes - ipv6.HEADER_LEN);
  if (isHop) ipv6.decrementHopLimit(at);
}

function finishTcp(transport: usize, i: u32): void {
  l4.setSequence(transport, l4.sequence(transport) + i * size);
  let flags = l4.tcpFlags(transport);
  if (i + 1 < count) flags &= ~(l4.FLAG_FIN | l4.FLAG_PSH);
  if (i > 0) flags &= ~l4.FLAG_CWR; // RFC 3168, section 6.1.2: set once, in the first packet after the window was reduced
  l4.setTcpFlags(transport, flags);
}

/** The whole checksum: pseudo header (RFC 9293, section 3.1; RFC 8200, section 8.1) and segment. */
function makeChecksum(at: usize, transport: usize, bytes: u32): void {
  const isUdp = parsed.protocol == l4.PROTOCOL_UDP;
  const field = transport + (isUdp ? l4.UDP_CHECKSUM : l4.TCP_CHECKSUM);
  store<u16>(field, 0);
  const pseudo = <u64>bswap<u16>(<u16>bytes) + (parsed.protocol << 8);
  const addresses = parsed.isV6
    ? checksum.add(pseudo, at + ipv6.SOURCE, 32)
    : checksum.add(pseudo, at + ipv4.SOURCE, 8);
  const sum = checksum.finish(checksum.add(addresses, transport, bytes));
  store<u16>(field, <u16>(isUdp && !sum ? 0xffff : sum));
}
