// host/membership/publish.ts: makes membership live. For each VIP touched: indexes and records for its backends, a new
// lookup table in free memory, the history it inherits; then one new root, one new generation, and, when no worker reads
// the old one any more, the old memory is free again. Nothing a packet worker reads is ever changed under it.
//
// If memory or indexes run out, what was begun is given back and the state before stays live: nothing is half applied.
import { setImmediate } from 'node:timers/promises';
import { FIELDS_5_TUPLE, HASH_NATIVE, REGION_BUILD, REGION_TABLES, TRACKING_NONE } from '../../assembly/layout.js';
import { Arena } from '../arena.js';
import { tickNow } from '../clock.js';
import { MaglevError } from '../errors.js';
import { addressFamily } from './address.js';
import { setOuterSource } from './backendRecord.js';
import { Draft, type PublisherParts } from './draft.js';
import type { Applied, Vip } from './event.js';
import { Indexes } from './indexes.js';
import { type LiveVip, NO_MARKS } from './live.js';
import type { MarkConflict } from './markConflict.js';
import { hasMarks, marksOf } from './marks.js';
import type { Plan } from './planned.js';
import { planState } from './planState.js';
import { readPrefix } from './prefix.js';
import { Roots } from './root.js';
import { backendsOf, type MembershipState } from './state.js';
import { releasedBackends, replaceReleased } from './successors.js';
import { backendName, VipDraft } from './vipDraft.js';

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
    const { live, marks } = this;
    const draft = new Draft(this.parts, this.arena, { live, marks }, { tick: this.tick(), wallMs: this.wallMs() });
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
      draft.giveUp();
      throw error;
    }
    const buildMs = performance.now() - started;
    const generation = await this.roots.publish();
    this.finish(draft);
    return { generation, slotsMoved: draft.tables.slotsMoved, buildMs };
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
      for (const { index } of before.backends.values()) draft.serve(index, false);
      return;
    }
    const registered = backendsOf(state, key).map(({ backend }) => backend);
    const indexes = { vips: this.vipNumbers, backends: this.backendIndexes };
    const made = new VipDraft(this.parts, indexes, draft).make({ key, vip: entry.vip, registered, before });
    draft.live.set(key, made);
    draft.made.push(made);
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
    const vips = [...draft.live.values()];
    // VIPs first: who comes first is found at once.
    const numbers = new Set(vips.map(({ number }) => number));
    for (const { vip } of vips) numbers.add(this.draftOwnAddress(draft, vip.address));
    this.roots.writeIndex(numbers);
  }

  /** The record that says "this address is ours", so that other ports of it are dropped and ARP is answered. */
  private draftOwnAddress(draft: Draft, address: string): number {
    const had = this.addressNumbers.get(address);
    if (had !== undefined) return had;
    const number = draft.take(this.addressNumbers, address);
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
    draft.finish();
    const before = this.live;
    this.live = draft.live;
    this.marks = draft.marks;
    this.releaseVips(draft);
    for (const vip of draft.made) {
      const old = before.get(vip.key);
      if (old !== undefined) this.releaseBackends(draft, old, vip);
    }
    this.forgetFlows(draft.stopped());
  }

  private releaseVips({ gone, live, tick }: Draft): void {
    if (gone.length === 0) return;
    const addresses = new Set([...live.values()].map(({ vip }) => vip.address));
    for (const { key, vip, backends } of gone) {
      this.vipNumbers.release(key, tick);
      for (const backend of backends.values()) this.backendIndexes.release(backendName(key, backend), tick);
      if (!addresses.has(vip.address)) this.addressNumbers.release(vip.address, tick);
    }
  }

  /** Gives back the indexes of backends that stand in the state no more, or under another index. */
  private releaseBackends(draft: Draft, old: LiveVip, vip: LiveVip): void {
    const released = releasedBackends(old, vip);
    for (const backend of released) {
      draft.serve(backend.index, false);
      this.backendIndexes.release(backendName(vip.key, backend), draft.tick);
    }
    replaceReleased(this.parts, vip, released);
  }

  /**
   * A backend that stopped serving loses its flows: in one pass, the flow table says it no more. Their slots, when they are
   * not tracked, send them elsewhere without asking the table; what it still said would call them back when the backend
   * returns, or its index is given to another.
   */
  private forgetFlows(stopped: readonly number[]): void {
    if (stopped.length === 0) return;
    const { memory, builder } = this.parts;
    const { base } = memory.region(REGION_BUILD); // no build is under way: free, and larger than a bit a backend
    memory.bytes.fill(0, base, base + Math.ceil(memory.backendRecords / 8));
    for (const index of stopped) {
      const at = base + (index >> 3);
      memory.view.setUint8(at, memory.view.getUint8(at) | (1 << (index & 7)));
    }
    builder.forgetFlows(base);
  }
}

/** Source routes are bounded over all VIPs together. Throws ERR_LIMIT. */
function checkRoutes(vips: Iterable<{ readonly vip: Vip }>, sourceRoutesMax: number): void {
  let count = 0;
  for (const { vip } of vips) count += Object.keys(vip.sourceRoutes ?? {}).length;
  if (count <= sourceRoutesMax) return;
  const rule = `${count} over all VIPs are more than ${sourceRoutesMax}; raise sourceRoutesMax`;
  throw new MaglevError('ERR_LIMIT', `source routes: ${rule}`, { option: 'sourceRoutesMax', rule });
}
