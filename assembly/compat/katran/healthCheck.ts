// compat/katran/healthCheck.ts: a marked packet of this host, sent to the real of its mark: Katran's program for health checks. Lengths are
// those of the frame, the source address is ours, TOS is 0, and GUE has no checksum.
import { mtuTo, ownMac, wayTo } from '../../encap/way';
import {
  BACKEND_ENCAP,
  BACKEND_NEXT_HOP,
  BACKEND_OUTER,
  BACKEND_OUTER_IS_V6,
  ENCAP_GUE,
  EVENT_HEALTH_CHECK,
  META_BACKEND,
  NO_BACKEND,
} from '../../layout';
import { backend, countEvent } from '../../memory';
import { backendOfAnyMark } from '../../select/mark';
import { FORWARD_GUE, FORWARD_IPIP, IGNORE_NO_MARK, NO_VERDICT } from '../../verdict';
import * as checksum from '../../wire/checksum';
import * as ethernet from '../../wire/ethernet';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import * as outer from './outer';
import * as packet from './packet';
import * as sender from './send';

const PORT_MARK: u32 = 0x04; // of the low byte of the source port
const HEADERS_SUMMED: u32 = 60;

/** The verdict of a frame that has `mark`. */
export function decideMarked(mark: u32, frame: usize, len: u32, meta: usize, root: usize): u32 {
  const real = backendOfAnyMark(root, mark);
  if (real == NO_BACKEND || !isIp(frame, len)) return IGNORE_NO_MARK;
  sender.begin(meta);
  packet.readOwn(frame, len);
  store<u16>(meta, <u16>real, META_BACKEND);
  countEvent(EVENT_HEALTH_CHECK);
  return send(backend(real));
}

function isIp(frame: usize, len: u32): bool {
  if (len < ethernet.HEADER_BYTES) return false;
  const type = ethernet.type(frame);
  return type == ethernet.TYPE_IPV4 || type == ethernet.TYPE_IPV6;
}

function send(record: usize): u32 {
  const isGue = load<u8>(record, BACKEND_ENCAP) == ENCAP_GUE;
  const isOuterV6 = load<u8>(record, BACKEND_OUTER_IS_V6) != 0;
  const front = (isOuterV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN) + (isGue ? l4.UDP_LEN : 0);
  const nextHop = load<u32>(record, BACKEND_NEXT_HOP);
  const way = wayTo(nextHop);
  const bytes = packet.packetBytes();
  const refused = sender.refuse(way, mtuTo(nextHop), front + bytes);
  if (refused != NO_VERDICT) return refused;
  const inner = sender.place(way, front, packet.packet(), bytes);
  if (!inner) return sender.noPlace(way);
  if (isGue) writeUdp(inner - l4.UDP_LEN, record, isOuterV6, bytes);
  const protocol = isGue ? l4.PROTOCOL_UDP : outer.protocolInside();
  writeIp(inner - front, record, isOuterV6, bytes + (isGue ? l4.UDP_LEN : 0), protocol);
  sender.send(way, ownMac(way), inner - front, front + bytes, isOuterV6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4);
  return isGue ? FORWARD_GUE : FORWARD_IPIP;
}

/** `bytes` is what the header is before. Our address stands in the ready-made one. */
function writeIp(at: usize, record: usize, isOuterV6: bool, bytes: u32, protocol: u32): void {
  if (isOuterV6) {
    outer.writeIpv6(at, bytes, protocol, record);
    v128.store(at, v128.load(record + ipv6.SOURCE, BACKEND_OUTER), ipv6.SOURCE);
  } else {
    const source = load<u32>(record + ipv4.SOURCE, BACKEND_OUTER);
    outer.writeIpv4(at, bytes + ipv4.MIN_LEN, protocol, source, outer.destination4(record));
  }
}

/** The source port, random in Katran but for one bit, is made of the packet's headers: of the dynamic range (RFC 6335). */
function writeUdp(at: usize, record: usize, isOuterV6: bool, bytes: u32): void {
  const sum = checksum.fold(checksum.add(0, at + l4.UDP_LEN, min(bytes, HEADERS_SUMMED)));
  const source = 0xc000 | PORT_MARK | (sum & 0x3fff);
  const port = load<u16>(record + (isOuterV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN), BACKEND_OUTER + 2);
  store<u32>(at, <u32>bswap<u16>(<u16>source) | ((<u32>port) << 16));
  store<u32>(at, 0, 4);
  l4.setUdpLength(at, bytes + l4.UDP_LEN);
}
