// host/metrics/metrics.ts: what a balancer counts and is, in the words of Prometheus. Read when it is asked for, from stats() and
// status(): nothing is counted twice, and nothing in between costs anything.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Events } from '../events.js';
import type { LoadBalancer } from '../loadBalancer.js';
import { VERDICTS } from '../stats.js';
import type { Status } from '../status.js';
import { packageVersion } from '../version.js';
import { METRICS, type MetricDefinition } from './definitions.js';

/** What of a balancer is measured. */
export type Measured = Pick<LoadBalancer, 'stats' | 'status' | 'on' | 'off'>;

/** Metrics of one balancer, in a registry of their own. */
export interface BalancerMetrics extends Disposable {
  /** For who has more to say in the same answer: `Registry.merge` of prom-client. */
  readonly registry: Registry;
  /** The text that Prometheus reads. */
  text(): Promise<string>;
  /** What it is, for the header `content-type`. */
  readonly contentType: string;
  /** Stops listening to the balancer. */
  close(): void;
}

/** Seconds; a table of 65537 slots takes about one millisecond, a thousand of them one second. */
const BUILD_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const PANICS = { none: 0, draining: 1, down: 2 } as const;
const STATES = ['active', 'draining', 'down'] as const;

/** Makes the metrics of a balancer. Publications and errors are counted from now on, everything else from its start. */
export function balancerMetrics(balancer: Measured): BalancerMetrics {
  return new Metrics(balancer);
}

type Family = {
  [K in keyof typeof METRICS as (typeof METRICS)[K]['type'] extends 'histogram' ? never : K]: Counter | Gauge;
};

class Metrics implements BalancerMetrics {
  readonly registry = new Registry();
  private readonly family: Family;
  private readonly buildTime: Histogram;
  private readonly onApplied = ({ buildMs, slotsMoved }: Events['applied']): void => {
    this.buildTime.observe(buildMs / 1000);
    this.family.publications.inc();
    this.family.slotsMoved.inc(slotsMoved);
  };
  private readonly onError = ({ code }: Events['error']): void => this.family.errors.inc({ code });

  constructor(private readonly balancer: Measured) {
    const registers = [this.registry];
    const make = ({ name, type, labels, help }: MetricDefinition): Counter | Gauge => {
      const options = { name, help, labelNames: [...labels], registers };
      return type === 'counter' ? new Counter(options) : new Gauge(options);
    };
    const plain = Object.entries(METRICS).filter(([, { type }]) => type !== 'histogram');
    this.family = Object.fromEntries(plain.map(([key, definition]) => [key, make(definition)])) as Family;
    const { name, help } = METRICS.buildTime;
    this.buildTime = new Histogram({ name, help, buckets: BUILD_BUCKETS, registers });
    this.family.startTime.inc(Math.floor(Date.now() / 1000));
    balancer.on('applied', this.onApplied).on('error', this.onError);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    this.readStats();
    this.readStatus();
    return this.registry.metrics();
  }

  close(): void {
    this.balancer.off('applied', this.onApplied).off('error', this.onError);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A VIP or backend that is gone has no series any more; one that comes back begins at 0, as counters may. */
  private readStats(): void {
    const { verdicts, events, vips, backends } = this.balancer.stats();
    const { family } = this;
    for (const key of ['frames', 'events', 'vipPackets', 'vipBytes', 'backendPackets', 'backendBytes'] as const) {
      family[key].reset();
    }
    for (const { name } of VERDICTS) family.frames.inc({ class: classOf(name), verdict: name }, verdicts[name] ?? 0);
    for (const [event, count] of Object.entries(events)) family.events.inc({ event }, count);
    for (const [vip, { packets, octets }] of Object.entries(vips)) {
      family.vipPackets.inc({ vip }, packets);
      family.vipBytes.inc({ vip }, octets);
    }
    for (const [key, { packets, octets }] of Object.entries(backends)) {
      const labels = labelsOf(key);
      family.backendPackets.inc(labels, packets);
      family.backendBytes.inc(labels, octets);
    }
  }

  private readStatus(): void {
    const status = this.balancer.status();
    const { source, memory } = status;
    this.set('info', 1, { version: packageVersion(), source: source.name });
    this.set('ready', Number(status.isReady));
    this.set('generation', status.generation);
    this.set('sourceLive', Number(source.state === 'live'));
    if (source.viewAgeMs === undefined) this.family.viewAge.remove();
    else this.set('viewAge', source.viewAgeMs / 1000);
    this.family.sourceOffset.reset();
    for (const [partition, offset] of Object.entries(source.position?.offsets ?? {})) {
      this.family.sourceOffset.inc({ partition }, offset);
    }
    this.set('refused', status.refusals.count);
    this.set('unpublished', status.unpublishedVips.length);
    this.set('pending', status.pendingBackends);
    this.set('workerRestarts', status.workerRestarts);
    this.set('tablesBytes', memory.tablesBytes);
    this.set('tablesUsed', memory.tablesUsedBytes);
    this.set('flowPlaces', memory.flowPlaces);
    this.set('flowEntries', memory.flowEntries);
    this.readVips(status);
    for (const { name, isUp, received, lostBelow } of status.interfaces) {
      this.set('received', received, { interface: name }, false);
      this.set('lostBelow', lostBelow, { interface: name }, false);
      this.set('interfaceUp', Number(isUp), { interface: name }, false);
    }
  }

  private readVips({ vips }: Status): void {
    const { family } = this;
    for (const key of [
      'vipTracked',
      'vipPanic',
      'vipBackends',
      'backendShare',
      'backendReachable',
      'backendDrained',
    ] as const) {
      family[key].reset();
    }
    for (const { key: vip, tracked, panic, backends } of vips) {
      family.vipTracked.inc({ vip }, tracked);
      family.vipPanic.inc({ vip }, PANICS[panic]);
      for (const state of STATES) {
        family.vipBackends.inc({ vip, state }, backends.filter((backend) => backend.state === state).length);
      }
      for (const { address: backend, share, mac, isDrained } of backends) {
        family.backendShare.inc({ vip, backend }, share);
        family.backendReachable.inc({ vip, backend }, Number(mac !== undefined));
        family.backendDrained.inc({ vip, backend }, Number(isDrained));
      }
    }
  }

  /** A counter of ours is read, not counted here: what it had is replaced. */
  private set(key: keyof Family, value: number, labels: Record<string, string> = {}, isAlone = true): void {
    const metric = this.family[key];
    if (isAlone) metric.reset();
    else metric.remove(labels);
    metric.inc(labels, value);
  }
}

/** `DROP_NO_VIP` is of the class `drop`. */
function classOf(verdict: string): string {
  return verdict.slice(0, verdict.indexOf('_')).toLowerCase();
}

/** `tcp/192.0.2.80:80/10.0.1.9`: addresses have no slash, prefixes of VIPs do. */
function labelsOf(key: string): { vip: string; backend: string } {
  const slash = key.lastIndexOf('/');
  return { vip: key.slice(0, slash), backend: key.slice(slash + 1) };
}
