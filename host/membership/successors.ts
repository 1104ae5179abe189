// host/membership/successors.ts: backends that are gone, or reached another way now, as tracked slots remember them.
import { NO_BACKEND, REGION_BUILD } from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import type { LiveBackend, LiveVip } from './live.js';

/** The backends of `before` whose index `vip` does not have any more. */
export function releasedBackends(before: LiveVip, vip: LiveVip): LiveBackend[] {
  return [...before.backends.values()].filter(({ address, index }) => vip.backends.get(address)?.index !== index);
}

/**
 * Where the previous backend of a tracked slot of `vip` is one of `released`, it becomes the one that has its address now, or none. One
 * pass over the tracking map, however many are released.
 */
export function replaceReleased(
  { memory, builder }: { memory: HotMemory; builder: HotPathModule },
  { record, backends }: LiveVip,
  released: readonly LiveBackend[],
): void {
  if (record.tracks === 0 || released.length === 0) return;
  const { base } = memory.region(REGION_BUILD); // no build is under way
  const successors = new Uint16Array(memory.memory.buffer, base, memory.backendRecords);
  for (let index = 0; index < successors.length; index++) successors[index] = index;
  for (const { address, index } of released) successors[index] = backends.get(address)?.index ?? NO_BACKEND;
  builder.replacePrevious(record.tracks, record.trackMask, base);
}
