// host/membership/sources/kafkaStop.ts: waiting that ends when its owner is to stop.

export class Stop {
  constructor(private readonly signal: AbortSignal) {}

  get isAsked(): boolean {
    return this.signal.aborted;
  }

  async pause(ms: number): Promise<void> {
    await this.orStopped(atMost(new Promise(() => {}), ms));
  }

  /** Waits for `promise`, or until we are to stop: then undefined. */
  async orStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.signal.aborted) return undefined;
    let onAbort = () => {};
    const aborted = new Promise<undefined>((resolve) => {
      onAbort = () => resolve(undefined);
      this.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Waits for `promise`, at most `ms`, without leaving a timer behind. */
export async function atMost(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
