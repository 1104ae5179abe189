// host/membership/vipDraft.ts: one VIP of a draft: indexes and records for its backends, who of them serves, its table.
import { isOnlyNamed, katranRealBits } from '../compat/katranRecord.js';
import { addressFamily } from './address.js';
import { setKatranReal, writeBackend } from './backendRecord.js';
import type { Draft, PublisherParts } from './draft.js';
import { type EffectiveBackends, effectiveBackends, type TableInput } from './effective.js';
import { encapName, encapOf, isSameEncap } from './encap.js';
import type { Backend, Encap, Vip } from './event.js';
import type { Indexes } from './indexes.js';
import type { LiveBackend, LiveVip } from './live.js';
import { namesOf } from './names.js';
import { RAMP_STEPS } from './slowStart.js';

/** A VIP as it is to be. */
interface Wanted {
  key: string;
  vip: Vip;
  /** All of its records, in any order. */
  registered: readonly Backend[];
  /** What is live of it. */
  before: LiveVip | undefined;
}

/** What a backend's record says of its VIP. */
interface Owner {
  key: string;
  number: number;
  family: 4 | 6;
}

/** What a backend needs a record for. */
type Reached = Pick<TableInput, 'address' | 'encap'>;

/** Makes VIPs of one draft. */
export class VipDraft {
  constructor(
    private readonly parts: PublisherParts,
    private readonly indexes: { vips: Indexes; backends: Indexes },
    private readonly draft: Draft,
  ) {}

  /** Throws ERR_LIMIT when memory or indexes do not suffice; the draft is to be given up then. */
  make(wanted: Wanted): LiveVip {
    const { key, vip, registered, before } = wanted;
    const effective = effectiveBackends(vip, registered, this.parts.settings.panicShare, this.draft.wallMs);
    const number = this.draft.take(this.indexes.vips, key);
    const backends = this.backends(wanted, effective, { key, number, family: addressFamily(vip.address) });
    this.serve(wanted, effective, backends);
    this.markReals(wanted, backends);
    const names = namesOf(vip, registered, effective.canServe);
    const { table, panic, nextStepMs } = effective;
    return {
      key,
      vip,
      number,
      backends,
      order: table.map(({ address }) => address),
      weights: table.map(({ weight, step = RAMP_STEPS }) => (weight * step) / RAMP_STEPS),
      steps: new Map(table.flatMap(({ address, step }) => (step === undefined ? [] : [[address, step]]))),
      nextStepMs,
      panic,
      names,
      record: this.draft.tables.make(vip, number, effective, backends, before, names),
    };
  }

  /** All that have a record: those of the tables, those that may have flows, those that health checks are to reach. */
  private backends({ vip, registered, before }: Wanted, effective: EffectiveBackends, owner: Owner) {
    const backends = new Map<string, LiveBackend>();
    for (const input of new Set([...effective.table, ...effective.previousTable])) {
      if (!backends.has(input.address)) backends.set(input.address, this.backend(owner, input, before));
    }
    // One that is down, or drains with weight 0, is in no table; but flows may still be on it, and it is to be said of the
    // latter when it is drained, also after a start. And health checks are to find out whether one that is down is up again.
    for (const other of registered) {
      const { address, healthCheckMark } = other;
      if (backends.has(address)) continue;
      const live = before?.backends.get(address);
      const isReached = effective.canServe.has(address) || healthCheckMark !== undefined;
      if (isReached) backends.set(address, this.backend(owner, { address, encap: encapOf(vip, other) }, before));
      else if (live !== undefined) backends.set(address, { ...live });
    }
    for (const { address, healthCheckMark } of registered) {
      const backend = backends.get(address);
      if (backend !== undefined) backend.mark = healthCheckMark;
    }
    return backends;
  }

  /** The record of a backend is never changed while live: another encapsulation is another index. */
  private backend(owner: Owner, { address, encap }: Reached, before: LiveVip | undefined): LiveBackend {
    const live = before?.backends.get(address);
    if (live !== undefined && isSameEncap(live.encap, encap)) return { ...live };
    const index = this.draft.take(this.indexes.backends, backendName(owner.key, { address, encap }));
    writeBackend(this.parts.memory, index, {
      address,
      encap,
      source: this.parts.sourceFor(address),
      inner: owner.family,
      vipNumber: owner.number,
      nextHop: this.draft.takeNextHop(address),
    });
    return { index, address, encap, isDraining: false, isDrained: false, mark: undefined };
  }

  private serve(
    { registered, before }: Wanted,
    { table, canServe }: EffectiveBackends,
    backends: ReadonlyMap<string, LiveBackend>,
  ): void {
    // One whose record is gone has lost its flows before its slots change hands, as one that is down.
    for (const live of before?.backends.values() ?? []) {
      if (!backends.has(live.address)) this.draft.serve(live.index, false);
    }
    const inTable = new Set(table.map(({ address }) => address));
    const onlyNamed = new Set(registered.filter(isOnlyNamed).map(({ address }) => address));
    for (const backend of backends.values()) {
      const { address } = backend;
      this.draft.serve(backend.index, canServe.has(address));
      backend.isDraining = canServe.has(address) && !inTable.has(address) && !onlyNamed.has(address);
      if (!backend.isDraining) backend.isDrained = false;
    }
  }

  /** For compat 'katran'. A record that is live already gets its marks behind the publication. */
  private markReals({ registered, before }: Wanted, backends: ReadonlyMap<string, LiveBackend>): void {
    if (this.parts.settings.katran === undefined) return;
    for (const record of registered) {
      const backend = backends.get(record.address);
      if (backend === undefined) continue;
      const mark = (): void => setKatranReal(this.parts.memory, backend.index, katranRealBits(record));
      if (before?.backends.get(record.address)?.index === backend.index) this.draft.later(mark);
      else mark();
    }
  }
}

/** Names the record of a backend: with another encapsulation it has another one. */
export function backendName(vipKey: string, { address, encap }: { address: string; encap: Encap }): string {
  return `${vipKey}/${address} ${encapName(encap)}`;
}
