// host/membership/marks.ts: which backend each health-check mark names, over all VIPs: a rule on the records alone, so that every
// balancer of a fleet decides alike: of two backends that have a mark, that whose key comes first is named; the other is told of.
import { MARK_BYTES } from '../../assembly/layout.js';
import type { HotPathModule } from '../module.js';
import { powerOfTwo } from '../options.js';
import { addressFamily } from './address.js';
import type { LiveVip } from './live.js';
import type { MarkConflict } from './markConflict.js';

/** A mark with where it leads. */
export interface Mark {
  readonly mark: number;
  /** Key of the backend. */
  readonly key: string;
  readonly index: number;
  readonly isV6: boolean;
}

/** True when a backend of the VIP has a mark. */
export function hasMarks(vip: LiveVip | undefined): boolean {
  return vip !== undefined && [...vip.backends.values()].some(({ mark }) => mark !== undefined);
}

/** The marks of all VIPs, and those that two have. */
export function marksOf(vips: Iterable<LiveVip>): { marks: Mark[]; conflicts: MarkConflict[] } {
  const all = [...vips].flatMap(({ key, vip, backends }) =>
    [...backends.values()].flatMap(({ mark, index, address }) =>
      mark === undefined ? [] : [{ mark, key: `${key}/${address}`, index, isV6: addressFamily(vip.address) === 6 }],
    ),
  );
  all.sort((a, b) => (a.key < b.key ? -1 : 1));
  const found = new Map<number, Mark>();
  const conflicts: MarkConflict[] = [];
  for (const entry of all) {
    const named = found.get(entry.mark);
    if (named === undefined) found.set(entry.mark, entry);
    else conflicts.push({ mark: entry.mark, named: named.key, ignored: entry.key });
  }
  return { marks: [...found.values()], conflicts };
}

/** Entries of the map of so many marks: at most half full, so that probing ends soon. */
export function markEntries(count: number): number {
  return powerOfTwo(2 * count + 2);
}

export function marksBytes(count: number): number {
  return markEntries(count) * MARK_BYTES;
}

/** Writes the map to `base`, where all is 0. */
export function writeMarks(builder: HotPathModule, base: number, marks: readonly Mark[]): void {
  const mask = markEntries(marks.length) - 1;
  for (const { mark, index, isV6 } of marks) builder.enterMark(base, mask, mark, index, isV6 ? 1 : 0);
}
