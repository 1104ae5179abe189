// bench/studies/kafka/percentile.ts

/** The value that `share` of them do not exceed (nearest rank); 1: the largest. NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
