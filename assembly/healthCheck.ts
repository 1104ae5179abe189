// healthCheck.ts: a marked packet of this host, from parse to verdict: a health check, which goes to the backend of its mark whatever
// its address says, active or not. It is no client's packet: no VIP and no backend counts it.
import { isSane } from './encap/offload';
import { send, timeToLive } from './forward';
import { EVENT_HEALTH_CHECK, META_BACKEND, NO_BACKEND } from './layout';
import { backend, countEvent } from './memory';
import * as parsed from './parse';
import { flowHash } from './profiles/native';
import { backendOfMark } from './select/mark';
import { DROP_BAD_HEADER, DROP_TRUNCATED, DROP_TTL_EXPIRED, IGNORE_NO_MARK, NO_VERDICT } from './verdict';
import { TYPE_ARP } from './wire/ethernet';
import { HEADER_LEN } from './wire/icmp';

/** The verdict of the frame of `len` bytes at `frame`, which has `mark`. */
export function decideMarked(mark: u32, frame: usize, len: u32, meta: usize, root: usize): u32 {
  const broken = parsed.parse(frame, len, meta);
  if (broken != NO_VERDICT) return broken;
  if (parsed.etherType == TYPE_ARP) return IGNORE_NO_MARK;
  const chosen = backendOfMark(root, mark, parsed.isV6);
  if (chosen == NO_BACKEND) return IGNORE_NO_MARK;
  if (timeToLive() <= 1) return DROP_TTL_EXPIRED;
  if (!isSane()) return DROP_BAD_HEADER;
  // A client's ICMP is looked at before it is sent on; this is not, and L3DSR mends the checksum in its header.
  if (parsed.isIcmp() && !parsed.isLaterFragment() && parsed.transportBytes < HEADER_LEN) return DROP_TRUNCATED;
  store<u16>(meta, <u16>chosen, META_BACKEND);
  countEvent(EVENT_HEALTH_CHECK);
  return send(backend(chosen), flowHash());
}
