// compat/katran/connections.ts: Katran's connection table, in our flow table. An entry of UDP is good for 30 s from its last packet; one of
// TCP has no age there, here it is the idle timeout after which it is swept. Entries are never confirmed, so that a full bucket loses the one
// that was silent longest, which is as near to Katran's LRU as a bucket of eight gets.
import * as flowTable from '../../flow/table';
import { BACKEND_CAN_SERVE, FLOW_TICK_MASK, NO_BACKEND } from '../../layout';
import { backend } from '../../memory';
import * as l4 from '../../wire/l4';
import * as flow from './flow';

const UDP_TICKS: u32 = 58; // 29.7 s; one more would be 30.2 s
const ANY_AGE: u32 = FLOW_TICK_MASK;

/** The real that the flow in hand is on, which is seen now; NO_BACKEND when it is not known. */
export function find(tick: u32): u32 {
  const entry = flowTable.find(flow.key(), flow.protocol == l4.PROTOCOL_UDP ? UDP_TICKS : ANY_AGE, tick);
  if (!entry) return NO_BACKEND;
  const known = flowTable.backendOf(entry);
  if (!load<u8>(backend(known), BACKEND_CAN_SERVE)) return NO_BACKEND;
  flowTable.touch(entry, tick, false);
  return known;
}

/** The entry of the flow in hand, however old; 0 when there is none. moveTo() may follow. */
export function entryOf(tick: u32): u64 {
  return flowTable.find(flow.key(), ANY_AGE, tick);
}

export function realOf(entry: u64): u32 {
  return flowTable.backendOf(entry);
}

/** The flow of an entry is on `real` now; its time stays. */
export function moveTo(entry: u64, real: u32): void {
  flowTable.move(entry, real);
}

/** Enters the flow in hand, or writes over its entry. */
export function enter(real: u32, tick: u32): void {
  flowTable.insert(flow.key(), real, tick, false);
}

/** The same with time 0, which for UDP is too old to be found again (quirk). */
export function enterStale(real: u32, tick: u32): void {
  const isUdp = flow.protocol == l4.PROTOCOL_UDP;
  flowTable.insert(flow.key(), real, isUdp ? tick - UDP_TICKS - 1 : tick, false);
}
