// host/membership/publish.ts: makes membership live. For each VIP touched: indexes and records for its backends, a new
// lookup table in free memory, the history it inherits; then one new root, one new generation, and, when no worker reads
// the old one any more, the old memory is free again. Nothing a packet worker reads is ever changed under it.
//
// If memory or indexes run out, what was begun is given back and the state before stays live: nothing is half applied.
import { setImmediate } from 'node:timers/promises';
import {
  FIELDS_5_TUPLE,
  HASH_NATIVE,
  NO_BACKEND,
  REGION_BUILD,
  REGION_TABLES,
  TRACKING_NONE,
} from '../../assembly/layout.js';
import { Arena } from '../arena.js';
import { tickNow } from '../clock.js';
import { isOnlyNamed, katranRealBits } from '../compat/katranRecord.js';
import type { NextHops } from '../egress.js';
import { MaglevError } from '../errors.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import type { CoreSettings } from '../options.js';
import { addressFamily } from './address.js';
import { getCanServe, setCanServe, setKatranReal, setOuterSource, writeBackend } from './backendRecord.js';
import { type EffectiveBackends, effectiveBackends, type TableInput } from './effective.js';
import { encapName, encapOf, isSameEncap } from './encap.js';
import type { Applied, Backend, Encap, Vip } from './event.js';
import { Indexes } from './indexes.js';
import { type LiveBackend, type LiveMarks, type LiveVip, NO_MARKS } from './live.js';
import type { MarkConflict } from './markConflict.js';
import { hasMarks, marksOf } from './marks.js';
import { namesOf } from './names.js';
import type { Plan } from './planned.js';
import { planState } from './planState.js';
import { readPrefix } from './prefix.js';
import { Roots } from './root.js';
import { RAMP_STEPS } from './slowStart.js';
import { backendsOf, type MembershipState } from './state.js';
import { TableDraft } from './tableDraft.js';

/** What the publisher works with. */
export interface PublisherParts {
  memory: HotMemory;
  builder: HotPathModule;
  settings: CoreSettings;
  nextHops: NextHops;
  /** Our own address towards a backend, the source of outer headers; undefined while it is not known. */
  sourceFor(address: string): string | undefined;
  /** Before the index of a backend is given to another one. */
  onBackendReuse?(index: number): void;
  onVipReuse?(number: number): void;
  tick?(): number;
  /** Unix time, ms, for slow start. Default: that of the host. */
  wallMs?(): number;
}

/** What one publication has begun: to be finished, or given back. */
interface Draft {
  tick: number;
  /** Unix time, ms: one for all that is published together. */
  wallMs: number;
  live: Map<string, LiveVip>;
  /** VIPs that are new or rebuilt. */
  made: LiveVip[];
  tables: TableDraft;
  servedBefore: Map<number, boolean>;
  gone: LiveVip[];
  marks: LiveMarks;
  /** Gives back the indexes that were taken for it. */
  undo: (() => void)[];
  /** What else is written once it is live. */
  afterwards: (() => void)[];
}

const YIELD_MS = 10; // the event loop waits no longer than this for a build

/** Publishes states to the packet workers of one memory. Calls must not overlap. */
export class Publisher {
  readonly roots: Roots;
  readonly arena: Arena;
  private live = new Map<string, LiveVip>();
  private marks = NO_MARKS;
  private readonly vipNumbers: Indexes;
  private readonly addressNumbers: Indexes;
  private readonly backendIndexes: Indexes;
  private readonly tick: () => number;
  private readonly wallMs: () => number;

  constructor(private readonly parts: PublisherParts) {
    const { memory, builder, settings } = parts;
    this.tick = parts.tick ?? tickNow;
    this.wallMs = parts.wallMs ?? Date.now;
    this.roots = new Roots(memory, builder);
    this.arena = new Arena(memory.region(REGION_TABLES));
    const restTicks = Math.max(settings.tcpIdleTicks, settings.udpIdleTicks);
    const { vipsMax } = settings;
    this.vipNumbers = new Indexes(vipsMax, 'VIPs', 'vipsMax', 1, (number) => parts.onVipReuse?.(number));
    // No more addresses than VIPs; the records behind theirs are only ever read by "is this address ours".
    this.addressNumbers = new Indexes(vipsMax, 'addresses of VIPs', 'vipsMax', 0, () => undefined, vipsMax);
    this.backendIndexes = new Indexes(memory.backendRecords - 1, 'backends', 'backendsMax', restTicks, (index) =>
      parts.onBackendReuse?.(index),
    );
  }

