// host/loadBalancer.ts: puts engine, packet workers, surroundings and source together, and takes them apart again.
import { setTimeout as sleep } from 'node:timers/promises';
import { type BalancerSettings, type LoadBalancerOptions, readBalancerOptions } from './balancerOptions.js';
import { Engine, type EngineOutcome, type Stages } from './engine.js';
import type { MaglevError } from './errors.js';
import { EventHub, type Events } from './events.js';
import { type Follower, type FollowOrigin, followSource } from './follow.js';
import { HealthChecks, withHealthChecks } from './healthChecks.js';
import { adviseHugePages } from './linux/hugePages.js';
import type { Panic } from './membership/effective.js';
import { isDraining } from './membership/effective.js';
import { encapName, encapOf } from './membership/encap.js';
import type { Applied, Change, Refusal } from './membership/event.js';
import type { LiveVip } from './membership/live.js';
import { formatConflict } from './membership/names.js';
import { WEIGHT_DEFAULT } from './membership/record.js';
import { formatRefusal, refusalAt, refusalError } from './membership/refusal.js';
import { backendsOf, type MembershipState, pendingBackends } from './membership/state.js';
import { serverIdsOf } from './membership/ways.js';
import { SourceProgress } from './sourceProgress.js';
import type { Stats } from './stats.js';
import type { BackendStatus, Status, VipStatus } from './status.js';
import { StepTimer } from './stepTimer.js';
import { Surroundings, vipsOf } from './surroundings.js';
import type { View } from './view.js';
import { WorkerPool } from './workers/pool.js';
import { planRings } from './workers/rings.js';

/** A running balancer. */
export interface LoadBalancer extends AsyncDisposable {
  /**
   * Resolves when the source has told all it had at our start, and that is live; of a source that is away, what its snapshot says.
   * Rejects when closed before.
   */
  readonly ready: Promise<void>;
  /** Counters since the start. */
  stats(): Stats;
  /** What it is doing now. */
  status(): Status;
  /** Digest of a VIP's lookup table: equal on every balancer with the same records and secret. Throws ERR_OPTION. */
  digest(vip: string): string;
  /** All live tables of one moment, with what they are made of and their digests: what balancers of a fleet compare. */
  view(): Promise<View>;
  /** Stops. Resolves when nothing is left of it. `graceMs`: how long to go on forwarding what is under way. Default 0. */
  close(options?: { graceMs?: number }): Promise<void>;
  /** Listens; listeners are called one after the other, outside the packet threads. */
  on<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): this;
  /** Listens no more. */
  off<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): this;
}

const TEND_MS = 1000;
const REFUSALS_KEPT = 100;

/**
 * Starts a balancer: opens its interfaces, starts its packet workers, follows its source. Resolves when the workers run;
 * `ready` then tells when the first table is live.
 * @throws MaglevError ERR_OPTION naming option, value and rule; ERR_BUSY when an interface is taken; ERR_SYSCALL (EPERM:
 * needs CAP_NET_RAW and CAP_NET_ADMIN); ERR_MISSING without nft(8) or koffi; ERR_LIMIT
 */
export async function createLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer> {
  const settings = readBalancerOptions(options);
  options.signal?.throwIfAborted();
  const balancer = new LiveBalancer(settings);
  await balancer.start();
  options.signal?.addEventListener('abort', () => void balancer.close(), { once: true });
  return balancer;
}

class LiveBalancer implements LoadBalancer {
  private readonly hub = new EventHub();
  private readonly surroundings: Surroundings;
  private readonly engine: Engine;
  private readonly pool: WorkerPool;
  private healthChecks: HealthChecks | undefined;
  private readonly steps: StepTimer;
  private readonly stop = new AbortController();
  private readonly source: SourceProgress;
  private readonly refusals = { count: 0, last: [] as Refusal[] };
  private readonly panics = new Map<string, Panic>();
  private readonly conflicts = new Map<string, Set<string>>(); // told already, by VIP
  private readonly stages: Stages = {
    prepare: (state, keys) => this.surroundings.prepare(state, keys),
    settle: (state, keys, applied) => this.settle(state, keys, applied),
  };
  private following: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(private readonly settings: BalancerSettings) {
    this.source = new SourceProgress(settings.source.name);
    const plan = planRings(settings.interfaces);
    const shape = { workers: plan.workers.length, cells: 0, cellBytes: 0, ringsBytes: plan.bytes };
    this.engine = new Engine({
      settings: settings.core,
      shape: settings.healthChecks === undefined ? shape : withHealthChecks(shape),
      sourceFor: (address) => this.surroundings.sourceFor(address),
    });
    adviseHugePages(this.engine.memory.memory);
    this.surroundings = Surroundings.open(settings, this.hub); // last of what can fail: it holds locks
    this.pool = new WorkerPool({
      engine: this.engine,
      plan,
      interfaces: settings.interfaces.map((iface, i) => ({
        ...iface,
        isAnnouncing: settings.isAnnouncing,
        ifindex: this.surroundings.links[i]?.ifindex ?? 0,
      })),
      batchFrames: settings.batchFrames,
      workerUrl: settings.workerUrl,
      onRestart: (name, worker, reason) => this.hub.emit('workerRestart', { interface: name, worker, reason }),
      onSocketError: (name, errno) => settings.logger?.warn({ interface: name, errno }, 'packet socket error'),
      onError: (error) => this.hub.emit('error', error),
    });
    this.steps = new StepTimer(this.engine, this.stages, (error) => this.hub.emit('error', error));
    this.logEvents();
  }

