// test/model/hash64.ts: XXH64, MurmurHash3 x64-128 and SpookyHash V2 (16 bytes), slowly, in BigInt, from their descriptions:
// lists of bytes are cut into words first, and every rotation is a table.

const MASK = 2n ** 64n - 1n;

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) | (x >> (64n - bits))) & MASK;
}

function number(bytes: readonly number[]): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function chunks(bytes: Uint8Array, size: number): number[][] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => [
    ...bytes.subarray(i * size, (i + 1) * size),
  ]);
}

const P1 = 11400714785074694791n;
const P2 = 14029467366897019727n;
const P3 = 1609587929392839161n;
const P4 = 9650029242287828579n;
const P5 = 2870177450012600261n;

/** XXH64, with the primes in decimal as the specification prints them. */
export function xxh64(message: Uint8Array, seed: bigint): bigint {
  const round = (lane: bigint, word: bigint): bigint => (rotate((lane + word * P2) & MASK, 31n) * P1) & MASK;
  let hash = (seed + P5) & MASK;
  const striped = message.length - (message.length % 32);
  if (striped > 0) {
    let lanes = [seed + P1 + P2, seed + P2, seed, seed - P1].map((lane) => lane & MASK);
    for (const stripe of chunks(message.subarray(0, striped), 32)) {
      lanes = lanes.map((lane, i) => round(lane, number(stripe.slice(8 * i, 8 * i + 8))));
    }
    hash = lanes.reduce((sum, lane, i) => sum + rotate(lane, [1n, 7n, 12n, 18n][i] ?? 0n), 0n) & MASK;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(message.length)) & MASK;
  let rest = message.subarray(striped);
  for (; rest.length >= 8; rest = rest.subarray(8)) {
    hash = (rotate(hash ^ round(0n, number([...rest.subarray(0, 8)])), 27n) * P1 + P4) & MASK;
  }
  if (rest.length >= 4) {
    hash = (rotate(hash ^ ((number([...rest.subarray(0, 4)]) * P1) & MASK), 23n) * P2 + P3) & MASK;
    rest = rest.subarray(4);
  }
  for (const byte of rest) hash = (rotate(hash ^ ((BigInt(byte) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

/** Both halves of MurmurHash3 x64-128. */
export function murmur3(message: Uint8Array, seed: number): [bigint, bigint] {
  const c = [0x87c37b91114253d5n, 0x4cf5ad432745937fn] as const;
  const k1 = (word: bigint): bigint => (rotate((word * c[0]) & MASK, 31n) * c[1]) & MASK;
  const k2 = (word: bigint): bigint => (rotate((word * c[1]) & MASK, 33n) * c[0]) & MASK;
  let [h1, h2] = [BigInt(seed), BigInt(seed)];
  for (const block of chunks(message, 16)) {
    const low = number(block.slice(0, 8));
    const high = number(block.slice(8));
    if (block.length < 16) {
      h1 ^= k1(low);
      h2 ^= k2(high);
      continue;
    }
    h1 = ((rotate(h1 ^ k1(low), 27n) + h2) * 5n + 0x52dce729n) & MASK;
    h2 = ((rotate(h2 ^ k2(high), 31n) + h1) * 5n + 0x38495ab5n) & MASK;
  }
  const mix = (word: bigint): bigint => {
    let x = ((word ^ (word >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
    x = ((x ^ (x >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
    return x ^ (x >> 33n);
  };
  const length = BigInt(message.length);
  h1 = ((h1 ^ length) + (h2 ^ length)) & MASK;
  h2 = ((h2 ^ length) + h1) & MASK;
  const [m1, m2] = [mix(h1), mix(h2)];
  const sum = (m1 + m2) & MASK;
  return [sum, (m2 + sum) & MASK];
}

const SPOOKY_MIX = [50n, 52n, 30n, 41n, 54n, 48n, 38n, 37n, 62n, 34n, 5n, 36n];
const SPOOKY_END = [15n, 52n, 26n, 51n, 28n, 9n, 47n, 54n, 32n, 25n, 63n];

/** Both halves of SpookyHash V2, short form, of 16 bytes, seeds 0. */
export function spooky16(message: Uint8Array): [bigint, bigint] {
  const filler = 0xdeadbeefdeadbeefn;
  const h = [0n, 0n, filler + number([...message.subarray(0, 8)]), filler + number([...message.subarray(8)])].map(
    (word) => word & MASK,
  );
  const at = (i: number): bigint => h[i % 4] as bigint;
  const set = (i: number, value: bigint): void => {
    h[i % 4] = value & MASK;
  };
  SPOOKY_MIX.forEach((bits, i) => {
    set(i + 2, rotate(at(i + 2), bits));
    set(i + 2, at(i + 2) + at(i + 3));
    set(i, at(i) ^ at(i + 2));
  });
  set(3, at(3) + (16n << 56n) + filler);
  set(2, at(2) + filler);
  SPOOKY_END.forEach((bits, i) => {
    set(i + 3, at(i + 3) ^ at(i + 2));
    set(i + 2, rotate(at(i + 2), bits));
    set(i + 3, at(i + 3) + at(i + 2));
  });
  return [at(0), at(1)];
}