  /** Live VIPs by key. */
  get vips(): ReadonlyMap<string, LiveVip> {
    return this.live;
  }

  /** Backends that health checks do not reach, since another has their mark. */
  get markConflicts(): readonly MarkConflict[] {
    return this.marks.conflicts;
  }

  /** Builds and publishes the VIPs of `touched` as `state` has them. Resolves when every worker has seen it. */
  async publish(state: MembershipState, touched: Iterable<string>): Promise<Applied> {
    const tick = this.tick();
    const tables = new TableDraft(this.parts, this.arena, tick);
    const live = new Map(this.live);
    const wallMs = this.wallMs();
    const { marks } = this;
    const lists = { made: [], gone: [], undo: [], afterwards: [] };
    const draft: Draft = { tick, wallMs, live, tables, servedBefore: new Map(), marks, ...lists };
    const started = performance.now();
    this.roots.begin();
    try {
      let yielded = started;
      for (const key of touched) {
        this.draftVip(draft, state, key);
        if (performance.now() - yielded < YIELD_MS) continue;
        await setImmediate();
        yielded = performance.now();
      }
      checkRoutes(draft.live.values(), this.parts.settings.sourceRoutesMax);
      this.writeRoot(draft);
    } catch (error) {
      this.giveUp(draft);
      throw error;
    }
    const buildMs = performance.now() - started;
    const generation = await this.roots.publish();
    this.finish(draft);
    return { generation, slotsMoved: tables.slotsMoved, buildMs };
  }

  /** What publish() would move, VIP by VIP. Nothing changes. Throws ERR_LIMIT when memory or indexes would not suffice. */
  plan(state: MembershipState, touched: Iterable<string>): Plan[] {
    const { memory, builder, settings } = this.parts;
    const parts = { memory, builder, arena: this.arena, backendIndexes: this.backendIndexes };
    const plans = planState(parts, this.live, state, touched, {
      panicShare: settings.panicShare,
      nowMs: this.wallMs(),
    });
    checkRoutes(state.vips.values(), settings.sourceRoutesMax);
    return plans;
  }

  /**
   * Our own address towards `address` became known or changed: it is the source of outer headers there. Written in place:
   * a frame that meets half of the change is dropped by its receiver for its checksum, once.
   */
  setSource(address: string, source: string): void {
    for (const vip of this.live.values()) {
      const backend = vip.backends.get(address);
      if (backend === undefined) continue;
      const inner = addressFamily(vip.vip.address);
      setOuterSource(this.parts.memory, backend.index, { address, encap: backend.encap, source, inner });
    }
  }

  private draftVip(draft: Draft, state: MembershipState, key: string): void {
    const before = this.live.get(key);
    const entry = state.vips.get(key);
    if (entry === undefined) {
      if (before === undefined) return;
      draft.live.delete(key);
      draft.gone.push(before);
      draft.tables.remove(before);
      for (const backend of before.backends.values()) this.serve(draft, backend.index, false);
      return;
    }
    const backends = backendsOf(state, key).map(({ backend }) => backend);
    const effective = effectiveBackends(entry.vip, backends, this.parts.settings.panicShare, draft.wallMs);
    const made = this.draftLive(draft, key, entry.vip, effective, before, backends);
    draft.live.set(key, made);
    draft.made.push(made);
  }

  private draftLive(
    draft: Draft,
    key: string,
    vip: Vip,
    effective: EffectiveBackends,
    before: LiveVip | undefined,
    registered: Backend[],
  ): LiveVip {
    const number = this.take(draft, this.vipNumbers, key);
    const owner = { key, number, family: addressFamily(vip.address) };
    const inputs = new Map([...effective.previousTable, ...effective.table].map((input) => [input.address, input]));
    const backends = new Map<string, LiveBackend>();
    for (const input of inputs.values()) {
      backends.set(input.address, this.draftBackend(draft, owner, input, before?.backends.get(input.address)));
    }
    // One that is down, or drains with weight 0, is in no table; but flows may still be on it, and it is to be said of the
    // latter when it is drained, also after a start. And health checks are to find out whether one that is down is up again.
    for (const other of registered) {
      const { address } = other;
      if (backends.has(address)) continue;
      const live = before?.backends.get(address);
      const input = { address, weight: 0, encap: encapOf(vip, other) };
      const canServe = effective.canServe.has(address);
      const isReached = canServe || other.healthCheckMark !== undefined;
      if (isReached) backends.set(address, this.draftBackend(draft, owner, input, live));
      else if (live !== undefined) backends.set(address, { ...live });
    }
    for (const { address, healthCheckMark } of registered) {
      const backend = backends.get(address);
      if (backend !== undefined) backend.mark = healthCheckMark;
    }
    // One whose record is gone has lost its flows before its slots change hands, as one that is down.
    for (const live of before?.backends.values() ?? []) {
      if (!backends.has(live.address)) this.serve(draft, live.index, false);
    }
    const inTable = new Set(effective.table.map((input) => input.address));
    const onlyNamed = new Set(registered.filter(isOnlyNamed).map(({ address }) => address));
    for (const backend of backends.values()) {
      const canServe = effective.canServe.has(backend.address);
      this.serve(draft, backend.index, canServe);
      backend.isDraining = canServe && !inTable.has(backend.address) && !onlyNamed.has(backend.address);
      if (!backend.isDraining) backend.isDrained = false;
    }
    this.markReals(draft, backends, registered, before);
    const order = effective.table.map((input) => input.address);
    const weights = effective.table.map(({ weight, step = RAMP_STEPS }) => (weight * step) / RAMP_STEPS);
    const steps = new Map(
      effective.table.flatMap(({ address, step }) => (step === undefined ? [] : [[address, step]])),
    );
    const names = namesOf(vip, registered, effective.canServe);
    const record = draft.tables.make(vip, number, effective, backends, before, names);
    const { panic, nextStepMs } = effective;
    return { key, vip, number, backends, order, weights, steps, nextStepMs, panic, names, record };
  }

