// compat/katran/icmp.ts: ICMP and ICMPv6, told by protocol number alone, whichever IP version carries them (quirk). Echo is answered;
// errors count from here on as packets of the flow that they quote, as if its client had sent them; the rest is the host's.
import { KATRAN_COUNT_PTB4, KATRAN_COUNT_PTB6 } from '../../layout';
import { DROP_BAD_QUOTE, DROP_TRUNCATED, IGNORE_COMPAT, NO_VERDICT } from '../../verdict';
import * as ipv4 from '../../wire/ipv4';
import * as ipv6 from '../../wire/ipv6';
import * as l4 from '../../wire/l4';
import { count } from './counters';
import * as echo from './echo';
import * as flow from './flow';
import * as packet from './packet';

const HEADER_BYTES: u32 = 8;
const MTU_SMALL: u32 = 1280;

const ECHO_REQUEST: u32 = 8;
const UNREACHABLE: u32 = 3;
const HOST_UNREACHABLE: u32 = 1; // codes
const PORT_UNREACHABLE: u32 = 3;
const NEEDS_FRAGMENTATION: u32 = 4;
const V6_ECHO_REQUEST: u32 = 128;
const V6_UNREACHABLE: u32 = 1;
const V6_TOO_BIG: u32 = 2;
const V6_ADDRESS_UNREACHABLE: u32 = 3; // codes
const V6_PORT_UNREACHABLE: u32 = 4;

/** The error in hand says that a host or a port cannot be reached. */
export let isUnreachable: bool = false;

/** NO_VERDICT: no ICMP, or an error whose flow is now in hand. `isForHost`: an answer to echo is made in place, and not sent. */
export function decideIcmp(isForHost: bool): u32 {
  if (packet.protocol == l4.PROTOCOL_ICMP) return decide4(isForHost);
  return packet.protocol == l4.PROTOCOL_ICMPV6 ? decide6(isForHost) : NO_VERDICT;
}

function decide4(isForHost: bool): u32 {
  const message = packet.frame + packet.transport;
  if (packet.bytes < packet.transport + HEADER_BYTES) return DROP_TRUNCATED;
  const type = <u32>load<u8>(message);
  if (type == ECHO_REQUEST) return echo.answer4(isForHost);
  if (type != UNREACHABLE) return IGNORE_COMPAT;
  const code = <u32>load<u8>(message, 1);
  isUnreachable = code == HOST_UNREACHABLE || code == PORT_UNREACHABLE;
  if (code == NEEDS_FRAGMENTATION) countTooBig(KATRAN_COUNT_PTB4, bswap<u16>(load<u16>(message, 6)));
  const quote = message + HEADER_BYTES;
  if (packet.bytes < packet.transport + HEADER_BYTES + ipv4.MIN_LEN) return DROP_BAD_QUOTE;
  if (ipv4.headerLen(quote) != ipv4.MIN_LEN) return DROP_BAD_QUOTE;
  flow.setIpv4(ipv4.destination(quote), ipv4.source(quote), ipv4.protocol(quote));
  packet.noteError();
  return NO_VERDICT;
}

function decide6(isForHost: bool): u32 {
  const message = packet.frame + packet.transport;
  if (packet.bytes < packet.transport + HEADER_BYTES) return DROP_TRUNCATED;
  const type = <u32>load<u8>(message);
  if (type == V6_ECHO_REQUEST) return echo.answer6(isForHost);
  if (type != V6_UNREACHABLE && type != V6_TOO_BIG) return IGNORE_COMPAT;
  const code = <u32>load<u8>(message, 1);
  isUnreachable = code == V6_ADDRESS_UNREACHABLE || code == V6_PORT_UNREACHABLE;
  if (type == V6_TOO_BIG) countTooBig(KATRAN_COUNT_PTB6, bswap<u32>(load<u32>(message, 4)));
  const quote = message + HEADER_BYTES;
  if (packet.bytes < packet.transport + HEADER_BYTES + ipv6.HEADER_LEN) return DROP_BAD_QUOTE;
  flow.setIpv6(quote + ipv6.DESTINATION, quote + ipv6.SOURCE, ipv6.nextHeader(quote));
  packet.noteError();
  return NO_VERDICT;
}

/** Of a pair of counters: all, and those that name an MTU which no link should have. */
function countTooBig(pair: u32, mtu: u32): void {
  count(pair);
  if (mtu < MTU_SMALL) count(pair + 1);
}
