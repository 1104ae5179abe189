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
import type { LiveVip } from './live.js';
import type { Plan, PlannedBackend } from './planned.js';
import { profileOf } from './profile.js';
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

/** Slots of a table, as backend indexes: 0 for a slot without a backend. */
type Slots = Uint16Array;

/** Plans the removal of a VIP. */
export function planRemoval(parts: PlanParts, before: LiveVip): Plan {
  const tally = new Tally(namesOf(before), SLOTS_NONE, liveSlots(parts, before));
  const moved = sum(tally.rows, 'slotsBefore');
  for (const row of tally.rows) row.lost = row.slotsBefore;
  return planOf(before.key, 'removed', { slotCount: before.record.slotCount, moved, necessary: moved }, tally.rows);
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
  const profile = profileOf(vip);
  const { slots, names } = futureSlots(parts, vip, effective.table, before, slotCount);
  const tally = new Tally(names, slots, before === undefined ? SLOTS_NONE : liveSlots(parts, before));
  const { rows } = tally;
  const { panic } = effective;
  if (before === undefined) return { ...planOf(key, 'added', { slotCount, moved: 0, necessary: 0 }, rows), panic };
  if (isSameTable(before.record, { ...profile, slotCount })) {
    const moved = tally.countMoves();
    return { ...planOf(key, 'changed', { slotCount, moved, necessary: leastMoves(rows) }, rows), panic };
  }
  for (const row of rows) [row.gained, row.lost] = [row.slotsAfter, row.slotsBefore];
  return { ...planOf(key, 'changed', { slotCount, moved: slotCount, necessary: slotCount }, rows), panic };
}

const SLOTS_NONE: Slots = new Uint16Array();

/** Two tables, counted backend by backend: by index, since a table has many slots and a topic many tables. */
class Tally {
  /** In the order in which they are met: those of before, then new ones. */
  readonly rows: PlannedBackend[] = [];
  private readonly rowOfIndex: (PlannedBackend | undefined)[] = [];

  constructor(
    private readonly names: ReadonlyMap<number, string>,
    private readonly after: Slots,
    private readonly before: Slots,
  ) {
    for (const slot of before) {
      const row = this.row(slot);
      if (row !== undefined) row.slotsBefore++;
    }
    for (const slot of after) {
      const row = this.row(slot);
      if (row !== undefined) row.slotsAfter++;
    }
  }

  /** Fills in what backends gain and lose, slot by slot; returns how many slots change hands. */
  countMoves(): number {
    let moved = 0;
    for (const [i, slot] of this.after.entries()) {
      const [from, to] = [this.row(this.before[i] ?? 0), this.row(slot)];
      if (from === to) continue;
      moved++;
      if (from !== undefined) from.lost++;
      if (to !== undefined) to.gained++;
    }
    return moved;
  }

  private row(slot: number): PlannedBackend | undefined {
    const index = slot & SLOT_BACKEND;
    const known = this.rowOfIndex[index];
    if (known !== undefined) return known;
    const address = this.names.get(index);
    if (address === undefined) return undefined;
    const row = { address, slotsBefore: 0, slotsAfter: 0, gained: 0, lost: 0 };
    this.rowOfIndex[index] = row;
    this.rows.push(row);
    return row;
  }
}

/** A plan for a VIP of which a backend is in slow start: `full` is the same when all have their whole weight. */
export function withFullWeight(plan: Plan, full: Plan, backends: readonly Backend[]): Plan {
  const atMs = Math.max(...backends.map((backend) => fullWeightMs(backend) ?? 0));
  return { ...plan, afterSlowStart: { atMs, slotsMoved: full.slotsMoved, share: full.share, backends: full.backends } };
}

/** Slots must change hands at least as often as backends gain over all, or lose: a table that is emptied gives all away. */
function leastMoves(rows: readonly PlannedBackend[]): number {
  let [gains, losses] = [0, 0];
  for (const { slotsBefore, slotsAfter } of rows) {
    gains += Math.max(0, slotsAfter - slotsBefore);
    losses += Math.max(0, slotsBefore - slotsAfter);
  }
  return Math.max(gains, losses);
}

function planOf(
  vip: string,
  change: Plan['change'],
  { slotCount, moved, necessary }: { slotCount: number; moved: number; necessary: number },
  backends: PlannedBackend[],
): Plan {
  return {
    vip,
    change,
    slotCount,
    slotsMoved: moved,
    share: moved / slotCount,
    necessary,
    collateral: moved - necessary,
    isEmptied: sum(backends, 'slotsBefore') > 0 && sum(backends, 'slotsAfter') === 0,
    panic: 'none',
    namesMoved: 0,
    serverIdConflicts: [],
    backends,
  };
}

function sum(rows: readonly PlannedBackend[], field: 'slotsBefore' | 'slotsAfter'): number {
  return rows.reduce((total, row) => total + row[field], 0);
}

function namesOf({ backends }: LiveVip): Map<number, string> {
  return new Map([...backends.values()].map(({ index, address }) => [index, address]));
}

/** The slots of a table that is live. */
function liveSlots({ memory }: PlanParts, { record }: LiveVip): Slots {
  return new Uint16Array(memory.memory.buffer, record.table, record.slotCount);
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
): { slots: Slots; names: ReadonlyMap<number, string> } {
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
    const slots = new Uint16Array(memory.memory.buffer, table, slotCount).slice(); // the memory is given back below
    return { slots, names: new Map([...indexes].map(([address, index]) => [index, address])) };
  } finally {
    arena.release(table);
  }
}
