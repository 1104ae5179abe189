// host/engine.ts: memory, builder, publisher and counters of one balancer, put together: what a hot path without I/O and
// a load balancer have in common. It knows membership states; where packets come from is not its business.
import { randomBytes } from 'node:crypto';
import { CONTROL_FLOW_TICKS, CONTROL_TOO_BIG_RATE, REGION_CONTROL, REGION_TABLES } from '../assembly/layout.js';
import { tickNow } from './clock.js';
import { writeKatran } from './compat/katranMemory.js';
import { adaptToKatran } from './compat/katranRecord.js';
import { NextHops } from './egress.js';
import { MaglevError } from './errors.js';
import { countFlowEntries } from './flowUse.js';
import { secretCheck, writeKeys } from './keys.js';
import { type Drained, Drains } from './membership/drains.js';
import type { Applied, Change, Position, Refusal } from './membership/event.js';
import type { LiveVip } from './membership/live.js';
import { LiveTables } from './membership/liveTables.js';
import { inOrderOfTraffic, inPieces, shortages } from './membership/pieces.js';
import type { Plan } from './membership/planned.js';
import { Publisher } from './membership/publish.js';
import { refusalError } from './membership/refusal.js';
import { applyChanges, EMPTY_STATE, type MembershipState, type Origin } from './membership/state.js';
import type { ReadTable } from './membership/table.js';
import { createMemory, type HotMemory, type MemoryShape } from './memory.js';
import { bindHotPath, compileHotPath, type HotPathModule } from './module.js';
import type { CoreSettings } from './options.js';
import type { Stats } from './stats.js';
import { StatsReader } from './statsReader.js';
import type { MemoryStatus } from './status.js';
import type { View } from './view.js';

/** What the engine asks of its owner. */
interface EngineParts {
  settings: CoreSettings;
  shape: MemoryShape;
  /** Our own address towards a backend, the source of outer headers. */
  sourceFor(address: string): string | undefined;
  /** Time of the hot path, ticks. Default: the clock's. */
  tick?(): number;
  /** Unix time, ms, for slow start. Default: that of the host. */
  wallMs?(): number;
}

/** What became of changes: the publication, and the changes that were refused. */
export interface EngineOutcome {
  /** Of several publications the last generation, and the sums. */
  applied: Applied;
  refusals: Refusal[];
  /** Why VIPs are not live as the records say, when changes were made live piece by piece. */
  shortages: MaglevError[];
}

/** What its owner does around each publication. */
export interface Stages {
  /** Before `keys` are built as `state` has them: to find the ways to new backends. */
  prepare?(state: MembershipState, keys: readonly string[]): Promise<void> | void;
  /** `keys` are live, or as they were before because that failed. */
  settle?(state: MembershipState, keys: readonly string[], applied: Applied | undefined): Promise<void> | void;
}

const SECRET_BYTES = 32;

/** Where changes come from. */
interface ChangeOrigin {
  /** Name of the source: one source a VIP. */
  source?: string;
  /** Where they stood, for refusals. */
  where?: string;
  /** All or nothing: one refusal rejects with ERR_RECORD and nothing is applied. */
  isAtomic?: boolean;
  /**
   * Many VIPs are made live piece by piece, the most used first. One that a limit leaves no room for stays as it was, takes no other with it,
   * and is tried again (`retry`). Default: all in one publication, and where a limit is reached none.
   */
  isGradual?: boolean;
  /** How far the source is read with these changes. */
  position?: Position;
}

