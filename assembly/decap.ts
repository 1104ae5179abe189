// decap.ts: the other end of a tunnel: one outer frame, from parse to verdict. What is inside is handed to this host as it came, TTL
// and all, but for a congestion mark (encap/ecn.ts); it stays where it lies in the frame (decapRun.ts).

import { commit, hasRoom } from './decapOutput';
import { combine } from './encap/ecn';
import { decapGre, isGreIntact } from './encap/gre';
import { decapGue, isUdpIntact } from './encap/gue';
import * as inner from './encap/inner';
import * as offload from './encap/innerOffload';
import { decapIpip } from './encap/ipip';
import {
  DECAP_INNERS,
  DECAP_LOCALS,
  DECAP_MEMORY,
  DECAP_PORT_COUNT,
  DECAP_PORTS,
  DECAP_SOURCES,
  DECAP_TAKES_GRE,
  DECAP_TAKES_GUE,
  DECAP_TAKES_IPIP,
  DECAP_TYPES,
  DECAP_ZERO_CHECKSUM6,
  META_PACKET_TYPE,
  PACKET_TYPE_HOST,
  SEGMENTS_MAX,
} from './layout';
import { countVerdict } from './memory';
import * as parsed from './parse';
import { isIpv4In, isIpv6In } from './prefixList';
import {
  DECAP_GRE,
  DECAP_GUE,
  DECAP_IPIP,
  DROP_ECN,
  DROP_INNER_DESTINATION,
  DROP_OUTER_CHECKSUM,
  DROP_OUTER_FRAGMENT,
  DROP_OUTER_SOURCE,
  DROP_OUTER_SUPER_FRAME,
  DROP_SEGMENTS,
  IGNORE_NOT_TUNNEL,
  IGNORE_NOT_VIP,
  IGNORE_OTHER_HOST,
  NO_VERDICT,
} from './verdict';
import * as checksum from './wire/checksum';
import { TYPE_ARP } from './wire/ethernet';
import * as ipv4 from './wire/ipv4';
import * as ipv6 from './wire/ipv6';
import * as l4 from './wire/l4';
import * as virtio from './wire/virtio';

let settings: usize = 0; // what is taken: the live half of the region
let tunnel: u32 = NO_VERDICT; // the verdict of what comes out of the tunnel in hand

/** Which half of the region DECAP a batch looks at. */
export function useSettings(half: usize): void {
  settings = half;
}

/**
 * Takes the outer frame of `len` bytes at `frame` to its verdict, and hands on what is inside. A super-frame of outer datagrams has a
 * verdict for each of them, which are all counted; the answer is the first that is not the tunnel's.
 */
export function decapsulate(frame: usize, len: u32, meta: usize): u32 {
  let verdict = admit(frame, len, meta);
  if (verdict == NO_VERDICT && isDatagrams()) return handOnEach();
  if (verdict == NO_VERDICT) verdict = handOn(tunnelAt(), tunnelBytes());
  countVerdict(verdict);
  return verdict;
}

/** NO_VERDICT for an outer packet that is taken: `tunnel` then says of which kind. */
function admit(frame: usize, len: u32, meta: usize): u32 {
  if (load<u8>(meta, META_PACKET_TYPE) != PACKET_TYPE_HOST) return IGNORE_OTHER_HOST;
  const broken = parsed.parse(frame, len, meta);
  if (broken != NO_VERDICT) {
    const isOther = broken == IGNORE_NOT_VIP || (parsed.hasDestination && !isForUs());
    return isOther ? IGNORE_NOT_TUNNEL : broken;
  }
  if (parsed.etherType == TYPE_ARP) return IGNORE_NOT_TUNNEL;
  tunnel = tunnelOf();
  if (tunnel == NO_VERDICT || !isForUs()) return IGNORE_NOT_TUNNEL;
  if (parsed.isFragment) return DROP_OUTER_FRAGMENT;
  if (!isFromBalancer()) return DROP_OUTER_SOURCE;
  return isIntact() ? NO_VERDICT : DROP_OUTER_CHECKSUM;
}

/** The kind of tunnel that the packet in hand is of, if that is taken here. */
function tunnelOf(): u32 {
  const types = load<u32>(settings, DECAP_TYPES);
  const protocol = parsed.protocol;
  if (protocol == l4.PROTOCOL_IPV4 || protocol == l4.PROTOCOL_IPV6)
    return types & DECAP_TAKES_IPIP ? DECAP_IPIP : NO_VERDICT;
  if (protocol == l4.PROTOCOL_GRE) return types & DECAP_TAKES_GRE ? DECAP_GRE : NO_VERDICT;
  if (protocol != l4.PROTOCOL_UDP || !(types & DECAP_TAKES_GUE)) return NO_VERDICT;
  return isGuePort(l4.destinationPortOf(parsed.ports)) ? DECAP_GUE : NO_VERDICT;
}

