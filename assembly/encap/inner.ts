// encap/inner.ts: the packet inside, once its outer headers are off. One is in hand at a time, as in parse.ts: ipip.ts, gue.ts and
// gre.ts each find it behind their own headers (decap...), and what they all ask of it stands here.
import { DROP_INNER, NO_VERDICT } from '../verdict';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';

/** The packet, as long as it says itself: what an outer header holds beyond that is left out. */
export let packet: usize = 0;
export let bytes: u32 = 0;
export let isV6: bool = false;

/** Takes the packet at `p`, of which `len` bytes are there. NO_VERDICT, or DROP_INNER when it is none of that family, or not whole. */
export function take(p: usize, len: u32, v6: bool): u32 {
  const isWhole = v6 ? ipv6.isValid(p, len) && ipv6.isWhole(p, len) : ipv4.isValid(p, len) && ipv4.isWhole(p, len);
  if (!isWhole) return DROP_INNER;
  packet = p;
  bytes = v6 ? ipv6.totalLen(p) : ipv4.totalLen(p);
  isV6 = v6;
  return NO_VERDICT;
}
