// host/flowUse.ts: how full the flow table is, without walking all of it.
import { REGION_FLOWS } from '../assembly/layout.js';
import type { HotMemory } from './memory.js';

const FLOW_WORDS = 2; // an entry is one u64
const SAMPLES = 65_536;

/** Entries in the flow table, expired ones that are not swept yet included; from 65536 places where there are more. */
export function countFlowEntries(memory: HotMemory): { entries: number; places: number } {
  const { base, bytes } = memory.region(REGION_FLOWS);
  const words = new Uint32Array(memory.memory.buffer, base, bytes / 4);
  const places = words.length / FLOW_WORDS;
  // Flows are spread by a hash, so that any places will do; an odd stride of buckets meets every place of a bucket.
  const stride = places <= SAMPLES ? 1 : Math.floor(places / SAMPLES) | 1;
  let seen = 0;
  let used = 0;
  for (let place = 0; place < places; place += stride) {
    seen++;
    if (words[FLOW_WORDS * place] !== 0 || words[FLOW_WORDS * place + 1] !== 0) used++;
  }
  return { entries: Math.round((used * places) / seen), places };
}
