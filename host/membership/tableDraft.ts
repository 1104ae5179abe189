// host/membership/tableDraft.ts: the lookup tables and tracking maps of one publication: made in free memory beside the
// live ones, then either they replace them, or all of it is given back.
import { isDeepStrictEqual } from 'node:util';
import {
  NO_BACKEND,
  SLOT_BACKEND,
  TRACK_BYTES,
  TRACKING_ALL,
  TRACKING_CHANGED,
  TRACKING_NONE,
} from '../../assembly/layout.js';
import type { Arena } from '../arena.js';
import { katranVipBits } from '../compat/katranRecord.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { type CoreSettings, powerOfTwo } from '../options.js';
import { buildTable, tableBytes } from './build.js';
import type { EffectiveBackends, TableInput } from './effective.js';
import type { Tracking, Vip } from './event.js';
import type { LiveVip } from './live.js';
import { type Mark, markEntries, marksBytes, writeMarks } from './marks.js';
import type { Names } from './names.js';
import { namesBytes, waysBits, writeNames } from './namesRecord.js';
import { readPrefix } from './prefix.js';
import { type Profile, profileOf } from './profile.js';
import { TABLE_SIZE_DEFAULT } from './record.js';
import type { VipRecord } from './root.js';

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const; // IANA
const TRACKING_NUMBERS: Record<Tracking, number> = {
  changed: TRACKING_CHANGED,
  all: TRACKING_ALL,
  none: TRACKING_NONE,
};

/** Backend indexes by address: all that a table needs to know. */
type IndexByAddress = ReadonlyMap<string, { readonly index: number }>;

/** What says which slot a flow has. */
type TableShape = Pick<VipRecord, 'slotCount' | 'hash' | 'fields'>;

/** What is made with. */
interface TableDraftParts {
  memory: HotMemory;
  builder: HotPathModule;
  settings: CoreSettings;
}

export class TableDraft {
  /** Slots whose backend has another address now, or none, over all VIPs that were there before. */
  slotsMoved = 0;
  private readonly made: number[] = [];
  private readonly replaced: number[] = [];
  private readonly merges: { from: VipRecord; to: VipRecord }[] = [];

  constructor(
    private readonly parts: TableDraftParts,
    private readonly arena: Arena,
    private readonly tick: number,
  ) {}

  /** A new table and tracking map, or those of before when no slot moved. */
  make(
    vip: Vip,
    number: number,
    effective: EffectiveBackends,
    backends: IndexByAddress,
    live: LiveVip | undefined,
    names: Names,
  ): VipRecord {
    const before = live?.record;
    const { builder, settings } = this.parts;
    const hasConnections = vip.protocol !== 'udp';
    const prefix = readPrefix(vip.address);
    const slotCount = vip.tableSize ?? TABLE_SIZE_DEFAULT;
    const profile = profileOf(vip);
    const fresh: VipRecord = {
      number,
      address: prefix.bytes,
      prefixBits: prefix.bits,
      port: vip.port,
      protocol: PROTOCOL_NUMBERS[vip.protocol],
      table: this.build(effective.table, backends, slotCount, profile),
      slotCount,
      // With compat all flows are entered, by the rules of that system: its slots need no marks.
      tracking: settings.katran === undefined ? TRACKING_NUMBERS[vip.tracking ?? 'changed'] : TRACKING_NONE,
      hash: profile.hash,
      fields: profile.fields,
      ways: waysBits(names),
      names: this.makeNames(names, backends),
      katran: settings.katran === undefined ? 0 : katranVipBits(vip),
      tracks: 0,
      trackMask: 0,
      learnTicks: hasConnections ? settings.tcpLearnTicks : settings.udpLearnTicks,
      idleTicks: hasConnections ? settings.tcpIdleTicks : settings.udpIdleTicks,
    };
    const isKin = before !== undefined && isSameTable(before, fresh) && before.tracking === fresh.tracking;
    if (isKin && builder.countMoved(before.table, fresh.table, slotCount) === 0) {
      this.discard(fresh.table);
      if (before.names !== 0) this.replaced.push(before.names);
      return { ...fresh, table: before.table, tracks: before.tracks, trackMask: before.trackMask };
    }
    if (live !== undefined) this.slotsMoved += this.countMoved(live, fresh, backends);
    if (before !== undefined) this.drop(before);
    if (isKin) this.inherit(before, fresh);
    else this.inheritFromRecords(effective, backends, fresh, profile);
    return fresh;
  }

  /** What server ids and source routes name, for the hot path; 0 for a VIP without ways. */
  private makeNames(names: Names, backends: IndexByAddress): number {
    if (names.ways.length === 0) return 0;
    const { builder, memory } = this.parts;
    const base = this.allocate(namesBytes(names));
    writeNames(builder, memory, base, names, (address) => backends.get(address)?.index ?? NO_BACKEND);
    return base;
  }

