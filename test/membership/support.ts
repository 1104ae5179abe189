// test/membership/support.ts: what these tests share: a time limit for each, a seeded generator, events from a source.
import type { Change, MembershipSource, SourceEvent } from '../../host/membership/event.js';

/** Runs `body` with an AbortSignal; fails, and aborts, when it takes longer than `limitMs`. */
export function bounded(limitMs: number, body: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  return async () => {
    const stop = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs);
    });
    try {
      await Promise.race([body(stop.signal), late]);
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  };
}

/** mulberry32: the same numbers of 0..1 for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: SEED from the environment, else a new one; printed, so that a failure can be run again. */
export function chooseSeed(what: string): number {
  const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(process.env.SEED);
  console.log(`${what}: SEED=${seed}`);
  return seed;
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}

/** Reads a source in the background and lets a test wait for the next event of a type. */
export class Listener {
  readonly events: SourceEvent[] = [];
  private wake: () => void = () => {};
  private readonly stop = new AbortController();
  private readonly done: Promise<void>;
  private taken = 0;

  constructor(source: MembershipSource, signal: AbortSignal) {
    signal.addEventListener('abort', () => this.stop.abort());
    this.done = this.run(source);
    this.done.catch(() => this.wake());
  }

  /** The next event of `type` that no earlier call has returned or gone past. */
  async next<T extends SourceEvent['type']>(type: T): Promise<Extract<SourceEvent, { type: T }>> {
    for (;;) {
      while (this.taken < this.events.length) {
        const event = this.events[this.taken++];
        if (event?.type === type) return event as Extract<SourceEvent, { type: T }>;
      }
      const isOver = await Promise.race([
        this.done.then(() => true),
        new Promise<false>((r) => (this.wake = () => r(false))),
      ]);
      if (isOver && this.taken >= this.events.length) throw new Error(`the source ended before an event ${type}`);
    }
  }

  /** Aborts, and returns how long the source took to end, ms. */
  async end(): Promise<number> {
    const start = performance.now();
    this.stop.abort();
    await this.done;
    return performance.now() - start;
  }

  private async run(source: MembershipSource): Promise<void> {
    for await (const event of source.events(this.stop.signal)) {
      this.events.push(event);
      this.wake();
    }
  }
}

/** All changes told so far, in order. */
export function changesTold(listener: Listener): Change[] {
  return listener.events.flatMap((event) => (event.type === 'changes' ? event.changes : []));
}
