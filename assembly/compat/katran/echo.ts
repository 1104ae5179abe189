// compat/katran/echo.ts: answers ping, to any address (quirk). The frame goes back as it is but for the bytes named here; its checksum is
// mended by plain addition, without the carry that would have to come round (quirk).
import { DROP_TRUNCATED, NO_VERDICT, REPLY_ECHO } from '../../verdict';
import * as checksum from '../../wire/checksum';
import { type as ethernetType, exchangeMacs, HEADER_BYTES } from '../../wire/ethernet';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as packet from './packet';
import * as sender from './send';

const TTL: u8 = 64;
const TTL_AT: usize = 8; // in an IPv4 header
const HOP_LIMIT_AT: usize = 7;
const ICMP_BYTES: u32 = 8;
const CHECKSUM_AT: usize = 2;
const ECHO_REPLY: u8 = 0;
const V6_ECHO_REPLY: u8 = 129;

/** Of an ICMP echo request: places are those of IPv4 whatever carried it (quirk). */
export function answer4(isForHost: bool): u32 {
  return packet.packetBytes() < ipv4.MIN_LEN + ICMP_BYTES ? DROP_TRUNCATED : answer(false, isForHost);
}

/** Of an ICMPv6 echo request: places are those of IPv6 whatever carried it (quirk). */
export function answer6(isForHost: bool): u32 {
  return packet.packetBytes() < ipv6.HEADER_LEN + ICMP_BYTES ? DROP_TRUNCATED : answer(true, isForHost);
}

function answer(isV6: bool, isForHost: bool): u32 {
  return isForHost ? answerInPlace(isV6) : answerBack(isV6);
}

/** What was decapsulated for the host reaches it as the answer, not as the question (quirk). */
function answerInPlace(isV6: bool): u32 {
  exchangeMacs(packet.frame);
  turn(packet.packet(), isV6);
  return REPLY_ECHO;
}

function answerBack(isV6: bool): u32 {
  const way = sender.back();
  const verdict = sender.refuse(way, 0, 0);
  if (verdict != NO_VERDICT) return verdict;
  const from = sender.destinationMac();
  const type = ethernetType(packet.frame);
  const at = sender.place(way, 0, packet.packet(), packet.packetBytes());
  if (!at) return sender.noPlace(way);
  turn(at, isV6);
  sender.send(way, from, at, packet.bytes - HEADER_BYTES, type);
  return REPLY_ECHO;
}

function turn(p: usize, isV6: bool): void {
  if (isV6) turn6(p);
  else turn4(p);
}

function turn4(p: usize): void {
  const message = p + ipv4.MIN_LEN;
  store<u8>(message, ECHO_REPLY);
  store<u16>(message, load<u16>(message, CHECKSUM_AT) + 8, CHECKSUM_AT);
  store<u8>(p, TTL, TTL_AT);
  const from = ipv4.source(p);
  store<u32>(p, ipv4.destination(p), ipv4.SOURCE);
  store<u32>(p, from, ipv4.DESTINATION);
  ipv4.storeChecksum(p, 0);
  ipv4.storeChecksum(p, checksum.finish(checksum.add(0, p, ipv4.MIN_LEN)));
}

function turn6(p: usize): void {
  const message = p + ipv6.HEADER_LEN;
  store<u8>(message, V6_ECHO_REPLY);
  store<u16>(message, load<u16>(message, CHECKSUM_AT) - 1, CHECKSUM_AT);
  store<u8>(p, TTL, HOP_LIMIT_AT);
  const from = v128.load(p, ipv6.SOURCE);
  v128.store(p, v128.load(p, ipv6.DESTINATION), ipv6.SOURCE);
  v128.store(p, from, ipv6.DESTINATION);
}
