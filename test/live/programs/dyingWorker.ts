// test/live/programs/dyingWorker.ts: the packet worker, made to die when a file appears (DYING_WORKER_FILE): once, for it takes the
// file with it. The real worker asks before every batch whether it is to stop, by Atomics.load: there it dies.
import { existsSync, unlinkSync } from 'node:fs';

const file = process.env.DYING_WORKER_FILE ?? '';
const load = Atomics.load;

function loadOrDie(array: Int32Array, index: number): number {
  if (existsSync(file)) {
    unlinkSync(file);
    throw new Error('this worker was told to die');
  }
  return load(array, index);
}

Object.assign(Atomics, { load: loadOrDie });
await import('../../../host/workers/packetWorker.js');
