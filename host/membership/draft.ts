// host/membership/draft.ts: what one publication has begun: to be finished, or given back.
import type { Arena } from '../arena.js';
import type { NextHops } from '../egress.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import type { CoreSettings } from '../options.js';
import { getCanServe, setCanServe } from './backendRecord.js';
import type { Indexes } from './indexes.js';
import type { LiveMarks, LiveVip } from './live.js';
import { TableDraft } from './tableDraft.js';

/** What the publisher works with. */
export interface PublisherParts {
  memory: HotMemory;
  builder: HotPathModule;
  settings: CoreSettings;
  nextHops: NextHops;
  /** Our own address towards a backend, the source of outer headers; undefined while it is not known. */
  sourceFor(address: string): string | undefined;
  /** Before the index of a backend is given to another one. */
  onBackendReuse?(index: number): void;
  onVipReuse?(number: number): void;
  tick?(): number;
  /** Unix time, ms, for slow start. Default: that of the host. */
  wallMs?(): number;
}

/** What is live before. */
interface Before {
  readonly live: ReadonlyMap<string, LiveVip>;
  readonly marks: LiveMarks;
}

export class Draft {
  /** VIPs as they will be live. */
  readonly live: Map<string, LiveVip>;
  /** Those that are new or rebuilt. */
  readonly made: LiveVip[] = [];
  readonly gone: LiveVip[] = [];
  readonly tables: TableDraft;
  readonly tick: number;
  /** Unix time, ms: one for all that is published together. */
  readonly wallMs: number;
  marks: LiveMarks;
  private readonly servedBefore = new Map<number, boolean>();
  private readonly undo: (() => void)[] = [];
  private readonly afterwards: (() => void)[] = [];

  constructor(
    private readonly parts: PublisherParts,
    arena: Arena,
    { live, marks }: Before,
    now: { tick: number; wallMs: number },
  ) {
    this.live = new Map(live);
    this.marks = marks;
    this.tick = now.tick;
    this.wallMs = now.wallMs;
    this.tables = new TableDraft(parts, arena, now.tick);
  }

  /** An index that is given back when the draft is given up. Throws ERR_LIMIT. */
  take(indexes: Indexes, key: string): number {
    return this.borrowed(indexes.borrow(key, this.tick));
  }

  /** The index of the next hop to `address`, in the same way. Throws ERR_LIMIT. */
  takeNextHop(address: string): number {
    return this.borrowed(this.parts.nextHops.borrow(address, this.tick));
  }

  private borrowed({ index, undo }: { index: number; undo: () => void }): number {
    this.undo.push(undo);
    return index;
  }

  /** Says at once whether flows may stay on backend `index`. */
  serve(index: number, canServe: boolean): void {
    const { memory } = this.parts;
    if (!this.servedBefore.has(index)) this.servedBefore.set(index, getCanServe(memory, index));
    setCanServe(memory, index, canServe);
  }

  /** Indexes of backends that served before and do no more. */
  stopped(): number[] {
    const { memory } = this.parts;
    return [...this.servedBefore].flatMap(([index, did]) => (did && !getCanServe(memory, index) ? [index] : []));
  }

  /** Writes something once the draft is live. */
  later(write: () => void): void {
    this.afterwards.push(write);
  }

  /** It is live, and no worker reads what it replaced. */
  finish(): void {
    this.tables.finish();
    for (const write of this.afterwards) write();
  }

  /** It will not be live. */
  giveUp(): void {
    this.tables.giveUp();
    for (const [index, canServe] of this.servedBefore) setCanServe(this.parts.memory, index, canServe);
    for (const giveBack of this.undo) giveBack();
  }
}