export class Engine {
  readonly memory: HotMemory;
  readonly module: WebAssembly.Module;
  /** The builder: an instance off the packet threads; it uses worker record 0's identity only for batches. */
  readonly builder: HotPathModule;
  readonly nextHops: NextHops;
  readonly publisher: Publisher;
  /** Name of the secret: equal where secrets are. */
  private readonly secret: string;
  private readonly drains: Drains;
  private readonly tables: LiveTables;
  private readonly reader: StatsReader;
  private readonly tick: () => number;
  private readonly wallMs: () => number;
  private readonly adaptation: Pick<Origin, 'adapt'>;
  private state: MembershipState = EMPTY_STATE;
  private reached: Position | undefined;
  private readonly failed = new Set<string>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(parts: EngineParts) {
    const { settings } = parts;
    this.tick = parts.tick ?? tickNow;
    this.wallMs = parts.wallMs ?? Date.now;
    this.memory = createMemory(settings, parts.shape);
    const secret = settings.hashSecret ?? randomBytes(SECRET_BYTES); // a random one: good for a balancer that stands alone
    writeKeys(this.memory, secret);
    this.secret = secretCheck(secret);
    const longestTicks = Math.max(settings.tcpIdleTicks, settings.udpIdleTicks);
    const control = this.memory.region(REGION_CONTROL).base;
    this.memory.view.setUint32(control + CONTROL_FLOW_TICKS, longestTicks, true);
    this.memory.view.setUint32(control + CONTROL_TOO_BIG_RATE, settings.tooBigPerSecond, true);
    writeKatran(this.memory, settings.katran);
    this.adaptation = settings.katran === undefined ? {} : { adapt: adaptToKatran };
    this.module = compileHotPath(settings.wasmUrl);
    this.builder = bindHotPath(this.module, this.memory.memory, 0);
    this.nextHops = new NextHops(this.memory);
    this.reader = new StatsReader(this.memory);
    const entersAll = settings.katran !== undefined;
    this.drains = new Drains(this.memory, this.builder, (index) => this.reader.backendPackets(index), entersAll);
    this.tables = new LiveTables(this.memory);
    const { ipv4, ipv6 } = settings.katran?.source ?? {};
    const katranSource = (address: string): string | undefined => (address.includes(':') ? ipv6 : ipv4);
    this.publisher = new Publisher({
      memory: this.memory,
      builder: this.builder,
      settings,
      nextHops: this.nextHops,
      sourceFor: (address) => katranSource(address) ?? parts.sourceFor(address),
      onBackendReuse: (index) => this.reader.rebaseBackend(index),
      onVipReuse: (number) => this.reader.rebaseVip(number),
      tick: this.tick,
      wallMs: this.wallMs,
    });
  }

  /** Live VIPs by key. */
  get vips(): ReadonlyMap<string, LiveVip> {
    return this.publisher.vips;
  }

  /** All records, pending backends included. */
  get membership(): MembershipState {
    return this.state;
  }

  /** How far its source was read for the state that is live; undefined for a source that cannot say. */
  get position(): Position | undefined {
    return this.reached;
  }

  get generation(): number {
    return this.publisher.roots.generation;
  }

  /**
   * Applies changes and publishes what they touch; one after the other, in the order of calls. Refused changes change
   * nothing and stop no other. Rejects with ERR_LIMIT when memory or indexes run out; then nothing was applied, unless `isGradual`.
   */
  apply(changes: readonly Change[], origin: ChangeOrigin = {}, stages: Stages = {}): Promise<EngineOutcome> {
    return this.enqueue(async () => {
      const { state, touched, refusals } = applyChanges(this.state, changes, { ...origin, ...this.adaptation });
      if (origin.isAtomic && refusals[0] !== undefined) throw refusalError(refusals[0]);
      if (origin.isGradual) {
        this.state = state;
        const { applied, failures } = await this.publishGradually(touched, stages);
        this.setState(state, origin);
        return { applied, refusals, shortages: this.noteFailures(touched, failures) };
      }
      const applied = touched.size === 0 ? this.nothing() : await this.publish(state, [...touched], stages);
      this.setState(state, origin);
      return { applied, refusals, shortages: [] };
    });
  }

  /** Known VIPs that are not live as their records say: there was no room for them. */
  get unpublished(): readonly string[] {
    return [...this.failed];
  }

  /** Tries again to make live what there was no room for: indexes that rest are free again some time. Call about once a second. */
  retry(stages: Stages = {}): Promise<void> {
    return this.enqueue(async () => {
      for (const key of this.failed) {
        const { failures } = await this.publishGradually([key], stages);
        if (failures.size > 0) return;
        this.failed.delete(key);
      }
    });
  }

  /**
   * What apply() of these changes would move, all of them or none; nothing changes. Throws ERR_RECORD for the first change that is
   * refused, ERR_LIMIT when memory or indexes would not suffice.
   */
  plan(changes: readonly Change[]): Plan[] {
    const { state, touched, refusals } = applyChanges(this.state, changes, this.adaptation);
    if (refusals[0] !== undefined) throw refusalError(refusals[0]);
    return this.publisher.plan(state, touched);
  }

