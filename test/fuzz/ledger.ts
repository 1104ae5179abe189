// test/fuzz/ledger.ts: what must add up over many frames, and what must not have changed at all.
import {
  COUNT_BYTES,
  DIRECTORY,
  REGION_BACKEND_COUNTERS,
  REGION_BACKENDS,
  REGION_COUNTERS,
  REGION_EGRESSES,
  REGION_NEXT_HOPS,
  REGION_ROOTS,
  REGION_VIP_COUNTERS,
  REGION_WORKERS,
} from '../../assembly/layout.js';
import { verdictName } from '../../host/stats.js';
import type { Subject } from './subject.js';

const READ_ONLY = [REGION_ROOTS, REGION_BACKENDS, REGION_NEXT_HOPS, REGION_EGRESSES];

/** Counts the frames of one subject beside the hot path's own counters. */
export class Ledger {
  readonly verdicts = new Float64Array(256);
  readonly vips: Float64Array;
  readonly backends: Float64Array;
  private copies: Buffer[] = [];

  constructor(private readonly subject: Subject) {
    this.vips = new Float64Array(subject.engine.memory.vipRecords);
    this.backends = new Float64Array(subject.engine.memory.backendRecords);
  }

  /** Frame `i` of the last run; `held`: how many fragments left behind it that were held. */
  count(i: number, held = 0): void {
    const { subject } = this;
    const vip = subject.vip(i);
    this.verdicts[subject.verdict(i)]!++;
    if (vip === 0) return;
    this.vips[vip]! += 1 + held;
    this.backends[subject.backend(i)]! += 1 + held; // backend 0 takes what found none
  }

  /** The counter that is wrong, or undefined. */
  brokenCounters(): string | undefined {
    const { memory } = this.subject.engine;
    for (let number = 0; number < 64; number++) {
      const told = Number(memory.view.getBigUint64(memory.region(REGION_COUNTERS).base + 8 * number, true));
      const seen = this.verdicts[number] as number;
      if (told !== seen) return `${verdictName(number)} counted ${told} times, seen ${seen} times`;
    }
    return (
      this.brokenTraffic('VIP', REGION_VIP_COUNTERS, this.vips) ??
      this.brokenTraffic('backend', REGION_BACKEND_COUNTERS, this.backends)
    );
  }

  /** Remembers what no frame may change. To be called whenever membership or ways were changed. */
  freeze(): void {
    this.copies = this.readOnly().map((piece) => Buffer.from(piece));
  }

  /** The region that was written to since freeze(), or undefined. */
  brokenMemory(): string | undefined {
    const place = this.readOnly().findIndex((piece, i) => piece.compare(this.copies[i] as Buffer) !== 0);
    if (place < 0) return undefined;
    return place === 0 ? 'the directory was written to' : `region ${READ_ONLY[place - 1]} was written to`;
  }

  private readOnly(): Buffer[] {
    const { memory, engine } = this.subject;
    const regions = READ_ONLY.map((index) => engine.memory.region(index));
    return [
      memory.subarray(DIRECTORY, engine.memory.region(REGION_WORKERS).base), // and CONTROL behind it
      ...regions.map(({ base, bytes }) => memory.subarray(base, base + bytes)),
    ];
  }

  private brokenTraffic(what: string, region: number, seen: Float64Array): string | undefined {
    const { memory } = this.subject.engine;
    for (let number = 0; number < seen.length; number++) {
      const told = Number(memory.view.getBigUint64(memory.region(region).base + number * COUNT_BYTES, true));
      if (told !== seen[number]) return `${what} ${number} counted ${told} packets, seen ${seen[number]}`;
    }
    return undefined;
  }
}
