// host/hotpath.ts: the hot path without I/O: no root, any OS, no koffi. For tests, captures, benchmarks, and for who has
// packets from somewhere else. One thread: the caller's.
import {
  HEADROOM,
  META_BACKEND,
  META_BYTES,
  META_FLAGS,
  META_HAS_VIRTIO,
  META_HAS_VLAN,
  META_INGRESS,
  META_LENGTH,
  META_OUTPUT,
  META_OUTPUTS,
  META_PACKET_TYPE,
  META_VERDICT,
  META_VIP,
  META_VIRTIO,
  META_VLAN_TCI,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_FLAGS,
  OUTPUT_LENGTH,
  OUTPUT_VIRTIO,
  REGION_CELLS,
  SEGMENTS_MAX,
  TICK_BITS,
  VIRTIO_BYTES,
} from '../assembly/layout.js';
import { setEgress, setEgressSource } from './egress.js';
import { Engine } from './engine.js';
import { optionError } from './errors.js';
import { runExplained, type Step, stepsOf } from './explain.js';
import { type FiveTuple, frameOfFlow } from './fiveTuple.js';
import { macBytes } from './mac.js';
import { canonicalAddress } from './membership/address.js';
import type { Applied, Change } from './membership/event.js';
import type { Plan } from './membership/plan.js';
import type { LiveVip } from './membership/publish.js';
import { outputRecordsOf } from './memory.js';
import { type Core, cellBytesFor, readCore, readInteger } from './options.js';
import { type Stats, verdictName } from './stats.js';

export { type ErrorCode, MaglevError } from './errors.js';
export type { Step } from './explain.js';
export type { FiveTuple } from './fiveTuple.js';
export type { Applied, Backend, BackendState, Change, Encap, Protocol, Tracking, Vip } from './membership/event.js';
export type { Plan, PlannedBackend } from './membership/plan.js';
export type { Core } from './options.js';
export { HOT_EVENTS, type Stats, type Traffic, VERDICTS, type Verdict, verdictName } from './stats.js';

/** Options of a hot path without I/O. */
export interface HotPathOptions extends Core {
  /** Frames of one batch, 1..4096. Default 256. */
  batchMax?: number;
  /** Longest frame in bytes, 64..65550. Default 9216. A longer one gets DROP_SNAPPED. */
  frameBytesMax?: number;
  /**
   * Segments that the super-frames of one batch are cut into for encapsulation, 0..16384, 2 KiB each; DROP_SEGMENTS beyond.
   * Default 512.
   */
  segmentsMax?: number;
  /** Largest IP packet towards backends, bytes, 0 = no limit, up to 65535. Default 1500. */
  mtu?: number;
  /** MAC address by backend address; a backend that is not here gets DROP_NEXT_HOP_UNRESOLVED. */
  nextHops?: Record<string, string>;
  /** Our own MAC address, the source of frames. Default 02:00:00:00:00:01. */
  mac?: string;
  /** Our own addresses, the source of outer headers. Default 0.0.0.0 and ::. */
  outerSource?: { ipv4?: string; ipv6?: string };
  /** Answer ARP and neighbour solicitations for VIPs. Default false. */
  announce?: boolean;
  /** Time in ms, for replays and tests; never backwards. Default: the monotonic clock. */
  nowMs?: () => number;
}

/** What became of one frame. */
export interface Outcome {
  /** Name of the verdict, such as `FORWARD_L2`. */
  verdict: string;
  /** Key of the VIP, when one was found. */
  vip?: string;
  /** Address of the backend, when one was chosen. */
  backend?: string;
  /** Frames to be sent: 0..n. Views into the hot path's memory, valid until the next call. */
  frames: Uint8Array[];
}

/** What the bytes of a frame do not say. */
export interface FrameMeta {
  /** VLAN tag that was taken out of the frame: TCI, 0..65535. */
  vlanTci?: number;
  /** virtio_net_hdr, 10 bytes: half checksum, segments. */
  virtio?: Uint8Array;
  /** sll_pkttype: 0 for us, 1 broadcast, 2 multicast, 3 for another host, 4 outgoing. Default 0. */
  packetType?: number;
}

/**
 * Frames of one call, without garbage: write into input(i), set its length, run(), read. Numbers only; outputs are places
 * in `bytes`. All views are valid until the hot path is disposed of; their contents until the next run.
 */