function isGuePort(port: u32): bool {
  for (let i: u32 = 0, count = load<u32>(settings, DECAP_PORT_COUNT); i < count; i++) {
    if (load<u16>(settings + (i << 1), DECAP_PORTS) == port) return true;
  }
  return false;
}

function isForUs(): bool {
  return parsed.hasDestination && isDestinationIn(settings + DECAP_LOCALS, parsed.packet, parsed.isV6);
}

function isFromBalancer(): bool {
  const p = parsed.packet;
  if (!parsed.isV6) return isIpv4In(settings + DECAP_SOURCES, ipv4.source(p));
  return isIpv6In(settings + DECAP_SOURCES, load<u64>(p, ipv6.SOURCE), load<u64>(p, ipv6.SOURCE + 8));
}

function isDestinationIn(list: usize, p: usize, isV6: bool): bool {
  if (!isV6) return isIpv4In(list, ipv4.destination(p));
  return isIpv6In(list, load<u64>(p, ipv6.DESTINATION), load<u64>(p, ipv6.DESTINATION + 8));
}

/**
 * The checksums of the outer headers. What has a half one was made on this machine, the datagrams of a super-frame were looked at by
 * who joined them, and some devices say that they have looked.
 */
function isIntact(): bool {
  const packet = parsed.packet;
  if (!parsed.isV6 && checksum.finish(checksum.add(0, packet, ipv4.headerLen(packet))) != 0) return false;
  const header = parsed.virtioHeader();
  const isVouchedFor = header != 0 && (virtio.needsChecksum(header) || virtio.isSuperFrame(header));
  if (tunnel == DECAP_GRE) return isVouchedFor || isGreIntact(parsed.transport, parsed.transportBytes);
  if (tunnel != DECAP_GUE || isVouchedFor) return true;
  const length = l4.udpLength(parsed.transport);
  const mayLack = load<u32>(settings, DECAP_ZERO_CHECKSUM6) != 0;
  const isSeen = header != 0 && virtio.isDataValid(header) && l4.udpChecksum(parsed.transport) != 0;
  return isSeen || isUdpIntact(packet, parsed.isV6, parsed.transport, length, mayLack);
}

/** Where what is behind the outer IP header, and the UDP header of GUE, begins. */
function tunnelAt(): usize {
  return tunnel == DECAP_GUE ? parsed.transport + l4.UDP_LEN : parsed.transport;
}

function tunnelBytes(): u32 {
  return tunnel == DECAP_GUE ? l4.udpLength(parsed.transport) - l4.UDP_LEN : parsed.transportBytes;
}

/** The verdict of the tunnel's `len` bytes at `p`. */
function handOn(p: usize, len: u32): u32 {
  const closed =
    tunnel == DECAP_IPIP
      ? decapIpip(p, len, parsed.protocol)
      : tunnel == DECAP_GRE
        ? decapGre(p, len)
        : decapGue(p, len);
  if (closed != NO_VERDICT) return closed;
  if (!isDestinationIn(settings + DECAP_INNERS, inner.packet, inner.isV6)) return DROP_INNER_DESTINATION;
  if (!offload.isSane()) return DROP_OUTER_SUPER_FRAME;
  if (!hasRoom(1)) return DROP_SEGMENTS;
  if (!combine(parsed.isV6 ? ipv6.trafficClass(parsed.packet) : ipv4.tos(parsed.packet))) return DROP_ECN;
  offload.write(commit(inner.packet, inner.bytes, load<u64>(settings, DECAP_MEMORY)));
  return tunnel;
}

/** True for outer UDP datagrams of one length that were joined to one frame, each with a packet of its own inside. */
function isDatagrams(): bool {
  const header = parsed.virtioHeader();
  if (tunnel != DECAP_GUE || !header || !virtio.isSuperFrame(header)) return false;
  return virtio.superFrameType(header) == virtio.SUPER_UDP && offload.startsAt(parsed.transport);
}

function handOnEach(): u32 {
  const size = virtio.segmentBytes(parsed.virtioHeader());
  let left = tunnelBytes();
  const count = size ? (left + size - 1) / size : 0;
  if (!count || count > <u32>SEGMENTS_MAX || !hasRoom(count)) {
    const verdict = size ? DROP_SEGMENTS : DROP_OUTER_SUPER_FRAME;
    countVerdict(verdict);
    return verdict;
  }
  let answer = tunnel;
  for (let p = tunnelAt(); left; p += size) {
    const len = min(left, size);
    const verdict = handOn(p, len);
    countVerdict(verdict);
    if (answer == tunnel) answer = verdict;
    left -= len;
  }
  return answer;
}
