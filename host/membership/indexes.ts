// host/membership/indexes.ts: gives out the indexes by which the hot path knows VIPs and backends. An index that is given
// back rests before somebody else gets it: packets in flight, flow entries and tracked slots may still say it.
import { MaglevError } from '../errors.js';

interface Resting {
  index: number;
  sinceTick: number;
}

/** Indexes first + 1..first + max, each owned by one key at a time. */
export class Indexes {
  private given = 0;
  private readonly byKey = new Map<string, number>();
  private readonly resting = new Map<string, Resting>(); // in the order of their rest: a Map keeps it
  private readonly spare: number[] = []; // taken and given back before anybody saw them

  /**
   * @param what for messages: `backends`
   * @param option the option that raises the limit
   * @param restTicks how long an index rests
   * @param onReuse called before an index goes to another key
   * @param first how many indexes before these are somebody else's
   */
  constructor(
    private readonly max: number,
    private readonly what: string,
    private readonly option: string,
    private readonly restTicks: number,
    private readonly onReuse: (index: number) => void,
    private readonly first = 0,
  ) {}

  /** The index of `key`, if it has one. */
  get(key: string): number | undefined {
    return this.byKey.get(key);
  }

  /** The index of `key`, a new one if need be; one that comes back gets the index it had. Throws ERR_LIMIT when all are taken. */
  take(key: string, tick: number): number {
    const had = this.byKey.get(key);
    if (had !== undefined) return had;
    const index = this.revive(key) ?? this.spare.pop() ?? this.unused() ?? this.rested(tick);
    if (index === undefined) {
      const rule = `${this.max} are in use or rest after use; raise ${this.option}`;
      throw new MaglevError('ERR_LIMIT', `${this.what}: ${rule}`, { option: this.option, rule });
    }
    this.byKey.set(key, index);
    return index;
  }

  /** take() for something that may not be: undone, all is as it was, and nothing rests, since nobody saw the index. */
  borrow(key: string, tick: number): { index: number; undo: () => void } {
    const had = this.byKey.get(key);
    if (had !== undefined) return { index: had, undo: () => undefined };
    const resting = this.resting.get(key);
    const index = this.take(key, tick);
    const undo = () => {
      this.byKey.delete(key);
      if (resting === undefined) this.spare.push(index);
      else this.resting.set(key, resting);
    };
    return { index, undo };
  }

  /** `count` indexes that nobody has or had, without taking them. Throws ERR_LIMIT when there are not so many. */
  unusedIndexes(count: number): number[] {
    const most = this.spare.length + this.max - this.given;
    const next = this.first + this.given + 1 - this.spare.length;
    if (count <= most) return Array.from({ length: count }, (_, i) => this.spare[i] ?? next + i);
    const rule = `${count} more are needed, and ${most} of ${this.max} were never in use; raise ${this.option}`;
    throw new MaglevError('ERR_LIMIT', `${this.what}: ${rule}`, { option: this.option, rule });
  }

  /** Gives back the index of `key`. */
  release(key: string, tick: number): void {
    const index = this.byKey.get(key);
    if (index === undefined) return;
    this.byKey.delete(key);
    this.resting.set(key, { index, sinceTick: tick });
  }

  private revive(key: string): number | undefined {
    const index = this.resting.get(key)?.index;
    this.resting.delete(key);
    return index;
  }

  private unused(): number | undefined {
    return this.given < this.max ? this.first + ++this.given : undefined;
  }

  private rested(tick: number): number | undefined {
    const oldest = this.resting.entries().next();
    if (oldest.done || (tick - oldest.value[1].sinceTick) >>> 0 <= this.restTicks) return undefined;
    const [key, { index }] = oldest.value;
    this.resting.delete(key);
    this.onReuse(index);
    return index;
  }
}