export interface Batch {
  /** How many frames it holds. */
  readonly size: number;
  /** The whole memory, where outputs lie. */
  readonly bytes: Uint8Array;
  /** Where frame `i` is written: frameBytesMax bytes, which are rewritten in place by run(). */
  input(i: number): Uint8Array;
  /** Length of frame `i` in bytes; clears its meta. Longer than frameBytesMax: the frame will get DROP_SNAPPED. */
  setLength(i: number, bytes: number): void;
  setMeta(i: number, meta: FrameMeta): void;
  /** Takes the first `count` frames to their verdicts. Default: all. */
  run(count?: number): void;
  /** Verdict number of frame `i` (verdictName). */
  verdict(i: number): number;
  /** Key of the VIP that frame `i` was for, undefined when it was for none. */
  vip(i: number): string | undefined;
  /** Address of the backend that was chosen for frame `i`, undefined when none was. */
  backend(i: number): string | undefined;
  /** How many frames leave because of frame `i`. */
  outputs(i: number): number;
  /** Where in `bytes` output `k` of frame `i` begins. */
  outputBase(i: number, k?: number): number;
  outputLength(i: number, k?: number): number;
  /** virtio_net_hdr (10 bytes, a view) that must go with output `k` of frame `i`: a super-frame; undefined otherwise. */
  outputVirtio(i: number, k?: number): Uint8Array | undefined;
}

/** The hot path without I/O. */
export interface HotPath extends Disposable {
  /**
   * Applies changes, all or none. Resolves when they are live. Rejects with ERR_RECORD naming the change, its field, value
   * and rule, or with ERR_LIMIT naming the option that raises the limit.
   */
  apply(changes: Change[]): Promise<Applied>;
  /**
   * What apply() of these changes would move, for every VIP they touch; nothing changes. Throws ERR_RECORD and ERR_LIMIT as
   * apply() rejects.
   */
  plan(changes: Change[]): Plan[];
  /** Convenience: one frame, copied in. */
  forward(frame: Uint8Array, meta?: FrameMeta): Outcome;
  /**
   * Says step by step what would become of a frame, or of a packet of a flow, and changes nothing. Throws ERR_OPTION for a flow
   * whose fields are wrong.
   */
  explain(what: Uint8Array | FiveTuple, meta?: FrameMeta): Step[];
  /** The cells for batches of `size`, 1..batchMax. Every batch is the same cells: one at a time. */
  batch(size: number): Batch;
  /** Sets, changes or (undefined) clears the MAC address by which a backend is reached. */
  setNextHop(address: string, mac: string | undefined): void;
  /** What time does: releases slots and sweeps the flow table; call it about once a second of `nowMs`. Names the drained. */
  tend(): Promise<{ vip: string; backend: string }[]>;
  /** Digest of a VIP's lookup table: equal for equal records and secret. Throws ERR_OPTION for an unknown VIP. */
  digest(vip: string): string;
  /** Slots of each backend of a VIP, by address. */
  slots(vip: string): Map<string, number>;
  stats(): Stats;
}

const FRAME_BYTES_MAX = 65_550; // a super-frame of 64 KiB with its Ethernet header
const TICK_MS = 2 ** TICK_BITS;

/** Makes a hot path. Rejects with ERR_OPTION, ERR_LIMIT or ERR_MISSING. */
export async function createHotPath(options: HotPathOptions = {}): Promise<HotPath> {
  return new CellHotPath(options);
}

class CellHotPath implements HotPath {
  private readonly engine: Engine;
  private readonly frameBytesMax: number;
  private readonly batchMax: number;
  private readonly mtu: number;
  private readonly ways = new Map<string, string>();
  private reached = new Set<string>();
  private readonly cells: CellBatch;

  constructor(options: HotPathOptions) {
    const settings = readCore(options);
    this.batchMax = readInteger('batchMax', options.batchMax, 256, 1, 4096);
    this.frameBytesMax = readInteger('frameBytesMax', options.frameBytesMax, 9216, 64, FRAME_BYTES_MAX);
    this.mtu = readInteger('mtu', options.mtu, 1500, 0, 65_535);
    const { nowMs, outerSource } = options;
    this.engine = new Engine({
      settings,
      shape: {
        workers: 1,
        cells: this.batchMax,
        cellBytes: cellBytesFor(this.frameBytesMax),
        segments: readInteger('segmentsMax', options.segmentsMax, SEGMENTS_MAX, 0, 16_384),
        ringsBytes: 0,
      },
      sourceFor: (address) => (address.includes(':') ? outerSource?.ipv6 : outerSource?.ipv4),
      ...(nowMs && { tick: () => Math.floor(nowMs() / TICK_MS) >>> 0 }),
    });
    const egress = { mac: options.mac ?? '02:00:00:00:00:01', isUp: true, announce: options.announce ?? false };
    setEgress(this.engine.memory, 0, egress);
    for (const own of Object.values(outerSource ?? {}))
      if (own !== undefined) setEgressSource(this.engine.memory, 0, own);
    for (const [address, mac] of Object.entries(options.nextHops ?? {})) this.setNextHop(address, mac);
    this.cells = new CellBatch(this.engine, this.frameBytesMax, this.batchMax);
  }

  async apply(changes: Change[]): Promise<Applied> {
    const { applied } = await this.engine.apply(changes, { isAtomic: true });
    this.followBackends();
    return applied;
  }

  plan(changes: Change[]): Plan[] {
    return this.engine.plan(changes);
  }

  forward(frame: Uint8Array, meta?: FrameMeta): Outcome {
    this.layFrame(frame, meta);
    this.cells.run(1);
    return { verdict: verdictName(this.cells.verdict(0)), ...this.chosen(), frames: this.outputs() };
  }

