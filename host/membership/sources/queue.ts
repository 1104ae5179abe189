// host/membership/sources/queue.ts: events pushed by watchers and callers, pulled by the balancer.
import type { SourceEvent } from '../event.js';

/** An unbounded queue with one reader. What is pushed after `close` is dropped. */
export class EventQueue {
  private readonly events: SourceEvent[] = [];
  private wake: (() => void) | undefined;
  private isClosed = false;

  push(event: SourceEvent): void {
    if (this.isClosed) return;
    this.events.push(event);
    this.wake?.();
  }

  close(): void {
    this.isClosed = true;
    this.wake?.();
  }

  /** Events in the order they were pushed. Ends on `close` or when `signal` is aborted; what is queued then is not told. */
  async *read(signal: AbortSignal): AsyncGenerator<SourceEvent, void, void> {
    const onAbort = () => this.close();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted && !this.isClosed) {
        const event = this.events.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.close();
    }
  }

  /** Takes out what nobody will read any more. */
  drain(): SourceEvent[] {
    return this.events.splice(0);
  }
}
