// host/hotpath.ts: the hot path without I/O: no root, any OS, no koffi. For tests, captures, benchmarks, and for who has
// packets from somewhere else. One thread: the caller's.
import { SEGMENTS_MAX, TICK_BITS } from '../assembly/layout.js';
import type { Batch, FrameMeta } from './batch.js';
import { CellBatch } from './cellBatch.js';
import { setEgress, setEgressSource } from './egress.js';
import { Engine } from './engine.js';
import { runExplained, stepsOf } from './explain.js';
import { type FiveTuple, frameOfFlow } from './fiveTuple.js';
import { macBytes } from './mac.js';
import { canonicalAddress } from './membership/address.js';
import type { Applied, Change } from './membership/event.js';
import type { Plan } from './membership/planned.js';
import { changeWithSince } from './membership/slowStart.js';
import { type Core, cellBytesFor, readCore, readInteger } from './options.js';
import { type Stats, verdictName } from './stats.js';
import type { Step } from './step.js';

export type { Batch, FrameMeta } from './batch.js';
export type { KatranDecap, KatranDestination, KatranOptions } from './compat/katran.js';
export { type ErrorCode, MaglevError } from './errors.js';
export type { FiveTuple } from './fiveTuple.js';
export type {
  Applied,
  Backend,
  BackendState,
  Change,
  Encap,
  Protocol,
  SlowStart,
  Tracking,
  Vip,
  Way,
} from './membership/event.js';
export type { ServerIdConflict } from './membership/names.js';
export type { Plan, PlannedBackend } from './membership/planned.js';
export type { Core } from './options.js';
export { HOT_EVENTS, type Stats, type Traffic, VERDICTS, type Verdict, verdictName } from './stats.js';
export type { Step } from './step.js';

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
  /** Unix time in ms, for slow start. Default: `Date.now`. */
  wallMs?: () => number;
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
  /**
   * The frame as inline decapsulation left it (compat 'katran'): with IGNORE_DECAPSULATED what this host is to get. A view, as `frames`.
   */
  decapsulated?: Uint8Array;
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
  /**
   * What time does: releases slots, sweeps the flow table, takes steps of slow start; call it about once a second of `nowMs`. Names the
   * drained.
   */
  tend(): Promise<{ vip: string; backend: string }[]>;
  /** Digest of a VIP's lookup table: equal for equal records and secret. Throws ERR_OPTION for an unknown VIP. */
  digest(vip: string): string;
  /** Slots of each backend of a VIP, by address. */
  slots(vip: string): Map<string, number>;
  /** Counters since the start. */
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
  private readonly wallMs: () => number;

  constructor(options: HotPathOptions) {
    const settings = readCore(options);
    this.batchMax = readInteger('batchMax', options.batchMax, 256, 1, 4096);
    this.frameBytesMax = readInteger('frameBytesMax', options.frameBytesMax, 9216, 64, FRAME_BYTES_MAX);
    this.mtu = readInteger('mtu', options.mtu, 1500, 0, 65_535);
    const { nowMs, outerSource } = options;
    this.wallMs = options.wallMs ?? Date.now;
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
      wallMs: this.wallMs,
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
    const { applied } = await this.engine.apply(this.begun(changes), { isAtomic: true });
    this.followBackends();
    return applied;
  }

  plan(changes: Change[]): Plan[] {
    return this.engine.plan(this.begun(changes));
  }

  forward(frame: Uint8Array, meta?: FrameMeta): Outcome {
    this.layFrame(frame, meta);
    this.cells.run(1);
    return {
      verdict: verdictName(this.cells.verdict(0)),
      ...this.chosen(),
      frames: this.outputs(),
      ...this.decapsulated(frame),
    };
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

  async tend(): Promise<{ vip: string; backend: string }[]> {
    await this.engine.takeSteps();
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

  /** Slow starts that do not say since when begin now. */
  private begun(changes: readonly Change[]): Change[] {
    const nowMs = this.wallMs();
    return changes.map((change) => changeWithSince(change, nowMs));
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

  /** Frame 0, when something was taken off its front. */
  private decapsulated({ length }: Uint8Array): Pick<Outcome, 'decapsulated'> {
    const front = this.cells.front(0);
    return front === 0 ? {} : { decapsulated: this.cells.input(0).subarray(front, length) };
  }

  /** VIP and backend of frame 0. */
  private chosen(): Pick<Outcome, 'vip' | 'backend'> {
    const [vip, backend] = [this.cells.vip(0), this.cells.backend(0)];
    return { ...(vip !== undefined && { vip }), ...(backend !== undefined && { backend }) };
  }
}
