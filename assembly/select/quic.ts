// select/quic.ts: the backend whose server id stands in a QUIC connection id. It does not depend on the client's address, so a
// connection that moves to another one (RFC 9000, section 9) keeps its backend.
import {
  EVENT_QUIC_INITIAL,
  EVENT_QUIC_NO_ID,
  EVENT_QUIC_UNKNOWN,
  EVENT_QUIC_V1,
  EVENT_ROUTED_QUIC,
  NO_BACKEND,
  WAY_QUIC,
} from '../layout';
import { countEvent } from '../memory';
import * as quic from '../wire/quic';
import { backendOf } from './serverIds';

/** Of the UDP payload of `bytes` bytes at `payload`; NO_BACKEND when it names none that can serve. */
export function byConnectionId(names: usize, payload: usize, bytes: u32): u32 {
  const id = quic.readServerId(payload, bytes, true);
  if (!id) {
    countEvent(quic.isInitial ? EVENT_QUIC_INITIAL : EVENT_QUIC_NO_ID);
    return NO_BACKEND;
  }
  countEvent(EVENT_QUIC_V1 - 1 + quic.idVersion);
  return backendOf(names, id, WAY_QUIC, EVENT_ROUTED_QUIC, EVENT_QUIC_UNKNOWN);
}
