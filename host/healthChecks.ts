// host/healthChecks.ts: health checks by mark, off the packet threads: this host's packets that are routed to a TUN device of ours go through
// the hot path one by one, on the main thread, and leave as a client's packet to that backend would. A few a second each, so single
// system calls are good enough.
import { CellBatch } from './cellBatch.js';
import type { Engine } from './engine.js';
import {
  type Link,
  type MarkedTap,
  memoryAddress,
  onReadable,
  openMarkedTap,
  openNetlink,
  openPacketSender,
  openTun,
  type PacketSender,
  type Readable,
  type Tun,
} from './linux/index.js';
import type { MemoryShape } from './memory.js';
import { bindHotPath } from './module.js';
import { cellBytesFor } from './options.js';
import type { HealthCheckStatus } from './status.js';

const CELLS = 1;
const FRAME_BYTES_MAX = 9216;

const ETHERNET_BYTES = 14;
const TYPE_AT = 12;
const OUTER_BYTES_MAX = 88; // IPv6, UDP and the longest GUE header
const PACKETS_MAX = 64; // of one turn of the event loop

/** What they are made of. */
interface HealthCheckParts {
  engine: Engine;
  /** Name of the TUN device. */
  name: string;
  /** Our interfaces by egress index, as they are now. */
  links(): readonly Link[];
}

/** The balancer's own packets to backends. */
export class HealthChecks {
  private readonly unsent: Record<string, number> = {};
  private readonly readables: Readable[];

  private constructor(
    private readonly parts: HealthCheckParts,
    private readonly tun: Tun,
    private readonly tap: MarkedTap,
    private readonly sender: PacketSender,
    private readonly cells: CellBatch,
  ) {
    const { tun: device } = this;
    this.readables = [onReadable(tap.fd, () => this.pass()), onReadable(tun.fd, () => device.discard())];
  }

  /** Makes the TUN device and listens on it. On failure nothing stays open. */
  static open(parts: HealthCheckParts): HealthChecks {
    const { engine, name } = parts;
    const undo: (() => void)[] = [];
    const netlink = openNetlink();
    undo.push(() => netlink.close());
    try {
      const mtu =
        Math.min(...parts.links().map((link) => link.mtu), FRAME_BYTES_MAX - ETHERNET_BYTES) - OUTER_BYTES_MAX;
      const tun = openTun(netlink, { name, option: 'healthChecks.interface', mtu, hasVirtio: false });
      undo.push(() => tun.close());
      const workerIndex = engine.memory.shape.workers - 1;
      const hot = bindHotPath(engine.module, engine.memory.memory, workerIndex);
      const cells = new CellBatch(engine, FRAME_BYTES_MAX, CELLS, { workerIndex, hot });
      const place = cells.input(0).byteOffset + ETHERNET_BYTES;
      const at = memoryAddress(engine.memory.memory) + BigInt(place);
      const tap = openMarkedTap(tun, at, FRAME_BYTES_MAX - ETHERNET_BYTES);
      undo.push(() => tap.close());
      const sender = openPacketSender(name);
      netlink.close();
      return new HealthChecks(parts, tun, tap, sender, cells);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  status(): HealthCheckStatus {
    const { name, engine } = this.parts;
    return { interface: name, unsent: { ...this.unsent }, conflicts: engine.publisher.markConflicts };
  }

  /** The device is gone when this returns. */
  close(): void {
    for (const readable of this.readables) readable.close();
    this.tap.close();
    this.sender.close();
    this.tun.close();
  }

  /** Packets wait; there will be another call for those that are left. */
  private pass(): void {
    for (let i = 0; i < PACKETS_MAX; i++) {
      const packet = this.tap.next();
      if (packet === undefined) return;
      this.send(packet.bytes, packet.mark);
    }
  }

  /** An Ethernet header for the hot path to read; all of it is new when the frame leaves. */
  private send(bytes: number, mark: number): void {
    const { cells } = this;
    const frame = cells.input(0);
    frame.fill(0, 0, ETHERNET_BYTES);
    frame.set((frame[ETHERNET_BYTES] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00], TYPE_AT);
    cells.setLength(0, ETHERNET_BYTES + bytes);
    cells.setMeta(0, { mark });
    cells.run(1);
    for (let k = 0; k < cells.outputs(0); k++) {
      const link = this.parts.links()[cells.outputEgress(0, k)];
      const base = cells.outputBase(0, k);
      const output = cells.bytes.subarray(base, base + cells.outputLength(0, k));
      const errno = link === undefined ? 'ENODEV' : this.sender.send(link.ifindex, output);
      if (errno !== undefined) this.unsent[errno] = (this.unsent[errno] ?? 0) + 1;
    }
  }
}

/** The shape of the memory with what they need: a worker more, and cells. */
export function withHealthChecks(shape: MemoryShape): MemoryShape {
  return { ...shape, workers: shape.workers + 1, cells: CELLS, cellBytes: cellBytesFor(FRAME_BYTES_MAX) };
}
