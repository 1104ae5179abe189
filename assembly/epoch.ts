// epoch.ts: the worker's half of RCU. A batch looks at one published state from its first frame to its last, and says
// which; the host frees what it replaced when no worker says an older number.
import { CONTROL_GENERATION, EPOCH_IDLE, EVENT_BATCHES, WORKER_EPOCH } from './layout';
import { control, countEvent, worker } from './memory';
import { rootOf } from './vip';

/** Enters a batch: the root it may read until leave(). */
export function enter(): usize {
  return rootOf(enterGeneration());
}

/** The same where there is no root: the generation that is live. */
export function enterGeneration(): u32 {
  let generation: u32;
  // Told, then asked again: between the two the host may have published and looked at an epoch not yet written.
  do {
    generation = atomic.load<u32>(control + CONTROL_GENERATION);
    atomic.store<u32>(worker + WORKER_EPOCH, generation);
  } while (atomic.load<u32>(control + CONTROL_GENERATION) != generation);
  countEvent(EVENT_BATCHES);
  return generation;
}

/** Leaves the batch: nothing published is read any more. */
export function leave(): void {
  atomic.store<u32>(worker + WORKER_EPOCH, EPOCH_IDLE);
}
