// test/live/support/stopChild.ts: how a process ends that is asked to.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const END_TIMEOUT_MS = 10_000;

/** Sends a signal and waits for the end: exit code or signal, and how long it took. After 10 s it is killed. */
export async function stopChild(
  child: ChildProcess,
  signal: NodeJS.Signals,
): Promise<{ end: number | NodeJS.Signals | null; ms: number }> {
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  const gone = hasEnded ? Promise.resolve() : once(child, 'exit');
  const startedAt = performance.now();
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
  return { end: child.signalCode ?? child.exitCode, ms: performance.now() - startedAt };
}
