// host/orchestrators/keepInStep.ts: keeps the backends of some VIPs in a topic in step with what an orchestrator says.
//
//   source -> the last list of each VIP -> coalescing window -> edits.ts: what differs -> publisher, a VIP at a time
//                                       <- again after a failure, at the end of a grace, and every resyncMs
//
// A VIP of which no whole list came yet is not touched; so nothing is taken away at a start, or because the orchestrator is away.
import { MaglevError, optionError } from '../errors.js';
import { vipKeyRule } from '../membership/record.js';
import { readInteger } from '../options.js';
import type { Edit } from '../publishing/edit.js';
import type { MembershipPublisher } from '../publishing/membershipPublisher.js';
import { Backoff } from './backoff.js';
import { type Ownership, stepFor, type VipTarget } from './edits.js';
import type { Endpoint, EndpointEvent, EndpointSource } from './endpoints.js';

/** What of a publisher is used: createMembershipPublisher makes one. */
export type EndpointPublisher = Pick<MembershipPublisher, 'records' | 'publish' | 'ready'>;

/** What happens meanwhile. */
export type StepEvent =
  | Exclude<EndpointEvent, { type: 'endpoints' }>
  /** Acknowledged; in the order of the topic. */
  | { type: 'published'; vip: string; edits: readonly Edit[] }
  /** All VIPs are as the orchestrator says, for the first time. */
  | { type: 'inStep' };

/** What is kept in step, and how. */
export interface KeepOptions {
  /** Who says which endpoints there are. */
  source: EndpointSource;
  /** Who writes: its limits hold for every step, but with `force`. */
  publisher: EndpointPublisher;
  /** VIPs that are managed here; no other is touched. 1..10000, each once. */
  targets: readonly VipTarget[];
  /** Name of this publisher, in its records: 1..100 characters. Two that publish under one VIP need different ones. */
  by: string;
  /** How long a backend drains that is gone, ms: 0..86400000. Default 30000. */
  graceMs?: number;
  /** How long changes are gathered, ms: 0..60000; so there are at most as many steps a second. Default 250. */
  coalesceMs?: number;
  /** How often topic and lists are compared though nothing has happened, ms: 1000..86400000. Default 60000. */
  resyncMs?: number;
  /** Make steps however much they move, and take the last backend away. Default false. */
  force?: boolean;
  /** Return when all is in step for the first time. Default false. */
  once?: boolean;
  /** Ends it: keepInStep resolves. */
  signal: AbortSignal;
  /** Told of what happens, one after the other. */
  onEvent?: (event: StepEvent) => void;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;

/**
 * Keeps the topic in step until `signal` is aborted; with `once`, until it is. What fails is told (`warning`) and tried again. Rejects
 * with ERR_OPTION for an option that cannot be, and as the source does.
 */
export async function keepInStep(options: KeepOptions): Promise<void> {
  await new Keeper(options).run();
}

type Settings = KeepOptions & Ownership & { coalesceMs: number; resyncMs: number };

class Keeper {
  private readonly settings: Settings;
  private readonly lists = new Map<string, readonly Endpoint[]>();
  private readonly dirty = new Set<string>();
  private readonly due = new Map<string, number>();
  private readonly told = new Map<string, string>();
  private readonly stop = new AbortController();
  private wake = (): void => undefined;

  constructor(options: KeepOptions) {
    this.settings = readSettings(options);
  }

  async run(): Promise<void> {
    const { source, signal } = this.settings;
    const onAbort = (): void => this.stop.abort();
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const following = source.follow((event) => this.hear(event), this.stop.signal);
    try {
      await Promise.race([this.loop(), following.then(() => this.ended())]);
    } finally {
      this.stop.abort();
      this.wake();
      signal.removeEventListener('abort', onAbort);
      await following.catch(() => undefined);
    }
  }

  /** A source that ends by itself is asked nothing more: there is nothing to keep in step with. */
  private async ended(): Promise<void> {
    if (!this.stop.signal.aborted) throw new MaglevError('ERR_INTERNAL', 'the source of endpoints ended by itself');
  }

  private hear(event: EndpointEvent): void {
    if (event.type !== 'endpoints') {
      this.settings.onEvent?.(event);
      return;
    }
    this.lists.set(event.vip, event.endpoints);
    this.dirty.add(event.vip);
    this.wake();
  }

