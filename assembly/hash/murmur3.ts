// hash/murmur3.ts: MurmurHash3, the 128-bit variant for 64-bit machines (Austin Appleby, public domain; MurmurHash3_x64_128).
// Katran and Cilium place backends with it. Both halves start with the seed.

const MULTIPLIER1: u64 = 0x87c3_7b91_1142_53d5;
const MULTIPLIER2: u64 = 0x4cf5_ad43_2745_937f;

/** First 64 bits of the last murmur3(). */
export let first: u64 = 0;
/** Last 64 bits of the last murmur3(). */
export let second: u64 = 0;

/** Hashes the `len` bytes at `message`; the 128 bits are then `first` and `second`. */
export function murmur3(message: usize, len: u32, seed: u32): void {
  begin(seed);
  let p = message;
  let left = len;
  for (; left >= 16; left -= 16, p += 16) block(load<u64>(p), load<u64>(p, 8));
  if (left) {
    // The rest of a block goes in without what follows a whole one; a word that is 0 changes nothing.
    first ^= scramble1(tail(p, left));
    second ^= scramble2(left > 8 ? tail(p + 8, left - 8) : 0);
  }
  finish(len);
}

/** The same of two words, 16 bytes: what Katran hashes. Returns the first 64 bits. */
export function murmur3Pair(a: u64, b: u64, seed: u32): u64 {
  begin(seed);
  block(a, b);
  finish(16);
  return first;
}

function begin(seed: u32): void {
  first = seed;
  second = seed;
}

function block(low: u64, high: u64): void {
  first ^= scramble1(low);
  first = (rotl<u64>(first, 27) + second) * 5 + 0x52dc_e729;
  second ^= scramble2(high);
  second = (rotl<u64>(second, 31) + first) * 5 + 0x3849_5ab5;
}

function scramble1(word: u64): u64 {
  return rotl<u64>(word * MULTIPLIER1, 31) * MULTIPLIER2;
}

function scramble2(word: u64): u64 {
  return rotl<u64>(word * MULTIPLIER2, 33) * MULTIPLIER1;
}

/** Up to 8 bytes as a word, the missing ones 0. */
function tail(p: usize, len: u32): u64 {
  if (len >= 8) return load<u64>(p);
  let word: u64 = 0;
  for (let i: u32 = 0; i < len; i++) word |= (<u64>load<u8>(p + i)) << (i << 3);
  return word;
}

function finish(len: u32): void {
  first ^= len;
  second ^= len;
  first += second;
  second += first;
  first = mix(first);
  second = mix(second);
  first += second;
  second += first;
}

function mix(word: u64): u64 {
  let x = (word ^ (word >> 33)) * 0xff51_afd7_ed55_8ccd;
  x = (x ^ (x >> 33)) * 0xc4ce_b9fe_1a85_ec53;
  return x ^ (x >> 33);
}
