// test/orchestrators/command.ts: `maglev-dsr publish-from` as a process, with what it says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

/** Program and first arguments: `process.execPath` runs it. */
export const COMMAND: readonly string[] = [
  fileURLToPath(new URL('../../host/cli/main.js', import.meta.url)),
  'publish-from',
];

/** Runs until it is told to stop. */
export class RunningPublisher {
  /** What it has written to its log. */
  log = '';
  private readonly child;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log += text;
    });
  }

  /** Sends a signal, on which it must end well. */
  async stop(signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    assert.equal(await ended, [0, null], this.log);
  }

  /** Ends it however that goes, for a test that has failed. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
