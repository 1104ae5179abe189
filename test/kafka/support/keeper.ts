// test/kafka/support/keeper.ts: runs the processes of a cluster and outlives their test by a moment: when the channel to its parent
// closes, however that ended, it kills them and removes the folder it was given.
//
// It stands in a session of its own, so that neither Ctrl-C nor the end of the test's process group reaches it first. Should it be killed
// itself, the kernel kills the processes (setpriv --pdeathsig), and the next cluster finds its number in the folder, and removes that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEEPER_FILE } from './folders.js';

/** What the parent asks for. Processes go by the names it gives them. */
export type KeeperCommand =
  | { type: 'start'; name: string; command: string; args: string[]; log: string }
  | { type: 'signal'; name: string; signal: NodeJS.Signals };

/** What it is told: a process ended, or could not be started (no such program). */
export type KeeperReport = { type: 'ended'; name: string; how: string };

const folder = process.argv[2] as string;
const running = new Map<string, ChildProcess>();

function start({ name, command, args, log }: Extract<KeeperCommand, { type: 'start' }>): void {
  const output = openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['ignore', output, output] });
  running.set(name, child);
  const end = (how: string): void => {
    if (running.get(name) === child) running.delete(name);
    if (process.connected) process.send?.({ type: 'ended', name, how } satisfies KeeperReport);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(`${signal ?? `exit code ${code}`}`));
}

async function close(): Promise<void> {
  const ends = [...running.values()].map((child) => {
    child.kill('SIGKILL');
    return once(child, 'exit');
  });
  await Promise.all(ends);
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

writeFileSync(join(folder, KEEPER_FILE), `${process.pid}`);
process.on('message', (command: KeeperCommand) => {
  if (command.type === 'start') start(command);
  else running.get(command.name)?.kill(command.signal);
});
process.on('disconnect', () => void close());
