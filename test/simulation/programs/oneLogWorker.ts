// test/simulation/programs/oneLogWorker.ts: a thread that is one balancer after the other, so that its memory is that of one.
import { parentPort, workerData } from 'node:worker_threads';
import { readLog, writeLog } from '../oneLog.js';

/** Which balancers: `first`, and each `step` further, below `end`. */
export interface Share {
  events: number;
  first: number;
  step: number;
  end: number;
}

const { events, first, step, end } = workerData as Share;
const log = writeLog(events);
for (let balancer = first; balancer < end; balancer += step) {
  parentPort?.postMessage({ balancer, outcome: await readLog(log, 1000 + balancer) });
}
