// host/stepTimer.ts: wakes when a backend comes to its next step of slow start, and has it published.
import type { Engine, Stages } from './engine.js';
import { MaglevError } from './errors.js';

/** Longest sleep: the clock of the host may have been set meanwhile. */
const SLEEP_MS_MAX = 10_000;
/** Pause after something broke. */
const RETRY_MS = 1000;

export class StepTimer {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /** @param failed what there was no room for, and what broke */
  constructor(
    private readonly engine: Pick<Engine, 'nextStepMs' | 'takeSteps'>,
    private readonly stages: Stages,
    private readonly failed: (error: MaglevError) => void,
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
      const { shortages } = await this.engine.takeSteps(this.stages);
      for (const shortage of shortages) this.failed(shortage);
      this.arm();
    } catch (cause) {
      this.failed(cause instanceof MaglevError ? cause : new MaglevError('ERR_INTERNAL', String(cause), { cause }));
      this.arm(RETRY_MS);
    }
  }
}
