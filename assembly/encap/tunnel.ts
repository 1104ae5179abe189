// encap/tunnel.ts: forwards through a tunnel: IPIP, GRE, GUE. What they have in common: the way, the MTU, the packet's own
// headers one hop further, its checksum whole (the receiver of the outer packet learns of no offload), and the outer headers
// before it.
import {
  BACKEND_ENCAP,
  BACKEND_GUE_BYTES,
  BACKEND_NEXT_HOP,
  BACKEND_OUTER_IS_V6,
  ENCAP_GRE,
  ENCAP_IPIP,
  EVENT_SEGMENTS_LOST,
  EVENT_SEGMENTS_SENT,
} from '../layout';
import { countEvents } from '../memory';
import * as parsed from '../parse';
import * as sink from '../sink';
import {
  DROP_SEGMENTS,
  DROP_SEGMENTS_LOST,
  DROP_TOO_BIG,
  FORWARD_GRE,
  FORWARD_GUE,
  FORWARD_IPIP,
  NO_VERDICT,
} from '../verdict';
import { TYPE_IPV4, TYPE_IPV6 } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as virtio from '../wire/virtio';
import { GRE4_BYTES, GRE6_BYTES, writeGre4, writeGre6 } from './gre';
import { GUE4_BYTES, GUE6_BYTES, writeGue4, writeGue6, writeHeader } from './gue';
import { sumOf } from './innerSum';
import { IPIP4_BYTES, IPIP6_BYTES, writeIpip4, writeIpip6 } from './ipip';
import { complete, isHalf } from './offload';
import * as segment from './segment';
import { egressOf, ethernetBytes, mtuTo, noPlace, placePacket, refusal, send, wayTo } from './way';

const OUTER_MAX: u32 = 0xffff; // what the length field of an outer IPv4 header can say

export function forwardTunnel(backend: usize, hash: u64): u32 {
  const encap = <i32>load<u8>(backend, BACKEND_ENCAP);
  const isOuterV6 = load<u8>(backend, BACKEND_OUTER_IS_V6) != 0;
  // Ways with fixed lengths, not one with the length from the record: see outer.ts.
  if (encap == ENCAP_IPIP)
    return through(backend, hash, FORWARD_IPIP, isOuterV6, isOuterV6 ? IPIP6_BYTES : IPIP4_BYTES);
  if (encap == ENCAP_GRE) return through(backend, hash, FORWARD_GRE, isOuterV6, isOuterV6 ? GRE6_BYTES : GRE4_BYTES);
  const gueBytes = load<u8>(backend, BACKEND_GUE_BYTES);
  return through(backend, hash, FORWARD_GUE, isOuterV6, (isOuterV6 ? GUE6_BYTES : GUE4_BYTES) + gueBytes);
}

/** `verdict` says which tunnel it is; `front` is the length of its outer headers. */
function through(backend: usize, hash: u64, verdict: u32, isOuterV6: bool, front: u32): u32 {
  const header = parsed.virtioHeader();
  const isSuperFrame = header != 0 && virtio.isSuperFrame(header);
  if (isSuperFrame) {
    const uncut = segment.prepare();
    if (uncut != NO_VERDICT) return uncut;
  }
  const longest = front + (isSuperFrame ? segment.longest : parsed.packetBytes);
  const nextHop = load<u32>(backend, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const refused = refusal(way, mtuTo(nextHop), longest);
  if (refused != NO_VERDICT) return refused;
  if (longest > OUTER_MAX) return DROP_TOO_BIG;
  if (isSuperFrame) return sendSegments(backend, hash, way, verdict, isOuterV6, front);
  const head = ethernetBytes(way);
  const packet = placePacket(way, head + front);
  if (!packet) return noPlace(way);
  if (isHalf()) complete(packet);
  if (parsed.isV6) ipv6.decrementHopLimit(packet);
  else ipv4.decrementTtl(packet);
  writeOuter(packet, backend, hash, verdict, isOuterV6, parsed.packetBytes);
  send(way, head, packet - front, longest, isOuterV6 ? TYPE_IPV6 : TYPE_IPV4, false);
  return verdict;
}

/** A packet of its own for each segment. A ring that is full in between keeps what it got. */
function sendSegments(backend: usize, hash: u64, way: u64, verdict: u32, isOuterV6: bool, front: u32): u32 {
  const head = ethernetBytes(way);
  if (!sink.mayHaveRoom(segment.count, head + front + segment.longest)) return DROP_SEGMENTS;
  let sent: u32 = 0;
  for (; sent < segment.count; sent++) {
    const bytes = segment.bytesOf(sent);
    const packet = sink.room(head + front, bytes, egressOf(way));
    if (!packet) break;
    segment.write(packet, sent, true);
    writeOuter(packet, backend, hash, verdict, isOuterV6, bytes);
    send(way, head, packet - front, front + bytes, isOuterV6 ? TYPE_IPV6 : TYPE_IPV4, false);
  }
  countEvents(EVENT_SEGMENTS_SENT, sent);
  sink.noteBurst(egressOf(way));
  if (sent == segment.count) return verdict;
  countEvents(EVENT_SEGMENTS_LOST, segment.count - sent);
  return sent ? DROP_SEGMENTS_LOST : noPlace(way);
}

/** The outer headers before the packet of `bytes` bytes, which is ready to leave. */
function writeOuter(packet: usize, backend: usize, hash: u64, verdict: u32, isOuterV6: bool, bytes: u32): void {
  const tos = parsed.isV6 ? ipv6.trafficClass(packet) : ipv4.tos(packet);
  if (verdict == FORWARD_IPIP) {
    if (isOuterV6) writeIpip6(packet, backend, tos, bytes, hash);
    else writeIpip4(packet, backend, tos, bytes);
  } else if (verdict == FORWARD_GRE) {
    if (isOuterV6) writeGre6(packet, backend, tos, bytes, hash);
    else writeGre4(packet, backend, tos, bytes);
  } else writeGue(packet, backend, hash, tos, isOuterV6, bytes);
}

function writeGue(packet: usize, backend: usize, hash: u64, tos: u32, isOuterV6: bool, bytes: u32): void {
  const gueBytes = <u32>load<u8>(backend, BACKEND_GUE_BYTES);
  const at = packet - gueBytes;
  const sum = sumOf(packet, bytes);
  if (isOuterV6) writeGue6(at, backend, tos, gueBytes + bytes, hash, sum);
  else writeGue4(at, backend, tos, gueBytes + bytes, hash, sum);
  if (gueBytes) writeHeader(at, backend, isOuterV6 ? GUE6_BYTES : GUE4_BYTES, gueBytes);
}
