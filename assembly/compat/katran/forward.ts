// compat/katran/forward.ts: sends the packet in hand to its real, inside Katran's outer headers.
import * as segment from '../../encap/segment';
import { mtuTo, wayTo } from '../../encap/way';
import {
  BACKEND_ENCAP,
  BACKEND_NEXT_HOP,
  BACKEND_OUTER_IS_V6,
  ENCAP_GUE,
  EVENT_SEGMENTS_LOST,
  EVENT_SEGMENTS_SENT,
} from '../../layout';
import { backend, countEvents } from '../../memory';
import { DROP_SEGMENTS, DROP_SEGMENTS_LOST, FORWARD_GUE, FORWARD_IPIP, NO_VERDICT } from '../../verdict';
import { HEADER_BYTES, TYPE_IPV4, TYPE_IPV6 } from '../../wire/ethernet';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import * as offload from './offload';
import * as outer from './outer';
import * as packet from './packet';
import * as sender from './send';

// The way of the packet in hand.
let record: usize = 0;
let isGue: bool = false;
let isOuterV6: bool = false;
let front: u32 = 0;
let way: u64 = 0;
let ownMac: u64 = 0;

/** `real` is a backend index. */
export function forward(real: u32): u32 {
  record = backend(real);
  isGue = load<u8>(record, BACKEND_ENCAP) == ENCAP_GUE;
  isOuterV6 = load<u8>(record, BACKEND_OUTER_IS_V6) != 0;
  front = (isOuterV6 ? ipv6.HEADER_LEN : ipv4.MIN_LEN) + (isGue ? l4.UDP_LEN : 0);
  const nextHop = load<u32>(record, BACKEND_NEXT_HOP);
  way = wayTo(nextHop);
  const refused = sender.refuse(way, mtuTo(nextHop), front + offload.longestFrame() - HEADER_BYTES);
  if (refused != NO_VERDICT) return refused;
  ownMac = sender.ownMacTowards(way, sender.destinationMac());
  return offload.isSuperFrame ? forwardSegments() : forwardWhole();
}

function forwardWhole(): u32 {
  const inner = sender.place(way, front, packet.packet(), packet.packetBytes());
  if (!inner) return sender.noPlace(way);
  send(inner);
  return verdict();
}

/** Each segment of a super-frame is a packet of its own. A ring that is full in between keeps what it got. */
function forwardSegments(): u32 {
  if (!sender.mayHaveRoom(segment.count, front + segment.longest)) return DROP_SEGMENTS;
  let sent: u32 = 0;
  for (; sent < segment.count; sent++) {
    const bytes = segment.bytesOf(sent);
    const inner = sender.room(way, front, bytes);
    if (!inner) break;
    segment.write(inner, sent, false);
    packet.resize(bytes);
    send(inner);
  }
  countEvents(EVENT_SEGMENTS_SENT, sent);
  sender.noteBurst(way);
  if (sent == segment.count) return verdict();
  countEvents(EVENT_SEGMENTS_LOST, segment.count - sent);
  return sent ? DROP_SEGMENTS_LOST : sender.noPlace(way);
}

function verdict(): u32 {
  return isGue ? FORWARD_GUE : FORWARD_IPIP;
}

/** The packet in hand stands at `inner`. */
function send(inner: usize): void {
  const at = inner - front;
  if (isGue) {
    if (isOuterV6) outer.writeGue6(at, record, inner);
    else outer.writeGue4(at, record, inner);
  } else if (isOuterV6) outer.writeIpip6(at, record);
  else outer.writeIpip4(at, record);
  sender.send(way, ownMac, at, front + packet.packetBytes(), isOuterV6 ? TYPE_IPV6 : TYPE_IPV4);
}
