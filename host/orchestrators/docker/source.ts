// host/orchestrators/docker/source.ts: containers of one Docker Engine as a source of endpoints.
//
//   open the stream of events -> list -> inspect each -> tell -> an event: inspect that one, tell ...
//         ^                                                  every `relistMs`: list again
//         +--- the stream ends, or a question fails: wait, then again, with the events since the last one heard
//
// The stream is opened before the list is made, so nothing is lost in between; an event only says whom to look at, so one that is told twice
// does no harm. A list that does not come is how a hanging Engine is noticed.
import { isDeepStrictEqual } from 'node:util';
import { readInteger } from '../../options.js';
import { Backoff } from '../backoff.js';
import type { Endpoint, EndpointSource, Tell } from '../endpoints.js';
import {
  type ContainerTarget,
  endpointsOfTarget,
  isStopSignal,
  type Known,
  shortId,
  VIP_LABEL,
  vipsOf,
} from './containers.js';
import { Engine, type EngineEvent } from './engine.js';

/** A Docker Engine, and the VIPs that its containers may name. */
export interface DockerOptions {
  /** Its unix socket. Default /var/run/docker.sock. Who may use it is root on that host. */
  socket?: string;
  /** VIPs that labels may name; a label that names another is a `warning`. */
  vips: readonly ContainerTarget[];
  /** How long an answer may take, ms: 100..600000. Default 10000. */
  answerMs?: number;
  /** How often all containers are listed though no event came, ms: 100..86400000. Default 60000. */
  relistMs?: number;
  /** How long the first wait is after a failure, ms: 10..60000; it doubles up to 30 s. Default 1000. */
  retryMs?: number;
}

const RETRY_MAX_MS = 30_000;

/** Containers with the label `maglev-dsr.vip` as a source of endpoints. Throws ERR_OPTION. */
export function dockerSource({ socket = '/var/run/docker.sock', vips, ...times }: DockerOptions): EndpointSource {
  const answerMs = readInteger('answerMs', times.answerMs, 10_000, 100, 600_000);
  const relistMs = readInteger('relistMs', times.relistMs, 60_000, 100, 86_400_000);
  const retryMs = readInteger('retryMs', times.retryMs, 1000, 10, 60_000);
  return {
    follow: async (tell, signal) => {
      const follower = new Follower(new Engine(socket, answerMs), vips, relistMs, tell);
      const backoff = new Backoff(retryMs, RETRY_MAX_MS);
      while (!signal.aborted) {
        await follower
          .session(signal, () => backoff.reset())
          .catch((error: Error) => {
            if (!signal.aborted) tell({ type: 'away', reason: `docker ${socket}: ${error.message}` });
          });
        await backoff.wait(signal);
      }
    },
  };
}

class Follower {
  private known = new Map<string, Known>();
  private readonly last = new Map<string, Endpoint[]>();
  private readonly warned = new Set<string>();
  /** Time of the last event, of the Engine's clock: seconds.nanoseconds. */
  private since: string | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly targets: readonly ContainerTarget[],
    private readonly relistMs: number,
    private readonly tell: Tell,
  ) {}

  /** One stream of events, and what comes of it. Rejects when it ends. */
  async session(outer: AbortSignal, onWell: () => void): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([outer, stop.signal]);
    const heard: EngineEvent[] = [];
    let wake = (): void => undefined;
    try {
      const hear = (event: EngineEvent): void => {
        heard.push(event);
        wake();
      };
      const { ended } = await this.engine.events(this.since, hear, signal);
      const over = ended.then(() => Promise.reject(new Error('the stream of events ended')));
      over.catch(() => undefined);
      await this.list(signal);
      this.tell({ type: 'back' });
      onWell();
      let relistAtMs = Date.now() + this.relistMs;
      for (;;) {
        const event = heard.shift();
        if (event !== undefined) await this.take(event, signal);
        else if (Date.now() >= relistAtMs) {
          await this.list(signal);
          relistAtMs = Date.now() + this.relistMs;
        } else {
          let timer: NodeJS.Timeout | undefined;
          const next = new Promise<void>((resolve) => {
            wake = resolve;
            timer = setTimeout(resolve, relistAtMs - Date.now());
          });
          await Promise.race([next, over]).finally(() => clearTimeout(timer));
        }
      }
    } finally {
      stop.abort();
    }
  }

  /** All containers. Told when the last one is looked at, never half a list. */
  private async list(signal: AbortSignal): Promise<void> {
    const found = new Map<string, Known>();
    for (const id of await this.engine.list(VIP_LABEL, signal)) {
      const container = await this.engine.inspect(id, signal);
      if (container !== undefined) found.set(id, { container, isStopping: this.wasStopping(container) });
    }
    this.known = found;
    this.tellAll();
  }

  private async take({ Type, Action, Actor, timeNano }: EngineEvent, signal: AbortSignal): Promise<void> {
    const id = Type === 'network' ? Actor.Attributes?.container : Actor.ID;
    if (id === undefined) return;
    const container = await this.engine.inspect(id, signal);
    const isOurs = container?.Config.Labels?.[VIP_LABEL] !== undefined;
    if (container === undefined || !isOurs) this.known.delete(id);
    else {
      const isStopping = this.isStopping(container, Action, Actor.Attributes?.signal);
      this.known.set(id, { container, isStopping });
    }
    if (timeNano !== undefined) this.since = sinceOf(timeNano);
    this.tellAll();
  }

  /** From the signal that asks it to stop until it has stopped, or is started again. */
  private isStopping(container: Known['container'], action: string, signal: string | undefined): boolean {
    if (action === 'kill' && isStopSignal(container, signal)) return true;
    if (action === 'start' || action === 'die') return false;
    return this.wasStopping(container);
  }

  /** Not when it was started again meanwhile, which may be among the events of an Engine that has forgotten them. */
  private wasStopping({ Id, State }: Known['container']): boolean {
    const before = this.known.get(Id);
    return before?.isStopping === true && before.container.State.StartedAt === State.StartedAt;
  }

  private tellAll(): void {
    for (const target of this.targets) {
      const { endpoints, warnings } = endpointsOfTarget(this.known.values(), target);
      for (const text of warnings) this.warn(text);
      if (isDeepStrictEqual(this.last.get(target.vip), endpoints)) continue;
      this.last.set(target.vip, endpoints);
      this.tell({ type: 'endpoints', vip: target.vip, endpoints });
    }
    for (const { container } of this.known.values()) {
      const strange = vipsOf(container).filter((key) => !this.targets.some(({ vip }) => vip === key));
      for (const key of strange) this.warn(`container ${shortId(container)} names ${key}: not managed here`);
    }
  }

  private warn(text: string): void {
    if (!this.warned.has(text)) this.tell({ type: 'warning', text });
    this.warned.add(text);
  }
}

/** Nanoseconds, which JSON.parse has made a double, as the Engine takes a time; rounded down, so that an event comes twice rather than not. */
function sinceOf(timeNano: number): string {
  const micros = Math.floor(timeNano / 1000) - 1;
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}000`;
}
