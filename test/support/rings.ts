// test/support/rings.ts: packet rings without a kernel: this plays its part, for what only a ring can show, such as one that is
// full. Frames lie as assembly/ring/tpacket.ts says; a frame of either ring is FRAME_BYTES.
import {
  REGION_RINGS,
  REGION_WORKERS,
  RING_AT,
  RING_BASE,
  RING_BLOCK_BYTES,
  RING_BLOCK_COUNT,
  RING_FRAME_BYTES,
  RING_FRAMES_PER_BLOCK,
  VIRTIO_BYTES,
  WORKER_RX_RING,
  WORKER_TX_RINGS,
} from '../../assembly/layout.js';
import { setEgress } from '../../host/egress.js';
import { Engine } from '../../host/engine.js';
import type { Change } from '../../host/hotpath.js';
import { readCore } from '../../host/options.js';
import { GOLDEN, SMALL } from './hotpath.js';

const FRAME_BYTES = 2048;
const BLOCK_BYTES = 1 << 20;
const RX_FRAMES = 16;
const RX_MAC = 96; // where the frame begins: behind tpacket2_hdr, sockaddr_ll and the virtio header
const TX_VIRTIO = 32;
const [STATUS, LEN, SNAPLEN, MAC] = [0, 4, 8, 12]; // struct tpacket2_hdr
const [KERNEL, USER] = [0, 1]; // tp_status; for transmit rings: free, to be sent

/** One worker with a receive and a transmit ring of one interface. */
export class Rings {
  readonly engine: Engine;
  private readonly rx: number;
  private readonly tx: number;
  private received = 0;

  private constructor(private readonly txFrames: number) {
    this.engine = new Engine({
      settings: readCore({ ...SMALL, hashSecret: GOLDEN.secret }),
      shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 2 * BLOCK_BYTES },
      sourceFor: (address) => (address.includes(':') ? GOLDEN.outerSource.ipv6 : GOLDEN.outerSource.ipv4),
      tick: () => 1000,
    });
    const { memory } = this.engine;
    this.rx = memory.region(REGION_RINGS).base;
    this.tx = this.rx + BLOCK_BYTES;
    const worker = memory.region(REGION_WORKERS).base;
    this.describe(worker + WORKER_RX_RING, this.rx, RX_FRAMES);
    this.describe(worker + WORKER_TX_RINGS, this.tx, txFrames);
    setEgress(memory, 0, { mac: GOLDEN.mac, isUp: true, announce: false });
  }

  /** A worker that knows `changes`, with so many frames in its transmit ring. */
  static async open(changes: Change[], txFrames: number): Promise<Rings> {
    const rings = new Rings(txFrames);
    await rings.engine.apply(changes, { isAtomic: true });
    for (const address of [GOLDEN.backend4, GOLDEN.backend6])
      rings.engine.nextHops.set(address, { mac: GOLDEN.backendMac, egress: 0, mtu: 0 });
    return rings;
  }

  /** The kernel hands over a frame. */
  receive(frame: Uint8Array, virtio: Uint8Array = new Uint8Array(VIRTIO_BYTES)): void {
    const { bytes, view } = this.engine.memory;
    const at = this.rx + (this.received++ % RX_FRAMES) * FRAME_BYTES;
    bytes.set(virtio, at + RX_MAC - VIRTIO_BYTES);
    bytes.set(frame, at + RX_MAC);
    view.setUint32(at + LEN, frame.length, true);
    view.setUint32(at + SNAPLEN, frame.length, true);
    view.setUint16(at + MAC, RX_MAC, true);
    view.setUint32(at + STATUS, USER, true);
  }

  /** The worker takes up to `budget` frames; returns how many. */
  run(budget = RX_FRAMES): number {
    return this.engine.builder.runRing(budget, this.engine.now());
  }

  /** The kernel sends: takes what waits in the transmit ring, in the order of the ring's frames. */
  send(): { frame: Uint8Array; virtio: Uint8Array }[] {
    const { bytes, view } = this.engine.memory;
    this.engine.builder.takeQueued();
    return Array.from({ length: this.txFrames }, (_, i) => this.tx + i * FRAME_BYTES).flatMap((at) => {
      if (view.getUint32(at + STATUS, true) !== USER) return [];
      view.setUint32(at + STATUS, KERNEL, true);
      const end = at + TX_VIRTIO + view.getUint32(at + LEN, true);
      const frame = at + TX_VIRTIO + VIRTIO_BYTES;
      return [{ virtio: bytes.slice(at + TX_VIRTIO, frame), frame: bytes.slice(frame, end) }];
    });
  }

  private describe(at: number, base: number, frames: number): void {
    const { view } = this.engine.memory;
    view.setUint32(at + RING_BASE, base, true);
    view.setUint32(at + RING_AT, base, true);
    view.setUint32(at + RING_BLOCK_BYTES, BLOCK_BYTES, true);
    view.setUint32(at + RING_BLOCK_COUNT, 1, true);
    view.setUint32(at + RING_FRAME_BYTES, FRAME_BYTES, true);
    view.setUint32(at + RING_FRAMES_PER_BLOCK, frames, true);
  }
}
