// host/publishing/turns.ts: steps one after the other, and no more waiting than there is room for.
import { MaglevError } from '../errors.js';

export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private isClosed = false;
  private readonly askers: (() => void)[] = [];

  constructor(private readonly waitingMax: number) {}

  /** Runs `step` when those before it are done. Rejects with ERR_LIMIT when too many wait, ERR_CLOSED after close(). */
  async take<T>(step: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new MaglevError('ERR_CLOSED', 'publish: the publisher is closed');
    if (this.waiting >= this.waitingMax) throw fullError(this.waitingMax);
    this.waiting++;
    const turn = this.last.then(step).finally(() => {
      this.waiting--;
      this.askers.shift()?.();
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when there is room: askers in their order, one for each step that ends. */
  async ready(): Promise<void> {
    if (this.waiting < this.waitingMax) return;
    await new Promise<void>((resolve) => this.askers.push(resolve));
  }

  /** Takes no more; resolves when all is done. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.last;
  }
}

function fullError(waitingMax: number): MaglevError {
  const message = `publish: ${waitingMax} steps wait already; wait for ready(), or hand over several edits in one step`;
  return new MaglevError('ERR_LIMIT', message, { option: 'waitingMax', rule: `at most ${waitingMax} steps wait` });
}
