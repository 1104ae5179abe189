// host/membership/drains.ts: what time does to what is live: slots are released when their learning window and their flows
// are over, expired flow entries are swept, and a draining backend is drained when nothing is left on it.
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { Holders } from './holders.js';
import type { LiveBackend, LiveVip } from './live.js';
import { isNamed } from './names.js';

/** A backend that no flow and no slot holds any more. */
export interface Drained {
  vip: string;
  backend: string;
}

interface Silence {
  packets: number;
  sinceTick: number;
}

const SWEEPS_A_ROUND = 512; // a whole round of the flow table every 512 calls: 9 minutes at one a second, of 2.3 hours

/** Looks after live tables. Call `tend` about once a second, never while a publication is under way. */
export class Drains {
  private sweptBuckets = 0;

  /** Of draining backends that packets can name, by index: what they had got, and since when nothing more came. */
  private silences = new Map<number, Silence>();

  /** @param packetsOf packets that a backend index ever got */
  constructor(
    private readonly memory: HotMemory,
    private readonly builder: HotPathModule,
    private readonly packetsOf: (index: number) => number,
    /** The flow table has the flows of all slots, whatever the tracking of their VIP: with compat. */
    private readonly entersAll: boolean,
  ) {}

  /** Releases, sweeps, and returns the backends that became drained. */
  tend(vips: Iterable<LiveVip>, tick: number): Drained[] {
    this.sweep(tick);
    const holders = new Holders(this.memory, this.builder, tick);
    const silences = new Map<number, Silence>();
    const drained: Drained[] = [];
    for (const vip of vips) {
      const { table, tracks, trackMask, tracking, idleTicks } = vip.record;
      if (tracks !== 0) this.builder.releaseTracks(table, tracks, trackMask, tracking, tick, idleTicks);
      for (const backend of this.empty(vip, holders)) {
        if (isNamed(vip.names, backend.address)) {
          const silence = this.silenceOf(backend.index, tick);
          silences.set(backend.index, silence);
          if (tick - silence.sinceTick <= idleTicks) continue;
        }
        backend.isDrained = true;
        drained.push({ vip: vip.key, backend: backend.address });
      }
    }
    this.silences = silences;
    return drained;
  }

  /** How many slots of a VIP are tracked now. */
  countTracked(vip: LiveVip): number {
    const { tracks, trackMask } = vip.record;
    return tracks === 0 ? 0 : this.builder.countTracked(tracks, trackMask);
  }

  /** Draining backends that nothing holds flows of. A slot may send its previous one flows that nobody knows of; the flow table knows the others. */
  private empty(vip: LiveVip, holders: Holders): LiveBackend[] {
    const draining = [...vip.backends.values()].filter(({ isDraining, isDrained }) => isDraining && !isDrained);
    const { tracks, idleTicks } = vip.record;
    if (draining.length === 0 || (tracks === 0 && !this.entersAll)) return draining;
    const isPrevious = holders.previousOf(vip);
    return draining.filter(({ index }) => !isPrevious(index) && holders.ageOf(index) > idleTicks);
  }

  /** Flows that name their backend are in no table; but a flow that lives sends within its idle timeout. */
  private silenceOf(index: number, tick: number): Silence {
    const packets = this.packetsOf(index);
    const before = this.silences.get(index);
    return before?.packets === packets ? before : { packets, sinceTick: tick };
  }

  private sweep(tick: number): void {
    const { flowBuckets } = this.memory;
    const count = Math.min(Math.ceil(flowBuckets / SWEEPS_A_ROUND), flowBuckets - this.sweptBuckets);
    this.builder.sweepFlows(this.sweptBuckets, count, tick);
    this.sweptBuckets = (this.sweptBuckets + count) % flowBuckets;
  }
}