  private async loop(): Promise<void> {
    const { targets, coalesceMs, resyncMs, once, onEvent } = this.settings;
    const { signal } = this.stop;
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    let resyncAtMs = Date.now() + resyncMs;
    let isInStep = false;
    while (!signal.aborted) {
      await this.untilWork(resyncAtMs);
      await this.pause(coalesceMs);
      if (signal.aborted) return;
      if (Date.now() >= resyncAtMs) {
        resyncAtMs = Date.now() + resyncMs;
        for (const vip of this.lists.keys()) this.dirty.add(vip);
      }
      for (const [vip, atMs] of this.due) if (atMs <= Date.now()) this.dirty.add(vip);
      const isDone = await this.stepAll();
      if (isDone) backoff.reset();
      else await backoff.wait(signal);
      if (isDone && !isInStep && this.dirty.size === 0 && targets.every(({ vip }) => this.lists.has(vip))) {
        isInStep = true;
        onEvent?.({ type: 'inStep' });
        if (once) return;
      }
    }
  }

  /** False when something has to be tried again. */
  private async stepAll(): Promise<boolean> {
    let isDone = true;
    for (const target of this.settings.targets) {
      if (this.stop.signal.aborted || !this.dirty.delete(target.vip)) continue;
      if (await this.step(target)) continue;
      this.dirty.add(target.vip);
      isDone = false;
    }
    return isDone;
  }

  private async step(target: VipTarget): Promise<boolean> {
    const { publisher } = this.settings;
    const endpoints = this.lists.get(target.vip) ?? [];
    const { edits, dueAtMs, foreign } = stepFor(publisher.records, target, endpoints, this.settings, Date.now());
    if (dueAtMs === undefined) this.due.delete(target.vip);
    else this.due.set(target.vip, dueAtMs);
    const others = foreign.length === 0 ? '' : `${foreign.join(', ')}: records of somebody else, left alone`;
    this.warn(`${target.vip} others`, others && `${target.vip}: ${others}`);
    if (edits.length === 0) return true;
    try {
      await publisher.ready();
      await this.publish(target.vip, edits);
      this.warn(target.vip, '');
      return true;
    } catch (error) {
      if (!(error instanceof MaglevError)) throw error;
      if (error.code === 'ERR_CLOSED') throw error;
      this.warn(target.vip, error.message);
      // What the publisher refuses is asked again when something changes, and at the next resync; brokers that are away, soon.
      return error.code !== 'ERR_BROKER';
    }
  }

  /**
   * A step that is too large is made in two, and so on; what is left over then is what no step may be, such as taking the last backend
   * away. Rejects with that, when the rest is made.
   */
  private async publish(vip: string, edits: readonly Edit[]): Promise<void> {
    const { publisher, force = false, onEvent } = this.settings;
    try {
      await publisher.publish(edits, { force });
      onEvent?.({ type: 'published', vip, edits });
    } catch (error) {
      const isTooLarge = error instanceof MaglevError && error.option === 'moveShareMax';
      if (!isTooLarge || edits.length === 1) throw error;
      const half = edits.length >> 1;
      const outcomes = [];
      for (const part of [edits.slice(0, half), edits.slice(half)]) {
        outcomes.push(...(await Promise.allSettled([this.publish(vip, part)])));
      }
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  }

  /** Tells a text once, until it is another one. */
  private warn(about: string, text: string): void {
    if (this.told.get(about) === text || (text === '' && !this.told.has(about))) return;
    this.told.set(about, text);
    if (text !== '') this.settings.onEvent?.({ type: 'warning', text });
  }

  /** Until a list has come, a grace ends, or the time of the resync. */
  private async untilWork(resyncAtMs: number): Promise<void> {
    if (this.dirty.size > 0) return;
    const atMs = Math.min(resyncAtMs, ...this.due.values());
    await this.pause(Math.max(0, atMs - Date.now()), true);
  }

  private pause(ms: number, untilWoken = false): Promise<void> {
    const { signal } = this.stop;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (untilWoken) this.wake = done;
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }
}

function readSettings(options: KeepOptions): Settings {
  const { targets, by } = options;
  if (targets.length < 1 || targets.length > 10_000) throw optionError('targets', targets.length, 'must be 1..10000');
  if (by.length < 1 || by.length > 100) throw optionError('by', by, 'must be 1..100 characters');
  const seen = new Set<string>();
  for (const { vip, weight } of targets) {
    const broken = vipKeyRule(vip);
    if (broken !== undefined) throw optionError('vip', vip, broken);
    if (seen.has(vip)) throw optionError('vip', vip, 'must be named once');
    seen.add(vip);
    readInteger('weight', weight, 1, 0, 65535);
  }
  return {
    ...options,
    graceMs: readInteger('graceMs', options.graceMs, 30_000, 0, 86_400_000),
    coalesceMs: readInteger('coalesceMs', options.coalesceMs, 250, 0, 60_000),
    resyncMs: readInteger('resyncMs', options.resyncMs, 60_000, 1000, 86_400_000),
  };
}
