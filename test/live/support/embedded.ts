// test/live/support/embedded.ts: the library under test, in a process of its own on a host of the lab (programs/embed.ts).
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { LabProgram } from '../../../host/demo/lab/program.js';
import type { Events } from '../../../host/events.js';
import type { Applied, Change } from '../../../host/membership/event.js';
import type { Stats } from '../../../host/stats.js';
import type { Status } from '../../../host/status.js';
import type { EmbedCommand, EmbedConfig, EmbedEvent, EmbedOptions, EmbedReport, EmbedStep } from '../programs/embed.js';
import { changesOf, type FileVip } from './members.js';
import { until } from './until.js';

const SCRIPT = new URL('../programs/embed.js', import.meta.url);
const READY_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 15_000;
/** The same in every run, so that the same flows meet the same backends. */
const SECRET = 'a secret that everybody may know';

type Answer = Extract<EmbedReport, { type: 'done' | 'failed' }>;

/** A process that embeds the library. */
export class EmbeddingProcess {
  readonly program: LabProgram<EmbedCommand, EmbedReport>;
  readonly events: EmbedEvent[] = [];
  readonly #answers = new Map<number, Answer>();
  #asked = 0;

  private constructor(host: LabHost, config: EmbedConfig) {
    this.program = new LabProgram<EmbedCommand, EmbedReport>(host, SCRIPT, config, (report) => {
      if (report.type === 'event') this.events.push(report);
      if (report.type === 'done' || report.type === 'failed') this.#answers.set(report.number, report);
    });
  }

  /** Starts it; `env`: what its environment has besides ours. */
  static async start(host: LabHost, env: Record<string, string> = {}): Promise<EmbeddingProcess> {
    const started = new EmbeddingProcess(host, { env });
    await started.program.first('ready', READY_TIMEOUT_MS);
    return started;
  }

  /** Makes a balancer; resolves when it is ready, and knows the way to every backend; rejects as createLoadBalancer does. */
  async create(
    name: string,
    options: EmbedOptions,
    vips: readonly FileVip[],
    { mustReach = true } = {},
  ): Promise<EmbeddedBalancer> {
    const records = changesOf(vips);
    await this.ask(name, { do: 'create', options: { hashSecret: SECRET, announce: 'arp', ...options }, records });
    const balancer = new EmbeddedBalancer(this, name);
    if (vips.length > 0 && mustReach) await balancer.reachesAll();
    return balancer;
  }

  async ask(name: string, step: EmbedStep): Promise<unknown> {
    const number = ++this.#asked;
    this.program.send({ number, name, step });
    const answer = await until(
      `an answer to ${step.do}`,
      () => {
        if (this.program.hasEnded) throw new Error(`the process ended: ${this.program.lastWords()}`);
        return this.#answers.get(number);
      },
      ANSWER_TIMEOUT_MS,
    );
    this.#answers.delete(number);
    if (answer.type === 'done') return answer.value;
    throw Object.assign(new Error(answer.message), { code: answer.code });
  }
}

/** One balancer in there. */
export class EmbeddedBalancer {
  constructor(
    readonly process: EmbeddingProcess,
    readonly name: string,
  ) {}

  async apply(changes: Change[]): Promise<Applied> {
    return (await this.process.ask(this.name, { do: 'apply', changes })) as Applied;
  }

  async stats(): Promise<Stats> {
    return (await this.process.ask(this.name, { do: 'stats' })) as Stats;
  }

  async status(): Promise<Status> {
    return (await this.process.ask(this.name, { do: 'status' })) as Status;
  }

  async digest(vip: string): Promise<string> {
    return (await this.process.ask(this.name, { do: 'digest', vip })) as string;
  }

  async close(): Promise<void> {
    await this.process.ask(this.name, { do: 'close' });
  }

  /** Events of one kind so far. */
  all<E extends keyof Events>(event: E): (EmbedEvent & { fields: Events[E] })[] {
    const own = this.process.events.filter((e) => e.name === this.name && e.event === event);
    return own as (EmbedEvent & { fields: Events[E] })[];
  }

  /** Waits until its status knows a MAC address for every backend. */
  async reachesAll(): Promise<void> {
    await until('the ways to all backends', async () => {
      const { vips } = await this.status();
      return vips.length > 0 && vips.every(({ backends }) => backends.every(({ mac }) => mac !== undefined));
    });
  }
}
