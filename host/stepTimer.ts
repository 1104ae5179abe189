// host/stepTimer.ts: wakes when a backend comes to its next step of slow start, and has it published.
import type { Engine } from './engine.js';
import { MaglevError } from './errors.js';

/** Longest sleep: the clock of the host may have been set meanwhile. */
const SLEEP_MS_MAX = 10_000;
/** Pause after a publication that failed. */
const RETRY_MS = 1000;

/** What is done with what it finds. */
export interface StepListener {
  taken(publication: NonNullable<Awaited<ReturnType<Engine['takeSteps']>>>): void;
  failed(error: MaglevError): void;
}

export class StepTimer {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly engine: Pick<Engine, 'nextStepMs' | 'takeSteps'>,
    private readonly listener: StepListener,
  ) {}

  /** Looks when the next step is due: call it after each publication. */
  arm(leastMs = 0): void {
    clearTimeout(this.timer);
    const { nextStepMs } = this.engine;
    if (this.isStopped || nextStepMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(nextStepMs - Date.now(), leastMs), SLEEP_MS_MAX);
    this.timer = setTimeout(() => void this.wake(), waitMs).unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async wake(): Promise<void> {
    try {
      const publication = await this.engine.takeSteps();
      if (publication !== undefined) this.listener.taken(publication);
      this.arm();
    } catch (cause) {
      const error = cause instanceof MaglevError ? cause : new MaglevError('ERR_INTERNAL', String(cause), { cause });
      this.listener.failed(error);
      this.arm(RETRY_MS);
    }
  }
}
