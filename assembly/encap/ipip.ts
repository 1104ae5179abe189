// encap/ipip.ts: IP in IP: 4in4 (RFC 2003), 6in6 (RFC 2473). The outer header is ready made in the backend record; what
// depends on the packet is filled in here.
//   TOS / traffic class  copied from the packet (RFC 2983, uniform; RFC 6040, normal mode: ECN goes along)
//   DF (4in4)            always set, with id 0 (RFC 6864, section 4.1: an atomic datagram needs none)
//   TTL / hop limit      64, in the ready-made header; the packet's own is one less (RFC 2003, section 3.1)
//   flow label (6in6)    20 bits of the flow hash, so that routers and receivers spread flows (RFC 6438)
import { BACKEND_NEXT_HOP, BACKEND_OUTER, BACKEND_OUTER_IS_V6, BACKEND_OUTER_SUM } from '../layout';
import * as parsed from '../parse';
import { DROP_SUPER_FRAME_ENCAP, FORWARD_IPIP, NO_VERDICT } from '../verdict';
import * as checksum from '../wire/checksum';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as virtio from '../wire/virtio';
import { complete, isHalf } from './offload';
import { ethernetBytes, mtuTo, noPlace, placePacket, refusal, send, wayTo } from './way';

export function forwardIpip(backend: usize, hash: u64): u32 {
  const header = parsed.virtioHeader();
  if (header && virtio.isSuperFrame(header)) return DROP_SUPER_FRAME_ENCAP;
  // Two ways with fixed lengths, not one with the length from the record: a branch is predicted, so the processor knows
  // where the stores go long before the record is there, and the next frame's loads need not wait for them.
  return load<u8>(backend, BACKEND_OUTER_IS_V6) ? forwardIn6(backend, hash) : forwardIn4(backend);
}

function forwardIn4(backend: usize): u32 {
  const bytes = ipv4.MIN_LEN + parsed.packetBytes;
  const nextHop = load<u32>(backend, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const verdict = refusal(way, mtuTo(nextHop), bytes);
  if (verdict != NO_VERDICT) return verdict;
  const head = ethernetBytes(way);
  const packet = placePacket(way, head + ipv4.MIN_LEN);
  if (!packet) return noPlace(way);
  if (isHalf()) complete(packet);
  ipv4.decrementTtl(packet);
  writeOuterIpv4(packet - ipv4.MIN_LEN, backend, packet, bytes);
  send(way, head, packet - ipv4.MIN_LEN, bytes, TYPE_IPV4, false);
  return FORWARD_IPIP;
}

function forwardIn6(backend: usize, hash: u64): u32 {
  const bytes = ipv6.HEADER_LEN + parsed.packetBytes;
  const nextHop = load<u32>(backend, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const verdict = refusal(way, mtuTo(nextHop), bytes);
  if (verdict != NO_VERDICT) return verdict;
  const head = ethernetBytes(way);
  const packet = placePacket(way, head + ipv6.HEADER_LEN);
  if (!packet) return noPlace(way);
  if (isHalf()) complete(packet);
  ipv6.decrementHopLimit(packet);
  writeOuterIpv6(packet - ipv6.HEADER_LEN, backend, packet, hash);
  send(way, head, packet - ipv6.HEADER_LEN, bytes, TYPE_IPV6, false);
  return FORWARD_IPIP;
}

/** The ready-made header is summed with TOS, length and checksum 0: adding the two gives the checksum. */
function writeOuterIpv4(at: usize, backend: usize, packet: usize, totalLen: u32): void {
  const tos = ipv4.tos(packet);
  v128.store(at, v128.load(backend, BACKEND_OUTER));
  store<u32>(at, load<u32>(backend, BACKEND_OUTER + 16), 16);
  ipv4.setTos(at, tos);
  ipv4.setTotalLen(at, totalLen);
  // The sum is of little-endian words (checksum.ts), where TOS is the high byte of the first word.
  const sum = load<u32>(backend, BACKEND_OUTER_SUM) + (tos << 8) + bswap<u16>(<u16>totalLen);
  ipv4.storeChecksum(at, checksum.finishHeader(sum));
}

function writeOuterIpv6(at: usize, backend: usize, packet: usize, hash: u64): void {
  v128.store(at, v128.load(backend, BACKEND_OUTER));
  v128.store(at, v128.load(backend, BACKEND_OUTER + 16), 16);
  store<u64>(at, load<u64>(backend, BACKEND_OUTER + 32), 32);
  ipv6.setFirstWord(at, ipv6.trafficClass(packet), <u32>hash & ipv6.FLOW_LABEL_MASK);
  ipv6.setPayloadLen(at, parsed.packetBytes);
}
