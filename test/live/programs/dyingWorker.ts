// test/live/programs/dyingWorker.ts: the packet worker, made to die when a file appears (DYING_WORKER_FILE): once, for it takes the
// file with it. The real worker asks before every batch whether it is to stop, by Atomics.load: there it dies.
import { existsSync, unlinkSync } from 'node:fs';

const file = process.env.DYING_WORKER_FILE ?? '';
const load = Atomics.load;

/** True for one worker alone: of two that see the file, one removes it. */
function isChosen(): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function loadOrDie(array: Int32Array, index: number): number {
  if (existsSync(file) && isChosen()) throw new Error('this worker was told to die');
  return load(array, index);
}

Object.assign(Atomics, { load: loadOrDie });
await import('../../../host/workers/packetWorker.js');
