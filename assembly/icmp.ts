// icmp.ts: ICMP and ICMPv6 for an address of a VIP: echo is answered here, errors go where the flow goes that they are about, and
// all else has no VIP.
import { isSane } from './encap/offload';
import * as quoted from './flow/quoted';
import { forwardChosen, isForOthers, timeToLive } from './forward';
import {
  EGRESS_BYTES,
  EGRESS_MAX,
  EGRESS_SOURCE4,
  EGRESS_SOURCE6,
  EVENT_ICMP_ERROR,
  EVENT_OUTER_ERROR,
  VIP_WAYS,
} from './layout';
import { countEvent, egresses } from './memory';
import * as parsed from './parse';
import { flowHash } from './profiles/native';
import { slotOfFlow } from './profiles/slot';
import { answerEcho } from './reply/echo';
import { peek } from './select/lookup';
import { peekByWays } from './select/ways';
import {
  DROP_BAD_HEADER,
  DROP_BAD_QUOTE,
  DROP_NO_VIP,
  DROP_TRUNCATED,
  DROP_TTL_EXPIRED,
  IGNORE_NOT_VIP,
} from './verdict';
import { find } from './vip';
import * as icmp from './wire/icmp';
import * as ipv4 from './wire/ipv4';
import * as ipv6 from './wire/ipv6';
import * as l4 from './wire/l4';

/** The verdict of the whole ICMP message in hand. */
export function decideIcmp(root: usize, len: u32, tick: u32): u32 {
  const isWhole = parsed.transportBytes >= icmp.HEADER_LEN;
  const isError = isWhole && icmp.isError(parsed.transport, parsed.isV6);
  if (isForOthers(root)) {
    if (isError && isAboutOuter()) countEvent(EVENT_OUTER_ERROR);
    return IGNORE_NOT_VIP;
  }
  if (!isWhole) return DROP_TRUNCATED;
  if (isError) return forwardError(root, len, tick);
  return icmp.isEchoRequest(parsed.transport, parsed.isV6) ? answerEcho() : DROP_NO_VIP;
}

/** Sends an error to the backend of the flow whose packet it quotes, as any packet of that flow. Nothing is noted of the flow. */
function forwardError(root: usize, len: u32, tick: u32): u32 {
  const quote = parsed.transport + icmp.HEADER_LEN;
  if (!quoted.read(quote, parsed.transportBytes - icmp.HEADER_LEN)) return DROP_BAD_QUOTE;
  const port = l4.destinationPortOf(quoted.ports);
  const vip = find(root, parsed.destinationHigh, parsed.destinationLow, quoted.protocol, port);
  if (!vip) return DROP_NO_VIP;
  if (timeToLive() <= 1) return DROP_TTL_EXPIRED;
  if (!isSane()) return DROP_BAD_HEADER;
  parsed.lookAtFlow(quoted.layFlow(quote), quoted.protocol, quoted.ports);
  const hash = flowHash();
  const chosen = load<u8>(vip, VIP_WAYS) ? peekByWays(vip, hash, tick) : peek(vip, slotOfFlow(vip, hash), hash, tick);
  parsed.lookBack();
  countEvent(EVENT_ICMP_ERROR);
  return forwardChosen(vip, chosen, hash, len, tick);
}

/**
 * True for an error about a packet that we sent in a tunnel: it quotes, and was sent to, our own address on some interface. It is
 * for this host, whose stack learns the path's MTU from it.
 */
function isAboutOuter(): bool {
  const quote = parsed.transport + icmp.HEADER_LEN;
  const bytes = parsed.transportBytes - icmp.HEADER_LEN;
  return parsed.isV6 ? isAboutOuter6(quote, bytes) : isAboutOuter4(quote, bytes);
}

function isAboutOuter4(quote: usize, bytes: u32): bool {
  if (bytes < ipv4.MIN_LEN || !ipv4.isVersion4(quote)) return false;
  const source = ipv4.source(quote);
  if (!source || source != ipv4.destination(parsed.packet)) return false;
  for (let i: u32 = 0; i < <u32>EGRESS_MAX; i++) {
    if (load<u32>(egresses + i * EGRESS_BYTES, EGRESS_SOURCE4) == source) return true;
  }
  return false;
}

function isAboutOuter6(quote: usize, bytes: u32): bool {
  if (!ipv6.isValid(quote, bytes)) return false;
  const high = load<u64>(quote, ipv6.SOURCE);
  const low = load<u64>(quote, ipv6.SOURCE + 8);
  if (!(high | low) || high != parsed.destinationHigh || low != parsed.destinationLow) return false;
  for (let i: u32 = 0; i < <u32>EGRESS_MAX; i++) {
    const own = egresses + i * EGRESS_BYTES + EGRESS_SOURCE6;
    if (load<u64>(own) == high && load<u64>(own, 8) == low) return true;
  }
  return false;
}
