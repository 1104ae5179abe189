// compat/katran/decap.ts: inline decapsulation: a packet in IPIP, or in UDP to the GUE port, loses its outer headers where it lies.
//   its outer destination is a decapsulation destination ..... it is taken through the balancer again, or goes back out (egress)
//   else, strict, and it is not our own address either ....... it is left to the host as it came
//   else ..................................................... it is left to the host without its outer headers
// The packet inside loses one of its TTL; where that ends, it is dropped.
import {
  KATRAN_COUNT_AGAIN4,
  KATRAN_COUNT_DECAP4,
  KATRAN_COUNT_EGRESS4,
  KATRAN_COUNT_HOST,
  KATRAN_COUNT_INLINE_DECAP,
  KATRAN_DESTINATION_ADDRESS,
  KATRAN_DESTINATION_BYTES,
  KATRAN_DESTINATION_COUNT,
  KATRAN_DESTINATION_EGRESS,
  KATRAN_FLAGS,
  KATRAN_GUE_PORT,
  KATRAN_HAS_DECAP_GUE,
  KATRAN_HAS_DECAP_IPIP,
  KATRAN_HAS_STRICT_DECAP,
  KATRAN_OWN4,
  KATRAN_OWN6,
  KATRAN_SETTINGS_BYTES,
} from '../../layout';
import { katran } from '../../memory';
import { DROP_TTL_EXPIRED, FORWARD_DECAPSULATED, IGNORE_COMPAT, IGNORE_DECAPSULATED, NO_VERDICT } from '../../verdict';
import * as ethernet from '../../wire/ethernet';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import { count, countOf } from './counters';
import * as flow from './flow';
import { decideIcmp } from './icmp';
import * as packet from './packet';
import * as sender from './send';
import { findExact } from './vip';

const PROTOCOL_IPV4: u32 = 4;
const PROTOCOL_IPV6: u32 = 41;
const V6_BITS: u32 = 0x30; // of the first byte of what GUE carries (quirk)
const TTL_AT: usize = 8;
const HOP_LIMIT_AT: usize = 7;
const CHECKSUM_AT: usize = 10;

/** The frame was decapsulated, and begins its way anew. */
export const AGAIN: u32 = 0xffff;

/** How many bytes were taken off the front of the frame in hand, which packet.ts knows by its new beginning. */
export let taken: u32 = 0;

/** For a new frame. */
export function begin(): void {
  taken = 0;
}

/** True for a packet in IPIP that is decapsulated. */
export function isIpip(): bool {
  const isProtocol = flow.protocol == PROTOCOL_IPV4 || flow.protocol == PROTOCOL_IPV6;
  return isProtocol && has(KATRAN_HAS_DECAP_IPIP);
}

/** True for a packet in GUE that is decapsulated; ports are known. */
export function isGue(): bool {
  if (flow.protocol != l4.PROTOCOL_UDP || !has(KATRAN_HAS_DECAP_GUE)) return false;
  return l4.destinationPortOf(flow.ports) == load<u32>(katran, KATRAN_GUE_PORT);
}

/** AGAIN, or the verdict. */
export function decapIpip(root: usize): u32 {
  return decap(root, false);
}

/** AGAIN, or the verdict. */
export function decapGue(root: usize): u32 {
  return decap(root, true);
}

function decap(root: usize, inGue: bool): u32 {
  const destination = findDestination();
  if (destination) count(KATRAN_COUNT_INLINE_DECAP);
  else if (has(KATRAN_HAS_STRICT_DECAP) && !isOwn()) return IGNORE_COMPAT;
  const isEgress = destination != 0 && load<u32>(destination, KATRAN_DESTINATION_EGRESS) != 0;
  const isInnerV6 = isV6Inside(inGue);
  countOf(KATRAN_COUNT_DECAP4, !inGue || packet.isV6); // IPIP always as IPv6 (quirk)
  takeOff(inGue, isInnerV6);
  if (!decrementTtl(isInnerV6)) return DROP_TTL_EXPIRED;
  if (isEgress) return sendBack(isInnerV6);
  if (!destination) return leaveToHost(root, inGue);
  countOf(KATRAN_COUNT_AGAIN4, isInnerV6);
  return AGAIN;
}

