// host/membership/sources/memory.ts: membership told by the program that embeds the balancer.
import { MaglevError } from '../../errors.js';
import type { Applied, Change, MembershipSource, SourceEvent } from '../event.js';
import { refusalError } from '../refusal.js';
import { changeWithSince } from '../slowStart.js';
import { validateChanges } from '../validate.js';
import { EventQueue } from './queue.js';

/** A source that says what `apply` is called with. */
export interface MemorySource extends MembershipSource {
  /**
   * Tells `changes`, all of them or none. Resolves when every worker has seen the table they lead to. Rejects with ERR_RECORD naming
   * the first rule that is broken (`.option` the field, `.rule` the rule), with ERR_CLOSED when the balancer has closed.
   * Before a balancer reads this source, changes wait.
   */
  apply(changes: readonly Change[]): Promise<Applied>;
}

type Waiting = { resolve: (applied: Applied) => void; reject: (error: Error) => void };

/**
 * A source for the program that embeds the balancer. `initial` is told first. For one balancer: `events` can be read once.
 * @throws MaglevError ERR_RECORD when a record of `initial` breaks a rule.
 */
export function memorySource(initial: readonly Change[] = []): MemorySource {
  return new Memory(validated(initial));
}

class Memory implements MemorySource {
  readonly name = 'memory';
  private readonly queue = new EventQueue();
  private readonly waiting = new Set<Waiting>();
  private isRead = false;
  private isClosed = false;

  constructor(initial: Change[]) {
    if (initial.length > 0)
      this.queue.push({ type: 'changes', changes: initial, where: 'initial records', isMore: false });
    this.queue.push({ type: 'caughtUp' });
  }

  async apply(changes: readonly Change[]): Promise<Applied> {
    if (this.isClosed) throw closedError();
    const valid = validated(changes);
    return new Promise<Applied>((resolve, reject) => {
      const waiting = { resolve, reject };
      this.waiting.add(waiting);
      this.queue.push({ type: 'changes', changes: valid, applied: (outcome) => this.settle(waiting, outcome) });
    });
  }

  async *events(signal: AbortSignal): AsyncGenerator<SourceEvent, void, void> {
    if (this.isRead) throw new MaglevError('ERR_BUSY', 'memory source: another balancer reads it; make one for each');
    this.isRead = true;
    try {
      yield* this.queue.read(signal);
    } finally {
      this.isClosed = true;
      for (const waiting of [...this.waiting]) this.settle(waiting, closedError());
    }
  }

  private settle(waiting: Waiting, outcome: Applied | Error): void {
    if (!this.waiting.delete(waiting)) return; // told twice: the first word counts
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }
}

function validated(changes: readonly Change[]): Change[] {
  const { changes: valid, refusals } = validateChanges(changes);
  const [first] = refusals;
  if (first !== undefined) throw refusalError(first);
  const nowMs = Date.now();
  return valid.map((change) => changeWithSince(change, nowMs)); // a slow start begins with the call
}

function closedError(): MaglevError {
  return new MaglevError('ERR_CLOSED', 'memory source: the balancer that read it has closed');
}
