// fast/send.ts: the last stage: rewrites plain frames for the backends that were chosen, as long as all is well on their way. What
// is not (no backend, no way, too big, an encapsulation that is not here) ends the run, with nothing done: steps.ts has forward.ts
// say what becomes of it, and comes back for the next one.
//
// The loop calls nothing that is not inlined, for the reason that read.ts gives, and is compiled once for each kind of sink.
import * as cells from '../batch';
import { GRE4_BYTES, GRE6_BYTES, writeGre4, writeGre6 } from '../encap/gre';
import { GUE4_BYTES, GUE6_BYTES, writeGue4, writeGue6 } from '../encap/gue';
import { sumOf } from '../encap/innerSum';
import { IPIP4_BYTES, IPIP6_BYTES, writeIpip4, writeIpip6 } from '../encap/ipip';
import { egressOf, fits, isUp, mtuTo, ownMac, wayTo } from '../encap/way';
import {
  ENCAP_GRE,
  ENCAP_GUE,
  ENCAP_IPIP,
  ENCAP_L2,
  META_FLAGS,
  META_HAS_VIRTIO,
  META_OUTPUT,
  META_VERDICT,
  META_VIP,
  META_VIRTIO,
  SLOT_BACKEND,
  STEP_BACKEND,
  STEP_BYTES,
  STEP_CHOSEN,
  STEP_FRAME,
  STEP_HASH,
  STEP_IS_V6,
  STEP_KIND,
  STEP_LENGTH,
  STEP_META,
  STEP_PACKET_BYTES,
  STEP_VIP,
  VIP_NUMBER,
} from '../layout';
import { backend, countTraffic, countVerdicts } from '../memory';
import * as rings from '../ring/tpacket';
import { isRings } from '../sink';
import { FORWARD_L2, NO_VERDICT } from '../verdict';
import { HEADER_BYTES, secondHalf, TYPE_IPV4, TYPE_IPV6, writeHalves } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';

// What a backend's record begins with: BACKEND_ENCAP, CAN_SERVE, OUTER_BYTES, OUTER_IS_V6. All but the second say what to write;
// variant 0 of GUE has more outer bytes, and so is none of these. L2 has none, whatever family its backend is of.
const KIND_MASK: u32 = 0xffff_00ff;
const OUTER_SHIFT: u32 = 16;
const OUTER_V6: u32 = 1 << 24;
const KIND_IPIP4: u32 = ENCAP_IPIP | (IPIP4_BYTES << OUTER_SHIFT);
const KIND_IPIP6: u32 = ENCAP_IPIP | (IPIP6_BYTES << OUTER_SHIFT) | OUTER_V6;
const KIND_GRE4: u32 = ENCAP_GRE | (GRE4_BYTES << OUTER_SHIFT);
const KIND_GRE6: u32 = ENCAP_GRE | (GRE6_BYTES << OUTER_SHIFT) | OUTER_V6;
const KIND_GUE4: u32 = ENCAP_GUE | (GUE4_BYTES << OUTER_SHIFT);
const KIND_GUE6: u32 = ENCAP_GUE | (GUE6_BYTES << OUTER_SHIFT) | OUTER_V6;

const OUTER_MAX: u32 = 0xffff; // what the length field of an outer IPv4 header can say
const NO_EGRESS: u32 = 0xffff_ffff;

/** Sends the frames of steps from `step` on; returns the first that does not leave this way, or `end`. */
export function send<Sink>(step: usize, end: usize): usize {
  let lastEgress = NO_EGRESS;
  let mac: u64 = 0; // ours there
  let lastVerdict: u32 = NO_VERDICT;
  let times: u32 = 0; // how many frames had it in a row
  for (; step < end; step += STEP_BYTES) {
    const chosen = load<u32>(step, STEP_CHOSEN);
    if (chosen - 1 >= <u32>SLOT_BACKEND) break; // NO_BACKEND, or a slot that is still tracked
    const record = backend(chosen);
    const begins = load<u64>(step, STEP_BACKEND);
    const nextHop = <u32>(begins >> 32); // BACKEND_NEXT_HOP
    const way = wayTo(nextHop);
    const egress = egressOf(way);
    if (!way) break;
    if (egress != lastEgress) {
      if (!isUp(way)) break;
      lastEgress = egress;
      mac = ownMac(way);
    }
    const kind = <u32>begins & KIND_MASK;
    const bytes = ((kind >> OUTER_SHIFT) & 0xff) + load<u32>(step, STEP_PACKET_BYTES);
    if (bytes > OUTER_MAX) break;
    if (!fits(bytes, mtuTo(nextHop))) break;
    const at = rewrite<Sink>(step, record, kind, way, mac);
    if (!at) break;
    const verdict = (kind & 0xff) + FORWARD_L2; // they follow each other as ENCAP_ do
    const meta = <usize>load<u32>(step, STEP_META);
    const vipNumber = <u32>load<u16>(load<u32>(step, STEP_VIP), VIP_NUMBER);
    countTraffic(vipNumber, chosen, load<u32>(step, STEP_LENGTH));
    store<u8>(meta, <u8>verdict, META_VERDICT);
    store<u32>(meta, vipNumber | (chosen << 16), META_VIP); // and META_BACKEND behind it
    commit<Sink>(meta, at - HEADER_BYTES, HEADER_BYTES + bytes, egress, verdict);
    if (verdict != lastVerdict) {
      countVerdicts(lastVerdict, times);
      lastVerdict = verdict;
      times = 0;
    }
    times++;
  }
  countVerdicts(lastVerdict, times);
  return step;
}

