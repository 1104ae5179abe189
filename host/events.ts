// host/events.ts: what a load balancer tells its owner while it runs.
import { EventEmitter } from 'node:events';
import type { MaglevError } from './errors.js';
import type { Panic } from './membership/effective.js';
import type { Applied, Refusal } from './membership/event.js';
import type { ServerIdConflict } from './membership/names.js';

/** Events of a load balancer and what each carries. */
export interface Events {
  /** A publication is live: every worker has seen it. Many VIPs of a topic or a file are several publications. */
  applied: Applied & { /** Keys of the VIPs that were rebuilt. */ vips: string[] };
  /** A record was refused; it changed nothing. */
  refused: Refusal;
  /** The source is away; forwarding goes on with what we have, from `sinceMs` (Unix time, ms). */
  stale: { source: string; sinceMs: number; reason: string };
  /** The source is back. */
  fresh: { source: string };
  /** A VIP has too few active backends, so that others count as active; `none`: no longer. */
  panic: { vip: string; panic: Panic };
  /** Two backends of a VIP have the same server id and neither is down: that with the lower address is named. */
  serverIdConflict: ServerIdConflict & { vip: string };
  /** Nothing is left on a draining backend: no slot, no flow, and no packet that named it for as long as a flow may be silent. */
  drained: { vip: string; backend: string };
  /** The way to a backend became known, changed or was lost (`mac` undefined; `problem` says why). */
  neighbour: { backend: string; mac: string | undefined; problem: string | undefined };
  /** One of our interfaces changed. */
  link: { interface: string; isUp: boolean; mtu: number; isRemoved: boolean };
  /** A packet worker died and is started again. */
  workerRestart: { interface: string; worker: number; reason: string };
  /** Something broke that nobody waits for; forwarding goes on as far as it can. */
  error: MaglevError;
}

/** An emitter of these events. An `error` that nobody listens to is not thrown: a library does not end its host. */
export class EventHub {
  private readonly emitter = new EventEmitter();

  on<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): void {
    this.emitter.on(event, listener);
  }

  off<E extends keyof Events>(event: E, listener: (e: Events[E]) => void): void {
    this.emitter.off(event, listener);
  }

  emit<E extends keyof Events>(event: E, e: Events[E]): void {
    if (this.emitter.listenerCount(event) > 0) this.emitter.emit(event, e);
  }
}
