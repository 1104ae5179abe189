// fast/send.ts: the third stage: rewrites a plain frame for the backend that was chosen, when all is well on its way. What is not
// (no backend, no way, too big, an encapsulation that is not here) is parsed again and left to forward.ts's own end.
import { GRE4_BYTES, GRE6_BYTES, writeGre4, writeGre6 } from '../encap/gre';
import { GUE4_BYTES, GUE6_BYTES, writeGue4, writeGue6 } from '../encap/gue';
import { sumOf } from '../encap/innerSum';
import { IPIP4_BYTES, IPIP6_BYTES, writeIpip4, writeIpip6 } from '../encap/ipip';
import { egressOf, MAC_MASK, mtuTo, ownMac, refusal, wayTo } from '../encap/way';
import { deliver } from '../forward';
import {
  BACKEND_ENCAP,
  BACKEND_GUE_BYTES,
  BACKEND_NEXT_HOP,
  ENCAP_GRE,
  ENCAP_GUE,
  ENCAP_IPIP,
  ENCAP_L2,
  META_FLAGS,
  META_HAS_VIRTIO,
  META_VIRTIO,
  NO_BACKEND,
  STEP_FRAME,
  STEP_HASH,
  STEP_IS_V6,
  STEP_KIND,
  STEP_LENGTH,
  STEP_META,
  STEP_PACKET_BYTES,
} from '../layout';
import { backend } from '../memory';
import * as parsed from '../parse';
import * as sink from '../sink';
import { FORWARD_GRE, FORWARD_GUE, FORWARD_IPIP, FORWARD_L2, NO_VERDICT } from '../verdict';
import { HEADER_BYTES, TYPE_IPV4, TYPE_IPV6, write as writeEthernet } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';

// What a backend's record begins with: BACKEND_ENCAP, CAN_SERVE, OUTER_BYTES, OUTER_IS_V6. The first and the last matter here.
const KIND_MASK: u32 = 0xff00_00ff;
const OUTER_V6: u32 = 1 << 24;
const OUTER_MAX: u32 = 0xffff; // what the length field of an outer IPv4 header can say

/** Sends the frame of `step` to backend `chosen`; the verdict. */
export function send(step: usize, chosen: u32, tick: u32): u32 {
  const verdict = chosen == NO_BACKEND ? NO_VERDICT : sendPlain(step, backend(chosen));
  if (verdict != NO_VERDICT) return verdict;
  parsed.parse(load<u32>(step, STEP_FRAME), load<u32>(step, STEP_LENGTH), load<u32>(step, STEP_META));
  return deliver(chosen, load<u64>(step, STEP_HASH), tick);
}

/**
 * NO_VERDICT, and nothing done, when the frame cannot go this way. Lengths of outer headers are constants where they are handed on,
 * and the compiler makes a branch of each: see encap/outer.ts.
 */
function sendPlain(step: usize, record: usize): u32 {
  const kind = load<u32>(record, BACKEND_ENCAP) & KIND_MASK;
  if (kind == ENCAP_IPIP) return sendIn4(step, record, FORWARD_IPIP, IPIP4_BYTES);
  if (kind == ENCAP_L2) return sendL2(step, record);
  if (kind == (ENCAP_IPIP | OUTER_V6)) return sendIn6(step, record, FORWARD_IPIP, IPIP6_BYTES);
  if (kind == ENCAP_GRE) return sendIn4(step, record, FORWARD_GRE, GRE4_BYTES);
  if (kind == (ENCAP_GRE | OUTER_V6)) return sendIn6(step, record, FORWARD_GRE, GRE6_BYTES);
  if (load<u8>(record, BACKEND_GUE_BYTES)) return NO_VERDICT; // variant 0
  if (kind == ENCAP_GUE) return sendIn4(step, record, FORWARD_GUE, GUE4_BYTES);
  if (kind == (ENCAP_GUE | OUTER_V6)) return sendIn6(step, record, FORWARD_GUE, GUE6_BYTES);
  return NO_VERDICT;
}

