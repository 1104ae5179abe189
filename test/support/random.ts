// test/support/random.ts: chance that can be had again: a failure says its seed, and the seed brings the failure back.

/** A source of chance. */
export interface Random {
  /** An integer of 0..below - 1. */
  int(below: number): number;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  bytes(count: number): Uint8Array;
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to choose tests. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
  const int = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  return {
    int,
    pick: (items) => items[int(items.length)] as (typeof items)[number],
    bytes: (count) => Uint8Array.from({ length: count }, () => int(256)),
  };
}

/** Runs `step` once a seed; an error names the seed that brings it back. */
export async function withSeeds(
  seeds: readonly number[],
  step: (random: Random, seed: number) => Promise<void> | void,
): Promise<void> {
  for (const seed of seeds) {
    try {
      await step(random(seed), seed);
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
}