  /** The map of health checks' marks; none for no marks. */
  makeMarks(marks: readonly Mark[]): { base: number; mask: number } {
    if (marks.length === 0) return { base: 0, mask: 0 };
    const base = this.allocate(marksBytes(marks.length));
    writeMarks(this.parts.builder, base, marks);
    return { base, mask: markEntries(marks.length) - 1 };
  }

  /** What is at `base` is not needed once the draft is live. */
  replace(base: number): void {
    this.replaced.push(base);
  }

  /** A VIP goes, and what its backends had with it. */
  remove(live: LiveVip): void {
    if (live.order.length > 0) this.slotsMoved += live.record.slotCount;
    this.drop(live.record);
  }

  /** By address: a backend that is reached another way has another record, and is where its flows go all the same. */
  private countMoved(live: LiveVip, fresh: VipRecord, backends: IndexByAddress): number {
    if (!isSameTable(live.record, fresh)) return fresh.slotCount;
    const { builder, memory } = this.parts;
    const { table } = live.record;
    const successors = new Map<number, number>();
    for (const { index, address } of live.backends.values()) {
      const successor = backends.get(address)?.index ?? index;
      if (successor !== index) successors.set(index, successor);
    }
    if (successors.size === 0) return builder.countMoved(table, fresh.table, fresh.slotCount);
    const { buffer } = memory.memory;
    const [old, now] = [table, fresh.table].map((base) => new Uint16Array(buffer, base, fresh.slotCount));
    let moved = 0;
    for (let slot = 0; slot < fresh.slotCount; slot++) {
      const was = (old?.[slot] ?? 0) & SLOT_BACKEND;
      if ((successors.get(was) ?? was) !== ((now?.[slot] ?? 0) & SLOT_BACKEND)) moved++;
    }
    return moved;
  }

  private inherit(before: VipRecord, fresh: VipRecord): void {
    const { builder } = this.parts;
    const { table, tracks, trackMask } = before;
    const { slotCount, tracking, learnTicks, idleTicks } = fresh;
    const count = builder.countTracks(table, tracks, trackMask, fresh.table, slotCount, tracking);
    if (count === 0) return;
    const entries = powerOfTwo(Math.max(16, 2 * count));
    fresh.tracks = this.allocate(entries * TRACK_BYTES);
    fresh.trackMask = entries - 1;
    builder.inherit(
      table,
      tracks,
      trackMask,
      fresh.table,
      slotCount,
      fresh.tracks,
      fresh.trackMask,
      tracking,
      this.tick,
      learnTicks,
      idleTicks,
    );
    if (tracks !== 0) this.merges.push({ from: before, to: fresh });
  }

  /** With no history (a start, another table size, another hash) the table before is that of all that were not down: again a pure function. */
  private inheritFromRecords(
    effective: EffectiveBackends,
    backends: IndexByAddress,
    fresh: VipRecord,
    profile: Profile,
  ): void {
    // Nearly always nothing drains at a start, and it is the same table.
    const isSame = isDeepStrictEqual(effective.previousTable, effective.table);
    const table = isSame ? fresh.table : this.build(effective.previousTable, backends, fresh.slotCount, profile);
    this.inherit({ ...fresh, table, tracks: 0, trackMask: 0 }, fresh);
    if (!isSame) this.discard(table);
  }

  private build(inputs: readonly TableInput[], backends: IndexByAddress, slotCount: number, profile: Profile): number {
    const table = this.take(tableBytes(slotCount)); // filled as a whole
    const entries = inputs.map(({ address, weight, step }) => {
      const index = backends.get(address)?.index ?? 0;
      return { address, weight, index, ...(step !== undefined && { step }) };
    });
    buildTable(this.parts.builder, this.parts.memory, entries, slotCount, table, profile);
    return table;
  }

  /** What `record` points to is not needed once the draft is live. */
  drop(record: VipRecord): void {
    this.replaced.push(record.table);
    if (record.tracks !== 0) this.replaced.push(record.tracks);
    if (record.names !== 0) this.replaced.push(record.names);
  }

  /** The draft is live, and no worker reads what it replaced. */
  finish(): void {
    // Until then workers wrote to the old maps when a packet last took another backend.
    for (const { from, to } of this.merges) {
      this.parts.builder.mergeLastOther(from.tracks, from.trackMask, to.tracks, to.trackMask);
    }
    for (const base of this.replaced) this.arena.release(base);
  }

  /** The draft will not be live. */
  giveUp(): void {
    for (const base of this.made) this.arena.release(base);
  }

  /** Memory of zeros. */
  private allocate(bytes: number): number {
    const base = this.take(bytes);
    this.parts.memory.bytes.fill(0, base, base + bytes);
    return base;
  }

  private take(bytes: number): number {
    const base = this.arena.allocate(bytes);
    this.made.push(base);
    return base;
  }

  private discard(base: number): void {
    this.made.splice(this.made.indexOf(base), 1);
    this.arena.release(base);
  }
}

/** True when a flow that has a slot of the one table has the same slot of the other. */
export function isSameTable(a: TableShape, b: TableShape): boolean {
  return a.slotCount === b.slotCount && a.hash === b.hash && a.fields === b.fields;
}
