// host/decap/decapStats.ts: reads what a decapsulator has counted.
import { REGION_COUNTERS } from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import { DECAP_VERDICTS } from '../stats.js';

/** Outer packets by verdict name; every verdict of a decapsulator is there. */
export function readDecapVerdicts({ view, region }: HotMemory): Record<string, number> {
  const { base } = region(REGION_COUNTERS);
  return Object.fromEntries(
    DECAP_VERDICTS.map(({ number, name }) => [name, Number(view.getBigUint64(base + number * 8, true))]),
  );
}
