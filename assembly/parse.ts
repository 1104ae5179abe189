// parse.ts: from bytes to a flow. One frame is in hand at a time; what was found stands in this file's globals until
// the next call. Every header is checked once, before its accessors are used.
import { META_FLAGS, META_HAS_VIRTIO, META_HAS_VLAN, META_VIRTIO, META_VLAN_TCI } from './layout';
import {
  DROP_BAD_HEADER,
  DROP_EXTENSIONS,
  DROP_TINY_FRAGMENT,
  DROP_TRUNCATED,
  IGNORE_ETHERTYPE,
  IGNORE_NOT_VIP,
  NO_VERDICT,
} from './verdict';
import * as ethernet from './wire/ethernet';
import * as extension from './wire/extension';
import * as ipv4 from './wire/ipv4';
import * as ipv6 from './wire/ipv6';
import * as l4 from './wire/l4';

export let frame: usize = 0;
export let meta: usize = 0;
export let etherType: u32 = 0;
export let hasVlan: bool = false;
export let vlanTci: u32 = 0;
/** The packet: what follows the Ethernet header, without the frame's padding. */
export let packet: usize = 0;
export let packetBytes: u32 = 0;
export let isV6: bool = false;
export let protocol: u32 = 0;
/** A piece of a packet. Its place there, in units of 8 bytes, is 0 for the first; identification as it lies in memory. */
export let isFragment: bool = false;
let fragmentOffset: u32 = 0;
export let fragmentId: u32 = 0;
/** Destination address, 16 bytes as two words; an IPv4 address stands in its mapped form (layout.ts). */
export let destinationHigh: u64 = 0;
export let destinationLow: u64 = 0;
/** True from the moment the destination address can be trusted. */
export let hasDestination: bool = false;
export let transport: usize = 0;
export let transportBytes: u32 = 0;
/** Both ports as they lie in memory; 0 for a protocol that has none, or a fragment that is not the first. */
export let ports: u32 = 0;
/** The packet begins a connection: a TCP SYN, an SCTP INIT. */
export let isSyn: bool = false;

const PORTS_LEN: u32 = 4;

let virtioAt: usize = 0;
let ownPacket: usize = 0;
let ownTransport: usize = 0;
let ownTransportBytes: u32 = 0;
let ownProtocol: u32 = 0;

/** virtio header of the frame in hand, 0 when it has none. */
export function virtioHeader(): usize {
  return virtioAt;
}

/**
 * Reads frame and meta. NO_VERDICT: all globals above are set, down to the transport header. What the next step needs is
 * handed on as an argument: V8 keeps arguments in registers, and globals in memory.
 */
export function parse(at: usize, len: u32, about: usize): u32 {
  const flags = <u32>load<u16>(about, META_FLAGS);
  frame = at;
  meta = about;
  virtioAt = flags & META_HAS_VIRTIO ? about + META_VIRTIO : 0;
  hasVlan = (flags & META_HAS_VLAN) != 0;
  hasDestination = false;
  if (!ethernet.isValid(at, len)) return DROP_TRUNCATED;
  const type = ethernet.type(at);
  if (type == ethernet.TYPE_VLAN || flags & META_HAS_VLAN) return parseTagged(at, len, type);
  return parsePacket(at + ethernet.HEADER_BYTES, len - ethernet.HEADER_BYTES, type);
}

/** A tag is in the ring header (the kernel took it out of the frame) or in the frame; both at once are two tags. */
function parseTagged(at: usize, len: u32, type: u32): u32 {
  if (type != ethernet.TYPE_VLAN) {
    vlanTci = load<u16>(meta, META_VLAN_TCI);
    return parsePacket(at + ethernet.HEADER_BYTES, len - ethernet.HEADER_BYTES, type);
  }
  if (hasVlan) return IGNORE_ETHERTYPE;
  hasVlan = true;
  vlanTci = ethernet.tagTci(at);
  const headerBytes = ethernet.HEADER_BYTES + ethernet.TAG_BYTES;
  return parsePacket(at + headerBytes, len - headerBytes, ethernet.taggedType(at));
}

function parsePacket(p: usize, len: u32, type: u32): u32 {
  etherType = type;
  packet = p;
  if (type == ethernet.TYPE_IPV4) return parseIpv4(p, len);
  if (type == ethernet.TYPE_IPV6) return parseIpv6(p, len);
  packetBytes = len;
  return type == ethernet.TYPE_ARP ? NO_VERDICT : IGNORE_ETHERTYPE;
}

function parseIpv4(p: usize, len: u32): u32 {
  if (len < ipv4.MIN_LEN) return DROP_TRUNCATED;
  if (!ipv4.isValid(p, len)) return DROP_BAD_HEADER;
  isV6 = false;
  destinationHigh = 0;
  destinationLow = mapped(ipv4.destination(p));
  hasDestination = true;
  if (!ipv4.isWhole(p, len)) return DROP_TRUNCATED;
  const total = ipv4.totalLen(p); // the rest is padding
  const headerLen = ipv4.headerLen(p);
  packetBytes = total;
  isFragment = ipv4.isFragment(p);
  if (isFragment) {
    fragmentOffset = ipv4.fragmentOffset(p);
    fragmentId = ipv4.identification(p);
  }
  return parseTransport(p + headerLen, total - headerLen, ipv4.protocol(p));
}

