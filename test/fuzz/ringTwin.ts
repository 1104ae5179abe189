// test/fuzz/ringTwin.ts: the scene behind packet rings instead of cells; this plays the kernel's part (assembly/ring/tpacket.ts,
// packet(7)). One receive ring, and a transmit ring for each egress, in blocks whose ends hold no whole frame.
import {
  COUNTER_EVENTS,
  REGION_COUNTERS,
  REGION_RINGS,
  REGION_WORKERS,
  RING_AT,
  RING_BASE,
  RING_BLOCK_BYTES,
  RING_BLOCK_COUNT,
  RING_BYTES,
  RING_FRAME_BYTES,
  RING_FRAMES_PER_BLOCK,
  VIRTIO_BYTES,
  WORKER_INGRESS,
  WORKER_RX_RING,
  WORKER_TX_RINGS,
} from '../../assembly/layout.js';
import { Engine } from '../../host/engine.js';
import { readCore } from '../../host/options.js';
import type { Input } from './input.js';
import { OUTER_SOURCE, SCENE_LIMITS, sceneChanges, writeSurroundings } from './scene.js';

const FRAME_BYTES = 2048;
const FRAMES_PER_BLOCK = 7;
const BLOCK_BYTES = 8 * FRAME_BYTES;
const BLOCKS = 3;
const RING = BLOCKS * BLOCK_BYTES;
const EGRESSES = 3;
const RX_MAC = 98; // behind tpacket2_hdr, sockaddr_ll and the virtio header
const TX_VIRTIO = 32;
const COPY_SLACK = 16; // the hot path may write so far behind a frame
const [STATUS, LEN, SNAPLEN, MAC, TCI, PACKET_TYPE] = [0, 4, 8, 12, 24, 42]; // tpacket2_hdr, then sockaddr_ll
const [KERNEL, USER, VLAN_VALID] = [0, 1, 16]; // tp_status
const GUARD = 0xa5;

/** A frame that was given to the kernel to send. */
export interface Sent {
  egress: number;
  frame: Buffer;
  virtio: Buffer;
}

/** One packet worker with rings. */
export class RingTwin {
  readonly memory: Buffer;
  private readonly rings: number;
  private readonly worker: number;
  private rxFrame = 0;
  /** Next frame of each transmit ring that the worker fills. */
  private readonly txFrames = [0, 0, 0];
  private readonly verdicts: BigUint64Array;
  private readonly before: BigUint64Array;

  private constructor(readonly engine: Engine) {
    const { memory } = engine;
    this.memory = Buffer.from(memory.memory.buffer);
    this.rings = memory.region(REGION_RINGS).base;
    this.worker = memory.region(REGION_WORKERS).base;
    this.verdicts = new BigUint64Array(memory.memory.buffer, memory.region(REGION_COUNTERS).base, COUNTER_EVENTS / 8);
    this.before = new BigUint64Array(this.verdicts.length);
    this.describe(this.worker + WORKER_RX_RING, this.rings);
    for (let egress = 0; egress < EGRESSES; egress++) {
      this.describe(this.worker + WORKER_TX_RINGS + egress * RING_BYTES, this.ringOf(egress));
      this.memory.fill(GUARD, this.ringOf(egress), this.ringOf(egress) + RING);
      for (let n = 0; n < BLOCKS * FRAMES_PER_BLOCK; n++) this.memory.writeUInt32LE(KERNEL, this.frameOf(egress, n));
    }
  }

