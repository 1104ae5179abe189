// host/demo/balancer.ts: the balancer under test: the real command, started as an operator would, in its own namespace of the lab.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MaglevError } from '../errors.js';
import type { Events } from '../events.js';
import type { Applied } from '../membership/event.js';
import type { Stats } from '../stats.js';
import type { Status, VipStatus } from '../status.js';
import { cpuSeconds } from './lab/program.js';
import type { Topology } from './lab/topology.js';

/** What `run --status-json` says, one JSON object a line; of the events, those that the demo waits for. */
type StatusLine =
  | { event: 'ready' }
  | ({ event: 'applied'; at: number } & Applied)
  | ({ event: 'drained'; at: number } & Events['drained'])
  | ({ event: 'stats'; status: Status } & Stats);

/** A publication and when every worker had seen it. */
interface AppliedAt extends Applied {
  /** Unix time, ms. */
  at: number;
}

/** Where the balancer's membership comes from, as its configuration says it. */
export type MembershipConfig = { kafka: { brokers: string[]; topic: string } } | { file: string };

const COMMAND = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const READY_TIMEOUT_MS = 15_000;
const APPLIED_TIMEOUT_MS = 10_000;
/** Records published together may be applied in two steps; after so long without another one they all are, ms. */
const APPLIED_QUIET_MS = 400;
const STDERR_BYTES_MAX = 8192;
/** Good for a demo, where nobody aims flows at a backend. A fleet's secret is random. */
const DEMO_SECRET = '6d61676c65762d647372206f6e207468652074657374206c6162206e6574776b';

/**
 * Short, so that a drained backend is seen to be drained while one looks on: the demo's connections are never silent for longer.
 * An operator takes minutes.
 */
const FLOW_TIMES = { tcpIdleTimeoutMs: 3000, udpIdleTimeoutMs: 3000, udpLearnMs: 1000 };

/** The balancer, running. */
export class DemoBalancer {
  /** Publications so far, in order. */
  readonly applied: AppliedAt[] = [];
  /** When a backend was drained, by `VIP ADDRESS`. Unix time, ms. */
  readonly drained = new Map<string, number>();
  verdicts: Record<string, number> = {};
  #vips: VipStatus[] = [];
  /** Called at every publication and every drained backend. */
  onEvent: (text: string) => void = () => undefined;
  readonly #child: ChildProcess;
  #isReady = false;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES_MAX);
    });
    if (child.stdout === null) throw new MaglevError('ERR_INTERNAL', 'the balancer was started without a pipe to read');
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
  }

  /** Starts the balancer of a topology and waits until it has caught up with its membership. */
  static async start({ lab, balancer, balancerLinks }: Topology, membership: MembershipConfig): Promise<DemoBalancer> {
    const secretFile = join(lab.directory, 'hash-secret');
    const configFile = join(lab.directory, 'balancer.yaml');
    const config = {
      interfaces: balancerLinks.map((name) => ({ name })),
      announce: 'arp',
      membership,
      hashSecretFile: secretFile,
      control: 'none', // its folder is the host's, not the lab's
      flow: { ...FLOW_TIMES, panicShare: 0.2 },
    };
    await writeFile(secretFile, DEMO_SECRET, { mode: 0o600 });
    await writeFile(configFile, JSON.stringify(config, undefined, 2)); // JSON is YAML
    const args = [COMMAND, 'run', '--config', configFile, '--status-json'];
    const started = new DemoBalancer(balancer.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    await started.#until('be ready', () => started.#isReady, READY_TIMEOUT_MS);
    return started;
  }

  #read(line: string): void {
    if (!line.startsWith('{')) return; // its log, for people
    const status = JSON.parse(line) as StatusLine;
    if (status.event === 'ready') this.#isReady = true;
    if (status.event === 'stats') {
      this.verdicts = status.verdicts;
      this.#vips = status.status.vips;
    }
    if (status.event === 'drained') {
      const { vip, backend, at } = status;
      this.drained.set(`${vip} ${backend}`, at);
      this.onEvent(`${backend} is drained for ${vip}`);
    }
    if (status.event !== 'applied') return;
    const { generation, slotsMoved, buildMs, at } = status;
    this.applied.push({ generation, slotsMoved, buildMs, at });
    this.onEvent(`generation ${generation} live: ${slotsMoved} slots moved, built in ${buildMs.toFixed(1)} ms`);
  }

  /** Slots of a VIP's lookup table that a backend has, as of a second ago at most. */
  slots(vip: string, address: string): number {
    const backends = this.#vips.find(({ key }) => key === vip)?.backends ?? [];
    return backends.find((backend) => backend.address === address)?.slots ?? 0;
  }

  /** Waits for what follows publication number `count`; resolves with the last publication of those that came together. */
  async appliedAfter(count: number): Promise<AppliedAt> {
    await this.#until('apply what was published', () => this.applied.length > count, APPLIED_TIMEOUT_MS);
    for (let seen = 0; seen !== this.applied.length; ) {
      seen = this.applied.length;
      await new Promise((resolve) => setTimeout(resolve, APPLIED_QUIET_MS));
    }
    const last = this.applied.at(-1);
    if (last === undefined) throw new MaglevError('ERR_INTERNAL', 'a publication that was there is gone');
    return last;
  }

  async #until(what: string, condition: () => boolean, timeoutMs: number): Promise<void> {
    const { pid } = this.#child;
    for (const startedAt = performance.now(); !condition(); ) {
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
      const how = hasEnded
        ? `ended with ${this.#child.signalCode ?? this.#child.exitCode}`
        : `took over ${timeoutMs} ms`;
      if (hasEnded || performance.now() - startedAt > timeoutMs) {
        throw new MaglevError(
          'ERR_INTERNAL',
          `balancer, pid ${pid}, was to ${what}; it ${how}; ${this.#stderr.trim()}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** CPU time it has used so far, all threads, user and system, in seconds. */
  cpuSeconds(): number {
    return this.#child.pid === undefined ? 0 : cpuSeconds(this.#child.pid);
  }

  /** Ends it as an operator would, with SIGTERM; resolves with its exit code, null when it took a SIGKILL. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const gone = once(this.#child, 'exit') as Promise<[number | null]>;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    const [code] = await gone;
    clearTimeout(timer);
    return code;
  }
}
