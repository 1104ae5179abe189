// test/live/support/ownDecap.ts: the decapsulator as an operator runs it: `maglev-dsr decap` on a host of the lab.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DecapStats, DecapStatus } from '../../../host/decap/decapStatus.js';
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { stopChild } from './stopChild.js';
import { until } from './until.js';

const COMMAND = fileURLToPath(new URL('../../../host/cli/main.js', import.meta.url));
const READY_TIMEOUT_MS = 15_000;

type StatsLine = { event: 'stats'; at: number; status: DecapStatus } & DecapStats;
type Line = StatsLine | { event: 'ready' | 'addresses' | 'link' | 'error'; at: number };

type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** A `maglev-dsr decap` under way. */
export class OwnDecap {
  readonly events: Exclude<Line, StatsLine>[] = [];
  readonly child: ChildProcess;
  #last: StatsLine | undefined;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    if (child.stdout === null) throw new Error('started without a pipe to read');
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      if (line.event === 'stats') this.#last = line;
      else this.events.push(line);
    });
  }

  /** Starts it on eth0 of a host and waits until it takes packets. */
  static async start(host: LabHost, ...args: string[]): Promise<OwnDecap> {
    const command = [COMMAND, 'decap', '--interface', 'eth0', '--json', ...args];
    const started = new OwnDecap(host.spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] }));
    await started.until(
      'it to be ready',
      () => started.events.some(({ event }) => event === 'ready'),
      READY_TIMEOUT_MS,
    );
    return started;
  }

  async until<T>(what: string, look: Look<T>, timeoutMs?: number): Promise<T> {
    const lookAlive: Look<T> = () => {
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`it ended while waiting for ${what}: ${this.#stderr}`);
      return look();
    };
    return until(`${what}; it said: ${this.#stderr.slice(-2000)}`, lookAlive, timeoutMs);
  }

  /** Counters and status as of now: of the next line that has them. */
  async stats(): Promise<StatsLine> {
    const since = Date.now();
    return this.until('counters', () => ((this.#last?.at ?? 0) >= since ? this.#last : undefined));
  }

  /** Counters of verdicts and refusals that are not 0. */
  async counts(): Promise<Record<string, number>> {
    const { verdicts, refused } = await this.stats();
    return Object.fromEntries(Object.entries({ ...verdicts, ...refused }).filter(([, count]) => count !== 0));
  }

  get log(): string {
    return this.#stderr;
  }

  /** Sends a signal and waits for the end: exit code or signal, and how long it took. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): ReturnType<typeof stopChild> {
    return stopChild(this.child, signal);
  }
}

/** Runs the command to its end, for starts that fail. */
export async function failedDecap(
  host: LabHost,
  ...args: string[]
): Promise<{ exitCode: number | null; stderr: string }> {
  return host.exec(process.execPath, [COMMAND, 'decap', '--log-level', 'error', ...args], { anyExitCode: true });
}
