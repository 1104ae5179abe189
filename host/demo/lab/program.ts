// host/demo/lab/program.ts: a Node program that runs on a host of the lab and talks with us over an IPC channel.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MaglevError } from '../../errors.js';
import type { LabHost } from './labHost.js';

/** Last words kept of a program, bytes: they go into the error when it fails. */
const STDERR_BYTES_MAX = 4096;
/** USER_HZ: the unit of times in /proc/PID/stat is 10 ms on every architecture that Linux runs Node on. */
const CLOCK_TICKS_PER_SECOND = 100;

/** A program under way: `Command` is what it takes, `Report` what it tells. */
export class LabProgram<Command extends object, Report extends { type: string }> {
  readonly name: string;
  readonly child: ChildProcess;
  readonly #first = new Map<string, Report>();
  #stderr = '';

  constructor(host: LabHost, script: URL, config: object, onReport: (report: Report) => void) {
    const path = fileURLToPath(script);
    this.name = `${path.replace(/^.*\//, '')} on ${host.name}`;
    this.child = host.spawn(process.execPath, [path, JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced', // copies arrays of numbers as they are
    });
    this.child.on('message', (message) => {
      const report = message as Report;
      if (!this.#first.has(report.type)) this.#first.set(report.type, report);
      onReport(report);
    });
    this.child.on('error', (error) => this.#hear(error.message));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
  }

  #hear(text: string): void {
    this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES_MAX);
  }

  /** The first report of that type, also when it has come already. Rejects when the program ends without, or after `timeoutMs`. */
  first<Type extends Report['type']>(type: Type, timeoutMs: number): Promise<Extract<Report, { type: Type }>> {
    return new Promise((resolve, reject) => {
      const settle = (fault?: string): void => {
        const report = this.#first.get(type);
        if (report === undefined && fault === undefined) return;
        clearTimeout(timer);
        this.child.off('message', onMessage).off('close', onClose);
        if (report !== undefined) resolve(report as Extract<Report, { type: Type }>);
        else reject(new MaglevError('ERR_INTERNAL', `${this.name}: ${fault} before "${type}"; ${this.#stderr.trim()}`));
      };
      const onMessage = (): void => settle();
      const onClose = (): void => settle(`ended with ${this.child.signalCode ?? this.child.exitCode}`);
      const timer = setTimeout(() => settle(`${timeoutMs} ms passed`), timeoutMs);
      this.child.on('message', onMessage).on('close', onClose);
      if (this.hasEnded) onClose();
      else settle();
    });
  }

  /** The end of what it wrote to stderr. */
  lastWords(): string {
    return this.#stderr.trim();
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Tells the program something. Nothing happens when it has ended. */
  send(command: Command): void {
    if (this.child.connected) this.child.send(command);
  }

  /** CPU time it has used so far, all its threads, user and system, in seconds. */
  cpuSeconds(): number {
    return this.child.pid === undefined ? 0 : cpuSeconds(this.child.pid);
  }

  /** Ends it as a crash would, without a chance to say goodbye, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** CPU time that a running process has used, all its threads, user and system, in seconds. */
export function cpuSeconds(pid: number): number {
  // proc(5): the second field is the program's name in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}
