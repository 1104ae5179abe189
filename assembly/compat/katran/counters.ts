// compat/katran/counters.ts: what Katran counts, beside our verdicts and events; host/compat/katranStats.ts has the names.
import { KATRAN_COUNTERS } from '../../layout';
import { katranWorker } from '../../memory';

/** `counter` is a KATRAN_COUNT_. */
export function count(counter: u32): void {
  const at = katranWorker + KATRAN_COUNTERS + (counter << 3);
  store<u64>(at, load<u64>(at) + 1);
}

/** Of a pair: the first, or the one behind it. */
export function countOf(pair: u32, isSecond: bool): void {
  count(pair + (isSecond ? 1 : 0));
}
