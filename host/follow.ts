// host/follow.ts: follows a membership source: takes what it says in order and hands it to the engine. What arrives while
// a publication is under way waits and is then applied together: one build a VIP for all that came. A single change is applied
// at once; of many, the rest is waited for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineOutcome } from './engine.js';
import { MaglevError } from './errors.js';
import type { Change, MembershipSource, Position, Refusal, SourceEvent } from './membership/event.js';

/** Where changes come from: of several that were taken together, the last position. */
export interface FollowOrigin {
  source: string;
  where?: string;
  isAtomic?: boolean;
  isGradual?: boolean;
  position?: Position;
}

/** What is done with what a source says. */
export interface Follower {
  /** Applies changes; with `isAtomic` one refusal rejects, and nothing is applied; with `isGradual` many VIPs are live piece by piece. */
  apply(changes: Change[], origin: FollowOrigin): Promise<EngineOutcome>;
  /** What an earlier run knew, from `asOfMs`; `live` resolves when it is. */
  restored(asOfMs: number, live: Promise<void>): void;
  caughtUp(): void;
  /** At `atMs` the source had nothing that is not live by now. */
  current(atMs: number): void;
  stale(sinceMs: number, reason: string): void;
  fresh(): void;
  refused(refusal: Refusal): void;
  failed(error: MaglevError): void;
  /** Packets by key of the VIP, since the start. */
  packets(): ReadonlyMap<string, number>;
}

/** For who follows a source for its records alone: the rest of a follower, which hears nothing. */
export const UNHEARD: Pick<Follower, 'restored' | 'caughtUp' | 'current' | 'stale' | 'fresh' | 'refused'> = {
  restored: () => undefined,
  caughtUp: () => undefined,
  current: () => undefined,
  stale: () => undefined,
  fresh: () => undefined,
  refused: () => undefined,
};

// To read a burst takes less time than to build the tables of its first part and then all of them again.
const BURST_CHANGES = 32; // so many together, and more are likely on the way
const BURST_QUIET_MS = 20; // unless nothing more came for so long
const BURST_WAIT_MAX_MS = 500; // some sources never end

type Changes = Extract<SourceEvent, { type: 'changes' }>;
type Reached = Extract<SourceEvent, { type: 'reached' }>;

/**
 * Follows `source` until `signal` is aborted or it ends. Resolves when nothing more will come, with the error that ended it
 * if one did; never rejects.
 */
export async function followSource(
  source: MembershipSource,
  follower: Follower,
  signal: AbortSignal,
): Promise<MaglevError | undefined> {
  const line = new Line(source.name, follower, signal);
  let failure: MaglevError | undefined;
  try {
    for await (const event of source.events(signal, follower)) {
      if (event.type === 'changes') line.add(event);
      else if (event.type === 'reached') line.add({ type: 'changes', changes: [], position: event.position });
      else await tell(event, line, follower);
      if (signal.aborted) break;
    }
  } catch (cause) {
    if (!signal.aborted) failure = asError(source.name, cause);
  }
  await line.empty();
  return failure;
}

/** Events other than changes are told in their place: after the changes before them. What says how old those are need not wait. */
async function tell(event: Exclude<SourceEvent, Changes | Reached>, line: Line, follower: Follower): Promise<void> {
  if (event.type === 'refused') return follower.refused(event.refusal);
  if (event.type === 'stale') return follower.stale(event.sinceMs, event.reason);
  if (event.type === 'restored') return follower.restored(event.asOfMs, line.empty());
  if (event.type === 'current') return void line.empty().then(() => follower.current(event.atMs)); // what was told is live then
  await line.empty();
  if (event.type === 'caughtUp') follower.caughtUp();
  else follower.fresh();
}

/** Changes in line: one publication at a time, for all that wait. */
class Line {
  private waiting: Changes[] = [];
  private working: Promise<void> | undefined;

  constructor(
    private readonly source: string,
    private readonly follower: Follower,
    private readonly signal: AbortSignal,
  ) {}

  add(changes: Changes): void {
    this.waiting.push(changes);
    this.working ??= this.work();
  }

  /** Resolves when nothing waits any more. */
  async empty(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.letBurstIn();
      const [first] = this.waiting;
      // Who waits for an answer gets one for his changes alone; the others are taken together.
      const isAlone = first?.applied !== undefined;
      const firstAlone = this.waiting.findIndex((changes) => changes.applied !== undefined);
      const count = isAlone ? 1 : firstAlone < 0 ? this.waiting.length : firstAlone;
      await this.applyTogether(this.waiting.splice(0, count));
    }
    this.working = undefined;
  }

  /** Waits while more are on the way: as the source says, or as it seems. */
  private async letBurstIn(): Promise<void> {
    const untilMs = performance.now() + BURST_WAIT_MAX_MS;
    for (let seen = -1, count = this.count(); performance.now() < untilMs; count = this.count()) {
      const isMore = this.waiting.at(-1)?.isMore ?? (count >= BURST_CHANGES && count > seen);
      if (!isMore || this.signal.aborted) return;
      seen = count;
      await sleep(BURST_QUIET_MS);
    }
  }

  /** Changes that wait and are nobody's alone. */
  private count(): number {
    return this.waiting.reduce((sum, { changes, applied }) => sum + (applied === undefined ? changes.length : 0), 0);
  }

  private async applyTogether(together: Changes[]): Promise<void> {
    const [first] = together;
    const answer = first?.applied;
    const where = together.length === 1 ? first?.where : undefined;
    const position = together.findLast((event) => event.position !== undefined)?.position;
    const origin = {
      source: this.source,
      isAtomic: answer !== undefined,
      isGradual: answer === undefined,
      ...(where !== undefined && { where }),
      ...(position !== undefined && { position }),
    };
    try {
      const changes = together.flatMap((event) => event.changes);
      const { applied, refusals, shortages } = await this.follower.apply(changes, origin);
      for (const refusal of refusals) this.follower.refused(refusal);
      for (const shortage of shortages) this.follower.failed(shortage);
      answer?.(applied);
    } catch (cause) {
      const error = asError(this.source, cause);
      if (answer !== undefined) answer(error);
      else this.follower.failed(error);
    }
  }
}

function asError(source: string, cause: unknown): MaglevError {
  if (cause instanceof MaglevError) return cause;
  return new MaglevError('ERR_INTERNAL', `${source}: ${String(cause)}`, { cause });
}
