// host/membership/state.ts: what is known of membership. Pure: (state, changes) -> state.
//
//   vips       by key                       live
//   backends   by key of their VIP, then by address: live when that VIP is there and from the same source, else pending
//
// The last record of a key is the truth, whatever came before it and in whatever order other keys came: two balancers that
// were told the same records have the same state. A state is never changed; the next one shares all that stayed as it was.
import { isDeepStrictEqual } from 'node:util';
import { encapOf, familyRule } from './encap.js';
import type { Backend, Change, Refusal, Vip } from './event.js';
import type { CanonicalBackend, CanonicalVip } from './record.js';
import { type Broken, type Place, refusalAt, showValue } from './refusal.js';
import { type CanonicalRemove, isRefusal, readChange, type Step } from './validate.js';

/** A VIP record, canonical, and who told it. */
export interface VipEntry {
  /** `tcp/192.0.2.80:80`. */
  readonly key: string;
  readonly vip: Vip;
  readonly source: string;
}

/** A backend record, canonical, and who told it. */
export interface BackendEntry {
  /** `tcp/192.0.2.80:80/10.0.1.9`. */
  readonly key: string;
  /** Of its VIP, which may not be there. */
  readonly vipKey: string;
  readonly backend: Backend;
  readonly source: string;
}

/** All records that are known. Never changed: `applyChanges` makes the next one. */
export interface MembershipState {
  /** By key. */
  readonly vips: ReadonlyMap<string, VipEntry>;
  /** By key of the VIP, which may not be there (yet), then by address. No inner map is empty. */
  readonly backends: ReadonlyMap<string, ReadonlyMap<string, BackendEntry>>;
}

/** Who tells changes, and where they stood. */
export interface Origin {
  /** Name of the source. Default `api`. */
  source?: string;
  /** For refusals: `where`, or `change 3` counted from 1 in the list when left out. */
  where?: string;
  /** What this balancer makes of a canonical record, or the rule of its own that it breaks. */
  adapt?(step: Step): Step | Broken;
}

/** What became of a list of changes. */
export interface StateOutcome {
  /** The same object as before when nothing changed. */
  state: MembershipState;
  /** Keys of the VIPs whose table, or being there at all, may have changed. Not those whose backends are all pending. */
  touched: Set<string>;
  /** Changes that were not taken; the others were. */
  refusals: Refusal[];
}

/** Nothing is known. */
export const EMPTY_STATE: MembershipState = { vips: new Map(), backends: new Map() };

/** Name of the source of changes that come without one. */
const DEFAULT_SOURCE = 'api';

/**
 * Applies `changes` in order. A refused change changes nothing and stops no other; for all or nothing ask
 * `validateChanges` first. Cost: the changes, the two outer maps once, and the backends of each VIP touched once.
 */
export function applyChanges(state: MembershipState, changes: readonly unknown[], origin: Origin = {}): StateOutcome {
  const draft = new Draft(state, origin.source ?? DEFAULT_SOURCE);
  const refusals: Refusal[] = [];
  changes.forEach((change, index) => {
    const where = origin.where ?? `change ${index + 1}`;
    const place = { where, ignored: 'change' } as const;
    const step = adapted(readChange(change, place), place, origin);
    const refusal = isRefusal(step) ? step : draft.apply(step, where);
    if (refusal !== undefined) refusals.push(refusal);
  });
  return { state: draft.finish(), touched: draft.touched, refusals };
}

function adapted(step: Step | Refusal, place: Place, { adapt }: Origin): Step | Refusal {
  if (adapt === undefined || isRefusal(step)) return step;
  const outcome = adapt(step);
  return 'rule' in outcome ? refusalAt(place, outcome) : outcome;
}

/** The backends a VIP has now: none when the VIP is not there, none that its encapsulation cannot reach. In no particular order. */
export function backendsOf(state: MembershipState, vipKey: string): BackendEntry[] {
  const vip = state.vips.get(vipKey);
  if (vip === undefined) return [];
  return [...(state.backends.get(vipKey)?.values() ?? [])].filter((entry) => !isPending(entry, vip));
}

/**
 * Backends that wait for their VIP: told before it, after its removal, or by another source than it; or of the other family
 * while its encapsulation is one that cannot change that.
 */
export function pendingBackends(state: MembershipState): BackendEntry[] {
  return [...state.backends].flatMap(([vipKey, entries]) => {
    const vip = state.vips.get(vipKey);
    return [...entries.values()].filter((entry) => isPending(entry, vip));
  });
}

function isPending({ source, backend }: BackendEntry, entry: VipEntry | undefined): boolean {
  if (source !== entry?.source) return true;
  const { key, vip } = entry;
  return familyRule(encapOf(vip, backend), { key, address: vip.address }, backend.address) !== undefined;
}

