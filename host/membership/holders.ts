// host/membership/holders.ts: what still holds flows of a backend, of one moment: a slot that has it as its previous one, or the flow
// table. Each is gone through once for all backends, since many may drain at a time and the tables are large.
import { REGION_BUILD } from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import type { LiveVip } from './live.js';

const NONE = 0xffff_ffff; // as an age: the flow table has no flow of it

/** Answers by backend index. Good for one moment, while no build is under way. */
export class Holders {
  private ages: Uint32Array | undefined;
  private readonly previous: Uint8Array;

  constructor(
    private readonly memory: HotMemory,
    private readonly builder: HotPathModule,
    private readonly tick: number,
  ) {
    const { base } = memory.region(REGION_BUILD); // larger than what is laid there: a u32 and a bit for each backend
    const marks = base + memory.backendRecords * 4;
    this.previous = new Uint8Array(memory.memory.buffer, marks, Math.ceil(memory.backendRecords / 8));
  }

  /** Of the tracked slots of `vip`: which backends packets that nobody knows may go to. */
  previousOf({ record: { tracks, trackMask } }: LiveVip): (index: number) => boolean {
    this.previous.fill(0);
    if (tracks !== 0) this.builder.markPrevious(tracks, trackMask, this.previous.byteOffset);
    const marks = this.previous.slice();
    return (index) => ((marks[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** How many ticks ago the youngest flow of a backend that the flow table knows sent; Infinity: it knows none. */
  ageOf(index: number): number {
    this.ages ??= this.readAges();
    const age = this.ages[index] ?? NONE;
    return age === NONE ? Number.POSITIVE_INFINITY : age;
  }

  private readAges(): Uint32Array {
    const { memory, builder } = this;
    const { base } = memory.region(REGION_BUILD);
    builder.youngestFlows(base, memory.backendRecords, this.tick);
    return new Uint32Array(memory.memory.buffer, base, memory.backendRecords).slice();
  }
}