  async start(): Promise<void> {
    try {
      await this.surroundings.start(this.engine, this.pool);
      await this.pool.start();
      this.startHealthChecks();
    } catch (error) {
      await this.close();
      throw error;
    }
    void this.tendForever();
    this.following = followSource(this.settings.source, this.follower(), this.stop.signal).then((failure) => {
      if (!this.stop.signal.aborted) this.onSourceEnd(failure);
    });
  }

  on<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): this {
    this.hub.on(event, listener);
    return this;
  }

  off<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): this {
    this.hub.off(event, listener);
    return this;
  }

  get ready(): Promise<void> {
    return this.source.ready;
  }

  stats(): Stats {
    return this.engine.stats();
  }

  digest(vip: string): string {
    return this.engine.digest(vip);
  }

  view(): Promise<View> {
    return this.engine.view();
  }

  status(): Status {
    return {
      isReady: this.source.isReady,
      generation: this.engine.generation,
      source: this.source.status(this.engine.position),
      vips: [...this.engine.vips.values()].map((vip) => this.vipStatus(vip)),
      unpublishedVips: [...this.engine.unpublished],
      pendingBackends: pendingBackends(this.engine.membership).length,
      interfaces: this.surroundings.links.map(({ name, isRunning, mtu }, i) => {
        const { packets, drops } = this.pool.below(i);
        const workers = this.settings.interfaces[i]?.workers ?? 0;
        return { name, isUp: isRunning, mtu, workers, received: packets, lostBelow: drops };
      }),
      filter: this.surroundings.filter,
      isDiverted: this.settings.divert,
      healthChecks: this.healthChecks?.status(),
      workerRestarts: this.pool.restarts,
      memory: this.engine.memoryStatus(),
      refusals: { count: this.refusals.count, last: [...this.refusals.last] },
    };
  }

  close({ graceMs = 0 }: { graceMs?: number } = {}): Promise<void> {
    this.closing ??= this.shutDown(graceMs);
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(graceMs: number): Promise<void> {
    this.stop.abort();
    this.steps.stop();
    if (graceMs > 0) await sleep(graceMs);
    await this.following;
    await this.engine.enqueue(async () => undefined); // a publication under way needs its workers
    this.healthChecks?.close();
    await this.pool.stop();
    await this.surroundings.close();
    this.source.closed();
  }

  private startHealthChecks(): void {
    const { healthChecks: name } = this.settings;
    if (name === undefined) return;
    this.healthChecks = HealthChecks.open({ engine: this.engine, name, links: () => this.surroundings.links });
  }

  private follower(): Follower {
    return {
      apply: (changes, origin) => this.apply(changes, origin),
      restored: (asOfMs, live) => this.source.restored(asOfMs, live),
      caughtUp: () => this.source.caughtUp(),
      current: (atMs) => this.source.current(atMs),
      stale: (sinceMs, reason) => {
        this.source.stale(sinceMs, reason);
        this.hub.emit('stale', { source: this.source.name, sinceMs, reason });
      },
      fresh: () => {
        this.source.fresh();
        this.hub.emit('fresh', { source: this.source.name });
      },
      refused: (refusal) => this.refuse(refusal),
      failed: (error) => this.hub.emit('error', error),
      packets: () => this.engine.packets(),
    };
  }

  private onSourceEnd(failure: MaglevError | undefined): void {
    this.source.ended(failure);
    if (failure !== undefined) this.hub.emit('error', failure);
  }

  private async apply(changes: Change[], origin: FollowOrigin): Promise<EngineOutcome> {
    const foreign = this.hostAddressRefusals(changes, origin.where);
    const [first] = foreign.values();
    if (origin.isAtomic && first !== undefined) throw refusalError(first);
    const allowed = foreign.size === 0 ? changes : changes.filter((change) => !foreign.has(change));
    const outcome = await this.engine.apply(allowed, origin, this.stages);
    return { ...outcome, refusals: [...foreign.values(), ...outcome.refusals] };
  }

  private async settle(state: MembershipState, keys: readonly string[], applied: Applied | undefined): Promise<void> {
    await this.surroundings.settle(state, keys);
    if (applied === undefined) return;
    this.hub.emit('applied', { ...applied, vips: [...keys] });
    this.tellPanics(keys);
    this.tellConflicts(keys);
    this.steps.arm();
  }

  private hostAddressRefusals(changes: readonly Change[], where = 'changes'): Map<Change, Refusal> {
    const ruleOf = this.surroundings.hostAddressRules();
    const refusals = new Map<Change, Refusal>();
    for (const change of changes) {
      const [vip] = vipsOf([change]);
      const rule = vip && ruleOf(vip);
      if (vip === undefined || rule === undefined) continue;
      const broken = { field: 'address', value: JSON.stringify(vip.address), rule };
      refusals.set(change, refusalAt({ where, ignored: 'change' }, broken));
    }
    return refusals;
  }

  private refuse(refusal: Refusal): void {
    this.refusals.count++;
    this.refusals.last = [...this.refusals.last, refusal].slice(-REFUSALS_KEPT);
    this.hub.emit('refused', refusal);
  }

  private tellPanics(vips: readonly string[]): void {
    for (const key of vips) {
      const panic = this.engine.vips.get(key)?.panic ?? 'none';
      if ((this.panics.get(key) ?? 'none') === panic) continue;
      this.panics.set(key, panic);
      this.hub.emit('panic', { vip: key, panic });
    }
  }

  /** Each once, until it is over. */
  private tellConflicts(vips: readonly string[]): void {
    for (const key of vips) {
      const found = this.engine.vips.get(key)?.names.conflicts ?? [];
      const told = this.conflicts.get(key) ?? new Set();
      for (const conflict of found) {
        if (!told.has(formatConflict(conflict))) this.hub.emit('serverIdConflict', { vip: key, ...conflict });
      }
      if (found.length === 0) this.conflicts.delete(key);
      else this.conflicts.set(key, new Set(found.map(formatConflict)));
    }
  }

  private async tendForever(): Promise<void> {
    while (!this.stop.signal.aborted) {
      await sleep(TEND_MS, undefined, { ref: false, signal: this.stop.signal }).catch(() => undefined);
      if (this.stop.signal.aborted) return;
      for (const drained of await this.engine.tend()) this.hub.emit('drained', drained);
      if (this.engine.unpublished.length > 0) await this.engine.retry(this.stages);
    }
  }

  private vipStatus(vip: LiveVip): VipStatus {
    const slots = this.engine.slots(vip.key);
    const records = backendsOf(this.engine.membership, vip.key);
    return {
      key: vip.key,
      slotCount: vip.record.slotCount,
      tracked: this.engine.countTracked(vip.key),
      panic: vip.panic,
      routeBy: vip.names.ways,
      serverIdConflicts: vip.names.conflicts,
      backends: records.map(({ backend }): BackendStatus => {
        const { address, weight = WEIGHT_DEFAULT, state = 'active' } = backend;
        const way = this.surroundings.way(address);
        return {
          address,
          state: isDraining(backend) ? 'draining' : state,
          weight,
          encap: encapName(encapOf(vip.vip, backend)),
          serverIds: serverIdsOf(backend),
          slots: slots.get(address) ?? 0,
          share: (slots.get(address) ?? 0) / vip.record.slotCount,
          slowStartStep: vip.steps.get(address),
          isDrained: vip.backends.get(address)?.isDrained ?? false,
          mac: way?.problem === undefined ? way?.nextHop?.mac : undefined,
          problem: way?.problem,
        };
      }),
    };
  }

  private logEvents(): void {
    const { logger } = this.settings;
    if (logger === undefined) return;
    this.hub.on('applied', (e) => logger.info(e, 'membership is live'));
    this.hub.on('refused', (e) => logger.warn(e, formatRefusal(e)));
    this.hub.on('stale', (e) => logger.warn(e, `${e.source} is away: ${e.reason}; forwarding goes on`));
    this.hub.on('fresh', (e) => logger.info(e, `${e.source} is back`));
    this.hub.on('panic', (e) => logger.warn(e, `panic of ${e.vip}: ${e.panic}`));
    this.hub.on('serverIdConflict', (e) => logger.warn(e, formatConflict(e)));
    this.hub.on('drained', (e) => logger.info(e, `${e.backend} is drained`));
    this.hub.on('neighbour', (e) => logger.info(e, e.problem ?? `${e.backend} is at ${e.mac}`));
    this.hub.on('link', (e) => logger.warn(e, `${e.interface} is ${e.isUp ? 'up' : 'down'}`));
    this.hub.on('workerRestart', (e) => logger.error(e, `packet worker on ${e.interface} died: ${e.reason}`));
    this.hub.on('error', (e) => logger.error({ code: e.code }, e.message));
  }
}
