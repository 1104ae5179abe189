// encap/ecn.ts: what a congestion mark on the outer header means for the packet inside: RFC 6040, section 4.2, figure 4. Without
// it a mark made inside a tunnel would be lost with the outer header, and the sender would not slow down.
//
//             outer  Not-ECT   ECT(0)    ECT(1)    CE
//   inner Not-ECT    Not-ECT   Not-ECT   Not-ECT   drop       its sender would not understand the mark
//         ECT(0)     ECT(0)    ECT(0)    ECT(1)    CE
//         ECT(1)     ECT(1)    ECT(1)    ECT(1)    CE
//         CE         CE        CE        CE        CE
import * as checksum from '../wire/checksum';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as inner from './inner';

// RFC 3168, section 5: the low two bits of TOS and traffic class.
const ECN_MASK: u32 = 3;
const NOT_ECT: u32 = 0;
const ECT_1: u32 = 1;
const ECT_0: u32 = 2;
const CE: u32 = 3;

/** Brings the ECN field of the packet in hand up to date with an outer TOS or traffic class. False: it has to be dropped. */
export function combine(outerTos: u32): bool {
  const outer = outerTos & ECN_MASK;
  const tos = inner.isV6 ? ipv6.trafficClass(inner.packet) : ipv4.tos(inner.packet);
  const own = tos & ECN_MASK;
  if (outer == CE && own == NOT_ECT) return false;
  const isUpgraded = outer == ECT_1 && own == ECT_0;
  if (outer == CE ? own == CE : !isUpgraded) return true;
  setTos((tos & ~ECN_MASK) | outer);
  return true;
}

/** The header checksum is mended, not made anew, so that a header that was broken is still found out. */
function setTos(tos: u32): void {
  const p = inner.packet;
  if (inner.isV6) {
    ipv6.setTrafficClass(p, tos);
    return;
  }
  const before = load<u16>(p);
  ipv4.setTos(p, tos);
  ipv4.storeChecksum(p, checksum.replaced(ipv4.headerChecksum(p), before, load<u16>(p)));
}
