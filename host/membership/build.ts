// host/membership/build.ts: the backends of a VIP -> a lookup table. The slots each backend is to get are worked out here,
// exactly; which slots those are is Maglev's (assembly/build/maglev.ts).
import {
  BUILD_BYTES,
  BUILD_INDEX,
  BUILD_TARGET,
  BUILD_WEIGHT,
  REGION_BUILD,
  SLOT_BYTES,
} from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { fill, inLine, type Profile, place } from './profile.js';
import { WEIGHT_MAX } from './record.js';
import { RAMP_STEPS } from './slowStart.js';

/** A backend as the table needs it. */
interface TableEntry {
  address: string;
  /** Index of its record in the BACKENDS region. */
  index: number;
  /** 1..65535 */
  weight: number;
  /** Step of its ramp, 1..9; left out: its whole weight counts. */
  step?: number;
}

/**
 * The weights that a table is filled with, 1..65535. While one of them is in a ramp all are counted in tenths, exactly; but in whole ones
 * where tenths would not fit, and with the profiles, whose systems have tables that are not the same for ten times the weights.
 */
export function tableWeights(
  entries: readonly Pick<TableEntry, 'weight' | 'step'>[],
  { name }: Pick<Profile, 'name'>,
): number[] {
  if (entries.every(({ step }) => step === undefined)) return entries.map(({ weight }) => weight);
  const heaviest = entries.reduce((most, { weight }) => Math.max(most, weight), 0);
  const unit = name === 'native' && heaviest * RAMP_STEPS <= WEIGHT_MAX ? RAMP_STEPS : 1;
  return entries.map(({ weight, step = RAMP_STEPS }) => Math.max(1, Math.round((weight * step * unit) / RAMP_STEPS)));
}

/**
 * How many of `slotCount` slots each weight gets: its exact share rounded down, and one more for the largest remainders,
 * the first in order where they are equal (Hamilton's method). So with equal weights counts are floor or ceil of M / N.
 */
export function slotTargets(weights: readonly number[], slotCount: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // slotCount * weight stays below 2^53: 5,000,011 * 65,535.
  const targets = weights.map((weight) => Math.floor((slotCount * weight) / total));
  const remainders = weights.map((weight, order) => ({ order, left: (slotCount * weight) % total }));
  remainders.sort((a, b) => b.left - a.left || a.order - b.order);
  const missing = slotCount - targets.reduce((sum, target) => sum + target, 0);
  for (const { order } of remainders.slice(0, weights.length === 0 ? 0 : missing))
    targets[order] = (targets[order] ?? 0) + 1;
  return targets;
}

/** Bytes of a lookup table. */
export function tableBytes(slotCount: number): number {
  return slotCount * SLOT_BYTES;
}

/**
 * Builds the table at `table` from `entries`, which must be in canonical order (by address): a pure function of them, and with
 * the `native` profile of the secret.
 */
export function buildTable(
  builder: HotPathModule,
  memory: HotMemory,
  entries: readonly TableEntry[],
  slotCount: number,
  table: number,
  profile: Profile,
): void {
  const { base } = memory.region(REGION_BUILD);
  const line = inLine(profile, entries);
  const weights = tableWeights(line, profile);
  const targets = slotTargets(weights, slotCount);
  line.forEach(({ index }, order) => {
    const record = base + order * BUILD_BYTES;
    memory.view.setUint32(record + BUILD_INDEX, index, true);
    memory.view.setUint32(record + BUILD_WEIGHT, weights[order] ?? 1, true);
    memory.view.setUint32(record + BUILD_TARGET, targets[order] ?? 0, true);
  });
  place(profile, builder, memory, line, slotCount);
  fill(profile, builder, table, slotCount, line.length);
}
