// host/orchestrators/backoff.ts: how long to wait before the next try: twice as long each time, with jitter, so that a fleet of clients
// does not come back in step.
import { setTimeout as sleep } from 'node:timers/promises';

export class Backoff {
  private failures = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {}

  /** It worked: the next failure waits for the first time again. */
  reset(): void {
    this.failures = 0;
  }

  /** Waits, for `leastMs` at least (what a server asked for). Returns early when `signal` is aborted. */
  async wait(signal: AbortSignal, leastMs = 0): Promise<void> {
    const fullMs = Math.min(this.firstMs * 2 ** this.failures, this.maxMs);
    this.failures = Math.min(this.failures + 1, 30);
    const ms = Math.max(leastMs, fullMs * (0.5 + Math.random() / 2));
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
