// host/fleet/reporter.ts: publishes what a balancer is to its fleet's status topic: every few seconds, and at once after a
// publication. Nothing here can disturb forwarding: what fails is said once, and tried again.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from '../balancerOptions.js';
import { MaglevError } from '../errors.js';
import type { LoadBalancer } from '../loadBalancer.js';
import { checkTopic, connectionConfig, type KafkaConnection } from '../membership/sources/kafkaConnection.js';
import { createPublisher, type Publisher, type TopicEntry } from '../membership/sources/publisher.js';
import { readInteger } from '../options.js';
import { packageVersion } from '../version.js';
import { balancerId } from './identity.js';
import { type Identity, reportOf } from './records.js';

/** A status topic to report to. */
export interface ReportOptions extends KafkaConnection {
  /** A topic with `cleanup.policy=compact`, other than that of the members. */
  statusTopic: string;
  /** Name of this balancer in its fleet: 1..100 letters, digits and any of . _ : + @ -. Default: `HOSTNAME.INTERFACES`. */
  id?: string;
  /** The group of balancers it belongs to, as its source has it. */
  scope?: string;
  /** How often it reports when nothing changes, ms: 500..60000. Default 3000. */
  everyMs?: number;
  /** Default: nothing is logged. */
  logger?: Logger;
}

/** A balancer that reports, until closed. */
export interface Reporter extends AsyncDisposable {
  /** Its name in the fleet. */
  readonly id: string;
  /** Why the last report did not get through; undefined when it did. */
  readonly problem: string | undefined;
  /** Stops, and says so in the topic: tombstones for what it had said. At most some 2 s. Close it before the balancer. */
  close(): Promise<void>;
}

/** Events that are reported at once. */
const TELLING = ['applied', 'drained', 'fresh', 'stale'] as const;
const EVERY_MS_DEFAULT = 3000;
/** Publications closer together than this are reported together. */
const COALESCE_MS = 50;
/** Everything is said again after this long: the topic may have been made anew. */
const REPEAT_MS = 300_000;
const ACKNOWLEDGED_MS_MAX = 5000;
const GOODBYE_MS_MAX = 2000;

/** What of a balancer is reported. */
export type Reported = Pick<LoadBalancer, 'view' | 'status' | 'ready' | 'on' | 'off'>;

/** Reports `balancer` to a status topic. Throws ERR_OPTION; brokers that are away are waited for. */
export function reportStatus(balancer: Reported, options: ReportOptions): Reporter {
  return new TopicReporter(balancer, options);
}

class TopicReporter implements Reporter {
  readonly id: string;
  problem: string | undefined;
  private readonly identity: Identity;
  private readonly everyMs: number;
  private publisher: Publisher | undefined;
  private said = new Map<string, string>(); // what the topic has from us, by key
  private saidAllAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private dueAtMs = 0;
  private working: Promise<void> | undefined;
  private isDueAgain = false; // something changed while a report was under way
  private isClosed = false;
  private readonly hurry = (): void => this.schedule(COALESCE_MS);

  constructor(
    private readonly balancer: Reported,
    private readonly options: ReportOptions,
  ) {
    connectionConfig(options);
    checkTopic(options.statusTopic);
    this.everyMs = readInteger('everyMs', options.everyMs, EVERY_MS_DEFAULT, 500, 60_000);
    this.id = balancerId(
      options.id,
      balancer.status().interfaces.map(({ name }) => name),
    );
    this.identity = {
      id: this.id,
      run: randomBytes(8).toString('hex'),
      host: hostname(),
      pid: process.pid,
      version: packageVersion(),
      startedAtMs: Date.now(),
      everyMs: this.everyMs,
      ...(options.scope !== undefined && { scope: options.scope }),
    };
    for (const event of TELLING) balancer.on(event, this.hurry);
    balancer.ready.then(this.hurry, () => undefined);
    this.schedule(0);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const event of TELLING) this.balancer.off(event, this.hurry);
    await within(GOODBYE_MS_MAX, this.sayGoodbye());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Reports in `delayMs`, or sooner when that was to be anyway. */
  private schedule(delayMs: number): void {
    const dueAtMs = performance.now() + delayMs;
    if (this.isClosed || (this.timer !== undefined && this.dueAtMs <= dueAtMs)) return;
    clearTimeout(this.timer);
    this.dueAtMs = dueAtMs;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.working === undefined) this.work();
      else this.isDueAgain = true;
    }, delayMs).unref();
  }

  private work(): void {
    this.isDueAgain = false;
    this.working = this.report().then(() => {
      this.working = undefined;
      this.schedule(this.isDueAgain ? COALESCE_MS : this.everyMs);
    });
  }

  /** Never rejects. */
  private async report(): Promise<void> {
    try {
      await this.publishReport();
      if (this.problem !== undefined) this.options.logger?.info({}, `status topic ${this.options.statusTopic} is back`);
      this.problem = undefined;
    } catch (error) {
      const isNews = this.problem === undefined;
      this.problem = error instanceof MaglevError ? error.message : String(error);
      if (isNews) this.options.logger?.warn({}, `no report to the fleet: ${this.problem}; forwarding goes on`);
    }
  }

  /** Tables first, acknowledged; then the balancer, whose record says which tables are its own. */
  private async publishReport(): Promise<void> {
    const publisher = await this.connect();
    if (performance.now() - this.saidAllAtMs > REPEAT_MS) this.said = this.forgetTables();
    const [view, status] = [await this.balancer.view(), this.balancer.status()];
    const { balancer, tables } = reportOf(this.identity, view, status, Date.now());
    const entries: TopicEntry[] = [];
    for (const [key, value] of tables) if (this.said.get(key) !== value) entries.push({ key, value });
    for (const key of this.said.keys()) if (key !== this.id && !tables.has(key)) entries.push({ key, value: null });
    await publisher.publish(entries);
    for (const { key, value } of entries) {
      if (value === null) this.said.delete(key);
      else this.said.set(key, value);
    }
    await publisher.publish([balancer]);
    this.said.set(balancer.key, balancer.value);
  }

  /** Keys stay known, for their tombstones; what they said is to be said again. */
  private forgetTables(): Map<string, string> {
    this.saidAllAtMs = performance.now();
    return new Map([...this.said.keys()].map((key) => [key, '']));
  }

  private async connect(): Promise<Publisher> {
    const { statusTopic, id, scope, everyMs, logger, ...connection } = this.options;
    this.publisher ??= await createPublisher({ ...connection, topic: statusTopic, timeoutMs: ACKNOWLEDGED_MS_MAX });
    return this.publisher;
  }

  private async sayGoodbye(): Promise<void> {
    await this.working;
    const { publisher } = this;
    if (publisher === undefined) return;
    const tables = [...this.said.keys()].filter((key) => key !== this.id);
    try {
      // Itself first: tables without their balancer are nobody's, a balancer without its tables would look half told.
      if (this.said.has(this.id)) await publisher.publish([{ key: this.id, value: null }]);
      await publisher.publish(tables.map((key) => ({ key, value: null })));
    } catch (error) {
      this.options.logger?.warn({}, `the fleet was not told that ${this.id} stops: ${String(error)}`);
    } finally {
      await publisher.close();
    }
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
