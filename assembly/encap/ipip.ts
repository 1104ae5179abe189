// encap/ipip.ts: IP in IP: 4in4 (RFC 2003), 6in6 (RFC 2473). The outer header is ready made in the backend record; what
// depends on the packet is filled in here.
//   TOS / traffic class  copied from the packet (RFC 2983, uniform; RFC 6040, normal mode: ECN goes along)
//   DF (4in4)            always set, with id 0 (RFC 6864, section 4.1: an atomic datagram needs none)
//   TTL / hop limit      64, in the ready-made header; the packet's own is one less (RFC 2003, section 3.1)
//   flow label (6in6)    20 bits of the flow hash, so that routers and receivers spread flows (RFC 6438)
import {
  BACKEND_NEXT_HOP,
  BACKEND_OUTER,
  BACKEND_OUTER_BYTES,
  BACKEND_OUTER_IS_V6,
  BACKEND_OUTER_SUM,
} from '../layout';
import * as parsed from '../parse';
import { DROP_SUPER_FRAME_ENCAP, DROP_TOO_BIG, FORWARD_IPIP, NO_VERDICT } from '../verdict';
import * as checksum from '../wire/checksum';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as virtio from '../wire/virtio';
import { complete, isHalf } from './offload';
import * as way from './way';

export function forwardIpip(backend: usize, hash: u64): u32 {
  const header = parsed.virtioHeader();
  if (header && virtio.isSuperFrame(header)) return DROP_SUPER_FRAME_ENCAP;
  const verdict = way.take(load<u32>(backend, BACKEND_NEXT_HOP));
  if (verdict != NO_VERDICT) return verdict;
  const outerBytes = <u32>load<u8>(backend, BACKEND_OUTER_BYTES);
  if (way.mtu && outerBytes + parsed.packetBytes > way.mtu) return DROP_TOO_BIG;
  const packet = way.placePacket(outerBytes);
  if (!packet) return way.noPlace();
  if (isHalf()) complete(packet);
  if (parsed.isV6) ipv6.decrementHopLimit(packet);
  else ipv4.decrementTtl(packet);
  const isOuterV6 = load<u8>(backend, BACKEND_OUTER_IS_V6) != 0;
  if (isOuterV6) writeOuterIpv6(packet - outerBytes, backend, packet, hash);
  else writeOuterIpv4(packet - outerBytes, backend, packet);
  way.send(packet - outerBytes, outerBytes + parsed.packetBytes, isOuterV6 ? TYPE_IPV6 : TYPE_IPV4, false);
  return FORWARD_IPIP;
}

/** The ready-made header is summed with TOS, length and checksum 0: adding the two gives the checksum. */
function writeOuterIpv4(at: usize, backend: usize, packet: usize): void {
  const tos = parsed.isV6 ? ipv6.trafficClass(packet) : ipv4.tos(packet);
  const totalLen = ipv4.MIN_LEN + parsed.packetBytes;
  v128.store(at, v128.load(backend, BACKEND_OUTER));
  store<u32>(at, load<u32>(backend, BACKEND_OUTER + 16), 16);
  ipv4.setTos(at, tos);
  ipv4.setTotalLen(at, totalLen);
  // The sum is of little-endian words (checksum.ts), where TOS is the high byte of the first word.
  const sum = load<u32>(backend, BACKEND_OUTER_SUM) + (tos << 8) + bswap<u16>(<u16>totalLen);
  ipv4.storeChecksum(at, checksum.finish(sum));
}

function writeOuterIpv6(at: usize, backend: usize, packet: usize, hash: u64): void {
  v128.store(at, v128.load(backend, BACKEND_OUTER));
  v128.store(at, v128.load(backend, BACKEND_OUTER + 16), 16);
  store<u64>(at, load<u64>(backend, BACKEND_OUTER + 32), 32);
  const trafficClass = parsed.isV6 ? ipv6.trafficClass(packet) : ipv4.tos(packet);
  ipv6.setFirstWord(at, trafficClass, <u32>hash & ipv6.FLOW_LABEL_MASK);
  ipv6.setPayloadLen(at, parsed.packetBytes);
}
