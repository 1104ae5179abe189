// reply/echo.ts: answers ping: an ICMP (RFC 792) or ICMPv6 (RFC 4443, section 4) echo request to an address of a VIP. The answer
// is as long as the question and goes back where the frame came from, so it is not rate limited: it amplifies nothing and costs what
// forwarding costs. IP options and extension headers of the question are left out; TOS or traffic class is kept.
import { isHalf } from '../encap/offload';
import { ethernetBytes, noPlace, placePacket, refusal, send, wayBack } from '../encap/way';
import * as parsed from '../parse';
import { DROP_BAD_SOURCE, NO_VERDICT, REPLY_ECHO } from '../verdict';
import * as checksum from '../wire/checksum';
import * as ethernet from '../wire/ethernet';
import * as icmp from '../wire/icmp';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import { headerBytes, isAnswerable, pseudoSum, writeIpv4, writeIpv6 } from './header';

export function answerEcho(): u32 {
  if (!isAnswerable()) return DROP_BAD_SOURCE;
  const way = wayBack(ethernet.source(parsed.frame));
  const verdict = refusal(way, 0, 0);
  if (verdict != NO_VERDICT) return verdict;
  return parsed.isV6 ? answer6(way) : answer4(way);
}

function answer4(way: u64): u32 {
  const from = ipv4.destination(parsed.packet);
  const to = ipv4.source(parsed.packet);
  const tos = ipv4.tos(parsed.packet);
  const packet = placeMessage(way);
  if (!packet) return noPlace(way);
  intoReply(packet + ipv4.MIN_LEN, 0);
  writeIpv4(packet, from, to, tos, parsed.transportBytes);
  sendBack(way, packet, ethernet.TYPE_IPV4);
  return REPLY_ECHO;
}

function answer6(way: u64): u32 {
  const toHigh = load<u64>(parsed.packet, ipv6.SOURCE);
  const toLow = load<u64>(parsed.packet, ipv6.SOURCE + 8);
  const trafficClass = ipv6.trafficClass(parsed.packet);
  const packet = placeMessage(way);
  if (!packet) return noPlace(way);
  writeIpv6(packet, parsed.destinationHigh, parsed.destinationLow, toHigh, toLow, trafficClass, parsed.transportBytes);
  intoReply(packet + ipv6.HEADER_LEN, pseudoSum(packet, parsed.transportBytes));
  sendBack(way, packet, ethernet.TYPE_IPV6);
  return REPLY_ECHO;
}

/** A place for the new IP header and the message behind it. What is between the old header and the message is left out. */
function placeMessage(way: u64): usize {
  const header = headerBytes(parsed.isV6);
  parsed.takePacket(parsed.transport - header, header + parsed.transportBytes);
  return placePacket(way, ethernetBytes(way));
}

/** Addresses change places, which the pseudo header's sum does not notice: type is all that is new. */
function intoReply(message: usize, pseudo: u64): void {
  const before = icmp.firstWord(message);
  icmp.intoEchoReply(message, parsed.isV6);
  if (isHalf()) {
    icmp.storeChecksum(message, 0);
    icmp.storeChecksum(message, checksum.finish(checksum.add(pseudo, message, parsed.transportBytes)));
    return;
  }
  icmp.storeChecksum(message, checksum.replaced(icmp.storedChecksum(message), before, icmp.firstWord(message)));
}

function sendBack(way: u64, packet: usize, type: u32): void {
  send(way, ethernetBytes(way), packet, parsed.packetBytes, type, false);
}