function parseIpv6(p: usize, len: u32): u32 {
  if (len < ipv6.HEADER_LEN) return DROP_TRUNCATED;
  if (!ipv6.isValid(p, len)) return DROP_BAD_HEADER;
  isV6 = true;
  destinationHigh = load<u64>(p, ipv6.DESTINATION);
  destinationLow = load<u64>(p, ipv6.DESTINATION + 8);
  if (isMapped(destinationHigh, destinationLow)) return IGNORE_NOT_VIP;
  hasDestination = true;
  if (!ipv6.isWhole(p, len)) return DROP_TRUNCATED;
  const total = ipv6.totalLen(p);
  packetBytes = total;
  isFragment = false;
  const walked = extension.walk(p, total);
  if (extension.fragment) readFragment(p + extension.fragment);
  if (walked == extension.TOO_MANY) return DROP_EXTENSIONS;
  if (walked == extension.SHORT) return shortHeader();
  return parseTransport(p + extension.offset, total - extension.offset, extension.protocol);
}

/** A fragment header with nothing before and behind it makes no fragment (RFC 6946). */
function readFragment(at: usize): void {
  fragmentOffset = extension.fragmentOffset(at);
  fragmentId = extension.fragmentId(at);
  isFragment = fragmentOffset != 0 || extension.hasMoreFragments(at);
}

/** Not the first piece of a packet: it has no transport header. */
export function isLaterFragment(): bool {
  return isFragment && fragmentOffset != 0;
}

export function isIcmp(): bool {
  return protocol == (isV6 ? l4.PROTOCOL_ICMPV6 : l4.PROTOCOL_ICMP);
}

/** The client's address, in the two words that destinationHigh and destinationLow have. */
export function sourceHigh(): u64 {
  return isV6 ? load<u64>(packet, ipv6.SOURCE) : 0;
}

export function sourceLow(): u64 {
  return isV6 ? load<u64>(packet, ipv6.SOURCE + 8) : mapped(ipv4.source(packet));
}

/** What the UDP header in hand carries: inside the packet and inside what its length says. */
export function udpPayloadBytes(): u32 {
  return min(l4.udpLength(transport), transportBytes) - l4.UDP_LEN;
}

/** The verdict of a header that is not all there: of a first fragment it could be hidden on purpose (RFC 1858). */
function shortHeader(): u32 {
  return isFragment ? DROP_TINY_FRAGMENT : DROP_TRUNCATED;
}

/** The packet of an answer made from the one in hand: the `bytes` bytes at `start`, inside the frame. */
export function takePacket(start: usize, bytes: u32): void {
  packet = start;
  packetBytes = bytes;
}

/**
 * Until lookBack() the packet in hand is one of another flow, of which there are only headers, at `header`: 40 bytes of IPv6 or 20
 * of IPv4, and the ports. For choosing a backend as that flow does.
 */
export function lookAtFlow(header: usize, type: u32, flowPorts: u32): void {
  ownPacket = packet;
  ownTransport = transport;
  ownTransportBytes = transportBytes;
  ownProtocol = protocol;
  packet = header;
  transport = header + (isV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN);
  transportBytes = PORTS_LEN;
  protocol = type;
  ports = flowPorts;
}

export function lookBack(): void {
  packet = ownPacket;
  transport = ownTransport;
  transportBytes = ownTransportBytes;
  protocol = ownProtocol;
  ports = 0;
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

/** True for ::ffff:a.b.c.d, which stands for an IPv4 address here: in an IPv6 packet it is no address of any VIP. */
export function isMapped(high: u64, low: u64): bool {
  return !high && <u32>low == 0xffff_0000;
}

function parseTransport(p: usize, len: u32, type: u32): u32 {
  transport = p;
  transportBytes = len;
  protocol = type;
  if (isFragment && fragmentOffset) return parseLater(type);
  if (type == l4.PROTOCOL_TCP) return parseTcp(p, len);
  isSyn = false;
  if (type == l4.PROTOCOL_UDP) return parseUdp(p, len);
  if (type == l4.PROTOCOL_SCTP) return parseSctp(p, len);
  ports = 0;
  return NO_VERDICT;
}

/** RFC 1858, section 4.2: a fragment of TCP 8 bytes in would write over the flags that the first one had. */
function parseLater(type: u32): u32 {
  isSyn = false;
  ports = 0;
  return type == l4.PROTOCOL_TCP && fragmentOffset == 1 ? DROP_TINY_FRAGMENT : NO_VERDICT;
}

function parseTcp(p: usize, len: u32): u32 {
  if (len < l4.TCP_MIN_LEN) return shortHeader();
  const headerLen = l4.tcpHeaderLen(p);
  if (headerLen < l4.TCP_MIN_LEN) return DROP_BAD_HEADER;
  if (headerLen > len) return shortHeader();
  ports = l4.ports(p);
  isSyn = l4.isSyn(p);
  return NO_VERDICT;
}

function parseSctp(p: usize, len: u32): u32 {
  if (len < l4.SCTP_LEN) return shortHeader();
  ports = l4.ports(p);
  isSyn = l4.isSctpInit(p, len);
  return NO_VERDICT;
}

function parseUdp(p: usize, len: u32): u32 {
  if (len < l4.UDP_LEN) return shortHeader();
  const length = l4.udpLength(p);
  if (length < l4.UDP_LEN) return DROP_BAD_HEADER;
  if (length > len && !isFragment) return DROP_TRUNCATED;
  ports = l4.ports(p);
  return NO_VERDICT;
}
