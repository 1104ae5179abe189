// compat/katran/vip.ts: the VIP of the flow in hand, and what its flags change in the flow.
//   1  its address with its port        2  the longest IPv6 prefix with its port
//   3  its address with port 0          4  the longest IPv6 prefix with port 0
import {
  KATRAN_VIP_DESTINATION_PORT_ONLY,
  KATRAN_VIP_NO_SOURCE_PORT,
  KATRAN_VIP_SOURCE_DESTINATION_PORT,
  VIP_KATRAN,
} from '../../layout';
import { isMapped, mapped } from '../../parse';
import { findNamed, findPrefix6 } from '../../vip';
import * as l4 from '../../wire/l4';
import * as flow from './flow';
import * as packet from './packet';

const KEEPS_PORT: u32 = KATRAN_VIP_DESTINATION_PORT_ONLY | KATRAN_VIP_SOURCE_DESTINATION_PORT;

/** KATRAN_VIP_ bits of a VIP. */
export function flagsOf(vip: usize): u32 {
  return load<u16>(vip, VIP_KATRAN);
}

/** 0 when there is none; else the flow has lost the ports that do not count. */
export function find(root: usize): usize {
  const port = l4.destinationPortOf(flow.ports);
  const exact = findExact(root, port);
  const vip = exact ? exact : findOther(root, port);
  if (!vip) return 0;
  const flags = flagsOf(vip);
  // Also where a prefix was found by that very port (quirk).
  if (!exact && !(flags & KEEPS_PORT)) flow.clearDestinationPort();
  if (flags & KATRAN_VIP_NO_SOURCE_PORT) flow.clearSourcePort();
  return vip;
}

/** By step 1 alone. */
export function findExact(root: usize, port: u32): usize {
  const high = load<u64>(flow.destination());
  const low = load<u64>(flow.destination(), 8);
  // Katran's key has no family: one whose last 12 bytes are 0 may be either.
  if (!low && !(high >> 32)) {
    const vip4 = findNamed(root, 0, mapped(<u32>high), flow.protocol, port);
    if (vip4) return vip4;
  }
  return isMapped(high, low) ? 0 : findNamed(root, high, low, flow.protocol, port);
}

function findOther(root: usize, port: u32): usize {
  const named = findPrefix(root, port);
  if (named) return named;
  const any = findExact(root, 0);
  return any ? any : findPrefix(root, 0);
}

function findPrefix(root: usize, port: u32): usize {
  if (!packet.isV6) return 0;
  const high = load<u64>(flow.destination());
  return findPrefix6(root, high, load<u64>(flow.destination(), 8), flow.protocol, port);
}
