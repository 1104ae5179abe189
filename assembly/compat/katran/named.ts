// compat/katran/named.ts: the real that a packet names by a server id: in its QUIC connection id, its stable UDP header, a TCP option.
import {
  ID_BACKEND,
  KATRAN_COUNT_QUIC_ICMP,
  KATRAN_COUNT_QUIC_INITIAL,
  KATRAN_COUNT_QUIC_NEW,
  KATRAN_COUNT_QUIC_OTHER,
  KATRAN_COUNT_QUIC_RING,
  KATRAN_COUNT_QUIC_ROUTED,
  KATRAN_COUNT_QUIC_SAME,
  KATRAN_COUNT_QUIC_UNKNOWN,
  KATRAN_COUNT_QUIC_V1,
  KATRAN_COUNT_STABLE_INVALID,
  KATRAN_COUNT_STABLE_NO_HEADER,
  KATRAN_COUNT_STABLE_RING,
  KATRAN_COUNT_STABLE_ROUTED,
  KATRAN_COUNT_TCP_OTHER,
  KATRAN_COUNT_TCP_RING,
  KATRAN_COUNT_TCP_ROUTED,
  KATRAN_COUNT_TCP_SYN,
  KATRAN_VIP_LRU_BYPASS,
  NO_BACKEND,
  SERVER_ID_MAX,
  VIP_NAMES,
} from '../../layout';
import { find, usable } from '../../select/serverIds';
import * as l4 from '../../wire/l4';
import * as quic from '../../wire/quic';
import * as stableUdp from '../../wire/stableUdp';
import * as tcpOption from '../../wire/tcpOption';
import * as connections from './connections';
import { count } from './counters';
import { isFlooded } from './flood';
import * as icmp from './icmp';
import * as packet from './packet';
import { flagsOf } from './vip';

/** By QUIC connection id; the table hears of it, also where the VIP has none (quirk). An error is only counted. */
export function byConnectionId(vip: usize, tick: u32): u32 {
  if (packet.isError) {
    count(KATRAN_COUNT_QUIC_ICMP);
    if (icmp.isUnreachable) count(KATRAN_COUNT_QUIC_ICMP + 1);
    return NO_BACKEND;
  }
  const id = quic.readServerId(payload(), payloadBytes(), false);
  if (!id) {
    count(quic.isInitial ? KATRAN_COUNT_QUIC_INITIAL : KATRAN_COUNT_QUIC_RING);
    return NO_BACKEND;
  }
  count(KATRAN_COUNT_QUIC_V1 - 1 + quic.idVersion);
  const real = realOf(vip, id);
  if (real == NO_BACKEND) {
    count(KATRAN_COUNT_QUIC_UNKNOWN);
    count(KATRAN_COUNT_QUIC_RING);
    return NO_BACKEND;
  }
  count(KATRAN_COUNT_QUIC_ROUTED);
  const known = note(real, tick);
  count(known == real ? KATRAN_COUNT_QUIC_SAME : known == NO_BACKEND ? KATRAN_COUNT_QUIC_NEW : KATRAN_COUNT_QUIC_OTHER);
  return real;
}

/** By the stable UDP header; the table does not hear of it. An id that could name somebody and does not is not counted (quirk). */
export function byStableHeader(vip: usize): u32 {
  const isThere = stableUdp.isValid(payload(), payloadBytes());
  const id = isThere ? stableUdp.serverId(payload()) : 0;
  if (!isThere) count(KATRAN_COUNT_STABLE_NO_HEADER);
  if (id > <u32>SERVER_ID_MAX) count(KATRAN_COUNT_STABLE_INVALID);
  if (!id || id > <u32>SERVER_ID_MAX) {
    count(KATRAN_COUNT_STABLE_RING);
    return NO_BACKEND;
  }
  const real = realOf(vip, id);
  if (real != NO_BACKEND) count(KATRAN_COUNT_STABLE_ROUTED);
  return real;
}

/** By TCP option, not of a SYN. Its place is that of a packet which is no error, also of one (quirk). */
export function byTcpOption(vip: usize, tick: u32): u32 {
  if (packet.isSyn) {
    count(KATRAN_COUNT_TCP_SYN);
    return NO_BACKEND;
  }
  const id = readTcpOption();
  const real = id ? realOf(vip, id) : NO_BACKEND;
  count(real == NO_BACKEND ? KATRAN_COUNT_TCP_RING : KATRAN_COUNT_TCP_ROUTED);
  if (real == NO_BACKEND || flagsOf(vip) & KATRAN_VIP_LRU_BYPASS) return real;
  const known = note(real, tick);
  if (known != NO_BACKEND && known != real) count(KATRAN_COUNT_TCP_OTHER);
  return real;
}

/** Options may not end in the frame: what is behind it is no option. */
function readTcpOption(): u32 {
  const header = packet.frame + packet.transport;
  const bytes = (l4.tcpHeaderLen(header) - l4.TCP_MIN_LEN) & 0xff;
  const inFrame = packet.bytes - packet.transport - l4.TCP_MIN_LEN;
  return tcpOption.readServerId(header + l4.TCP_MIN_LEN, min(bytes, inFrame));
}

/** Enters the flow in hand, or brings its entry up to date; the real that it was on before, NO_BACKEND for none. */
function note(real: u32, tick: u32): u32 {
  const entry = connections.entryOf(tick);
  const known = connections.realOf(entry);
  if (!entry) {
    if (!isFlooded(tick)) connections.enterStale(real, tick);
  } else if (known != real) connections.moveTo(entry, real);
  return known;
}

/** NO_BACKEND for an id that names nobody. */
function realOf(vip: usize, id: u32): u32 {
  const names = <usize>load<u32>(vip, VIP_NAMES);
  const entry = names ? find(names, id) : 0;
  return entry ? usable(load<u16>(entry, ID_BACKEND)) : NO_BACKEND;
}

/** Of the flow's own UDP header, or of the one that an error quotes. */
function payload(): usize {
  return packet.frame + packet.portsAt + l4.UDP_LEN;
}

/** As far as the frame goes, whatever UDP says. */
function payloadBytes(): u32 {
  return packet.bytes - packet.portsAt - l4.UDP_LEN;
}
