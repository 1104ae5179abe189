// hash/jhash.ts: lookup3 (Bob Jenkins, 2006, public domain), as Linux spells it (include/linux/jhash.h) and DPDK's rte_jhash
// computes it on little-endian machines. The packet hash of Katran and Cilium. Words are read little-endian.

const START: u32 = 0xdead_beef;

// The state of the hash in hand: Wasm globals, since a function returns one value.
let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;

/** Hash of the `len` bytes at `key`. */
export function jhash(key: usize, len: u32, seed: u32): u32 {
  a = b = c = START + len + seed;
  let p = key;
  let left = len;
  for (; left > 12; left -= 12, p += 12) {
    absorb(load<u32>(p), load<u32>(p, 4), load<u32>(p, 8));
    mix();
  }
  if (!left) return c; // only an empty key
  absorb(tail(p, left), left > 4 ? tail(p + 4, left - 4) : 0, left > 8 ? tail(p + 8, left - 8) : 0);
  return final();
}

/** Hash of the `count` words at `key`: equals jhash() of the same bytes, and has no rest to care for. */
export function jhash2(key: usize, count: u32, seed: u32): u32 {
  a = b = c = START + (count << 2) + seed;
  let p = key;
  let left = count;
  for (; left > 3; left -= 3, p += 12) {
    absorb(load<u32>(p), load<u32>(p, 4), load<u32>(p, 8));
    mix();
  }
  if (!left) return c;
  absorb(load<u32>(p), left > 1 ? load<u32>(p, 4) : 0, left > 2 ? load<u32>(p, 8) : 0);
  return final();
}

/** Hash of two words: Linux's jhash_2words, which is jhash2() of the two. */
export function jhash2Words(first: u32, second: u32, seed: u32): u32 {
  a = b = c = START + 8 + seed;
  absorb(first, second, 0);
  return final();
}

/** Hash of three words: Linux's jhash_3words. */
export function jhash3Words(first: u32, second: u32, third: u32, seed: u32): u32 {
  a = b = c = START + 12 + seed;
  absorb(first, second, third);
  return final();
}

/**
 * What Cilium does with an IPv6 tuple, which is none of Linux's functions: three words and a mix, three words and a mix, the
 * seed to the first of the state, and the end. Nothing is added at the start.
 */
export function jhashTuple6(source: usize, ports: u32, protocol: u32, seed: u32): u32 {
  a = b = c = 0;
  absorb(load<u32>(source), load<u32>(source, 4), load<u32>(source, 8));
  mix();
  absorb(load<u32>(source, 12), ports, protocol);
  mix();
  absorb(seed, 0, 0);
  return final();
}

function absorb(x: u32, y: u32, z: u32): void {
  a += x;
  b += y;
  c += z;
}

/** Up to 4 bytes as a word, the missing ones 0: no byte behind the key is read. */
function tail(p: usize, len: u32): u32 {
  if (len >= 4) return load<u32>(p);
  let word: u32 = 0;
  for (let i: u32 = 0; i < len; i++) word |= (<u32>load<u8>(p + i)) << (i << 3);
  return word;
}

function mix(): void {
  a = (a - c) ^ rotl<u32>(c, 4);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 6);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 8);
  b += a;
  a = (a - c) ^ rotl<u32>(c, 16);
  c += b;
  b = (b - a) ^ rotl<u32>(a, 19);
  a += c;
  c = (c - b) ^ rotl<u32>(b, 4);
  b += a;
}

function final(): u32 {
  c = (c ^ b) - rotl<u32>(b, 14);
  a = (a ^ c) - rotl<u32>(c, 11);
  b = (b ^ a) - rotl<u32>(a, 25);
  c = (c ^ b) - rotl<u32>(b, 16);
  a = (a ^ c) - rotl<u32>(c, 4);
  b = (b ^ a) - rotl<u32>(a, 14);
  c = (c ^ b) - rotl<u32>(b, 24);
  return c;
}