/** On a real server: the outer headers go, and nothing else is looked at or changed. */
export function strip(): void {
  if (isIpip()) takeOff(false, isV6Inside(false));
  else if (packet.readPorts() == NO_VERDICT && isGue()) takeOff(true, isV6Inside(true));
}

function has(flag: u32): bool {
  return (load<u32>(katran, KATRAN_FLAGS) & flag) != 0;
}

/** The record of the flow's destination among the decapsulation destinations, 0 when it is none. */
function findDestination(): usize {
  const end = load<u32>(katran, KATRAN_DESTINATION_COUNT);
  for (let i: u32 = 0; i < end; i++) {
    const record = katran + KATRAN_SETTINGS_BYTES + i * KATRAN_DESTINATION_BYTES;
    if (isSame(record + KATRAN_DESTINATION_ADDRESS, flow.destination())) return record;
  }
  return 0;
}

function isOwn(): bool {
  return isSame(katran + (packet.isV6 ? KATRAN_OWN6 : KATRAN_OWN4), flow.destination());
}

function isSame(a: usize, b: usize): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8);
}

/** IPIP says it by its protocol; GUE over IPv4 is always taken for IPv4 (quirk). */
function isV6Inside(inGue: bool): bool {
  if (!inGue) return flow.protocol == PROTOCOL_IPV6;
  const offset = packet.transport + l4.UDP_LEN;
  return packet.isV6 && packet.bytes > offset && (<u32>load<u8>(packet.frame + offset) & V6_BITS) != 0;
}

/** The frame begins behind its outer headers, with the MAC addresses it had. */
function takeOff(inGue: bool, isInnerV6: bool): void {
  const outer = packet.headerBytes() + (inGue ? l4.UDP_LEN : 0);
  const frame = packet.frame + outer;
  const destination = sender.destinationMac();
  const source = ethernet.source(packet.frame);
  ethernet.write(frame, destination, source, isInnerV6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4);
  taken += outer;
  packet.moveTo(frame, packet.bytes - outer);
}

/** False when the packet inside is not to live on: its header is not all there, or its TTL is over. 0 becomes 255. */
function decrementTtl(isInnerV6: bool): bool {
  const p = packet.packet();
  if (packet.packetBytes() < (isInnerV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN)) return false;
  const at = p + (isInnerV6 ? HOP_LIMIT_AT : TTL_AT);
  const ttl = load<u8>(at) - 1;
  store<u8>(at, ttl);
  if (!isInnerV6) {
    const sum = <u32>load<u16>(p, CHECKSUM_AT) + 1;
    store<u16>(p, <u16>(sum + (sum >> 16)), CHECKSUM_AT);
  }
  return ttl != 0;
}

function sendBack(isInnerV6: bool): u32 {
  const way = sender.back();
  const refused = sender.refuse(way, 0, 0);
  if (refused != NO_VERDICT) return refused;
  const from = sender.destinationMac();
  const type = ethernet.type(packet.frame);
  const bytes = packet.packetBytes();
  const at = sender.place(way, 0, packet.packet(), bytes);
  if (!at) return sender.noPlace(way);
  sender.send(way, from, at, bytes, type);
  countOf(KATRAN_COUNT_EGRESS4, isInnerV6);
  return FORWARD_DECAPSULATED;
}

/** What was in GUE is counted for the VIP that it is for, by exact address and port, on the way through ICMP's effects (quirk). */
function leaveToHost(root: usize, inGue: bool): u32 {
  if (!inGue) return IGNORE_DECAPSULATED;
  if (packet.read(packet.frame, packet.bytes) != NO_VERDICT) return IGNORE_DECAPSULATED;
  if (decideIcmp(true) != NO_VERDICT) return IGNORE_DECAPSULATED;
  if (packet.readPorts() != NO_VERDICT) return IGNORE_DECAPSULATED;
  if (findExact(root, l4.destinationPortOf(flow.ports))) count(KATRAN_COUNT_HOST);
  return IGNORE_DECAPSULATED;
}
