// test/live/programs/tallyingWorker.ts: the packet worker, which when it is told to stop writes down what it alone has forwarded: a line
// `WORKER FRAMES` in TALLY_FILE. The library tells sums only.
import { appendFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import {
  COMMAND_STOP,
  COUNTERS_BYTES,
  DIRECTORY,
  DIRECTORY_REGIONS,
  REGION_COUNTERS,
} from '../../../assembly/layout.js';
import { FORWARD_L2 } from '../../../assembly/verdict.js';
import type { PacketWorkerData } from '../../../host/workers/packetWorker.js';

const { memory, workerIndex } = workerData as PacketWorkerData;
const load = Atomics.load;
let isTold = false;

function forwarded(): bigint {
  const view = new DataView(memory.buffer);
  const counters = view.getUint32(DIRECTORY + DIRECTORY_REGIONS + REGION_COUNTERS * 8, true);
  return view.getBigUint64(counters + workerIndex * COUNTERS_BYTES + FORWARD_L2 * 8, true);
}

// The real worker asks before every batch whether it is to stop, by Atomics.load.
function loadAndTell(array: Int32Array, index: number): number {
  const value = load(array, index);
  if (value === COMMAND_STOP && !isTold) {
    isTold = true;
    appendFileSync(process.env.TALLY_FILE ?? '', `${workerIndex} ${forwarded()}\n`);
  }
  return value;
}

Object.assign(Atomics, { load: loadAndTell });
await import('../../../host/workers/packetWorker.js');
