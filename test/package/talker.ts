// test/package/talker.ts: a program under way whose lines a test waits for.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../live/support/until.js';

const LINE_TIMEOUT_MS = 20_000;
const END_TIMEOUT_MS = 10_000;

/** What a child process says on stdout, line by line, and how it ends. Needs pipes for stdout and stderr. */
export class Talker {
  #said = '';
  #complaints = '';

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    child.on('error', (error) => {
      this.#complaints += `${error.message}\n`;
    });
  }

  /** Everything it has written to stdout. */
  get said(): string {
    return this.#said;
  }

  /** Everything it has written to stderr. */
  get complaints(): string {
    return this.#complaints;
  }

  /** Waits for a match in what it says; fails at once when it has ended without. */
  hear(pattern: RegExp): Promise<RegExpExecArray> {
    return until(
      `${pattern}`,
      () => {
        const found = pattern.exec(this.#said);
        if (found === null && this.#hasEnded)
          throw new Error(`ended before ${pattern}: ${this.#complaints}${this.#said}`);
        return found ?? undefined;
      },
      LINE_TIMEOUT_MS,
    );
  }

  /** Sends a signal, if one is given, and waits for the end: exit code, or the signal that ended it. */
  async end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const gone = this.#hasEnded ? Promise.resolve() : once(this.child, 'exit');
    if (signal !== undefined) this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
    return this.child.signalCode ?? this.child.exitCode;
  }

  get #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
