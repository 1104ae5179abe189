// reply/rate.ts: how many errors we send: a token bucket for each worker, in its record. It holds a second's worth, and gets what a
// tick is worth when the tick changes. Counted in thousandths, so that one a second works too.
import { CONTROL_TOO_BIG_RATE, TICK_BITS, WORKER_TOKENS, WORKER_TOKENS_TICK } from '../layout';
import { control, worker } from '../memory';

const TOKEN: u64 = 1000;

/** Takes a token; false when there is none, or errors are switched off. */
export function takeToken(tick: u32): bool {
  const perSecond = <u64>load<u32>(control, CONTROL_TOO_BIG_RATE);
  let tokens = <u64>load<u32>(worker, WORKER_TOKENS);
  const elapsed = tick - load<u32>(worker, WORKER_TOKENS_TICK);
  if (elapsed) {
    tokens = min(tokens + ((<u64>elapsed * perSecond) << TICK_BITS), perSecond * TOKEN);
    store<u32>(worker, tick, WORKER_TOKENS_TICK);
  }
  const isThere = tokens >= TOKEN;
  if (isThere) tokens -= TOKEN;
  store<u32>(worker, <u32>tokens, WORKER_TOKENS);
  return isThere;
}
