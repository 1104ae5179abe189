// compat/katran/announce.ts: who has this VIP? Katran's VIPs are routed to it, and it leaves that question to the host. A balancer that
// announces its VIPs (`announce`, off by default) answers all the same.
import { EGRESS_ANNOUNCE, EGRESS_BYTES, EGRESS_FLAGS, META_INGRESS } from '../../layout';
import { egresses } from '../../memory';
import * as parsed from '../../parse';
import { answerArp, answerSolicitation, isSolicitation } from '../../reply/neighbour';
import { NO_VERDICT } from '../../verdict';
import { TYPE_ARP } from '../../wire/ethernet';

/** The verdict of a frame that asks for a MAC address; NO_VERDICT for any other, and where VIPs are not announced. */
export function decideAsked(frame: usize, len: u32, meta: usize, root: usize): u32 {
  const egress = egresses + <usize>load<u16>(meta, META_INGRESS) * EGRESS_BYTES;
  if (!(load<u32>(egress, EGRESS_FLAGS) & EGRESS_ANNOUNCE)) return NO_VERDICT;
  if (parsed.parse(frame, len, meta) != NO_VERDICT) return NO_VERDICT;
  if (parsed.etherType == TYPE_ARP) return answerArp(root);
  return parsed.isV6 && isSolicitation() ? answerSolicitation(root) : NO_VERDICT;
}
