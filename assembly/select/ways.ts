// select/ways.ts: the ways to a backend before the table, of a VIP that has some, in the order in which they are asked:
//
//   quic         server id in the QUIC connection id        ─┐
//   stable-udp   server id in the stable UDP header          ├ a backend that is named so is taken, whatever the flow table says
//   tcp-option   server id in a TCP option, not of a SYN    ─┘
//   source       prefix of the client's address ............. taken when the flow table does not know the flow
//   the table ............................................... lookup.ts, as for any other VIP
//
// Who names nobody, or a backend that is down, asks on. A slot that is not tracked keeps no state whatever decided; on one that is,
// what was chosen is entered, so that an ICMP error about the flow, which quotes no id, goes there too.
import {
  EVENT_NAMED_DOWN,
  EVENT_ROUTED_SOURCE,
  EVENT_SOURCE_NO_ROUTE,
  NO_BACKEND,
  VIP_NAMES,
  VIP_TRACKS,
  VIP_WAYS,
  WAY_QUIC,
  WAY_SOURCE,
  WAY_STABLE_UDP,
  WAY_TCP_OPTION,
} from '../layout';
import { countEvent } from '../memory';
import * as parsed from '../parse';
import { slotOfFlow } from '../profiles/slot';
import * as l4 from '../wire/l4';
import { isTracked, peek, select } from './lookup';
import { byConnectionId } from './quic';
import { bySource, isFound } from './sourceRoute';
import { byStableHeader } from './stableUdp';
import { byTcpOption } from './tcpOption';
import * as trace from './trace';
import { noteNamed, peekRouted, selectRouted } from './tracked';

/** Backend index for the flow in hand, whose native hash is `hash`; NO_BACKEND when the VIP has none. */
export function selectByWays(vip: usize, hash: u64, tick: u32): u32 {
  const ways = <u32>load<u8>(vip, VIP_WAYS);
  const names = <usize>load<u32>(vip, VIP_NAMES);
  trace.begin(ways);
  const named = byServerId(names, ways);
  if (named != NO_BACKEND) {
    if (load<u32>(vip, VIP_TRACKS) && isTracked(vip, slotOfFlow(vip, hash)))
      noteNamed(vip, hash, named, parsed.isSyn, tick);
    return named;
  }
  const slotIndex = slotOfFlow(vip, hash);
  const routed = ways & WAY_SOURCE ? byClient(names) : NO_BACKEND;
  if (routed == NO_BACKEND) {
    if (ways & WAY_SOURCE) countEvent(isFound ? EVENT_NAMED_DOWN : EVENT_SOURCE_NO_ROUTE);
    return select(vip, slotIndex, hash, parsed.protocol != l4.PROTOCOL_UDP, parsed.isSyn, tick);
  }
  const known = isTracked(vip, slotIndex) ? selectRouted(vip, slotIndex, hash, routed, parsed.isSyn, tick) : NO_BACKEND;
  if (known != NO_BACKEND) return stay(known);
  countEvent(EVENT_ROUTED_SOURCE);
  trace.decide(WAY_SOURCE);
  return routed;
}

/** Where a packet of the flow in hand that begins nothing, and of which only addresses and ports are there, would go. */
export function peekByWays(vip: usize, hash: u64, tick: u32): u32 {
  const ways = <u32>load<u8>(vip, VIP_WAYS);
  trace.begin(ways);
  const slotIndex = slotOfFlow(vip, hash);
  const routed = ways & WAY_SOURCE ? byClient(load<u32>(vip, VIP_NAMES)) : NO_BACKEND;
  if (routed == NO_BACKEND) return peek(vip, slotIndex, hash, tick);
  const known = isTracked(vip, slotIndex) ? peekRouted(vip, hash, tick) : NO_BACKEND;
  if (known != NO_BACKEND) return stay(known);
  trace.decide(WAY_SOURCE);
  return routed;
}

/** A flow that is known stays where it is, whatever its source route says. */
function stay(known: u32): u32 {
  trace.noteKnown();
  return known;
}

/** The backend that the packet in hand names by a server id. */
function byServerId(names: usize, ways: u32): u32 {
  const transport = parsed.transport;
  if (parsed.protocol == l4.PROTOCOL_UDP) {
    const bytes = parsed.udpPayloadBytes();
    const named = ways & WAY_QUIC ? byConnectionId(names, transport + l4.UDP_LEN, bytes) : NO_BACKEND;
    if (named != NO_BACKEND || !(ways & WAY_STABLE_UDP)) return named;
    return byStableHeader(names, transport + l4.UDP_LEN, bytes);
  }
  if (!(ways & WAY_TCP_OPTION) || parsed.isSyn) return NO_BACKEND;
  return byTcpOption(names, transport + l4.TCP_MIN_LEN, l4.tcpHeaderLen(transport) - l4.TCP_MIN_LEN);
}

/** The backend that the client's address leads to. */
function byClient(names: usize): u32 {
  return bySource(names, parsed.sourceHigh(), parsed.sourceLow());
}