  static async open(tick: () => number): Promise<RingTwin> {
    const engine = new Engine({
      settings: readCore(SCENE_LIMITS),
      shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: (1 + EGRESSES) * RING },
      sourceFor: (address) => (address.includes(':') ? OUTER_SOURCE.ipv6 : OUTER_SOURCE.ipv4),
      tick,
    });
    await engine.apply(sceneChanges(), { isAtomic: true });
    writeSurroundings(engine);
    return new RingTwin(engine);
  }

  /** The kernel hands over a frame, the worker takes it. Returns its verdict. */
  take(input: Input, tick: number): number {
    const { memory } = this;
    const at = this.slotOf(this.rings, this.rxFrame++ % (BLOCKS * FRAMES_PER_BLOCK));
    const bytes = input.held;
    for (let k = 0; k < VIRTIO_BYTES; k++) memory[at + RX_MAC - VIRTIO_BYTES + k] = input.virtio8(k);
    memory.set(input.bytes.subarray(0, bytes), at + RX_MAC);
    memory.fill(GUARD, at + RX_MAC + bytes, at + FRAME_BYTES);
    memory.writeUInt32LE(input.length, at + LEN);
    memory.writeUInt32LE(bytes, at + SNAPLEN);
    memory.writeUInt16LE(RX_MAC, at + MAC);
    memory.writeUInt16LE(input.vlanTci, at + TCI);
    memory[at + PACKET_TYPE] = input.packetType;
    memory.writeUInt32LE(input.ingress, this.worker + WORKER_INGRESS);
    memory.writeUInt32LE(USER | (input.hasVlan ? VLAN_VALID : 0), at + STATUS);
    this.before.set(this.verdicts);
    const count = this.engine.builder.runRing(2, tick);
    if (count !== 1) throw new Error(`the ring took ${count} frames of one`);
    if (memory.readUInt32LE(at + STATUS) !== KERNEL) throw new Error('the frame was not given back to the kernel');
    return this.verdictOfLast();
  }

  /** The kernel sends what waits, in the order of the rings' frames. */
  send(): Sent[] {
    const { memory } = this;
    this.engine.builder.takeQueued();
    const sent: Sent[] = [];
    for (let egress = 0; egress < EGRESSES; egress++) {
      for (;;) {
        const at = this.frameOf(egress, (this.txFrames[egress] as number) % (BLOCKS * FRAMES_PER_BLOCK));
        if (memory.readUInt32LE(at + STATUS) !== USER) break;
        this.txFrames[egress]!++;
        sent.push({ egress, ...this.takeFrame(at) });
      }
    }
    return sent;
  }

  /** Takes a frame out of a transmit ring. Throws when more of its place was written than the frame. */
  private takeFrame(at: number): Pick<Sent, 'frame' | 'virtio'> {
    const { memory } = this;
    const end = at + TX_VIRTIO + memory.readUInt32LE(at + LEN);
    const begin = at + TX_VIRTIO + VIRTIO_BYTES;
    const virtio = Buffer.from(memory.subarray(at + TX_VIRTIO, begin));
    const frame = Buffer.from(memory.subarray(begin, end));
    for (let k = end + COPY_SLACK; k < at + FRAME_BYTES; k++) {
      if (memory[k] !== GUARD) throw new Error(`byte ${k - end} behind a frame of the transmit ring was written`);
    }
    memory.fill(GUARD, at, end + COPY_SLACK);
    memory.writeUInt32LE(KERNEL, at + STATUS);
    return { virtio, frame };
  }

  private verdictOfLast(): number {
    const changed: number[] = [];
    this.verdicts.forEach((count, number) => {
      if (count !== this.before[number]) changed.push(number);
    });
    if (changed.length !== 1) throw new Error(`verdicts ${changed.join()} were counted for one frame`);
    return changed[0] as number;
  }

  private ringOf(egress: number): number {
    return this.rings + (1 + egress) * RING;
  }

  private frameOf(egress: number, n: number): number {
    return this.slotOf(this.ringOf(egress), n);
  }

  private slotOf(ring: number, n: number): number {
    return ring + Math.floor(n / FRAMES_PER_BLOCK) * BLOCK_BYTES + (n % FRAMES_PER_BLOCK) * FRAME_BYTES;
  }

  private describe(at: number, base: number): void {
    const { view } = this.engine.memory;
    view.setUint32(at + RING_BASE, base, true);
    view.setUint32(at + RING_AT, base, true);
    view.setUint32(at + RING_BLOCK_BYTES, BLOCK_BYTES, true);
    view.setUint32(at + RING_BLOCK_COUNT, BLOCKS, true);
    view.setUint32(at + RING_FRAME_BYTES, FRAME_BYTES, true);
    view.setUint32(at + RING_FRAMES_PER_BLOCK, FRAMES_PER_BLOCK, true);
  }
}
