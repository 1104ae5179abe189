// host/publishing/planner.ts: what a step would move, worked out from the records of a topic: the VIPs it touches, in a hot path of
// their own, some at a time, so that a large topic needs no more memory than a small one.
import { createHotPath } from '../hotpath.js';
import { changeOfDifference, type Difference, payload, type RecordMap } from '../membership/difference.js';
import { effectiveBackends, type Panic } from '../membership/effective.js';
import type { Change } from '../membership/event.js';
import { type CanonicalBackend, type CanonicalVip, TABLE_SIZE_DEFAULT } from '../membership/record.js';
import { roomFor } from '../membership/room.js';
import type { PlannedVip } from './limits.js';

/** How to plan. */
interface PlannerOptions {
  /** The fleet's secret, for its very slots. Default: a random one; how many slots move hardly depends on it. */
  hashSecret?: string | Uint8Array;
  /** As the balancers have it, 0..1. Default 0. */
  panicShare?: number;
  signal?: AbortSignal;
}

type CanonicalRecord = CanonicalVip | CanonicalBackend;

/** The records of one VIP, as they are and as they will be. */
interface Touched {
  key: string;
  vip?: CanonicalVip;
  backends: CanonicalBackend[];
  changes: Difference[];
  slots: number;
  records: number;
}

/** Slots of the tables that are planned together: two bytes each, three times over. */
const CHUNK_SLOTS = 4_000_000;
const CHUNK_RECORDS = 20_000;

/**
 * Plans the step from `before` by `differences`, for every VIP that is there before or after. Rejects with ERR_RECORD for records that
 * no balancer takes together, ERR_LIMIT for more backends of a VIP than a balancer has room for.
 */
export async function planStep(
  before: RecordMap,
  differences: readonly Difference[],
  { signal, ...options }: PlannerOptions = {},
): Promise<PlannedVip[]> {
  const plans: PlannedVip[] = [];
  for (const chunk of chunksOf(touchedBy(before, differences))) {
    signal?.throwIfAborted();
    plans.push(...(await planChunk(chunk, options)));
  }
  return plans;
}

async function planChunk(chunk: Touched[], options: Omit<PlannerOptions, 'signal'>): Promise<PlannedVip[]> {
  const before = chunk.flatMap(({ vip, backends }) => (vip === undefined ? [] : [vip, ...backends]));
  const changes = chunk.flatMap((touched) => changesOf(touched));
  const after = chunk.flatMap((touched) => touched.changes.flatMap(({ after: record }) => record ?? []));
  const waiting = chunk.flatMap(({ vip, backends }) => (vip === undefined ? backends : []));
  const hotPath = await createHotPath({
    ...options,
    ...roomFor(byKey(before), byKey([...after, ...waiting])),
    flowsMax: 64,
    batchMax: 1,
    frameBytesMax: 64,
  });
  await hotPath.apply(before.map((record) => ({ put: payload(record) }) as Change));
  const panics = new Map(chunk.map((touched) => [touched.key, panicOf(touched, options.panicShare)]));
  return hotPath.plan(changes).map((plan) => ({ ...plan, panicBefore: panics.get(plan.vip) ?? 'none' }));
}

function byKey(records: readonly CanonicalRecord[]): RecordMap {
  return new Map(records.map((record) => [record.key, record]));
}

/** A backend that waits for its VIP is told with it. */
function changesOf({ vip, backends, changes }: Touched): Change[] {
  const waiting = vip === undefined ? backends.map(({ backend }): Change => ({ put: backend })) : [];
  return [...waiting, ...changes.map(changeOfDifference)];
}

function panicOf({ vip, backends }: Touched, panicShare?: number): Panic {
  const records = backends.map(({ backend }) => backend);
  return vip === undefined ? 'none' : effectiveBackends(vip.vip, records, panicShare).panic;
}

/** VIPs that the differences touch, with all their records; not those that are there neither before nor after. */
function touchedBy(before: RecordMap, differences: readonly Difference[]): Touched[] {
  const touched = new Map<string, Touched>();
  for (const difference of differences) {
    const record = difference.after ?? difference.before;
    if (record === undefined) continue;
    const key = vipKeyOf(record);
    const found = touched.get(key) ?? { key, backends: [], changes: [], slots: 0, records: 0 };
    found.changes.push(difference);
    touched.set(key, found);
  }
  for (const record of before.values()) {
    const found = touched.get(vipKeyOf(record));
    if (found === undefined) continue;
    if (record.kind === 'vip') found.vip = record;
    else found.backends.push(record);
  }
  return [...touched.values()].filter(isVip).map((found) => ({ ...found, ...sizeOf(found) }));
}

function isVip({ vip, changes }: Touched): boolean {
  return vip !== undefined || changes.some(({ after }) => after?.kind === 'vip');
}

function sizeOf({ vip, backends, changes }: Touched): Pick<Touched, 'slots' | 'records'> {
  const vips = [vip, ...changes.map(({ after }) => after)].filter((record) => record?.kind === 'vip');
  const slots = Math.max(0, ...vips.map((record) => record.vip.tableSize ?? TABLE_SIZE_DEFAULT));
  return { slots, records: backends.length + changes.length };
}

function* chunksOf(touched: Touched[]): Generator<Touched[]> {
  let chunk: Touched[] = [];
  let [slots, records] = [0, 0];
  for (const one of touched) {
    const isFull = slots + one.slots > CHUNK_SLOTS || records + one.records > CHUNK_RECORDS;
    if (chunk.length > 0 && isFull) {
      yield chunk;
      chunk = [];
      [slots, records] = [0, 0];
    }
    chunk.push(one);
    slots += one.slots;
    records += one.records;
  }
  if (chunk.length > 0) yield chunk;
}

function vipKeyOf(record: CanonicalRecord): string {
  return record.kind === 'vip' ? record.key : record.vipKey;
}
