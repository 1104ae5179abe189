// encap/l2.ts: Direct Server Return on one Ethernet: only the Ethernet header is new, and TTL or hop limit one less. The
// backend has the VIP on its loopback. Half checksums and super-frames go on
// with their virtio header where the sink tells its receiver of it; elsewhere a half checksum is completed here.
import { BACKEND_NEXT_HOP } from '../layout';
import * as parsed from '../parse';
import { FORWARD_L2, NO_VERDICT } from '../verdict';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import { complete, isHalf, isTold, largestPacket } from './offload';
import { ethernetBytes, mtuTo, noPlace, placePacket, refusal, send, wayTo } from './way';

export function forwardL2(backend: usize): u32 {
  const nextHop = load<u32>(backend, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const verdict = refusal(way, mtuTo(nextHop), largestPacket());
  if (verdict != NO_VERDICT) return verdict;
  const head = ethernetBytes(way);
  const packet = placePacket(way, head);
  if (!packet) return noPlace(way);
  const tellsOffload = isTold();
  if (!tellsOffload && isHalf()) complete(packet);
  if (parsed.isV6) ipv6.decrementHopLimit(packet);
  else ipv4.decrementTtl(packet);
  send(way, head, packet, parsed.packetBytes, parsed.isV6 ? TYPE_IPV6 : TYPE_IPV4, tellsOffload);
  return FORWARD_L2;
}
