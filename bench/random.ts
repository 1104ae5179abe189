// bench/random.ts: random numbers that come again: the same seed, the same flows, on every machine.

/** A source of u32, from a seed (mulberry32: 32 bits of state, period 2^32; good enough to scatter flows, for nothing else). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}
