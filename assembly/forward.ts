// forward.ts: one frame, from parse to verdict. Read this first.
import { decide as decideAsKatran } from './compat/katran/decide';
import { forwardL2 } from './encap/l2';
import { forwardL3dsr } from './encap/l3dsr';
import { isSane } from './encap/offload';
import { forwardTunnel } from './encap/tunnel';
import { decideLater, forwardFirst } from './fragment';
import { decideMarked } from './healthCheck';
import { decideIcmp } from './icmp';
import {
  BACKEND_ENCAP,
  ENCAP_L2,
  ENCAP_L3DSR,
  META_FLAGS,
  META_HAS_MARK,
  META_MARK,
  META_PACKET_TYPE,
  META_VIP,
  NO_BACKEND,
  PACKET_TYPE_HOST,
  PACKET_TYPE_MULTICAST,
  VIP_NUMBER,
  VIP_WAYS,
} from './layout';
import { backend, compat, countTraffic, countVerdict } from './memory';
import * as parsed from './parse';
import { flowHash } from './profiles/native';
import { slotOfFlow } from './profiles/slot';
import { answerArp, answerSolicitation, isSolicitation } from './reply/neighbour';
import { answerTooBig } from './reply/tooBig';
import { select } from './select/lookup';
import { selectByWays } from './select/ways';
import {
  DROP_BAD_HEADER,
  DROP_NO_BACKEND,
  DROP_NO_VIP,
  DROP_TOO_BIG,
  DROP_TTL_EXPIRED,
  IGNORE_NOT_VIP,
  IGNORE_OTHER_HOST,
  NO_VERDICT,
} from './verdict';
import { find, isOurs } from './vip';
import { TYPE_ARP } from './wire/ethernet';
import * as ipv4 from './wire/ipv4';
import * as ipv6 from './wire/ipv6';
import * as l4 from './wire/l4';

/**
 * Takes the frame of `len` bytes at `frame` to its verdict; what leaves goes to the sink. `meta` is what the bytes do not
 * say (layout.ts, META_); `root` is the published state the batch looks at, `tick` its time.
 */
export function forward(frame: usize, len: u32, meta: usize, root: usize, tick: u32): u32 {
  store<u32>(meta, 0, META_VIP); // and META_BACKEND behind it
  const isMarked = load<u16>(meta, META_FLAGS) & META_HAS_MARK;
  const verdict = compat
    ? decideAsKatran(frame, len, meta, root, tick)
    : isMarked
      ? decideMarked(load<u32>(meta, META_MARK), frame, len, meta, root)
      : decide(frame, len, meta, root, tick);
  countVerdict(verdict);
  return verdict;
}

function decide(frame: usize, len: u32, meta: usize, root: usize, tick: u32): u32 {
  const packetType = <i32>load<u8>(meta, META_PACKET_TYPE);
  if (packetType > PACKET_TYPE_MULTICAST) return IGNORE_OTHER_HOST;
  const broken = parsed.parse(frame, len, meta);
  if (broken != NO_VERDICT) return isForOthers(root) ? IGNORE_NOT_VIP : broken;
  // Requests for a MAC address come by broadcast and multicast; nothing else of that kind is for a VIP.
  if (parsed.etherType == TYPE_ARP) return answerArp(root);
  if (parsed.isV6 && isSolicitation()) return answerSolicitation(root);
  if (packetType != PACKET_TYPE_HOST) return IGNORE_OTHER_HOST;

  if (parsed.isFragment) {
    if (isForOthers(root)) return IGNORE_NOT_VIP;
    const verdict = decideLater(len, tick);
    if (verdict != NO_VERDICT) return verdict;
  }
  if (parsed.isIcmp()) return decideIcmp(root, len, tick);
  const vip = find(
    root,
    parsed.destinationHigh,
    parsed.destinationLow,
    parsed.protocol,
    l4.destinationPortOf(parsed.ports),
  );
  if (!vip) return isForOthers(root) ? IGNORE_NOT_VIP : DROP_NO_VIP;
  if (timeToLive() <= 1) return DROP_TTL_EXPIRED;
  if (!isSane()) return DROP_BAD_HEADER;

  const hash = flowHash();
  const chosen = load<u8>(vip, VIP_WAYS)
    ? selectByWays(vip, hash, tick)
    : select(vip, slotOfFlow(vip, hash), hash, parsed.protocol != l4.PROTOCOL_UDP, parsed.isSyn, tick);
  if (parsed.isFragment) return forwardFirst(vip, chosen, hash, len, tick);
  return forwardChosen(vip, chosen, hash, len, tick);
}

/** The packet in hand is for `vip` and goes to backend `chosen`, NO_BACKEND if there is none. */
export function forwardChosen(vip: usize, chosen: u32, hash: u64, len: u32, tick: u32): u32 {
  const vipNumber = <u32>load<u16>(vip, VIP_NUMBER);
  store<u32>(parsed.meta, vipNumber | (chosen << 16), META_VIP); // and META_BACKEND behind it
  countTraffic(vipNumber, chosen, len);
  return deliver(chosen, hash, tick);
}

/** Sends the packet in hand to backend `chosen`, or says why it cannot: to its sender too, when it is too big. */
export function deliver(chosen: u32, hash: u64, tick: u32): u32 {
  if (chosen == NO_BACKEND) return DROP_NO_BACKEND;
  const record = backend(chosen);
  const verdict = send(record, hash);
  return verdict == DROP_TOO_BIG ? answerTooBig(record, tick) : verdict;
}

/** Hands the packet in hand to a backend, in the encapsulation it has. */
export function send(record: usize, hash: u64): u32 {
  const encap = <i32>load<u8>(record, BACKEND_ENCAP);
  if (encap == ENCAP_L2) return forwardL2(record);
  return encap == ENCAP_L3DSR ? forwardL3dsr(record) : forwardTunnel(record, hash);
}

/** All of a VIP's address is ours; any other address is the host's business, broken frames included. */
export function isForOthers(root: usize): bool {
  return parsed.hasDestination && !isOurs(root, parsed.destinationHigh, parsed.destinationLow);
}

export function timeToLive(): u32 {
  return parsed.isV6 ? ipv6.hopLimit(parsed.packet) : ipv4.ttl(parsed.packet);
}
