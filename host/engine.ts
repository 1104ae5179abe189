// host/engine.ts: memory, builder, publisher and counters of one balancer, put together: what a hot path without I/O and
// a load balancer have in common. It knows membership states; where packets come from is not its business.
import { randomBytes } from 'node:crypto';
import { CONTROL_FLOW_TICKS, CONTROL_TOO_BIG_RATE, REGION_CONTROL } from '../assembly/layout.js';
import { tickNow } from './clock.js';
import { NextHops } from './egress.js';
import { MaglevError } from './errors.js';
import { secretCheck, writeKeys } from './keys.js';
import { type Drained, Drains } from './membership/drains.js';
import type { Applied, Change, Position, Refusal } from './membership/event.js';
import { LiveTables, type VipTable } from './membership/liveTables.js';
import type { Plan } from './membership/planned.js';
import { type LiveVip, Publisher } from './membership/publish.js';
import { refusalError } from './membership/refusal.js';
import { applyChanges, EMPTY_STATE, type MembershipState } from './membership/state.js';
import type { ReadTable } from './membership/table.js';
import { createMemory, type HotMemory, type MemoryShape } from './memory.js';
import { bindHotPath, compileHotPath, type HotPathModule } from './module.js';
import type { CoreSettings } from './options.js';
import type { Stats } from './stats.js';
import { StatsReader } from './statsReader.js';

/** What the engine asks of its owner. */
export interface EngineParts {
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
  applied: Applied;
  refusals: Refusal[];
}

/** What is live, all of one moment, as balancers compare it. */
export interface View {
  /** Number of the published state. */
  generation: number;
  /** How far the source is read for it, where the source can say that. */
  position: Position | undefined;
  vips: VipTable[];
  /** A name of the hash secret: equal where secrets are. */
  secret: string;
}

const SECRET_BYTES = 32;

/** Where changes come from. */
export interface ChangeOrigin {
  /** Name of the source: one source a VIP. */
  source?: string;
  /** Where they stood, for refusals. */
  where?: string;
  /** All or nothing: one refusal rejects with ERR_RECORD and nothing is applied. */
  isAtomic?: boolean;
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
  private state: MembershipState = EMPTY_STATE;
  private reached: Position | undefined;
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
    this.module = compileHotPath(settings.wasmUrl);
    this.builder = bindHotPath(this.module, this.memory.memory, 0);
    this.nextHops = new NextHops(this.memory);
    this.reader = new StatsReader(this.memory);
    this.drains = new Drains(this.memory, this.builder);
    this.tables = new LiveTables(this.memory);
    this.publisher = new Publisher({
      memory: this.memory,
      builder: this.builder,
      settings,
      nextHops: this.nextHops,
      sourceFor: (address) => parts.sourceFor(address),
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
   * nothing and stop no other. Rejects with ERR_LIMIT when memory or indexes run out; then nothing was applied.
   * @param prepare called with the new state before it is built: to find the ways to new backends
   */
  apply(
    changes: readonly Change[],
    origin: ChangeOrigin = {},
    prepare?: (state: MembershipState, touched: Set<string>) => Promise<void> | void,
  ): Promise<EngineOutcome> {
    return this.enqueue(async () => {
      const { state, touched, refusals } = applyChanges(this.state, changes, origin);
      const nothing = { generation: this.generation, slotsMoved: 0, buildMs: 0 };
      if (origin.isAtomic && refusals[0] !== undefined) throw refusalError(refusals[0]);
      if (touched.size === 0) {
        this.setState(state, origin);
        return { applied: nothing, refusals };
      }
      await prepare?.(state, touched);
      const applied = await this.publisher.publish(state, touched);
      this.setState(state, origin);
      return { applied, refusals };
    });
  }

  /**
   * What apply() of these changes would move, all of them or none; nothing changes. Throws ERR_RECORD for the first change that is
   * refused, ERR_LIMIT when memory or indexes would not suffice.
   */
  plan(changes: readonly Change[]): Plan[] {
    const { state, touched, refusals } = applyChanges(this.state, changes, {});
    if (refusals[0] !== undefined) throw refusalError(refusals[0]);
    return this.publisher.plan(state, touched);
  }

  /** When a backend comes to another step of its slow start, Unix time in ms; Infinity when none will. */
  get nextStepMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const vip of this.vips.values()) next = Math.min(next, vip.nextStepMs);
    return next;
  }

  /**
   * Publishes the VIPs of which a backend has come to another step of its slow start, all together. Resolves with what that took and
   * the keys of the VIPs, or with undefined when there are none.
   */
  takeSteps(): Promise<(Applied & { vips: string[] }) | undefined> {
    return this.enqueue(async () => {
      const nowMs = this.wallMs();
      const due = [...this.vips.values()].filter(({ nextStepMs }) => nextStepMs <= nowMs).map(({ key }) => key);
      return due.length === 0 ? undefined : { ...(await this.publisher.publish(this.state, due)), vips: due };
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

  countTracked(vip: string): number {
    return this.drains.countTracked(this.vip(vip));
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
