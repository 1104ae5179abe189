// compat/katran/flood.ts: a worker that meets more new connections in a second than Katran's limit enters no more of them. Every test
// counts, whatever becomes of it. The second is one of ticks: 1.024 s.
import { KATRAN_WINDOW_COUNT, KATRAN_WINDOW_TICK } from '../../layout';
import { katranWorker } from '../../memory';

const WINDOW_TICKS: u32 = 2;
const NEW_MAX: u32 = 125_000;

export function isFlooded(tick: u32): bool {
  if (tick - load<u32>(katranWorker, KATRAN_WINDOW_TICK) >= WINDOW_TICKS) {
    store<u32>(katranWorker, tick, KATRAN_WINDOW_TICK);
    store<u32>(katranWorker, 1, KATRAN_WINDOW_COUNT);
    return false;
  }
  const count = load<u32>(katranWorker, KATRAN_WINDOW_COUNT) + 1;
  store<u32>(katranWorker, count, KATRAN_WINDOW_COUNT);
  return count > NEW_MAX;
}
