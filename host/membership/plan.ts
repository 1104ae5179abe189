// host/membership/plan.ts: what a change would move, before it is made. The tables are built as publication builds them, in free
// memory that is given back at once; nothing that is live is touched.
import { BACKEND_ADDRESS, BACKEND_BYTES, REGION_BACKENDS, SLOT_BACKEND } from '../../assembly/layout.js';
import type { Arena } from '../arena.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { addressBytes } from './address.js';
import { buildTable, tableBytes } from './build.js';
import type { EffectiveBackends, TableInput } from './effective.js';
import type { Backend, Vip } from './event.js';
import type { Indexes } from './indexes.js';
import type { Plan, PlannedBackend } from './planned.js';
import { profileOf } from './profile.js';
import type { LiveVip } from './publish.js';
import { TABLE_SIZE_DEFAULT } from './record.js';
import { fullWeightMs } from './slowStart.js';
import { isSameTable } from './tableDraft.js';

/** What planning works with. */
export interface PlanParts {
  memory: HotMemory;
  builder: HotPathModule;
  arena: Arena;
  backendIndexes: Indexes;
}

type Tally = Map<string, PlannedBackend>;

/** Plans the removal of a VIP. */
export function planRemoval(parts: PlanParts, before: LiveVip): Plan {
  const tally: Tally = new Map();
  for (const address of liveSlots(parts, before)) if (address !== undefined) rowOf(tally, address).slotsBefore++;
  for (const row of tally.values()) row.lost = row.slotsBefore;
  const { slotCount } = before.record;
  const moved = sum(tally, 'lost');
  return planOf(before.key, 'removed', { slotCount, moved, necessary: moved }, tally);
}

/** Plans a VIP as its records will have it. `before` is what is live. Throws ERR_LIMIT when memory or indexes do not suffice. */
export function planVip(
  parts: PlanParts,
  key: string,
  vip: Vip,
  effective: EffectiveBackends,
  before: LiveVip | undefined,
): Plan {
  const slotCount = vip.tableSize ?? TABLE_SIZE_DEFAULT;
  const after = futureSlots(parts, vip, effective.table, before, slotCount);
  const profile = profileOf(vip);
  const old = before === undefined ? [] : liveSlots(parts, before);
  const isKin = before !== undefined && isSameTable(before.record, { ...profile, slotCount });
  const tally: Tally = new Map();
  for (const address of old) if (address !== undefined) rowOf(tally, address).slotsBefore++;
  for (const address of after) if (address !== undefined) rowOf(tally, address).slotsAfter++;
  const { panic } = effective;
  if (before === undefined) return { ...planOf(key, 'added', { slotCount, moved: 0, necessary: 0 }, tally), panic };
  if (isKin) {
    const moved = tallyMoves(tally, old, after);
    return { ...planOf(key, 'changed', { slotCount, moved, necessary: leastMoves(tally) }, tally), panic };
  }
  for (const row of tally.values()) [row.gained, row.lost] = [row.slotsAfter, row.slotsBefore];
  return { ...planOf(key, 'changed', { slotCount, moved: slotCount, necessary: slotCount }, tally), panic };
}

/** A plan for a VIP of which a backend is in slow start: `full` is the same when all have their whole weight. */
export function withFullWeight(plan: Plan, full: Plan, backends: readonly Backend[]): Plan {
  const atMs = Math.max(...backends.map((backend) => fullWeightMs(backend) ?? 0));
  return { ...plan, afterSlowStart: { atMs, slotsMoved: full.slotsMoved, share: full.share, backends: full.backends } };
}

/** Slots must change hands at least as often as backends gain over all, or lose: a table that is emptied gives all away. */
function leastMoves(tally: Tally): number {
  let [gains, losses] = [0, 0];
  for (const { slotsBefore, slotsAfter } of tally.values()) {
    gains += Math.max(0, slotsAfter - slotsBefore);
    losses += Math.max(0, slotsBefore - slotsAfter);
  }
  return Math.max(gains, losses);
}

function tallyMoves(tally: Tally, old: (string | undefined)[], after: (string | undefined)[]): number {
  let moved = 0;
  for (const [slot, address] of after.entries()) {
    const from = old[slot];
    if (from === address) continue;
    moved++;
    if (from !== undefined) rowOf(tally, from).lost++;
    if (address !== undefined) rowOf(tally, address).gained++;
  }
  return moved;
}

function planOf(
  vip: string,
  change: Plan['change'],
  { slotCount, moved, necessary }: { slotCount: number; moved: number; necessary: number },
  tally: Tally,
): Plan {
  return {
    vip,
    change,
    slotCount,
    slotsMoved: moved,
    share: moved / slotCount,
    necessary,
    collateral: moved - necessary,
    isEmptied: sum(tally, 'slotsBefore') > 0 && sum(tally, 'slotsAfter') === 0,
    panic: 'none',
    namesMoved: 0,
    serverIdConflicts: [],
    backends: [...tally.values()],
  };
}

function sum(tally: Tally, field: 'slotsBefore' | 'slotsAfter' | 'lost'): number {
  return [...tally.values()].reduce((total, row) => total + row[field], 0);
}

function rowOf(tally: Tally, address: string): PlannedBackend {
  let row = tally.get(address);
  if (row === undefined) {
    row = { address, slotsBefore: 0, slotsAfter: 0, gained: 0, lost: 0 };
    tally.set(address, row);
  }
  return row;
}

/** Address of the backend of every slot that is live. */
function liveSlots({ memory }: PlanParts, { record, backends }: LiveVip): (string | undefined)[] {
  return addressesOf(
    memory,
    record.table,
    record.slotCount,
    new Map([...backends.values()].map(({ index, address }) => [index, address])),
  );
}

/**
 * The same of a table that is not. A backend that has no index is lent one that nobody has: its record says an address and
 * nothing else, and whoever gets the index later writes all of it.
 */
function futureSlots(
  parts: PlanParts,
  vip: Vip,
  inputs: readonly TableInput[],
  before: LiveVip | undefined,
  slotCount: number,
): (string | undefined)[] {
  const { memory, builder, arena, backendIndexes } = parts;
  const strangers = inputs.filter(({ address }) => before?.backends.get(address) === undefined);
  const lent = backendIndexes.unusedIndexes(strangers.length);
  const indexes = new Map([...(before?.backends.values() ?? [])].map(({ index, address }) => [address, index]));
  for (const [i, { address }] of strangers.entries()) {
    const index = lent[i] as number;
    memory.bytes.set(
      addressBytes(address),
      memory.region(REGION_BACKENDS).base + index * BACKEND_BYTES + BACKEND_ADDRESS,
    );
    indexes.set(address, index);
  }
  const table = arena.allocate(tableBytes(slotCount));
  try {
    const entries = inputs.map((input) => ({ ...input, index: indexes.get(input.address) as number }));
    buildTable(builder, memory, entries, slotCount, table, profileOf(vip));
    return addressesOf(memory, table, slotCount, new Map([...indexes].map(([address, index]) => [index, address])));
  } finally {
    arena.release(table);
  }
}

function addressesOf(
  { memory }: HotMemory,
  table: number,
  slotCount: number,
  names: ReadonlyMap<number, string>,
): (string | undefined)[] {
  return Array.from(new Uint16Array(memory.buffer, table, slotCount), (slot) => names.get(slot & SLOT_BACKEND));
}
