// select/stableUdp.ts: the backend whose server id stands in the stable header of a UDP packet.
import {
  EVENT_ROUTED_STABLE_UDP,
  EVENT_STABLE_UDP_NO_ID,
  EVENT_STABLE_UDP_UNKNOWN,
  NO_BACKEND,
  WAY_STABLE_UDP,
} from '../layout';
import { countEvent } from '../memory';
import * as stableUdp from '../wire/stableUdp';
import { backendOf } from './serverIds';

/** Of the UDP payload of `bytes` bytes at `payload`; NO_BACKEND when it names none that can serve. */
export function byStableHeader(names: usize, payload: usize, bytes: u32): u32 {
  const id = stableUdp.isValid(payload, bytes) ? stableUdp.serverId(payload) : 0;
  if (id) return backendOf(names, id, WAY_STABLE_UDP, EVENT_ROUTED_STABLE_UDP, EVENT_STABLE_UDP_UNKNOWN);
  countEvent(EVENT_STABLE_UDP_NO_ID);
  return NO_BACKEND;
}
