// host/membership/liveTables.ts: what is in the live tables, read once a publication of a VIP and then remembered: a table does
// not change while it is live, and reading a thousand of them takes a fifth of a second.
import { setImmediate } from 'node:timers/promises';
import type { HotMemory } from '../memory.js';
import type { TableDigest, VipTable } from './compared.js';
import { isDraining } from './effective.js';
import { encapName, encapOf } from './encap.js';
import type { LiveVip } from './live.js';
import { RAMP_STEPS } from './slowStart.js';
import { backendsOf, type MembershipState } from './state.js';
import { digestOf, type ReadTable, readTable, slotsByBackend } from './table.js';

interface Remembered {
  slots: Map<string, number>;
  digest?: TableDigest;
}

const YIELD_MS = 10;

export class LiveTables {
  private readonly remembered = new WeakMap<LiveVip, Remembered>();

  constructor(private readonly memory: HotMemory) {}

  /** The table itself, copied. */
  read(vip: LiveVip): ReadTable {
    return readTable(this.memory, vip);
  }

  /** Slots of each backend, by address. */
  slots(vip: LiveVip): Map<string, number> {
    return this.remember(vip).slots;
  }

  digest(vip: LiveVip): TableDigest {
    const known = this.remember(vip);
    known.digest ??= digestOf(this.read(vip));
    return known.digest;
  }

  /** Reads what is not remembered yet, a few milliseconds at a time. */
  async readAll(vips: () => Iterable<LiveVip>): Promise<void> {
    let yielded = performance.now();
    for (let isComplete = false; !isComplete; ) {
      isComplete = true; // unless something is new, perhaps since we began
      for (const vip of vips()) {
        if (this.remembered.get(vip)?.digest !== undefined) continue;
        isComplete = false;
        this.digest(vip);
        if (performance.now() - yielded < YIELD_MS) continue;
        await setImmediate();
        yielded = performance.now();
      }
    }
  }

  /** A VIP's table as balancers compare it. */
  describe(state: MembershipState, vip: LiveVip): VipTable {
    const slots = this.slots(vip);
    const counted = new Map(vip.order.map((address, i) => [address, vip.weights[i] ?? 0]));
    const weightOf = (address: string): number => {
      const step = vip.steps.get(address) ?? RAMP_STEPS;
      return Math.round(((counted.get(address) ?? 0) * RAMP_STEPS) / step);
    };
    const backends = backendsOf(state, vip.key).map(({ backend }) => ({
      address: backend.address,
      weight: weightOf(backend.address),
      step: vip.steps.get(backend.address),
      slots: slots.get(backend.address) ?? 0,
      state: isDraining(backend) ? ('draining' as const) : (backend.state ?? 'active'),
      encap: encapName(encapOf(vip.vip, backend)),
      isDrained: vip.backends.get(backend.address)?.isDrained ?? false,
    }));
    const { hash = 'native', hashOn = '5-tuple' } = vip.vip;
    return { vip: vip.key, slotCount: vip.record.slotCount, hash, hashOn, backends, ...this.digest(vip) };
  }

  private remember(vip: LiveVip): Remembered {
    const known = this.remembered.get(vip);
    if (known !== undefined) return known;
    const fresh = { slots: slotsByBackend(this.read(vip)) };
    this.remembered.set(vip, fresh);
    return fresh;
  }
}