  explain(what: Uint8Array | FiveTuple, meta?: FrameMeta): Step[] {
    const frame = what instanceof Uint8Array ? what : frameOfFlow(what);
    this.layFrame(frame, meta);
    runExplained(this.engine);
    const { cells } = this;
    const [key, address] = [cells.vip(0), cells.backend(0)];
    const vip = key === undefined ? undefined : this.engine.vips.get(key);
    const backend = address === undefined ? undefined : vip?.backends.get(address);
    return stepsOf(this.engine, {
      frame,
      verdict: verdictName(cells.verdict(0)),
      vip,
      backend,
      outputs: this.outputs(),
    });
  }

  batch(size: number): Batch {
    readInteger('size', size, size, 1, this.batchMax);
    return this.cells.ofSize(size);
  }

  setNextHop(address: string, mac: string | undefined): void {
    const key = canonicalAddress(address);
    if (mac !== undefined) macBytes(mac, `nextHops[${JSON.stringify(address)}]`);
    if (mac === undefined) this.ways.delete(key);
    else this.ways.set(key, mac);
    this.engine.nextHops.set(key, mac === undefined ? undefined : { mac, egress: 0, mtu: this.mtu });
  }

  tend(): Promise<{ vip: string; backend: string }[]> {
    return this.engine.tend();
  }

  digest(vip: string): string {
    return this.engine.digest(vip);
  }

  slots(vip: string): Map<string, number> {
    return this.engine.slots(vip);
  }

  stats(): Stats {
    return this.engine.stats();
  }

  [Symbol.dispose](): void {
    // Memory is all there is; it goes with the object.
  }

  /** Next-hop records are for the backends that are live: a backend that left gives its own back. */
  private followBackends(): void {
    const { nextHops, vips } = this.engine;
    const live = new Set([...vips.values()].flatMap(({ backends }) => [...backends.keys()]));
    for (const address of this.reached) {
      if (live.has(address)) continue;
      nextHops.set(address, undefined);
      nextHops.release(address, this.engine.now());
    }
    this.reached = live;
    for (const [address, mac] of this.ways) nextHops.set(address, { mac, egress: 0, mtu: this.mtu });
  }

  /** Puts a frame into cell 0. */
  private layFrame(frame: Uint8Array, meta?: FrameMeta): void {
    this.cells.input(0).set(frame.subarray(0, this.frameBytesMax));
    this.cells.setLength(0, frame.length);
    if (meta !== undefined) this.cells.setMeta(0, meta);
  }

  /** What leaves because of frame 0. */
  private outputs(): Uint8Array[] {
    const { cells } = this;
    return Array.from({ length: cells.outputs(0) }, (_, k) => {
      const base = cells.outputBase(0, k);
      return cells.bytes.subarray(base, base + cells.outputLength(0, k));
    });
  }

  /** VIP and backend of frame 0. */
  private chosen(): Pick<Outcome, 'vip' | 'backend'> {
    const [vip, backend] = [this.cells.vip(0), this.cells.backend(0)];
    return { ...(vip !== undefined && { vip }), ...(backend !== undefined && { backend }) };
  }
}

/** Names of what is live, by the numbers in a meta. */
interface Names {
  of: ReadonlyMap<string, LiveVip>;
  vips: Map<number, string>;
  backends: Map<number, string>;
}

class CellBatch implements Batch {
  readonly bytes: Uint8Array;
  private readonly metas: number;
  private readonly outputRecords: number;
  private readonly inputs: Uint8Array[] = [];
  private named: Names | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly frameBytesMax: number,
    readonly size: number,
  ) {
    const { memory } = engine;
    const { cells, cellBytes } = memory.shape;
    this.bytes = memory.bytes;
    this.metas = memory.region(REGION_CELLS).base;
    this.outputRecords = this.metas + cells * META_BYTES;
    const first = this.outputRecords + outputRecordsOf(memory.shape) * OUTPUT_BYTES + HEADROOM;
    for (let i = 0; i < cells; i++) {
      this.inputs.push(this.bytes.subarray(first + i * cellBytes, first + i * cellBytes + frameBytesMax));
    }
  }

  /** The same cells seen as a batch of another size. */
  ofSize(size: number): CellBatch {
    return new CellBatch(this.engine, this.frameBytesMax, size);
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
    view.setUint16(at + META_FLAGS, hasVlan | hasVirtio, true);
    view.setUint16(at + META_VLAN_TCI, meta.vlanTci ?? 0, true);
    view.setUint8(at + META_PACKET_TYPE, meta.packetType ?? 0);
    view.setUint16(at + META_INGRESS, 0, true);
    if (meta.virtio !== undefined) this.bytes.set(meta.virtio.subarray(0, VIRTIO_BYTES), at + META_VIRTIO);
  }

  run(count: number = this.size): void {
    this.engine.builder.runBatch(count, this.engine.now());
  }

  verdict(i: number): number {
    return this.engine.memory.view.getUint8(this.meta(i) + META_VERDICT);
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
