// encap/l3dsr.ts: Layer-3 DSR by DSCP (Jan Schaumann, "L3DSR", NANOG 51): the destination becomes the backend's own address, and
// the DSCP says which VIP it was, so that any router can carry the packet and it does not grow. The backend puts the VIP back where
// it finds the DSCP. ECN stays. Checksums are mended, not made anew (RFC 1624): what was broken stays broken, and is found out.
import { BACKEND_ADDRESS, BACKEND_DSCP, BACKEND_NEXT_HOP } from '../layout';
import * as parsed from '../parse';
import { FORWARD_L3DSR, NO_VERDICT } from '../verdict';
import * as checksum from '../wire/checksum';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import { complete, isHalf, isHalfAt, isTold, largestPacket } from './offload';
import { ethernetBytes, mtuTo, noPlace, placePacket, refusal, send, wayTo } from './way';

const ECN_MASK: u32 = 0x03;

export function forwardL3dsr(backend: usize): u32 {
  const nextHop = load<u32>(backend, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const verdict = refusal(way, mtuTo(nextHop), largestPacket());
  if (verdict != NO_VERDICT) return verdict;
  const head = ethernetBytes(way);
  const packet = placePacket(way, head);
  if (!packet) return noPlace(way);
  const tellsOffload = isTold();
  if (!tellsOffload && isHalf()) complete(packet);
  const isHalfNow = tellsOffload && isHalfAt(checksumAt());
  if (parsed.isV6) rewriteIpv6(packet, backend, isHalfNow);
  else rewriteIpv4(packet, backend, isHalfNow);
  send(way, head, packet, parsed.packetBytes, parsed.isV6 ? TYPE_IPV6 : TYPE_IPV4, tellsOffload);
  return FORWARD_L3DSR;
}

function rewriteIpv4(packet: usize, backend: usize, isHalfNow: bool): void {
  ipv4.decrementTtl(packet);
  const to = backend + BACKEND_ADDRESS + 12; // the last 4 of the 16 bytes
  const before = sumOfAddress(packet + ipv4.DESTINATION, 4);
  const after = sumOfAddress(to, 4);
  const oldTos = ipv4.tos(packet);
  const tos = load<u8>(backend, BACKEND_DSCP) | (oldTos & ECN_MASK);
  // TOS is the high byte of its little-endian word (checksum.ts).
  const header = checksum.replaced(
    ipv4.headerChecksum(packet),
    checksum.fold(<u64>before + (oldTos << 8)),
    checksum.fold(<u64>after + (tos << 8)),
  );
  ipv4.setTos(packet, tos);
  store<u32>(packet, load<u32>(to), ipv4.DESTINATION);
  ipv4.storeChecksum(packet, header);
  mendTransport(transportOf(packet), before, after, isHalfNow);
}

function rewriteIpv6(packet: usize, backend: usize, isHalfNow: bool): void {
  ipv6.decrementHopLimit(packet);
  const to = backend + BACKEND_ADDRESS;
  const before = sumOfAddress(packet + ipv6.DESTINATION, 16);
  const after = sumOfAddress(to, 16);
  ipv6.setTrafficClass(packet, load<u8>(backend, BACKEND_DSCP) | (ipv6.trafficClass(packet) & ECN_MASK));
  v128.store(packet, v128.load(to), ipv6.DESTINATION);
  mendTransport(transportOf(packet), before, after, isHalfNow);
}

/** Where the transport header of the packet in hand is, now that the packet stands at `packet`. */
function transportOf(packet: usize): usize {
  return packet + (parsed.transport - parsed.packet);
}

function sumOfAddress(at: usize, bytes: u32): u32 {
  return checksum.fold(checksum.add(0, at, bytes));
}

/** The transport checksums that cover the destination: TCP, UDP where it has one, ICMPv6. A half one is the sum itself. */
function mendTransport(transport: usize, before: u32, after: u32, isHalfNow: bool): void {
  if (parsed.isLaterFragment()) return; // no transport header
  const field = transport + checksumAt();
  if (field == transport) return;
  const old = <u32>load<u16>(field);
  const isUdp = parsed.protocol == l4.PROTOCOL_UDP;
  if (isUdp && !old && !isHalfNow) return; // RFC 768: the sender made none
  if (isHalfNow) {
    store<u16>(field, <u16>checksum.fold(<u64>old + (before ^ 0xffff) + after));
    return;
  }
  const mended = checksum.replaced(old, before, after);
  store<u16>(field, <u16>(isUdp && !mended ? 0xffff : mended));
}

/** Offset of the checksum field in the transport header, 0 for a protocol whose checksum does not cover addresses. */
function checksumAt(): usize {
  if (parsed.protocol == l4.PROTOCOL_TCP) return l4.TCP_CHECKSUM;
  if (parsed.protocol == l4.PROTOCOL_UDP) return l4.UDP_CHECKSUM;
  return parsed.isV6 && parsed.protocol == l4.PROTOCOL_ICMPV6 ? l4.ICMPV6_CHECKSUM : 0;
}