  /** For compat 'katran'. A record that is live already gets its marks behind the publication. */
  private markReals(
    draft: Draft,
    backends: ReadonlyMap<string, LiveBackend>,
    registered: Backend[],
    before: LiveVip | undefined,
  ): void {
    if (this.parts.settings.katran === undefined) return;
    for (const record of registered) {
      const backend = backends.get(record.address);
      if (backend === undefined) continue;
      const mark = (): void => setKatranReal(this.parts.memory, backend.index, katranRealBits(record));
      if (before?.backends.get(record.address)?.index === backend.index) draft.afterwards.push(mark);
      else mark();
    }
  }

  /** The record of a backend is never changed while live: another encapsulation is another index. */
  private draftBackend(
    draft: Draft,
    vip: { key: string; number: number; family: 4 | 6 },
    input: TableInput,
    before: LiveBackend | undefined,
  ): LiveBackend {
    if (before !== undefined && isSameEncap(before.encap, input.encap)) return { ...before };
    const index = this.take(draft, this.backendIndexes, backendName(vip.key, input));
    writeBackend(this.parts.memory, index, {
      address: input.address,
      encap: input.encap,
      source: this.parts.sourceFor(input.address),
      inner: vip.family,
      vipNumber: vip.number,
      nextHop: this.takeNextHop(draft, input.address),
    });
    return { index, address: input.address, encap: input.encap, isDraining: false, isDrained: false, mark: undefined };
  }

  /** VIP records of the draft, its index when VIPs came or went, the marks. */
  private writeRoot(draft: Draft): void {
    for (const { record } of draft.made) this.roots.write(record);
    this.writeIndex(draft);
    this.draftMarks(draft);
    this.roots.writeMarks(draft.marks.base, draft.marks.mask);
  }

  /** A new map of marks when a VIP that has some was touched: their backends may have other indexes. */
  private draftMarks(draft: Draft): void {
    const { made, gone, tables, live } = draft;
    const touched = [...made, ...gone].flatMap((vip) => [vip, this.live.get(vip.key)]);
    if (!touched.some(hasMarks)) return;
    const { marks, conflicts } = marksOf(live.values());
    if (draft.marks.base !== 0) tables.replace(draft.marks.base);
    draft.marks = { ...tables.makeMarks(marks), conflicts };
  }

  private writeIndex(draft: Draft): void {
    if (draft.gone.length === 0 && draft.made.every(({ key }) => this.live.has(key))) return;
    const numbers = new Set<number>();
    for (const { number, vip } of draft.live.values()) {
      numbers.add(number);
      numbers.add(this.draftOwnAddress(draft, vip.address));
    }
    this.roots.writeIndex(numbers);
  }

  /** The record that says "this address is ours", so that other ports of it are dropped and ARP is answered. */
  private draftOwnAddress(draft: Draft, address: string): number {
    const had = this.addressNumbers.get(address);
    if (had !== undefined) return had;
    const number = this.take(draft, this.addressNumbers, address);
    const prefix = readPrefix(address);
    const nothing = {
      table: 0,
      slotCount: 0,
      tracking: TRACKING_NONE,
      hash: HASH_NATIVE,
      fields: FIELDS_5_TUPLE,
      ways: 0,
      names: 0,
      katran: 0,
      tracks: 0,
      trackMask: 0,
      learnTicks: 0,
      idleTicks: 0,
    };
    this.roots.write({ number, address: prefix.bytes, prefixBits: prefix.bits, port: 0, protocol: 0, ...nothing });
    return number;
  }

