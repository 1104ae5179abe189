// test/fuzz/subject.ts: a hot path that is fuzzed, from below: its cells, metas and outputs as layout.ts has them.
import {
  HEADROOM,
  META_BACKEND,
  META_BYTES,
  META_FRONT,
  META_OUTPUT,
  META_OUTPUTS,
  META_VERDICT,
  META_VIP,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_EGRESS,
  OUTPUT_FLAGS,
  OUTPUT_LENGTH,
  OUTPUT_VIRTIO,
  REGION_CELLS,
  REGION_FLOWS,
  REGION_SEGMENTS,
  VIRTIO_BYTES,
} from '../../assembly/layout.js';
import type { Engine } from '../../host/engine.js';
import type { HotPath } from '../../host/hotpath.js';
import { outputRecordsOf, type Region } from '../../host/memory.js';
import type { HotPathModule } from '../../host/module.js';
import { engineOf } from '../support/hotpath.js';
import type { Input } from './input.js';

const GUARD = 0xa5;
const GUARD_WORD = 0xa5a5_a5a5 | 0;
const NEAR = 32;
const LONG = 2048;

/** Cells of one hot path. Numbers of frames and outputs are those of the last run. */
export class Subject {
  readonly engine: Engine;
  /** The whole memory, with a fast compare. */
  readonly memory: Buffer;
  readonly cellBytes: number;
  /** Where the segments of super-frames lie, of all frames of a batch. */
  readonly segments: Region;
  private readonly view: DataView;
  private readonly metas: number;
  private readonly records: number;
  private readonly cells: number;
  private readonly inputMetas: Uint8Array[] = [];
  private readonly words: Int32Array;
  /** Which words of a cell may hold something else than GUARD. */
  private readonly dirtyBegins: number[] = [];
  private readonly dirtyEnds: number[] = [];

  constructor(
    readonly hotPath: HotPath,
    readonly capacity: number,
  ) {
    this.engine = engineOf(hotPath);
    const { memory } = this.engine;
    const { cells, cellBytes } = memory.shape;
    this.segments = memory.region(REGION_SEGMENTS);
    this.memory = Buffer.from(memory.memory.buffer);
    this.view = memory.view;
    this.cellBytes = cellBytes;
    this.words = memory.words;
    this.metas = memory.region(REGION_CELLS).base;
    this.records = this.metas + cells * META_BYTES;
    this.cells = this.records + outputRecordsOf(memory.shape) * OUTPUT_BYTES;
    for (let i = 0; i < cells; i++) {
      const meta = this.metas + i * META_BYTES;
      this.inputMetas.push(memory.bytes.subarray(meta, meta + META_BYTES));
      this.dirtyBegins.push(this.cellAt(i) >> 2);
      this.dirtyEnds.push((this.cellAt(i) + cellBytes) >> 2);
    }
  }

  /** Lays an input into cell `i`; around it stays what was there. */
  put(i: number, input: Input): void {
    this.copyFrame(i, input);
    (this.inputMetas[i] as Uint8Array).set(input.meta);
  }

  /** The same with nothing but GUARD in the rest of the cell. */
  putGuarded(i: number, input: Input): void {
    const { words } = this;
    const last = this.dirtyEnds[i] as number;
    for (let k = this.dirtyBegins[i] as number; k < last; k++) words[k] = GUARD_WORD;
    this.put(i, input);
    const end = this.cellAt(i) + HEADROOM + input.held;
    for (let at = end; at & 3; at++) this.memory[at] = GUARD;
    this.dirtyBegins[i] = (this.cellAt(i) + HEADROOM) >> 2;
    this.dirtyEnds[i] = (end + 3) >> 2;
  }

  /**
   * True when cell `i` still holds GUARD before and behind the frame that was put there and the frames that left, which lie
   * in one piece, as frames are rewritten in place. `all` looks at the whole cell, else at what is near.
   */
  isGuarded(i: number, input: Input, all: boolean): boolean {
    const cell = this.cellAt(i);
    const last = cell + this.cellBytes;
    let begin = cell + HEADROOM;
    let end = begin + input.held;
    const first = this.firstOutput(i);
    for (let o = first; o < first + this.outputs(i); o++) {
      const base = this.base(o);
      if (base < cell || base >= last) continue;
      begin = Math.min(begin, base);
      end = Math.max(end, base + this.length(o));
    }
    this.dirtyBegins[i] = begin >> 2;
    this.dirtyEnds[i] = (end + 3) >> 2;
    const from = all ? cell : Math.max(cell, begin - NEAR);
    const to = all ? last : Math.min(last, end + NEAR);
    for (let at = from; at < begin; at++) if (this.memory[at] !== GUARD) return false;
    for (let at = end; at < to; at++) if (this.memory[at] !== GUARD) return false;
    return true;
  }

