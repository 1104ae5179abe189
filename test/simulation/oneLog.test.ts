// Many balancers and one log: whatever batches it comes to each of them in, and however its partitions mix, all have the tables that the
// plain model has. Each reads every byte itself, into a state and a Wasm memory of its own; a thread for each CPU.
//   ONE_LOG_BALANCERS=1000 ONE_LOG_EVENTS=100000 node dist/test/simulation/oneLog.test.js
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelDigests } from '../model/topic.js';
import { type Outcome, SECRET, writeLog } from './oneLog.js';
import type { Share } from './programs/oneLogWorker.js';

const BALANCERS = Number(process.env.ONE_LOG_BALANCERS ?? 8);
const EVENTS = Number(process.env.ONE_LOG_EVENTS ?? 5000);
const WORKERS = Number(process.env.ONE_LOG_WORKERS ?? Math.min(availableParallelism(), BALANCERS));
const PROGRESS_MS = 30_000;

/** Runs a share of the balancers; resolves when `take` has had them all. */
function run(share: Share, take: (balancer: number, outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./programs/oneLogWorker.js', import.meta.url), { workerData: share });
    worker.on('message', ({ balancer, outcome }) => {
      try {
        take(balancer, outcome);
      } catch (error) {
        reject(error); // the first one says it all
        void worker.terminate();
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

/** Says how far it is, now and then, and what it took. */
class Progress {
  done = 0;
  private readonly startMs = performance.now();
  private saidMs = this.startMs;
  private memoryMiB = 0;

  step(): void {
    this.done++;
    this.memoryMiB = Math.max(this.memoryMiB, process.memoryUsage.rss() / 2 ** 20);
    if (performance.now() - this.saidMs < PROGRESS_MS) return;
    this.saidMs = performance.now();
    const leftMs = ((this.saidMs - this.startMs) / this.done) * (BALANCERS - this.done);
    console.log(`${this.done} of ${BALANCERS} balancers: ${this.cost()}; about ${Math.ceil(leftMs / 60_000)} min left`);
  }

  cost(): string {
    const { user, system } = process.cpuUsage();
    const us = (user + system) / (this.done * EVENTS);
    const seconds = (performance.now() - this.startMs) / 1000;
    return `${us.toFixed(1)} us of CPU an event, ${seconds.toFixed(0)} s, ${this.memoryMiB.toFixed(0)} MiB at most`;
  }
}

const OneLog = suite('simulation/oneLog');

OneLog('all of a fleet end with the tables that a plain model computes from the log', async () => {
  const { partitions, malformed } = writeLog(EVENTS);
  const digests = modelDigests(partitions.flat(), SECRET);
  assert.ok(digests.length >= 8, `${digests.length} VIPs`);
  assert.ok(malformed > EVENTS / 40, `${malformed} malformed`);
  const progress = new Progress();
  let refusals: string | undefined; // those of whoever was first
  const take = (balancer: number, outcome: Outcome): void => {
    refusals ??= outcome.refusals;
    assert.equal(outcome, { digests, refused: malformed, refusals }, `balancer ${balancer}`);
    progress.step();
  };
  const shares = Array.from({ length: WORKERS }, (_, first) => ({
    events: EVENTS,
    first,
    step: WORKERS,
    end: BALANCERS,
  }));
  await Promise.all(shares.map((share) => run(share, take)));
  assert.is(progress.done, BALANCERS);
  console.log(`${BALANCERS} balancers, ${EVENTS} events: ${progress.cost()}`);
});

OneLog.run();