  /**
   * When a backend comes to another step of its slow start, Unix time in ms; Infinity when none will. A VIP that there was no room for
   * takes its steps when there is (`retry`).
   */
  get nextStepMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const vip of this.vips.values()) if (!this.failed.has(vip.key)) next = Math.min(next, vip.nextStepMs);
    return next;
  }

  /** Publishes the VIPs of which a backend has come to another step of its slow start: their keys, and what there was no room for. */
  takeSteps(stages: Stages = {}): Promise<{ vips: string[]; shortages: MaglevError[] }> {
    return this.enqueue(async () => {
      const nowMs = this.wallMs();
      const due = [...this.vips.values()].filter(({ key, nextStepMs }) => nextStepMs <= nowMs && !this.failed.has(key));
      const vips = due.map(({ key }) => key);
      const { failures } = await this.publishGradually(vips, stages);
      return { vips, shortages: this.noteFailures(vips, failures) };
    });
  }

  /** What time does (drains.ts): call about once a second. Resolves with the backends that became drained. */
  tend(): Promise<Drained[]> {
    return this.enqueue(async () => this.drains.tend(this.vips.values(), this.tick()));
  }

  /** Time of the hot path, ticks. */
  now(): number {
    return this.tick();
  }

  /** Runs `step` when everything asked for before is done. */
  enqueue<T>(step: () => Promise<T>): Promise<T> {
    const done = this.queue.then(step);
    this.queue = done.catch(() => undefined); // the caller has the error; the next in line must not
    return done;
  }

  stats(): Stats {
    return this.reader.read(this.vips.values());
  }

  /** Packets by VIP, since the start. */
  packets(): Map<string, number> {
    return this.reader.packets(this.vips.values());
  }

  /** Digest of a VIP's table (membership/table.ts). Throws ERR_OPTION for a VIP that is not live. */
  digest(vip: string): string {
    return this.tables.digest(this.vip(vip)).digest;
  }

  /** Slots of each backend of a VIP, by address. */
  slots(vip: string): Map<string, number> {
    return this.tables.slots(this.vip(vip));
  }

  /** A VIP's table, copied. */
  table(vip: string): ReadTable {
    return this.tables.read(this.vip(vip));
  }

  /** What is live, all of one moment, as balancers compare it. Takes its time where much is new, and lets others work. */
  async view(): Promise<View> {
    await this.tables.readAll(() => this.vips.values());
    return this.enqueue(async () => {
      const vips = [...this.vips.values()].map((vip) => this.tables.describe(this.state, vip));
      return { generation: this.generation, position: this.reached, secret: this.secret, vips };
    });
  }

  /** How much of what was claimed at start is used. */
  memoryStatus(): MemoryStatus {
    const { entries, places } = countFlowEntries(this.memory);
    return {
      tablesBytes: this.memory.region(REGION_TABLES).bytes,
      tablesUsedBytes: this.publisher.arena.usedBytes,
      flowPlaces: places,
      flowEntries: entries,
    };
  }

  countTracked(vip: string): number {
    return this.drains.countTracked(this.vip(vip));
  }

  private async publish(state: MembershipState, keys: readonly string[], stages: Stages): Promise<Applied> {
    let applied: Applied | undefined;
    try {
      await stages.prepare?.(state, keys);
      applied = await this.publisher.publish(state, keys);
      this.state = state;
    } finally {
      await stages.settle?.(this.state, keys, applied);
    }
    return applied;
  }

  /** Publishes `touched` as the state has them, piece by piece. */
  private async publishGradually(touched: Iterable<string>, stages: Stages) {
    const packets = this.packets();
    const keys = inOrderOfTraffic(this.state, touched, (key) => packets.get(key) ?? 0);
    const failures = new Map<string, MaglevError>();
    const applied = this.nothing();
    for (const piece of inPieces(this.state, keys)) await this.publishPiece(piece, stages, applied, failures);
    return { applied, failures };
  }

  /** Where there is no room for all of a piece, each VIP is tried alone: one that is too large takes no other with it. */
  private async publishPiece(
    piece: readonly string[],
    stages: Stages,
    sum: Applied,
    failures: Map<string, MaglevError>,
  ): Promise<void> {
    try {
      const applied = await this.publish(this.state, piece, stages);
      sum.generation = applied.generation;
      sum.slotsMoved += applied.slotsMoved;
      sum.buildMs += applied.buildMs;
    } catch (error) {
      if (!(error instanceof MaglevError)) throw error;
      if (error.code === 'ERR_LIMIT' && piece.length > 1) {
        for (const key of piece) await this.publishPiece([key], stages, sum, failures);
      } else for (const key of piece) failures.set(key, error);
    }
  }

  /** What failed is tried again; what failed before is no news. */
  private noteFailures(touched: Iterable<string>, failures: ReadonlyMap<string, MaglevError>): MaglevError[] {
    const news = new Map([...failures].filter(([key]) => !this.failed.has(key)));
    for (const key of touched) this.failed.delete(key);
    for (const key of failures.keys()) this.failed.add(key);
    return shortages(news);
  }

  private nothing(): Applied {
    return { generation: this.generation, slotsMoved: 0, buildMs: 0 };
  }

  private setState(state: MembershipState, { position }: ChangeOrigin): void {
    this.state = state;
    if (position !== undefined) this.reached = position;
  }

  private vip(key: string): LiveVip {
    const vip = this.vips.get(key);
    if (vip !== undefined) return vip;
    const rule = 'is not the key of a live VIP';
    throw new MaglevError('ERR_OPTION', `vip ${JSON.stringify(key)} ${rule}`, { option: 'vip', rule });
  }
}