  private copyFrame(i: number, input: Input): void {
    const to = (this.cellAt(i) + HEADROOM) >> 2;
    const { words } = this;
    const from = input.words;
    const count = (input.held + 3) >> 2;
    for (let k = 0; k < count; k++) words[to + k] = from[k] as number;
  }

  /** `isGeneral`: without the fast path, where there is one. */
  run(count: number, tick: number, isGeneral = false): void {
    const { builder } = this.engine;
    const general = builder.runGeneralBatch as HotPathModule['runBatch'] | undefined;
    if (isGeneral && general !== undefined) general(count, tick);
    else builder.runBatch(count, tick);
  }

  /** Address of cell `i`. */
  cellAt(i: number): number {
    return this.cells + i * this.cellBytes;
  }

  /** Bytes that inline decapsulation took off the front of frame `i`. */
  front(i: number): number {
    return this.view.getUint16(this.metas + i * META_BYTES + META_FRONT, true);
  }

  verdict(i: number): number {
    return this.memory[this.metas + i * META_BYTES + META_VERDICT] as number;
  }

  vip(i: number): number {
    return this.view.getUint16(this.metas + i * META_BYTES + META_VIP, true);
  }

  backend(i: number): number {
    return this.view.getUint16(this.metas + i * META_BYTES + META_BACKEND, true);
  }

  firstOutput(i: number): number {
    return this.view.getUint16(this.metas + i * META_BYTES + META_OUTPUT, true);
  }

  outputs(i: number): number {
    return this.view.getUint16(this.metas + i * META_BYTES + META_OUTPUTS, true);
  }

  // Of output record `o`, counted over the whole batch:

  base(o: number): number {
    return this.view.getUint32(this.records + o * OUTPUT_BYTES + OUTPUT_BASE, true);
  }

  length(o: number): number {
    return this.view.getUint32(this.records + o * OUTPUT_BYTES + OUTPUT_LENGTH, true);
  }

  egress(o: number): number {
    return this.view.getUint16(this.records + o * OUTPUT_BYTES + OUTPUT_EGRESS, true);
  }

  outputFlags(o: number): number {
    return this.view.getUint16(this.records + o * OUTPUT_BYTES + OUTPUT_FLAGS, true);
  }

  /** Address of the virtio header of output `o`; it counts when the flags say so. */
  virtioAt(o: number): number {
    return this.records + o * OUTPUT_BYTES + OUTPUT_VIRTIO;
  }

  /** True when `count` bytes here and there are the same. */
  isSame(at: number, other: Subject, otherAt: number, count: number): boolean {
    if ((at & 3) !== (otherAt & 3) || count > LONG) {
      return this.memory.compare(other.memory, otherAt, otherAt + count, at, at + count) === 0;
    }
    // A call into Node costs more than this, for frames of some hundred bytes.
    const end = at + count;
    let k = at;
    for (; k < end && k & 3; k++) if (this.memory[k] !== other.memory[otherAt + k - at]) return false;
    const shift = (otherAt - at) >> 2;
    for (; k + 4 <= end; k += 4) if (this.words[k >> 2] !== other.words[(k >> 2) + shift]) return false;
    for (; k < end; k++) if (this.memory[k] !== other.memory[otherAt + k - at]) return false;
    return true;
  }

  /** True when both flow tables are the same, entry by entry. */
  hasFlowsOf(other: Subject): boolean {
    const { base, bytes } = this.engine.memory.region(REGION_FLOWS);
    const there = other.engine.memory.region(REGION_FLOWS).base;
    return this.memory.compare(other.memory, there, there + bytes, base, base + bytes) === 0;
  }

  isSameVirtio(o: number, other: Subject, otherOutput: number): boolean {
    return this.isSame(this.virtioAt(o), other, other.virtioAt(otherOutput), VIRTIO_BYTES);
  }
}
