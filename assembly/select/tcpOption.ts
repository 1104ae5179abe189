// select/tcpOption.ts: the backend whose server id stands in a TCP option. A SYN is not asked: its client knows no server yet.
import {
  EVENT_ROUTED_TCP_OPTION,
  EVENT_TCP_OPTION_NO_ID,
  EVENT_TCP_OPTION_UNKNOWN,
  NO_BACKEND,
  WAY_TCP_OPTION,
} from '../layout';
import { countEvent } from '../memory';
import * as tcpOption from '../wire/tcpOption';
import { backendOf } from './serverIds';

/** Of the `bytes` bytes of options at `options`; NO_BACKEND when they name none that can serve. */
export function byTcpOption(names: usize, options: usize, bytes: u32): u32 {
  const id = tcpOption.readServerId(options, bytes);
  if (id) return backendOf(names, id, WAY_TCP_OPTION, EVENT_ROUTED_TCP_OPTION, EVENT_TCP_OPTION_UNKNOWN);
  countEvent(EVENT_TCP_OPTION_NO_ID);
  return NO_BACKEND;
}
