// bench/statistics.ts: what many samples say, in few numbers. Medians, because what disturbs a measurement only ever makes it
// slower; least and most beside them, because one number hides how far it can be trusted.
import Benchmark from 'benchmark';

/** Least, middle and most of some numbers. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Median; of an even count the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** Spread of `a[i] / b[i]`: both sides of a ratio come from the same round. */
export function ratioSpread(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((value, round) => value / (b[round] ?? Number.NaN)));
}

/** Whether times `a` are faster or slower than `b`, by the Mann-Whitney U test of Benchmark.js at 5 %. */
export function verdictOf(a: readonly number[], b: readonly number[]): 'faster' | 'slower' | 'no difference' {
  const decision = holder(a).compare(holder(b));
  return decision === 0 ? 'no difference' : decision > 0 ? 'faster' : 'slower';
}

/** compare() looks at nothing but the samples; those of the C twins did not come from a Benchmark. */
function holder(samples: readonly number[]): Benchmark {
  const benchmark = new Benchmark(() => undefined);
  benchmark.stats.sample = [...samples];
  return benchmark;
}