  private finish(draft: Draft): void {
    draft.tables.finish();
    for (const write of draft.afterwards) write();
    const before = this.live;
    this.live = draft.live;
    this.marks = draft.marks;
    this.releaseVips(draft);
    for (const vip of draft.made) {
      const old = before.get(vip.key);
      if (old !== undefined) this.releaseBackends(draft, old, vip);
    }
    this.forgetFlows(draft);
  }

  private releaseVips({ gone, live, tick }: Draft): void {
    if (gone.length === 0) return;
    const addresses = new Set([...live.values()].map(({ vip }) => vip.address));
    for (const { key, vip, backends } of gone) {
      this.vipNumbers.release(key, tick);
      for (const backend of backends.values()) this.releaseBackend(key, backend, tick);
      if (!addresses.has(vip.address)) this.addressNumbers.release(vip.address, tick);
    }
  }

  /** Gives back the indexes of backends that stand in the state no more, or under another index. */
  private releaseBackends(draft: Draft, old: LiveVip, vip: LiveVip): void {
    for (const backend of old.backends.values()) {
      if (vip.backends.get(backend.address)?.index === backend.index) continue;
      this.serve(draft, backend.index, false);
      this.releaseBackend(vip.key, backend, draft.tick);
      const { tracks, trackMask } = vip.record;
      const successor = vip.backends.get(backend.address)?.index ?? NO_BACKEND;
      if (tracks !== 0) this.parts.builder.replacePrevious(tracks, trackMask, backend.index, successor);
    }
  }

  /** An index that is given back when the draft is given up. */
  private take(draft: Draft, indexes: Indexes, key: string): number {
    const { index, undo } = indexes.borrow(key, draft.tick);
    draft.undo.push(undo);
    return index;
  }

  private takeNextHop(draft: Draft, address: string): number {
    const { index, undo } = this.parts.nextHops.borrow(address, draft.tick);
    draft.undo.push(undo);
    return index;
  }

  private releaseBackend(vipKey: string, backend: LiveBackend, tick: number): void {
    this.backendIndexes.release(backendName(vipKey, backend), tick);
  }

  private serve(draft: Draft, index: number, canServe: boolean): void {
    const { memory } = this.parts;
    if (!draft.servedBefore.has(index)) draft.servedBefore.set(index, getCanServe(memory, index));
    setCanServe(memory, index, canServe);
  }

  /**
   * A backend that stopped serving loses its flows: in one pass, the flow table says it no more. Their slots, when they are
   * not tracked, send them elsewhere without asking the table; what it still said would call them back when the backend
   * returns, or its index is given to another.
   */
  private forgetFlows({ servedBefore }: Draft): void {
    const { memory, builder } = this.parts;
    const stopped = [...servedBefore].filter(([index, did]) => did && !getCanServe(memory, index));
    if (stopped.length === 0) return;
    const { base } = memory.region(REGION_BUILD); // no build is under way: free, and larger than a bit a backend
    memory.bytes.fill(0, base, base + Math.ceil(memory.backendRecords / 8));
    for (const [index] of stopped) {
      const at = base + (index >> 3);
      memory.view.setUint8(at, memory.view.getUint8(at) | (1 << (index & 7)));
    }
    builder.forgetFlows(base);
  }

  private giveUp(draft: Draft): void {
    draft.tables.giveUp();
    for (const [index, canServe] of draft.servedBefore) setCanServe(this.parts.memory, index, canServe);
    for (const giveBack of draft.undo) giveBack();
  }
}

/** The same backend with another encapsulation has another record. */
function backendName(vipKey: string, backend: { address: string; encap: Encap }): string {
  return `${vipKey}/${backend.address} ${encapName(backend.encap)}`;
}

/** Source routes are bounded over all VIPs together. Throws ERR_LIMIT. */
function checkRoutes(vips: Iterable<{ readonly vip: Vip }>, sourceRoutesMax: number): void {
  let count = 0;
  for (const { vip } of vips) count += Object.keys(vip.sourceRoutes ?? {}).length;
  if (count <= sourceRoutesMax) return;
  const rule = `${count} over all VIPs are more than ${sourceRoutesMax}; raise sourceRoutesMax`;
  throw new MaglevError('ERR_LIMIT', `source routes: ${rule}`, { option: 'sourceRoutesMax', rule });
}
