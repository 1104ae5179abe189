// compat/katran/tooBig.ts: answers a frame that is longer than the limit, IPv4 with DF or without, with as much of it as Katran quotes.
// Bounded by the token bucket of tooBigPerSecond, which Katran does not have.
import { KATRAN_COUNT_TOO_BIG4, KATRAN_FRAME_BYTES_MAX } from '../../layout';
import { katran } from '../../memory';
import { pseudoSum, writeIpv6 } from '../../reply/header';
import { takeToken } from '../../reply/rate';
import { DROP_TOO_BIG, NO_VERDICT, REPLY_TOO_BIG } from '../../verdict';
import * as checksum from '../../wire/checksum';
import * as ethernet from '../../wire/ethernet';
import * as icmp from '../../wire/icmp';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import { countOf } from './counters';
import { longestFrame } from './offload';
import * as packet from './packet';
import * as sender from './send';

const QUOTE4: u32 = 84;
const QUOTE6: u32 = 248;
const TTL: u32 = 64;

export function isTooBig(): bool {
  return longestFrame() > frameBytesMax();
}

function frameBytesMax(): u32 {
  return load<u32>(katran, KATRAN_FRAME_BYTES_MAX);
}

/** The verdict of a frame that is too big. */
export function answerTooBig(tick: u32): u32 {
  const way = sender.back();
  if (sender.refuse(way, 0, 0) != NO_VERDICT || !takeToken(tick)) return DROP_TOO_BIG;
  const isV6 = packet.isV6;
  const front = icmp.HEADER_LEN + packet.headerBytes();
  const quoted = isV6 ? QUOTE6 : QUOTE4;
  const from = sender.destinationMac();
  const quote = sender.place(way, front, packet.packet(), quoted);
  if (!quote) return sender.noPlace(way);
  const at = quote - front;
  icmp.writeTooBig(quote - icmp.HEADER_LEN, isV6, frameBytesMax() - ethernet.HEADER_BYTES);
  if (isV6) finish6(at, quote);
  else finish4(at, quote);
  sender.send(way, from, at, front + quoted, isV6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4);
  countOf(KATRAN_COUNT_TOO_BIG4, isV6);
  return REPLY_TOO_BIG;
}

function finish4(at: usize, quote: usize): void {
  const message = quote - icmp.HEADER_LEN;
  const bytes = icmp.HEADER_LEN + QUOTE4;
  icmp.storeChecksum(message, checksum.finish(checksum.add(0, message, bytes)));
  store<u32>(at, 0x45);
  ipv4.setTotalLen(at, ipv4.MIN_LEN + bytes);
  store<u32>(at, 0, 4);
  store<u32>(at, TTL | (l4.PROTOCOL_ICMP << 8), 8);
  store<u32>(at, ipv4.destination(quote), ipv4.SOURCE);
  store<u32>(at, ipv4.source(quote), ipv4.DESTINATION);
  ipv4.storeChecksum(at, checksum.finish(checksum.add(0, at, ipv4.MIN_LEN)));
}

function finish6(at: usize, quote: usize): void {
  const message = quote - icmp.HEADER_LEN;
  const bytes = icmp.HEADER_LEN + QUOTE6;
  const source = quote + ipv6.SOURCE;
  const destination = quote + ipv6.DESTINATION;
  writeIpv6(at, load<u64>(destination), load<u64>(destination, 8), load<u64>(source), load<u64>(source, 8), 0, bytes);
  icmp.storeChecksum(message, checksum.finish(checksum.add(pseudoSum(at, bytes), message, bytes)));
}
