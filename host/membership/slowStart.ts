// host/membership/slowStart.ts: a backend whose record says `slowStart` gets its share of new flows in ten steps of equal length: in step
// k the table counts k tenths of its weight, in the tenth all of it.
//
//   weight  1/10   2/10   3/10           10/10
//           |------|------|------ ... ---|---->  wall clock
//         since                          9/10 of `seconds`
//
// A step begins at a full second, so that the backends of a VIP that were told together move together: one table a VIP and second.
// Which step it is follows from the record and the clock alone: whoever has the same records and the same time has the same table.
import { isDeepStrictEqual } from 'node:util';
import type { RecordMap } from './difference.js';
import type { Backend, Change } from './event.js';
import type { CanonicalBackend, CanonicalVip } from './record.js';

/** Steps of a ramp; in the last the weight is whole. */
export const RAMP_STEPS = 10;
/** Bounds of `seconds`. */
export const RAMP_SECONDS_MIN = 1;
export const RAMP_SECONDS_MAX = 3600;
/** Largest `since`: the last moment that a Date can say. */
export const SINCE_MS_MAX = 8.64e15;

const SECOND_MS = 1000;

/** The step that a backend is in at `nowMs`, 1..10; 10 without a ramp, or with one that has no beginning. */
export function rampStep({ slowStart }: Pick<Backend, 'slowStart'>, nowMs: number): number {
  if (slowStart?.since === undefined) return RAMP_STEPS;
  let step = 1;
  while (step < RAMP_STEPS && beginMs(slowStart.since, slowStart.seconds, step + 1) <= nowMs) step++;
  return step;
}

/** When the next step of a backend begins, Unix time in ms; Infinity when it is in the last, or has none. */
export function nextStepMs({ slowStart }: Pick<Backend, 'slowStart'>, nowMs: number): number {
  const step = rampStep({ slowStart } as Backend, nowMs);
  if (slowStart?.since === undefined || step === RAMP_STEPS) return Number.POSITIVE_INFINITY;
  return beginMs(slowStart.since, slowStart.seconds, step + 1);
}

/** When a backend has its whole weight, Unix time in ms; undefined without a ramp. */
export function fullWeightMs({ slowStart }: Pick<Backend, 'slowStart'>): number | undefined {
  return slowStart?.since === undefined ? undefined : beginMs(slowStart.since, slowStart.seconds, RAMP_STEPS);
}

/** `backend`, its ramp begun at `sinceMs` when it has one that does not say since when. */
export function withSince(backend: Backend, sinceMs: number): Backend {
  const { slowStart } = backend;
  if (typeof slowStart !== 'object' || slowStart === null || slowStart.since !== undefined) return backend;
  return { ...backend, slowStart: { ...slowStart, since: sinceMs } };
}

/** The same for a change of any kind, read or not. */
export function changeWithSince(change: Change, sinceMs: number): Change {
  const put = (change as { put?: unknown } | null)?.put;
  if (typeof put !== 'object' || put === null || !('vip' in put)) return change;
  const backend = withSince(put as Backend, sinceMs);
  return backend === put ? change : { ...change, put: backend };
}

/** The records of a file with their ramps begun: a record that says what it said before goes on with its ramp, any other begins. */
export function beginRamps(after: RecordMap, before: RecordMap, sinceMs: number): RecordMap {
  return new Map([...after].map(([key, record]) => [key, beginRamp(record, before.get(key), sinceMs)]));
}

function beginRamp(
  record: CanonicalVip | CanonicalBackend,
  before: CanonicalVip | CanonicalBackend | undefined,
  sinceMs: number,
): CanonicalVip | CanonicalBackend {
  if (record.kind !== 'backend') return record;
  const begun = (ms: number): CanonicalBackend => ({ ...record, backend: withSince(record.backend, ms) });
  const beganMs = before?.kind === 'backend' ? before.backend.slowStart?.since : undefined;
  return beganMs !== undefined && isDeepStrictEqual(begun(beganMs), before) ? begun(beganMs) : begun(sinceMs);
}

/** When step `step`, 2..10, begins: so many tenths behind `since`, at the next full second. */
function beginMs(since: number, seconds: number, step: number): number {
  return Math.ceil((since + ((step - 1) * seconds * SECOND_MS) / RAMP_STEPS) / SECOND_MS) * SECOND_MS;
}
