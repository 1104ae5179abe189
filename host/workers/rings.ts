// host/workers/rings.ts: which rings each packet worker has, and where they lie in the memory.
//
//   worker   = one receive ring of one interface, and one transmit ring for every interface
//   RINGS    | worker 0: rx + tx of its own interface | tx of another | ... | worker 1: ... |
//
// Each piece is one socket and one mapping; a worker sends back out of the port it receives from through the same socket.
import {
  REGION_WORKERS,
  RING_AT,
  RING_BASE,
  RING_BLOCK_BYTES,
  RING_BLOCK_COUNT,
  RING_BYTES,
  RING_FRAME_BYTES,
  RING_FRAMES_PER_BLOCK,
  WORKER_BYTES,
  WORKER_INGRESS,
  WORKER_RX_RING,
  WORKER_TX_RINGS,
} from '../../assembly/layout.js';
import { type RingGeometry, ringBytes, ringGeometry } from '../linux/index.js';
import type { HotMemory } from '../memory.js';

/** What the plan needs to know of an interface; its place in the list is its egress index. */
interface RingInterface {
  workers: number;
  rxFrames: number;
  txFrames: number;
  frameBytes: number;
}

/** One socket of a worker: offsets are from the start of the RINGS region. */
interface PlannedSocket {
  /** Egress index of the interface it is bound to. */
  readonly egress: number;
  readonly rx?: { offset: number; geometry: RingGeometry };
  readonly tx: { offset: number; geometry: RingGeometry };
}

/** The sockets of one worker; the first is the one it receives from. */
export interface PlannedWorker {
  readonly ingress: number;
  readonly sockets: readonly PlannedSocket[];
}

/** All workers, and the bytes their rings take together. */
export interface RingPlan {
  readonly workers: readonly PlannedWorker[];
  readonly bytes: number;
}

/** Lays out the rings of all workers. Throws ERR_OPTION for frames that make no ring. */
export function planRings(interfaces: readonly RingInterface[]): RingPlan {
  let at = 0;
  const place = (frames: number, frameBytes: number): { offset: number; geometry: RingGeometry } => {
    const placed = { offset: at, geometry: ringGeometry({ frames, frameBytes }) };
    at += ringBytes(placed.geometry);
    return placed;
  };
  const planWorker = (ingress: number, iface: RingInterface): PlannedWorker => {
    const own = {
      egress: ingress,
      rx: place(iface.rxFrames, iface.frameBytes),
      tx: place(iface.txFrames, iface.frameBytes),
    };
    const others = interfaces.flatMap((other, egress) =>
      egress === ingress ? [] : [{ egress, tx: place(other.txFrames, other.frameBytes) }],
    );
    return { ingress, sockets: [own, ...others] };
  };
  const workers = interfaces.flatMap((iface, ingress) =>
    Array.from({ length: iface.workers }, () => planWorker(ingress, iface)),
  );
  return { workers, bytes: at };
}

/** Writes the ring descriptors of worker `workerIndex`, whose rings begin at `base` and are fresh. */
export function writeRingDescriptors(memory: HotMemory, workerIndex: number, plan: PlannedWorker, base: number): void {
  const record = memory.region(REGION_WORKERS).base + workerIndex * WORKER_BYTES;
  memory.view.setUint32(record + WORKER_INGRESS, plan.ingress, true);
  for (const { egress, rx, tx } of plan.sockets) {
    if (rx !== undefined) writeDescriptor(memory, record + WORKER_RX_RING, base + rx.offset, rx.geometry);
    writeDescriptor(memory, record + WORKER_TX_RINGS + egress * RING_BYTES, base + tx.offset, tx.geometry);
  }
}

/** Writes the ring descriptor of a worker that only receives, by a ring at `base`. */
export function writeRxDescriptor(memory: HotMemory, workerIndex: number, base: number, geometry: RingGeometry): void {
  const record = memory.region(REGION_WORKERS).base + workerIndex * WORKER_BYTES;
  writeDescriptor(memory, record + WORKER_RX_RING, base, geometry);
}

function writeDescriptor(memory: HotMemory, at: number, base: number, geometry: RingGeometry): void {
  memory.bytes.fill(0, at, at + RING_BYTES);
  memory.view.setUint32(at + RING_BASE, base, true);
  memory.view.setUint32(at + RING_BLOCK_BYTES, geometry.blockBytes, true);
  memory.view.setUint32(at + RING_BLOCK_COUNT, geometry.blockCount, true);
  memory.view.setUint32(at + RING_FRAME_BYTES, geometry.frameBytes, true);
  memory.view.setUint32(at + RING_FRAMES_PER_BLOCK, geometry.framesPerBlock, true);
  memory.view.setUint32(at + RING_AT, base, true);
}
