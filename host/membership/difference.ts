// host/membership/difference.ts: the changes that lead from one set of records to another.
import { isDeepStrictEqual } from 'node:util';
import type { Change } from './event.js';
import type { CanonicalBackend, CanonicalVip } from './record.js';
import { changeOf } from './validate.js';

/** A canonical record, by its key. */
export type RecordMap = ReadonlyMap<string, CanonicalVip | CanonicalBackend>;

/** One record that differs. `before` is not there for a new record, `after` not for a removed one; neither for one that is to be gone for sure. */
export interface Difference {
  key: string;
  before?: CanonicalVip | CanonicalBackend;
  after?: CanonicalVip | CanonicalBackend;
}

/** What differs between two sets of records: new and changed ones in the order of `after`, then those to remove. */
export function differences(before: RecordMap, after: RecordMap): Difference[] {
  const changed: Difference[] = [];
  for (const [key, record] of after) {
    const old = before.get(key);
    if (old === undefined) changed.push({ key, after: record });
    else if (!isDeepStrictEqual(payload(old), payload(record))) changed.push({ key, before: old, after: record });
  }
  for (const [key, record] of before) if (!after.has(key)) changed.push({ key, before: record });
  return changed;
}

/** The record itself: a VIP or a backend. */
export function payload(record: CanonicalVip | CanonicalBackend): object {
  return record.kind === 'vip' ? record.vip : record.backend;
}

/** The change that makes one difference. */
export function changeOfDifference({ key, after }: Difference): Change {
  return after === undefined ? { remove: key } : changeOf(after);
}
