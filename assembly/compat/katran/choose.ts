// compat/katran/choose.ts: the real of the flow in hand: what is asked, in order, and what is entered of the answer.
import {
  BACKEND_KATRAN,
  KATRAN_COUNT_LRU,
  KATRAN_COUNT_LRU_MISS_SYN,
  KATRAN_COUNT_MIGRATED,
  KATRAN_COUNT_RING_EMPTY,
  KATRAN_REAL_DOWN,
  KATRAN_VIP_FLOW_MIGRATION,
  KATRAN_VIP_LRU_BYPASS,
  NO_BACKEND,
  VIP_WAYS,
  WAY_QUIC,
  WAY_SOURCE,
  WAY_STABLE_UDP,
  WAY_TCP_OPTION,
} from '../../layout';
import { backend } from '../../memory';
import * as l4 from '../../wire/l4';
import * as connections from './connections';
import { count, countOf } from './counters';
import { isFlooded } from './flood';
import * as flow from './flow';
import { byConnectionId, byStableHeader, byTcpOption } from './named';
import * as packet from './packet';
import * as ring from './ring';
import { bySource } from './sourceRoute';
import { flagsOf } from './vip';

/** The source port that outer headers are made of: the ring may change the one of the flow. */
export let sourcePort: u32 = 0;

/** NO_BACKEND: no real, the packet is lost. */
export function choose(vip: usize, tick: u32): u32 {
  const flags = flagsOf(vip);
  const ways = <u32>load<u8>(vip, VIP_WAYS);
  const isUdp = flow.protocol == l4.PROTOCOL_UDP;
  sourcePort = flow.ports & 0xffff;
  let real: u32 = NO_BACKEND;
  if (ways & WAY_QUIC) real = byConnectionId(vip, tick);
  if (real == NO_BACKEND && ways & WAY_STABLE_UDP && isUdp) real = byStableHeader(vip);
  if (real != NO_BACKEND) return real;
  if (ways & WAY_TCP_OPTION && !isUdp) real = byTcpOption(vip, tick);
  if (real == NO_BACKEND && !packet.isSyn && !(flags & KATRAN_VIP_LRU_BYPASS)) real = connections.find(tick);
  if (flags & KATRAN_VIP_FLOW_MIGRATION && isUdp) real = withoutDown(real, tick);
  return real == NO_BACKEND ? chooseAnew(vip, flags, tick) : real;
}

/** A flow leaves a real that is in the set of down reals. The ring may lead it there again; that is not looked at. */
function withoutDown(real: u32, tick: u32): u32 {
  if (isFlooded(tick) || real == NO_BACKEND) return real;
  if (!(<u32>load<u8>(backend(real), BACKEND_KATRAN) & KATRAN_REAL_DOWN)) return real;
  count(KATRAN_COUNT_MIGRATED);
  return NO_BACKEND;
}

/** For a flow that nobody knows. With the flag for destination ports alone it is entered under a key that is never asked for (quirk). */
function chooseAnew(vip: usize, flags: u32, tick: u32): u32 {
  if (flow.protocol == l4.PROTOCOL_TCP) countOf(KATRAN_COUNT_LRU_MISS_SYN, !packet.isSyn);
  const flooded = isFlooded(tick);
  const routed = !flooded && <u32>load<u8>(vip, VIP_WAYS) & WAY_SOURCE ? bySource(vip) : NO_BACKEND;
  const real = routed == NO_BACKEND ? ring.choose(vip) : routed;
  if (real == NO_BACKEND) {
    count(KATRAN_COUNT_RING_EMPTY + 1);
    return NO_BACKEND;
  }
  if (!(flags & KATRAN_VIP_LRU_BYPASS) && !packet.isRst && !flooded) connections.enter(real, tick);
  count(KATRAN_COUNT_LRU + 1);
  return real;
}
