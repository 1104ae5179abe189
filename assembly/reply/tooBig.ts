// reply/tooBig.ts: tells who sent a packet that does not fit the way to its backend how long it may be: fragmentation needed
// (RFC 792, RFC 1191), packet too big (RFC 4443, section 3.2). Without it a path MTU below that of the client is a black hole. It
// names the MTU of the way less the outer headers of that backend, and comes from the VIP.
//   never about       ICMP messages, fragments but the first, sources that cannot be answered (RFC 1122, 3.2.2; RFC 4443, 2.4 e)
//   IPv4              only where DF is set: without it the sender expects a router to cut the packet, which we do not
//   IPv6              1280 at least, as every link has that (RFC 8200, section 5); a packet of 1280 bytes or less that does not fit
//                     is dropped without an answer, which could only ask for what the sender must not do
//   quoted            as much as makes 576 bytes (RFC 1812, section 4.3.2.3) or 1280 (RFC 4443, section 2.4 c)
//   super-frames      are as long as one of their segments, or this would not have been asked
import { largestPacket } from '../encap/offload';
import { ethernetBytes, mtuTo, noPlace, outerBytesOf, placePacket, refusal, send, wayBack } from '../encap/way';
import { BACKEND_NEXT_HOP } from '../layout';
import * as parsed from '../parse';
import { DROP_TOO_BIG, DROP_TOO_BIG_DF_CLEAR, NO_VERDICT, REPLY_TOO_BIG } from '../verdict';
import * as checksum from '../wire/checksum';
import * as ethernet from '../wire/ethernet';
import * as icmp from '../wire/icmp';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import { isAnswerable, pseudoSum, writeIpv4, writeIpv6 } from './header';
import { takeToken } from './rate';

const MTU_MAX: u32 = 0xffff; // of a way without a limit: what an outer header can say
const MTU4_MIN: u32 = 68; // RFC 791: every link takes that
const TOTAL4_MAX: u32 = 576;
const TOS_CONTROL: u32 = 0xc0; // RFC 1812, section 4.3.2.5: internetwork control

/** The verdict of the packet in hand, which does not fit the way to `backend`; at best an answer to its sender. */
export function answerTooBig(backend: usize, tick: u32): u32 {
  const limit = mtuTo(load<u32>(backend, BACKEND_NEXT_HOP));
  const outer = outerBytesOf(backend);
  const mtu = limit ? limit : MTU_MAX;
  const fits = mtu > outer ? mtu - outer : 0;
  if (!parsed.isV6 && !ipv4.dontFragment(parsed.packet)) return DROP_TOO_BIG_DF_CLEAR;
  if (parsed.isV6 ? largestPacket() <= ipv6.MTU_MIN : fits < MTU4_MIN) return DROP_TOO_BIG;
  if (parsed.isIcmp() || parsed.isLaterFragment() || !isAnswerable()) return DROP_TOO_BIG;
  const way = wayBack(ethernet.source(parsed.frame));
  if (refusal(way, 0, 0) != NO_VERDICT || !takeToken(tick)) return DROP_TOO_BIG;
  return parsed.isV6 ? answer6(way, max(fits, ipv6.MTU_MIN)) : answer4(way, fits);
}

function answer4(way: u64, mtu: u32): u32 {
  const front = ipv4.MIN_LEN + icmp.HEADER_LEN;
  parsed.takePacket(parsed.packet, min(parsed.packetBytes, TOTAL4_MAX - front));
  const head = ethernetBytes(way);
  const quote = placePacket(way, head + front);
  if (!quote) return noPlace(way);
  const message = quote - icmp.HEADER_LEN;
  const bytes = icmp.HEADER_LEN + parsed.packetBytes;
  icmp.writeTooBig(message, false, mtu);
  icmp.storeChecksum(message, checksum.finish(checksum.add(0, message, bytes)));
  writeIpv4(quote - front, ipv4.destination(quote), ipv4.source(quote), TOS_CONTROL, bytes);
  send(way, head, quote - front, ipv4.MIN_LEN + bytes, ethernet.TYPE_IPV4, false);
  return REPLY_TOO_BIG;
}

function answer6(way: u64, mtu: u32): u32 {
  const front = ipv6.HEADER_LEN + icmp.HEADER_LEN;
  parsed.takePacket(parsed.packet, min(parsed.packetBytes, ipv6.MTU_MIN - front));
  const head = ethernetBytes(way);
  const quote = placePacket(way, head + front);
  if (!quote) return noPlace(way);
  const message = quote - icmp.HEADER_LEN;
  const bytes = icmp.HEADER_LEN + parsed.packetBytes;
  const at = quote - front;
  const toHigh = load<u64>(quote, ipv6.SOURCE);
  const toLow = load<u64>(quote, ipv6.SOURCE + 8);
  writeIpv6(at, parsed.destinationHigh, parsed.destinationLow, toHigh, toLow, 0, bytes);
  icmp.writeTooBig(message, true, mtu);
  icmp.storeChecksum(message, checksum.finish(checksum.add(pseudoSum(at, bytes), message, bytes)));
  send(way, head, at, ipv6.HEADER_LEN + bytes, ethernet.TYPE_IPV6, false);
  return REPLY_TOO_BIG;
}
