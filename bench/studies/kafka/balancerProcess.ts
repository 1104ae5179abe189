// bench/studies/kafka/balancerProcess.ts: a balancer under measurement, from outside (balancerProgram.ts).
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BalancerCommand, BalancerConfig, BalancerReport } from './balancerProgram.js';

const PROGRAM = fileURLToPath(new URL('balancerProgram.js', import.meta.url));
const TIMEOUT_MS = 60_000;

type Of<Type extends BalancerReport['type']> = Extract<BalancerReport, { type: Type }>;

export class BalancerProcess {
  readonly applied: Of<'applied'>[] = [];
  private readonly child: ChildProcess;
  private readonly waiting = new Set<{ type: string; resolve(report: BalancerReport): void; reject(e: Error): void }>();
  private followedMs = 0;

  private constructor(config: BalancerConfig) {
    this.child = fork(PROGRAM, [JSON.stringify(config)], { serialization: 'advanced' });
    this.child.on('message', (report: BalancerReport) => this.hear(report));
    this.child.on('exit', (code) => this.fail(`the balancer ended with ${code}`));
  }

  /** Starts one; resolves when all that the topic says is live, with how long that took from when its source was followed. */
  static async start(
    config: BalancerConfig,
  ): Promise<{ balancer: BalancerProcess; readyMs: number; memoryMiB: number }> {
    const balancer = new BalancerProcess(config);
    const { atMs, memoryMiB } = await balancer.next('ready');
    return { balancer, readyMs: atMs - balancer.followedMs, memoryMiB };
  }

  /** How long after its source was followed the first VIPs were live, ms. */
  get firstMs(): number {
    return (this.applied[0]?.atMs ?? Number.NaN) - this.followedMs;
  }

  /** How many backends get flows now, and how many VIPs are live. */
  async count(): Promise<{ backends: number; vips: number }> {
    const answer = this.next('backends');
    this.child.send({ ask: 'backends' } satisfies BalancerCommand);
    const { count, vips } = await answer;
    return { backends: count, vips };
  }

  async close(): Promise<void> {
    this.child.removeAllListeners('exit');
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  private next<Type extends BalancerReport['type']>(type: Type): Promise<Of<Type>> {
    return new Promise((resolve, reject) => {
      const waiter = {
        type,
        resolve: (report: BalancerReport) => settle(() => resolve(report as Of<Type>)),
        reject: (error: Error) => settle(() => reject(error)),
      };
      const timer = setTimeout(() => waiter.reject(new Error(`no "${type}" after ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      const settle = (how: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(waiter);
        how();
      };
      this.waiting.add(waiter);
    });
  }

  private hear(report: BalancerReport): void {
    if (report.type === 'followed') this.followedMs = report.atMs;
    if (report.type === 'applied') this.applied.push(report);
    if (report.type === 'failed') this.fail(report.message);
    for (const waiter of this.waiting) if (waiter.type === report.type) waiter.resolve(report);
  }

  private fail(message: string): void {
    const error = new Error(message);
    if (this.waiting.size === 0) throw error; // nothing that was measured means anything now
    for (const waiter of this.waiting) waiter.reject(error);
  }
}
