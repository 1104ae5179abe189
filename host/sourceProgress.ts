// host/sourceProgress.ts: how far its source has come with a balancer: what `status` says of it, and when the balancer is ready.
//
//   replaying --> live                   the source has told all it had
//   stale     --> live                   begun with what an earlier run knew, then the same
//   live      --> stale --> live         away, and back
//   any       --> ended
import { MaglevError } from './errors.js';
import type { Position } from './membership/event.js';
import type { SourceStatus } from './status.js';

export class SourceProgress {
  /** Resolves when there is something to be ready with: all that the source had, or, while it is away, what an earlier run knew. */
  readonly ready: Promise<void>;
  isReady = false;
  private isCaughtUp = false;
  private isRestored = false;
  private currentMs: number | undefined; // when it last had nothing that is not live, where it says so
  private asOfMs: number | undefined; // of what an earlier run knew
  private away: { sinceMs: number; reason: string } | undefined;
  private ending: { staleSinceMs: number; reason?: string } | undefined;
  private resolveReady!: () => void;
  private rejectReady!: (error: Error) => void;

  constructor(readonly name: string) {
    this.ready = new Promise((resolve, reject) => {
      this.resolveReady = resolve;
      this.rejectReady = reject;
    });
    this.ready.catch(() => undefined); // who does not wait for it must not be ended by it
  }

  status(position: Position | undefined): SourceStatus {
    const progress = this.progress();
    const { staleSinceMs = this.currentMs ?? Date.now() } = progress;
    const isLive = this.isReady || this.isRestored;
    return {
      name: this.name,
      ...progress,
      ...(isLive && { viewAgeMs: Math.max(0, Date.now() - staleSinceMs) }),
      ...(position !== undefined && { position }),
    };
  }

  private progress(): Pick<SourceStatus, 'state' | 'staleSinceMs' | 'reason'> {
    if (this.ending !== undefined) return { state: 'ended', ...this.ending };
    if (this.away !== undefined) return { state: 'stale', staleSinceMs: this.away.sinceMs, reason: this.away.reason };
    if (this.isCaughtUp) return { state: 'live' };
    if (this.asOfMs === undefined) return { state: 'replaying' };
    return { state: 'stale', staleSinceMs: this.asOfMs, reason: 'begun with its snapshot, not caught up yet' };
  }

  /** What an earlier run knew has been told; `live` resolves when it is. */
  restored(asOfMs: number, live: Promise<void>): void {
    this.asOfMs = asOfMs;
    void live.then(() => {
      this.isRestored = true;
      this.becomeReady();
    });
  }

  caughtUp(): void {
    this.isCaughtUp = true;
    this.becomeReady();
  }

  current(atMs: number): void {
    this.currentMs = Math.max(atMs, this.currentMs ?? 0);
  }

  stale(sinceMs: number, reason: string): void {
    this.away = { sinceMs, reason };
    this.becomeReady();
  }

  fresh(): void {
    this.away = undefined;
  }

  /** Nothing new will come. What is live stays; but without a first state there is nothing to be ready with. */
  ended(failure: MaglevError | undefined): void {
    const { staleSinceMs = Date.now() } = this.progress();
    this.ending = { staleSinceMs, ...(failure !== undefined && { reason: failure.message }) };
    const message = `${this.name} ended before it had told what it has`;
    this.rejectReady(failure ?? new MaglevError('ERR_MISSING', message));
  }

  closed(): void {
    this.rejectReady(new MaglevError('ERR_CLOSED', 'the load balancer was closed before it was ready'));
  }

  private becomeReady(): void {
    if (!this.isCaughtUp && !(this.isRestored && this.away !== undefined)) return;
    this.isReady = true;
    this.resolveReady();
  }
}
