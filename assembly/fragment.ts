// fragment.ts: IP fragments. The first has the ports and goes through decide() as any packet; where it went is noted, and the others
// follow it. One that comes before its first is held (HOLD_FRAGMENT) and leaves behind it, or is lost when that does not come.
//
// How they are counted: each frame has one verdict, when it comes. What became of the held ones, events say:
//   HOLD_FRAGMENT = heldSent + heldLost + those that are held now
import * as fragments from './flow/fragments';
import { forwardChosen, send, timeToLive } from './forward';
import {
  BACKEND_CAN_SERVE,
  EVENT_HELD_LOST,
  EVENT_HELD_SENT,
  META_LENGTH,
  META_VIP,
  NO_BACKEND,
  VIP_NUMBER,
} from './layout';
import { backend, countEvent, countTraffic } from './memory';
import * as parsed from './parse';
import { DROP_BAD_HEADER, DROP_FRAGMENT, DROP_TTL_EXPIRED, HOLD_FRAGMENT, NO_VERDICT, REPLY_ARP } from './verdict';
import * as extension from './wire/extension';
import * as l4 from './wire/l4';
import * as virtio from './wire/virtio';

/** The verdict of a fragment that has no ports, or cannot be forwarded; NO_VERDICT for a first one, which is decided as a packet. */
export function decideLater(len: u32, tick: u32): u32 {
  if (isOffloaded()) return DROP_BAD_HEADER;
  if (!parsed.isLaterFragment()) return parsed.isIcmp() ? DROP_FRAGMENT : NO_VERDICT;
  if (!mayHavePorts()) return DROP_FRAGMENT;
  if (timeToLive() <= 1) return DROP_TTL_EXPIRED;
  const entry = fragments.find(tick);
  if (entry && fragments.isDecided(entry)) return follow(entry, len, tick);
  return fragments.hold(entry, len, tick) ? HOLD_FRAGMENT : DROP_FRAGMENT;
}

/** A first fragment is for `vip` and goes to backend `chosen`; what was held for it goes behind it, if it went. */
export function forwardFirst(vip: usize, chosen: u32, hash: u64, len: u32, tick: u32): u32 {
  const vipNumber = <u32>load<u16>(vip, VIP_NUMBER);
  fragments.find(tick); // lets go of what is too old
  const entry = fragments.decide(chosen, hash, vipNumber, tick);
  const verdict = forwardChosen(vip, chosen, hash, len, tick);
  if (!isForwarded(verdict)) {
    fragments.refuse(entry);
    fragments.dropHeld(entry);
    return verdict;
  }
  for (let place = fragments.takeHeld(entry); place; place = fragments.takeHeld(entry)) {
    const isSent = sendHeld(place, entry);
    countEvent(isSent ? EVENT_HELD_SENT : EVENT_HELD_LOST);
  }
  return verdict;
}

function follow(entry: usize, len: u32, tick: u32): u32 {
  const chosen = fragments.backendOf(entry);
  if (chosen == NO_BACKEND || !load<u8>(backend(chosen), BACKEND_CAN_SERVE)) return DROP_FRAGMENT;
  fragments.touch(entry, tick);
  const vipNumber = fragments.vipOf(entry);
  store<u32>(parsed.meta, vipNumber | (chosen << 16), META_VIP); // and META_BACKEND behind it
  countTraffic(vipNumber, chosen, len);
  return send(backend(chosen), fragments.hashOf(entry));
}

/** Its headers were right when it came, and are read again: parse() holds one frame at a time. */
function sendHeld(place: usize, entry: usize): bool {
  const len = load<u32>(place, META_LENGTH);
  if (parsed.parse(fragments.frameOf(place), len, place) != NO_VERDICT) return false;
  const chosen = fragments.backendOf(entry);
  if (!isForwarded(send(backend(chosen), fragments.hashOf(entry)))) return false;
  countTraffic(fragments.vipOf(entry), chosen, len);
  return true;
}

/** Classes of verdicts are ranges: answers begin where forwarding ends. */
function isForwarded(verdict: u32): bool {
  return verdict < <u32>REPLY_ARP;
}

/** No sender leaves the checksum of a fragment, or its segments, to a device: nobody could make them. */
function isOffloaded(): bool {
  const header = parsed.virtioHeader();
  return header != 0 && (virtio.needsChecksum(header) || virtio.isSuperFrame(header));
}

/** In IPv6 the protocol of a later fragment may be that of an extension header before the transport header. */
function mayHavePorts(): bool {
  const protocol = parsed.protocol;
  if (protocol == l4.PROTOCOL_TCP || protocol == l4.PROTOCOL_UDP || protocol == l4.PROTOCOL_SCTP) return true;
  return parsed.isV6 && extension.isExtension(protocol);
}
