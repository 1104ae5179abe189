// compat/katran/sourceRoute.ts: the real of the longest prefix that the client of the flow in hand lies in.
import { KATRAN_COUNT_SOURCE_MISS, NO_BACKEND, VIP_NAMES } from '../../layout';
import { mapped } from '../../parse';
import * as sourceRoute from '../../select/sourceRoute';
import { countOf } from './counters';
import * as flow from './flow';
import * as packet from './packet';

/** NO_BACKEND when no prefix holds it. */
export function bySource(vip: usize): u32 {
  const high = load<u64>(flow.source());
  const names = <usize>load<u32>(vip, VIP_NAMES);
  const real = packet.isV6
    ? sourceRoute.bySource(names, high, load<u64>(flow.source(), 8))
    : sourceRoute.bySource(names, 0, mapped(<u32>high));
  countOf(KATRAN_COUNT_SOURCE_MISS, real != NO_BACKEND);
  return real;
}
