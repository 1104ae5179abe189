// test/model/tracking.ts: changed-slot tracking in plain maps, from the rules in ARCHITECTURE.md ("Where a flow goes: tracking"). Nothing is packed, nothing
// is ever full, and a slot is found by looking. Times are ticks.
//
// What the text leaves open is decided here as the hot path does: a flow lives while it was silent for at most the idle
// timeout; a learning window is over at its last tick; a backend whose record is gone is no slot's previous one any more.
import { maglevTable, placeOf } from './maglev.js';

/** A backend record as membership has it. */
export interface ModelRecord {
  address: string;
  /** The 16 bytes of the address. */
  bytes: Uint8Array;
  weight: number;
  state: 'active' | 'draining' | 'down';
}

/** What a model is made with. */
interface TrackingOptions {
  slotCount: number;
  identityKey: Uint8Array;
  tracking: 'changed' | 'all' | 'none';
  idleTicks: number;
  learnTicks: number;
  /** Share of the registered weight below which draining backends count as active. */
  panicShare: number;
}

interface Track {
  previous: string | undefined;
  learnUntil: number;
  /** When a packet last took a backend other than the new one. */
  lastOther: number;
}

interface Flow {
  backend: string;
  seen: number;
}

/** One VIP of one balancer. */
export class TrackingModel {
  private table: (string | undefined)[] | undefined;
  private readonly tracks = new Map<number, Track>();
  private readonly flows = new Map<string, Flow>();
  private serving = new Set<string>();
  private draining = new Set<string>();
  private readonly drained = new Set<string>();

  constructor(private readonly options: TrackingOptions) {}

  /** The records change. */
  publish(records: readonly ModelRecord[], tick: number): void {
    const { chosen, serving } = this.effective(records);
    const before = this.table ?? this.tableOf(this.registered(records, chosen));
    const isStart = this.table === undefined;
    // Who goes down loses all its flows at once.
    for (const [name, { backend }] of this.flows) if (!serving.has(backend)) this.flows.delete(name);
    this.serving = serving;
    this.table = this.tableOf(chosen);
    const isMoved = isStart || this.table.some((backend, slot) => backend !== before[slot]);
    if (isMoved) for (const [slot, backend] of this.table.entries()) this.inherit(slot, before[slot], backend, tick);
    const known = new Set(records.map(({ address }) => address));
    for (const track of this.tracks.values()) {
      if (track.previous !== undefined && !known.has(track.previous)) track.previous = undefined;
    }
    const inTable = new Set(chosen.map(({ address }) => address));
    this.draining = new Set([...serving].filter((address) => !inTable.has(address)));
    for (const address of this.drained) if (!this.draining.has(address)) this.drained.delete(address);
  }

  /** A packet of a flow: the backend it is sent to. */
  packet(flow: string, slot: number, isSyn: boolean, tick: number): string | undefined {
    const fresh = this.table?.[slot];
    const track = this.tracks.get(slot);
    if (track === undefined) return fresh;
    const known = this.flows.get(flow);
    const isKnown = known !== undefined && tick - known.seen <= this.options.idleTicks;
    let backend = isKnown ? known.backend : fresh;
    const mayLearn = !isKnown && !isSyn && tick < track.learnUntil;
    if (mayLearn && track.previous !== undefined && this.serving.has(track.previous)) backend = track.previous;
    if (backend !== undefined) this.flows.set(flow, { backend, seen: tick });
    if (backend !== fresh) track.lastOther = tick;
    return backend;
  }

  /** Time went by: slots are released. Returns the backends that became drained. */
  tend(tick: number): string[] {
    const { idleTicks, tracking } = this.options;
    for (const [slot, track] of this.tracks) {
      if (tick < track.learnUntil || tick - track.lastOther <= idleTicks) continue;
      if (tracking === 'all') track.previous = undefined;
      else this.tracks.delete(slot);
    }
    const done = [...this.draining].filter((address) => !this.drained.has(address) && !this.isHeld(address, tick));
    for (const address of done) this.drained.add(address);
    return done.sort();
  }

  /** How many slots are tracked. */
  get trackedCount(): number {
    return this.tracks.size;
  }

  /** True when flows may stay on a backend. */
  canServe(address: string): boolean {
    return this.serving.has(address);
  }

  private isHeld(address: string, tick: number): boolean {
    if (this.tracks.size === 0) return false;
    if ([...this.tracks.values()].some(({ previous }) => previous === address)) return true;
    return [...this.flows.values()].some(
      ({ backend, seen }) => backend === address && tick - seen <= this.options.idleTicks,
    );
  }

  private inherit(slot: number, old: string | undefined, fresh: string | undefined, tick: number): void {
    const { tracking, learnTicks, idleTicks } = this.options;
    if (tracking === 'none') return;
    const track = this.tracks.get(slot);
    const isChanged = old !== fresh;
    const worthRemembering = isChanged && old !== undefined && this.serving.has(old);
    if (track !== undefined && isChanged) {
      if (track.previous === undefined && worthRemembering) track.previous = old;
      track.learnUntil = tick + learnTicks;
      track.lastOther = tick;
    } else if (track === undefined && worthRemembering) {
      this.tracks.set(slot, { previous: old, learnUntil: tick + learnTicks, lastOther: tick });
    } else if (track === undefined && tracking === 'all') {
      this.tracks.set(slot, { previous: undefined, learnUntil: tick, lastOther: tick - idleTicks });
    }
  }

  /** Who gets new flows, and who may keep the ones he has. */
  private effective(records: readonly ModelRecord[]): { chosen: ModelRecord[]; serving: Set<string> } {
    const weightOf = (some: readonly ModelRecord[]): number => some.reduce((sum, { weight }) => sum + weight, 0);
    const notDown = records.filter(({ state }) => state !== 'down');
    const active = notDown.filter(({ state, weight }) => state === 'active' && weight > 0);
    const isPanic = active.length === 0 || weightOf(active) < this.options.panicShare * weightOf(records);
    const chosen = !isPanic ? active : notDown.length > 0 ? notDown : records;
    const serving = notDown.length > 0 ? notDown : isPanic ? records : [];
    return { chosen: [...chosen], serving: new Set(serving.map(({ address }) => address)) };
  }

  /** Those that had slots before anything was drained: with no history, the table before is theirs. */
  private registered(records: readonly ModelRecord[], chosen: ModelRecord[]): ModelRecord[] {
    const before = records.filter(({ state, weight }) => state !== 'down' && weight > 0);
    return before.length > 0 ? before : chosen;
  }

  private tableOf(records: readonly ModelRecord[]): (string | undefined)[] {
    const { slotCount, identityKey } = this.options;
    const ordered = [...records].sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    const backends = ordered.map(({ bytes, weight }) => ({
      weight: Math.max(1, weight),
      ...placeOf(identityKey, bytes, slotCount),
    }));
    return maglevTable(backends, slotCount).map((place) => ordered[place]?.address);
  }
}