/** How many records there are, pending backends among `backends`. */
export function countRecords(state: MembershipState): { vips: number; backends: number; pending: number } {
  let backends = 0;
  for (const entries of state.backends.values()) backends += entries.size;
  return { vips: state.vips.size, backends, pending: pendingBackends(state).length };
}

/** The changes that say `state` to somebody who knows nothing. */
export function changesOf(state: MembershipState): Change[] {
  const vips = [...state.vips.values()].map(({ vip }) => ({ put: vip }));
  const backends = [...state.backends.values()].flatMap((entries) => [...entries.values()]);
  return [...vips, ...backends.map(({ backend }) => ({ put: backend }))];
}

/** The next state while it is made: copies a map when it is first written to. */
class Draft {
  readonly touched = new Set<string>();
  private vips: Map<string, VipEntry> | undefined;
  private backends: Map<string, ReadonlyMap<string, BackendEntry>> | undefined;
  private readonly copied = new Map<string, Map<string, BackendEntry>>(); // inner maps that are ours to write to

  constructor(
    private readonly before: MembershipState,
    private readonly source: string,
  ) {}

  apply(step: Step, where: string): Refusal | undefined {
    const owner = this.foreignOwner(step);
    if (owner !== undefined) {
      const rule = `expected ${owner}, which owns this key: one source a VIP`;
      return refusalAt(
        { where, ignored: 'change' },
        { key: step.key, field: 'source', value: showValue(this.source), rule },
      );
    }
    if (step.kind === 'vip') this.putVip(step);
    else if (step.kind === 'backend') this.putBackend(step);
    else if (step.backendAddress === undefined) this.removeVip(step);
    else this.removeBackend(step, step.backendAddress);
    return undefined;
  }

  finish(): MembershipState {
    if (this.vips === undefined && this.backends === undefined) return this.before;
    return { vips: this.currentVips(), backends: this.currentBackends() };
  }

  // Who else owns this key, if somebody else does: the teller of the record that is there, else of a new backend's VIP.
  private foreignOwner(step: Step): string | undefined {
    const owner = this.ownerOf(step);
    return owner === this.source ? undefined : owner;
  }

  private ownerOf(step: Step): string | undefined {
    if (step.kind === 'vip') return this.currentVips().get(step.key)?.source;
    const address = step.kind === 'backend' ? step.backend.address : step.backendAddress;
    if (address === undefined) return this.currentVips().get(step.key)?.source;
    const there = this.currentBackends().get(step.vipKey)?.get(address)?.source;
    return there ?? (step.kind === 'backend' ? this.currentVips().get(step.vipKey)?.source : undefined);
  }

  private putVip({ key, vip }: CanonicalVip): void {
    if (isDeepStrictEqual(this.currentVips().get(key)?.vip, vip)) return;
    this.vipsToWrite().set(key, { key, vip, source: this.source });
    this.touched.add(key);
  }

  private removeVip({ key }: CanonicalRemove): void {
    if (!this.currentVips().has(key)) return;
    this.vipsToWrite().delete(key);
    this.touched.add(key);
  }

  private putBackend({ key, vipKey, backend }: CanonicalBackend): void {
    if (isDeepStrictEqual(this.currentBackends().get(vipKey)?.get(backend.address)?.backend, backend)) return;
    this.entriesToWrite(vipKey).set(backend.address, { key, vipKey, backend, source: this.source });
    this.touchIfLive(vipKey);
  }

  private removeBackend({ vipKey }: CanonicalRemove, address: string): void {
    if (!this.currentBackends().get(vipKey)?.has(address)) return;
    const entries = this.entriesToWrite(vipKey);
    entries.delete(address);
    if (entries.size === 0) {
      this.backendsToWrite().delete(vipKey);
      this.copied.delete(vipKey);
    }
    this.touchIfLive(vipKey);
  }

  private touchIfLive(vipKey: string): void {
    if (this.currentVips().get(vipKey)?.source === this.source) this.touched.add(vipKey);
  }

  private currentVips(): ReadonlyMap<string, VipEntry> {
    return this.vips ?? this.before.vips;
  }

  private currentBackends(): MembershipState['backends'] {
    return this.backends ?? this.before.backends;
  }

  private vipsToWrite(): Map<string, VipEntry> {
    this.vips ??= new Map(this.before.vips);
    return this.vips;
  }

  private backendsToWrite(): Map<string, ReadonlyMap<string, BackendEntry>> {
    this.backends ??= new Map(this.before.backends);
    return this.backends;
  }

  private entriesToWrite(vipKey: string): Map<string, BackendEntry> {
    const ours = this.copied.get(vipKey);
    if (ours !== undefined) return ours;
    const copy = new Map(this.currentBackends().get(vipKey));
    this.copied.set(vipKey, copy);
    this.backendsToWrite().set(vipKey, copy);
    return copy;
  }
}
