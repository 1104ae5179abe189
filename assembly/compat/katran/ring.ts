// compat/katran/ring.ts: the real that the ring of a VIP has for the flow in hand.
import { KATRAN_VIP_DESTINATION_PORT_ONLY, SLOT_BACKEND, SLOT_BYTES, VIP_SLOT_COUNT, VIP_TABLE } from '../../layout';
import { flowHash } from '../../profiles/katran';
import * as flow from './flow';
import * as packet from './packet';
import { flagsOf } from './vip';

/** NO_BACKEND when the ring was never filled. With the flag for it the client counts no more, from here on. */
export function choose(vip: usize): u32 {
  if (flagsOf(vip) & KATRAN_VIP_DESTINATION_PORT_ONLY) {
    flow.copyDestinationPort();
    flow.clearSource();
  }
  const slotCount = load<u32>(vip, VIP_SLOT_COUNT);
  // The family is that of the frame's own header, also of an error that quotes the other one (quirk).
  const slot = flowHash(packet.isV6, flow.source(), flow.ports, slotCount) % slotCount;
  return load<u16>(load<u32>(vip, VIP_TABLE) + slot * SLOT_BYTES) & SLOT_BACKEND;
}
