// test/live/support/commandBalancer.ts: the balancer as an operator runs it: `maglev-dsr run` on a host of the lab, with a members file.
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import type { Topology } from '../../../host/demo/lab/topology.js';
import type { Events } from '../../../host/events.js';
import type { Stats } from '../../../host/stats.js';
import type { Status } from '../../../host/status.js';
import { type FileVip, writeMembers } from './members.js';
import { stopChild } from './stopChild.js';
import { until } from './until.js';

const COMMAND = fileURLToPath(new URL('../../../host/cli/main.js', import.meta.url));
const READY_TIMEOUT_MS = 15_000;
/** The same at every start, so that the same flows meet the same backends in every run of a test. */
const SECRET = 'a secret that everybody may know';

type StatsLine = { event: 'stats'; at: number; status: Status } & Stats;
type EventLine = { [E in keyof Events]: { event: E; at: number } & Events[E] }[keyof Events];
/** A line of `--status-json`. */
type StatusLine = { event: 'ready'; at: number } | StatsLine | EventLine;

/** What a balancer is started with. */
interface CommandPlan {
  members: readonly FileVip[];
  /** Fields of the configuration; default: `announce: arp`, the topology's interfaces. */
  config?: Record<string, unknown>;
}

/** A `maglev-dsr run` under way. */
export class CommandBalancer {
  /** What it has said so far, counters excepted. */
  readonly events: (EventLine | { event: 'ready'; at: number })[] = [];
  readonly startedAt = performance.now();
  readonly child: ChildProcess;
  readonly #membersFile: string;
  #last: StatsLine | undefined;
  #stderr = '';

  private constructor(child: ChildProcess, membersFile: string) {
    this.child = child;
    this.#membersFile = membersFile;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    if (child.stdout === null) throw new Error('started without a pipe to read');
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(JSON.parse(line) as StatusLine));
  }

  /** Starts it on the topology's balancer host; does not wait. */
  static async launch({ lab, balancer, balancerLinks }: Topology, plan: CommandPlan): Promise<CommandBalancer> {
    const at = (name: string): string => join(lab.directory, name);
    await writeMembers(at('members.yaml'), plan.members);
    await writeFile(at('secret'), SECRET, { mode: 0o600 });
    const config = {
      interfaces: balancerLinks.map((name) => ({ name })),
      membership: { file: 'members.yaml' },
      announce: 'arp',
      hashSecretFile: 'secret',
      control: 'none', // its folder is the host's, not the lab's
      ...plan.config,
    };
    await writeFile(at('balancer.yaml'), JSON.stringify(config));
    return new CommandBalancer(spawnRun(balancer, at('balancer.yaml')), at('members.yaml'));
  }

  /** Starts it and waits until it is ready and knows the way to every backend. */
  static async start(topology: Topology, plan: CommandPlan): Promise<CommandBalancer> {
    const started = await CommandBalancer.launch(topology, plan);
    await started.until(
      'it to be ready',
      () => started.events.some(({ event }) => event === 'ready'),
      READY_TIMEOUT_MS,
    );
    const addresses = new Set(plan.members.flatMap(({ backends }) => backends.map(({ address }) => address)));
    for (const address of addresses) await started.reaches(address);
    return started;
  }

  /** Waits until it knows the MAC address of a backend. */
  async reaches(address: string): Promise<void> {
    await this.until(`the way to ${address}`, () => this.all('neighbour').some((e) => e.backend === address && e.mac));
  }

  /** Waits for something; fails at once when the balancer has ended, with what it said. */
  async until<T>(what: string, look: () => T | undefined | false, timeoutMs?: number): Promise<T> {
    const lookAlive = (): T | undefined | false => {
      if (this.hasEnded) throw new Error(`balancer ended while waiting for ${what}: ${this.#stderr}`);
      return look();
    };
    return until(`${what}; it said: ${this.#stderr.slice(-2000)}`, lookAlive, timeoutMs);
  }

  /** All events of one kind so far. */
  all<E extends keyof Events>(event: E): Extract<EventLine, { event: E }>[] {
    return this.events.filter((line): line is Extract<EventLine, { event: E }> => line.event === event);
  }

  /** Replaces the members file; resolves with the publication that follows. */
  async publish(vips: readonly FileVip[]): Promise<Extract<EventLine, { event: 'applied' }>> {
    const before = this.all('applied').length;
    await this.write(vips);
    return this.until('the members to be live', () => this.all('applied')[before]);
  }

  /** Replaces the members file. */
  async write(vips: readonly FileVip[]): Promise<void> {
    await writeMembers(this.#membersFile, vips);
  }

  /** Counters and status as of now: of the next line that has them. */
  async stats(): Promise<StatsLine> {
    const since = Date.now();
    return this.until('counters', () => ((this.#last?.at ?? 0) >= since ? this.#last : undefined));
  }

  /** Bytes that came in for VIPs, as of a second ago at most. */
  octets(): number {
    return Object.values(this.#last?.vips ?? {}).reduce((sum, { octets }) => sum + octets, 0);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What it wrote to stderr. */
  get log(): string {
    return this.#stderr;
  }

  /** Sends a signal and waits for the end: exit code or signal, and how long it took. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): ReturnType<typeof stopChild> {
    return stopChild(this.child, signal);
  }

  #read(line: StatusLine): void {
    if (line.event === 'stats') this.#last = line;
    else this.events.push(line);
  }
}

function spawnRun(host: LabHost, configFile: string): ChildProcess {
  const args = [COMMAND, 'run', '--config', configFile, '--status-json'];
  return host.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs the command to its end, for starts that fail; resolves with exit code and what it wrote to stderr. */
export async function failedRun({ lab, balancer }: Topology): Promise<{ exitCode: number | null; stderr: string }> {
  const args = [COMMAND, 'run', '--config', join(lab.directory, 'balancer.yaml'), '--log-level', 'error'];
  return balancer.exec(process.execPath, args, { anyExitCode: true });
}
