// compat/katran/packet.ts: the frame in hand as Katran reads it: at fixed places, by what its program checks and no more. Whoever
// replaces Katran node by node needs the same answer for odd frames too; what is odd in it is marked (quirk).
//
// Lengths are those that the IP header says, and are not compared with the frame's. Version nibble, TTL and checksums are not looked at.
import {
  DROP_FRAGMENT,
  DROP_IP_OPTIONS,
  DROP_TRUNCATED,
  IGNORE_ARP,
  IGNORE_COMPAT,
  IGNORE_ETHERTYPE,
  NO_VERDICT,
} from '../../verdict';
import * as ethernet from '../../wire/ethernet';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import * as flow from './flow';

const OPTIONLESS: u32 = ipv4.MIN_LEN;
const FLAG_SYN: u32 = 0x02;
const FLAG_RST: u32 = 0x04;
/** From an ICMP header to the transport header that it quotes behind an IP header of the family it is of. */
const QUOTED4: u32 = 8 + ipv4.MIN_LEN;
const QUOTED6: u32 = 8 + ipv6.HEADER_LEN;

export let frame: usize = 0;
/** Bytes of the frame, Ethernet header and padding included. */
export let bytes: u32 = 0;
/** Of the frame's own IP header. */
export let isV6: bool = false;
export let tos: u32 = 0;
/** What the IP header says: total length of IPv4, payload length of IPv6. Counters and outer lengths are made of it. */
export let length: u32 = 0;
/** Protocol of the frame's own IP header. */
export let protocol: u32 = 0;
/** Where that protocol's header begins, from the start of the frame. */
export let transport: u32 = 0;
/** Where the ports of the flow stand, from the start of the frame. */
export let portsAt: u32 = 0;
/** The packet is an ICMP error, and counts as one of the flow that it quotes. */
export let isError: bool = false;
/** A SYN, with ACK or without. */
export let isSyn: bool = false;
export let isRst: bool = false;

/** Takes the frame in hand: Ethernet and IP header, and the addresses of its flow. NO_VERDICT: all above but the flags is set. */
export function read(at: usize, len: u32): u32 {
  frame = at;
  bytes = len;
  isError = false;
  isSyn = false;
  isRst = false;
  if (len < ethernet.HEADER_BYTES) return DROP_TRUNCATED;
  const type = ethernet.type(at);
  if (type == ethernet.TYPE_IPV4) return readIpv4(packet());
  if (type == ethernet.TYPE_IPV6) return readIpv6(packet());
  return type == ethernet.TYPE_ARP ? IGNORE_ARP : IGNORE_ETHERTYPE;
}

/** The frame now begins at `at`: its outer headers are gone. It has to be read again. */
export function moveTo(at: usize, len: u32): void {
  frame = at;
  bytes = len;
}

/** The packet in hand is one of `len` bytes: a segment of the one that came, or as long as the frame holds, whatever its header says. */
export function resize(len: u32): void {
  bytes = ethernet.HEADER_BYTES + len;
  length = isV6 ? len - ipv6.HEADER_LEN : len;
}

/** A packet of this host, of which nothing is looked at. */
export function readOwn(at: usize, len: u32): void {
  frame = at;
  isV6 = ethernet.type(at) == ethernet.TYPE_IPV6;
  tos = 0;
  resize(len - ethernet.HEADER_BYTES);
}

/** What follows the Ethernet header. */
export function packet(): usize {
  return frame + ethernet.HEADER_BYTES;
}

export function packetBytes(): u32 {
  return bytes - ethernet.HEADER_BYTES;
}

/** Bytes of the frame's own IP header. */
export function headerBytes(): u32 {
  return isV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN;
}

function readIpv4(p: usize): u32 {
  if (packetBytes() < ipv4.MIN_LEN) return DROP_TRUNCATED;
  if (ipv4.headerLen(p) != OPTIONLESS) return DROP_IP_OPTIONS;
  if (ipv4.isFragment(p)) return DROP_FRAGMENT;
  isV6 = false;
  tos = ipv4.tos(p);
  length = ipv4.totalLen(p);
  protocol = ipv4.protocol(p);
  transport = ethernet.HEADER_BYTES + ipv4.MIN_LEN;
  flow.setIpv4(ipv4.source(p), ipv4.destination(p), protocol);
  return NO_VERDICT;
}

/** No extension header is walked: what is behind one counts as an unknown protocol. */
function readIpv6(p: usize): u32 {
  if (packetBytes() < ipv6.HEADER_LEN) return DROP_TRUNCATED;
  if (ipv6.nextHeader(p) == ipv6.NEXT_FRAGMENT) return DROP_FRAGMENT;
  isV6 = true;
  tos = ipv6.trafficClass(p);
  length = ipv6.totalLen(p) - ipv6.HEADER_LEN;
  protocol = ipv6.nextHeader(p);
  transport = ethernet.HEADER_BYTES + ipv6.HEADER_LEN;
  flow.setIpv6(p + ipv6.SOURCE, p + ipv6.DESTINATION, protocol);
  return NO_VERDICT;
}

/** From here on the packet is an error about the flow that flow.ts has now. */
export function noteError(): void {
  isError = true;
}

/** Ports and flags of the flow. An error has both ports the other way round, and its quoted header has to be there in full (quirk). */
export function readPorts(): u32 {
  portsAt = isError ? transport + (isV6 ? QUOTED6 : QUOTED4) : transport;
  const p = frame + portsAt;
  if (flow.protocol == l4.PROTOCOL_TCP) {
    if (bytes < portsAt + l4.TCP_MIN_LEN) return DROP_TRUNCATED;
    const flags = l4.tcpFlags(p);
    isSyn = (flags & FLAG_SYN) != 0;
    isRst = (flags & FLAG_RST) != 0;
  } else if (flow.protocol == l4.PROTOCOL_UDP) {
    if (bytes < portsAt + l4.UDP_LEN) return DROP_TRUNCATED;
  } else return IGNORE_COMPAT;
  const ports = l4.ports(p);
  flow.setPorts(isError ? rotl<u32>(ports, 16) : ports);
  return NO_VERDICT;
}