/**
 * Puts the packet where it leaves from, one hop further, with all headers before it; returns where its outermost IP header begins, 0
 * when it cannot be. Lengths of outer headers are constants in each branch, so that places of stores depend on no load: see encap/outer.ts.
 */
function rewrite<Sink>(step: usize, record: usize, kind: u32, way: u64, mac: u64): usize {
  const bytes = load<u32>(step, STEP_PACKET_BYTES);
  let packet = <usize>load<u32>(step, STEP_FRAME) + HEADER_BYTES;
  if (isRings<Sink>()) {
    packet = rings.place(HEADER_BYTES + ((kind >> OUTER_SHIFT) & 0xff), packet, bytes, egressOf(way));
    if (!packet) return 0;
  } // in cells it stays: they have headroom for every kind there is, and an output each
  const isV6 = (load<u32>(step, STEP_KIND) & STEP_IS_V6) != 0;
  if (kind == KIND_IPIP4) {
    writeIpip4(packet, record, countHop(packet, isV6), bytes);
    return head(packet - IPIP4_BYTES, way, mac, TYPE_IPV4);
  }
  if ((kind & ~OUTER_V6) == ENCAP_L2) {
    countHop(packet, isV6);
    return head(packet, way, mac, isV6 ? TYPE_IPV6 : TYPE_IPV4);
  }
  if (kind == KIND_GRE4) {
    writeGre4(packet, record, countHop(packet, isV6), bytes);
    return head(packet - GRE4_BYTES, way, mac, TYPE_IPV4);
  }
  const hash = load<u64>(step, STEP_HASH); // what spreads flows over paths
  if (kind == KIND_IPIP6) {
    writeIpip6(packet, record, countHop(packet, isV6), bytes, hash);
    return head(packet - IPIP6_BYTES, way, mac, TYPE_IPV6);
  }
  if (kind == KIND_GUE4) {
    const tos = countHop(packet, isV6);
    writeGue4(packet, record, tos, bytes, hash, sumOf(packet, bytes));
    return head(packet - GUE4_BYTES, way, mac, TYPE_IPV4);
  }
  if (kind == KIND_GUE6) {
    const tos = countHop(packet, isV6);
    writeGue6(packet, record, tos, bytes, hash, sumOf(packet, bytes));
    return head(packet - GUE6_BYTES, way, mac, TYPE_IPV6);
  }
  if (kind != KIND_GRE6) return 0;
  writeGre6(packet, record, countHop(packet, isV6), bytes, hash);
  return head(packet - GRE6_BYTES, way, mac, TYPE_IPV6);
}

/** Writes the Ethernet header before `at`, which it returns. */
function head(at: usize, way: u64, mac: u64, ethertype: u32): usize {
  writeHalves(at - HEADER_BYTES, way, secondHalf(mac, ethertype));
  return at;
}

/** Takes one from TTL or hop limit; returns TOS or traffic class. */
function countHop(packet: usize, isV6: bool): u32 {
  if (isV6) {
    ipv6.decrementHopLimit(packet);
    return ipv6.trafficClass(packet);
  }
  ipv4.decrementTtl(packet);
  return ipv4.tos(packet);
}

/** Hands over the frame. Rings tell their receiver what the virtio header says, even when it leaves nothing to the device (encap/l2.ts). */
function commit<Sink>(meta: usize, start: usize, bytes: u32, egress: u32, verdict: u32): void {
  if (isRings<Sink>()) {
    const tells = verdict == FORWARD_L2 && load<u16>(meta, META_FLAGS) & META_HAS_VIRTIO;
    rings.commit(start, bytes, egress, tells ? meta + META_VIRTIO : 0, 0);
    store<u32>(meta, 0, META_OUTPUT); // and META_OUTPUTS: there are no output records
  } else {
    store<u32>(meta, cells.outputCount | 0x1_0000, META_OUTPUT); // and META_OUTPUTS behind it: one
    cells.commit(start, bytes, egress, 0, 0);
  }
}
