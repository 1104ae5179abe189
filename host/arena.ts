// host/arena.ts: gives out pieces of the TABLES region: first fit, neighbours joined when freed. The builder's business,
// never a packet worker's; a few thousand pieces at most.
import { CACHE_LINE } from '../assembly/layout.js';
import { MaglevError } from './errors.js';
import { alignUp, type Region } from './memory.js';

/** An allocator over one region. */
export class Arena {
  private readonly free: { base: number; bytes: number }[];
  private readonly taken = new Map<number, number>();

  constructor(private readonly region: Region) {
    this.free = [{ ...region }];
  }

  /** Base of a new piece of at least `bytes` bytes, on a cache line. Throws ERR_LIMIT when there is none. */
  allocate(bytes: number): number {
    const wanted = alignUp(bytes, CACHE_LINE);
    const index = this.free.findIndex((piece) => piece.bytes >= wanted);
    const piece = this.free[index];
    if (piece === undefined) throw this.exhausted(wanted);
    const base = piece.base;
    piece.base += wanted;
    piece.bytes -= wanted;
    if (piece.bytes === 0) this.free.splice(index, 1);
    this.taken.set(base, wanted);
    return base;
  }

  /** Gives back what allocate() returned. Throws ERR_INTERNAL for anything else. */
  release(base: number): void {
    const bytes = this.taken.get(base);
    if (bytes === undefined) throw new MaglevError('ERR_INTERNAL', `arena: ${base} is not taken`);
    this.taken.delete(base);
    const next = this.free.findIndex((piece) => piece.base > base);
    const index = next < 0 ? this.free.length : next;
    this.free.splice(index, 0, { base, bytes });
    this.join(index);
    this.join(index - 1);
  }

  /** Bytes given out. */
  get usedBytes(): number {
    let sum = 0;
    for (const bytes of this.taken.values()) sum += bytes;
    return sum;
  }

  /** Joins the free piece at `index` with the one behind it where they touch. */
  private join(index: number): void {
    const piece = this.free[index];
    const next = this.free[index + 1];
    if (piece === undefined || next === undefined || piece.base + piece.bytes !== next.base) return;
    piece.bytes += next.bytes;
    this.free.splice(index + 1, 1);
  }

  private exhausted(bytes: number): MaglevError {
    const rule = `has no ${bytes} bytes together left, ${this.usedBytes} of ${this.region.bytes} are used; raise tablesMiB`;
    return new MaglevError('ERR_LIMIT', `memory for tables ${rule}`, { option: 'tablesMiB', rule });
  }
}
