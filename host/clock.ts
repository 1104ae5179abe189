// host/clock.ts: the time of the hot path. Ticks of CLOCK_MONOTONIC, so every thread of every process reads the same.
import { TICK_BITS } from '../assembly/layout.js';

const NS_PER_MS = 1_000_000n;

/** Now, in ticks of 2^TICK_BITS ms. Never 0 and never backwards; goes round after 70 years. */
export function tickNow(): number {
  return Number((process.hrtime.bigint() / NS_PER_MS) >> BigInt(TICK_BITS)) >>> 0;
}
