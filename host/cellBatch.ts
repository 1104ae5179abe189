// host/cellBatch.ts: a Batch over the cells of worker 0 (assembly/layout.ts, CELLS).
import {
  HEADROOM,
  META_BACKEND,
  META_BYTES,
  META_FLAGS,
  META_FRONT,
  META_HAS_MARK,
  META_HAS_VIRTIO,
  META_HAS_VLAN,
  META_INGRESS,
  META_LENGTH,
  META_MARK,
  META_OUTPUT,
  META_OUTPUTS,
  META_PACKET_TYPE,
  META_VERDICT,
  META_VIP,
  META_VIRTIO,
  META_VLAN_TCI,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_EGRESS,
  OUTPUT_FLAGS,
  OUTPUT_LENGTH,
  OUTPUT_VIRTIO,
  REGION_CELLS,
  VIRTIO_BYTES,
} from '../assembly/layout.js';
import type { Batch, FrameMeta } from './batch.js';
import type { Engine } from './engine.js';
import { optionError } from './errors.js';
import type { LiveVip } from './membership/live.js';
import { outputRecordsOf } from './memory.js';
import type { HotPathModule } from './module.js';

/** Names of what is live, by the numbers in a meta. */
interface Names {
  of: ReadonlyMap<string, LiveVip>;
  vips: Map<number, string>;
  backends: Map<number, string>;
}

/** Whose cells: a worker, and the instance that is bound to it. Default: worker 0, the builder. */
interface CellOwner {
  workerIndex: number;
  hot: HotPathModule;
}

/** A batch over the cells of one worker. */
export class CellBatch implements Batch {
  readonly bytes: Uint8Array;
  private readonly metas: number;
  private readonly outputRecords: number;
  private readonly inputs: Uint8Array[] = [];
  private named: Names | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly frameBytesMax: number,
    readonly size: number,
    private readonly owner: CellOwner = { workerIndex: 0, hot: engine.builder },
  ) {
    const { memory } = engine;
    const { cells, cellBytes } = memory.shape;
    this.bytes = memory.bytes;
    const workerBytes = cells * (META_BYTES + cellBytes) + outputRecordsOf(memory.shape) * OUTPUT_BYTES;
    this.metas = memory.region(REGION_CELLS).base + owner.workerIndex * workerBytes;
    this.outputRecords = this.metas + cells * META_BYTES;
    const first = this.outputRecords + outputRecordsOf(memory.shape) * OUTPUT_BYTES + HEADROOM;
    for (let i = 0; i < cells; i++) {
      this.inputs.push(this.bytes.subarray(first + i * cellBytes, first + i * cellBytes + frameBytesMax));
    }
  }

  /** The same cells seen as a batch of another size. */
  ofSize(size: number): CellBatch {
    return new CellBatch(this.engine, this.frameBytesMax, size, this.owner);
  }

  input(i: number): Uint8Array {
    const input = this.inputs[i];
    if (input === undefined || i >= this.size)
      throw optionError('i', i, `must be below the size of the batch, ${this.size}`);
    return input;
  }

  setLength(i: number, bytes: number): void {
    const at = this.meta(i);
    this.bytes.fill(0, at, at + META_BYTES);
    // A cell has room to spare: what its input did not hold must not look as if it were all there.
    const length = bytes > this.frameBytesMax ? this.engine.memory.shape.cellBytes : bytes;
    this.engine.memory.view.setUint32(at + META_LENGTH, length, true);
  }

  setMeta(i: number, meta: FrameMeta): void {
    const { view } = this.engine.memory;
    const at = this.meta(i);
    const hasVlan = meta.vlanTci === undefined ? 0 : META_HAS_VLAN;
    const hasVirtio = meta.virtio === undefined ? 0 : META_HAS_VIRTIO;
    const hasMark = meta.mark === undefined ? 0 : META_HAS_MARK;
    view.setUint16(at + META_FLAGS, hasVlan | hasVirtio | hasMark, true);
    view.setUint32(at + META_MARK, meta.mark ?? 0, true);
    view.setUint16(at + META_VLAN_TCI, meta.vlanTci ?? 0, true);
    view.setUint8(at + META_PACKET_TYPE, meta.packetType ?? 0);
    view.setUint16(at + META_INGRESS, 0, true);
    if (meta.virtio !== undefined) this.bytes.set(meta.virtio.subarray(0, VIRTIO_BYTES), at + META_VIRTIO);
  }

  run(count: number = this.size): void {
    this.owner.hot.runBatch(count, this.engine.now());
  }

  verdict(i: number): number {
    return this.engine.memory.view.getUint8(this.meta(i) + META_VERDICT);
  }

  front(i: number): number {
    return this.engine.memory.view.getUint16(this.meta(i) + META_FRONT, true);
  }

  outputs(i: number): number {
    return this.engine.memory.view.getUint16(this.meta(i) + META_OUTPUTS, true);
  }

  outputBase(i: number, k = 0): number {
    return this.engine.memory.view.getUint32(this.output(i, k) + OUTPUT_BASE, true);
  }

  outputLength(i: number, k = 0): number {
    return this.engine.memory.view.getUint32(this.output(i, k) + OUTPUT_LENGTH, true);
  }

  /** Egress index of output `k` of frame `i`. */
  outputEgress(i: number, k = 0): number {
    return this.engine.memory.view.getUint16(this.output(i, k) + OUTPUT_EGRESS, true);
  }

  outputVirtio(i: number, k = 0): Uint8Array | undefined {
    const output = this.output(i, k);
    if ((this.engine.memory.view.getUint16(output + OUTPUT_FLAGS, true) & META_HAS_VIRTIO) === 0) return undefined;
    return this.bytes.subarray(output + OUTPUT_VIRTIO, output + OUTPUT_VIRTIO + VIRTIO_BYTES);
  }

  vip(i: number): string | undefined {
    return this.names().vips.get(this.engine.memory.view.getUint16(this.meta(i) + META_VIP, true));
  }

  backend(i: number): string | undefined {
    return this.names().backends.get(this.engine.memory.view.getUint16(this.meta(i) + META_BACKEND, true));
  }

  /** Every publication makes a new map of what is live. */
  private names(): Names {
    const live = this.engine.vips;
    if (this.named?.of === live) return this.named;
    const vips = new Map([...live.values()].map(({ number, key }) => [number, key]));
    const backends = [...live.values()].flatMap((vip) => [...vip.backends.values()]);
    this.named = { of: live, vips, backends: new Map(backends.map(({ index, address }) => [index, address])) };
    return this.named;
  }

  private meta(i: number): number {
    return this.metas + i * META_BYTES;
  }

  private output(i: number, k: number): number {
    const first = this.engine.memory.view.getUint16(this.meta(i) + META_OUTPUT, true);
    return this.outputRecords + (first + k) * OUTPUT_BYTES;
  }
}
