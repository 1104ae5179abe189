// parse.ts: from bytes to a flow. One frame is in hand at a time; what was found stands in this file's globals until
// the next call. Every header is checked once, before its accessors are used.
import { META_FLAGS, META_HAS_VIRTIO, META_HAS_VLAN, META_VIRTIO, META_VLAN_TCI } from './layout';
import { DROP_BAD_HEADER, DROP_TRUNCATED, IGNORE_ETHERTYPE, NO_VERDICT } from './verdict';
import * as ethernet from './wire/ethernet';
import * as ipv4 from './wire/ipv4';
import * as ipv6 from './wire/ipv6';
import * as l4 from './wire/l4';

export let frame: usize = 0;
export let frameBytes: u32 = 0;
export let meta: usize = 0;
export let etherType: u32 = 0;
export let hasVlan: bool = false;
export let vlanTci: u32 = 0;
/** The packet: what follows the Ethernet header, without the frame's padding. */
export let packet: usize = 0;
export let packetBytes: u32 = 0;
export let isV6: bool = false;
export let protocol: u32 = 0;
export let isFragment: bool = false;
/** Destination address, 16 bytes as two words; an IPv4 address stands in its mapped form (layout.ts). */
export let destinationHigh: u64 = 0;
export let destinationLow: u64 = 0;
/** True from the moment the destination address can be trusted. */
export let hasDestination: bool = false;
export let transport: usize = 0;
export let transportBytes: u32 = 0;
/** Both ports as they lie in memory; 0 for a protocol that has none, or a fragment. */
export let ports: u32 = 0;
export let destinationPort: u32 = 0;
export let isSyn: bool = false;

/** virtio header of the frame in hand, 0 when it has none. */
export function virtioHeader(): usize {
  return load<u16>(meta, META_FLAGS) & META_HAS_VIRTIO ? meta + META_VIRTIO : 0;
}

/** Reads frame and meta. NO_VERDICT: all globals above are set, down to the transport header. */
export function parse(at: usize, len: u32, about: usize): u32 {
  frame = at;
  frameBytes = len;
  meta = about;
  hasDestination = false;
  if (!ethernet.isValid(at, len)) return DROP_TRUNCATED;
  const verdict = stripTag();
  if (verdict != NO_VERDICT) return verdict;
  if (etherType == ethernet.TYPE_IPV4) return parseIpv4();
  if (etherType == ethernet.TYPE_IPV6) return parseIpv6();
  return etherType == ethernet.TYPE_ARP ? NO_VERDICT : IGNORE_ETHERTYPE;
}

/** A tag is in the ring header (the kernel took it out of the frame) or in the frame; both at once are two tags. */
function stripTag(): u32 {
  etherType = ethernet.type(frame);
  packet = frame + ethernet.HEADER_BYTES;
  hasVlan = (load<u16>(meta, META_FLAGS) & META_HAS_VLAN) != 0;
  if (hasVlan) vlanTci = load<u16>(meta, META_VLAN_TCI);
  if (etherType == ethernet.TYPE_VLAN) {
    if (hasVlan) return IGNORE_ETHERTYPE;
    hasVlan = true;
    vlanTci = ethernet.tagTci(frame);
    etherType = ethernet.taggedType(frame);
    packet += ethernet.TAG_BYTES;
  }
  packetBytes = frameBytes - <u32>(packet - frame);
  return NO_VERDICT;
}

function parseIpv4(): u32 {
  if (packetBytes < ipv4.MIN_LEN) return DROP_TRUNCATED;
  if (!ipv4.isValid(packet, packetBytes)) return DROP_BAD_HEADER;
  isV6 = false;
  protocol = ipv4.protocol(packet);
  destinationHigh = 0;
  destinationLow = mapped(ipv4.destination(packet));
  hasDestination = true;
  if (!ipv4.isWhole(packet, packetBytes)) return DROP_TRUNCATED;
  packetBytes = ipv4.totalLen(packet); // the rest is padding
  isFragment = ipv4.isFragment(packet);
  return parseTransport(ipv4.headerLen(packet));
}

function parseIpv6(): u32 {
  if (packetBytes < ipv6.HEADER_LEN) return DROP_TRUNCATED;
  if (!ipv6.isValid(packet, packetBytes)) return DROP_BAD_HEADER;
  isV6 = true;
  protocol = ipv6.nextHeader(packet);
  destinationHigh = load<u64>(packet, ipv6.DESTINATION);
  destinationLow = load<u64>(packet, ipv6.DESTINATION + 8);
  hasDestination = true;
  if (!ipv6.isWhole(packet, packetBytes)) return DROP_TRUNCATED;
  packetBytes = ipv6.totalLen(packet);
  isFragment = protocol == ipv6.NEXT_FRAGMENT;
  return parseTransport(ipv6.HEADER_LEN);
}

/**
 * The packet of an answer made from the one in hand: `bytes` long, wherever the asker's ended. A frame always has room:
 * the cells and rings it lies in hold more than the longest answer.
 */
export function trimPacket(bytes: u32): void {
  packetBytes = bytes;
}

/** ::ffff:a.b.c.d as the low word of an address. */
export function mapped(address: u32): u64 {
  return 0xffff_0000 | ((<u64>address) << 32);
}

function parseTransport(headerLen: u32): u32 {
  transport = packet + headerLen;
  transportBytes = packetBytes - headerLen;
  ports = 0;
  destinationPort = 0;
  isSyn = false;
  if (isFragment) return NO_VERDICT; // its ports may not be here, and forward() drops it
  if (protocol == l4.PROTOCOL_TCP) return parseTcp();
  return protocol == l4.PROTOCOL_UDP ? parseUdp() : NO_VERDICT;
}

function parseTcp(): u32 {
  if (transportBytes < l4.TCP_MIN_LEN) return DROP_TRUNCATED;
  const headerLen = l4.tcpHeaderLen(transport);
  if (headerLen < l4.TCP_MIN_LEN) return DROP_BAD_HEADER;
  if (headerLen > transportBytes) return DROP_TRUNCATED;
  ports = l4.ports(transport);
  destinationPort = l4.destinationPort(transport);
  isSyn = l4.isSyn(transport);
  return NO_VERDICT;
}

function parseUdp(): u32 {
  if (transportBytes < l4.UDP_LEN) return DROP_TRUNCATED;
  const length = l4.udpLength(transport);
  if (length < l4.UDP_LEN) return DROP_BAD_HEADER;
  if (length > transportBytes) return DROP_TRUNCATED;
  ports = l4.ports(transport);
  destinationPort = l4.destinationPort(transport);
  return NO_VERDICT;
}