function sendL2(step: usize, record: usize): u32 {
  const way = wayOf(step, record, 0);
  const packet = place(step, way, 0);
  if (!packet) return NO_VERDICT;
  countHop(step, packet);
  const ethertype = isV6(step) ? TYPE_IPV6 : TYPE_IPV4;
  commit(way, packet, load<u32>(step, STEP_PACKET_BYTES), ethertype, offloadOf(load<u32>(step, STEP_META)));
  return FORWARD_L2;
}

/** In a tunnel over IPv4; `verdict` says which. */
function sendIn4(step: usize, record: usize, verdict: u32, outer: u32): u32 {
  const way = wayOf(step, record, outer);
  const packet = place(step, way, outer);
  if (!packet) return NO_VERDICT;
  const bytes = load<u32>(step, STEP_PACKET_BYTES);
  const tos = countHop(step, packet);
  if (verdict == FORWARD_IPIP) writeIpip4(packet, record, tos, bytes);
  else if (verdict == FORWARD_GRE) writeGre4(packet, record, tos, bytes);
  else writeGue4(packet, record, tos, bytes, load<u64>(step, STEP_HASH), sumOf(packet, bytes));
  commit(way, packet - outer, outer + bytes, TYPE_IPV4, 0);
  return verdict;
}

/** The same over IPv6. */
function sendIn6(step: usize, record: usize, verdict: u32, outer: u32): u32 {
  const way = wayOf(step, record, outer);
  const packet = place(step, way, outer);
  if (!packet) return NO_VERDICT;
  const bytes = load<u32>(step, STEP_PACKET_BYTES);
  const hash = load<u64>(step, STEP_HASH);
  const tos = countHop(step, packet);
  if (verdict == FORWARD_IPIP) writeIpip6(packet, record, tos, bytes, hash);
  else if (verdict == FORWARD_GRE) writeGre6(packet, record, tos, bytes, hash);
  else writeGue6(packet, record, tos, bytes, hash, sumOf(packet, bytes));
  commit(way, packet - outer, outer + bytes, TYPE_IPV6, 0);
  return verdict;
}

function isV6(step: usize): bool {
  return (load<u32>(step, STEP_KIND) & STEP_IS_V6) != 0;
}

/** Takes one from TTL or hop limit; returns TOS or traffic class. */
function countHop(step: usize, packet: usize): u32 {
  if (isV6(step)) {
    ipv6.decrementHopLimit(packet);
    return ipv6.trafficClass(packet);
  }
  ipv4.decrementTtl(packet);
  return ipv4.tos(packet);
}

/** The way to a backend; 0 when a packet with `outer` bytes before it cannot go there. */
function wayOf(step: usize, record: usize, outer: u32): u64 {
  const bytes = outer + load<u32>(step, STEP_PACKET_BYTES);
  const nextHop = load<u32>(record, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  return refusal(way, mtuTo(nextHop), bytes) || bytes > OUTER_MAX ? 0 : way;
}

/** Address where the packet now stands, with `outer` bytes and an Ethernet header before it; 0 when there is no place. */
function place(step: usize, way: u64, outer: u32): usize {
  if (!way) return 0;
  const frame = <usize>load<u32>(step, STEP_FRAME);
  const bytes = load<u32>(step, STEP_PACKET_BYTES);
  return sink.place(HEADER_BYTES + outer, frame + HEADER_BYTES, bytes, egressOf(way), frame);
}

/** Rings tell their receiver what the virtio header says, even when it leaves nothing to the device (encap/l2.ts). */
function offloadOf(meta: usize): usize {
  return sink.usesRings && load<u16>(meta, META_FLAGS) & META_HAS_VIRTIO ? meta + META_VIRTIO : 0;
}

/** Writes an Ethernet header before the `bytes` at `at` and hands the frame over. */
function commit(way: u64, at: usize, bytes: u32, ethertype: u32, offload: usize): void {
  writeEthernet(at - HEADER_BYTES, way & MAC_MASK, ownMac(way), ethertype);
  sink.commit(at - HEADER_BYTES, HEADER_BYTES + bytes, egressOf(way), offload, 0);
}
