// test/model/jhash.ts: lookup3 as its author describes it (Bob Jenkins, "hashlittle"), one step after the other, in BigInt.

const MASK = 0xffffffffn;

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) | (x >> (32n - bits))) & MASK;
}

function word(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = 3; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

type State = [bigint, bigint, bigint];

/** Each step: x -= z, x ^= z turned, z += y. Letters are places in the state. */
const MIX: [x: number, z: number, y: number, bits: bigint][] = [
  [0, 2, 1, 4n],
  [1, 0, 2, 6n],
  [2, 1, 0, 8n],
  [0, 2, 1, 16n],
  [1, 0, 2, 19n],
  [2, 1, 0, 4n],
];

/** Each step: x ^= y, x -= y turned. */
const FINAL: [x: number, y: number, bits: bigint][] = [
  [2, 1, 14n],
  [0, 2, 11n],
  [1, 0, 25n],
  [2, 1, 16n],
  [0, 2, 4n],
  [1, 0, 14n],
  [2, 1, 24n],
];

function mix(state: State): void {
  for (const [x, z, y, bits] of MIX) {
    state[x] = ((((state[x] as bigint) - (state[z] as bigint)) & MASK) ^ rotate(state[z] as bigint, bits)) & MASK;
    state[z] = ((state[z] as bigint) + (state[y] as bigint)) & MASK;
  }
}

function final(state: State): number {
  for (const [x, y, bits] of FINAL) {
    state[x] = (((state[x] as bigint) ^ (state[y] as bigint)) - rotate(state[y] as bigint, bits)) & MASK;
  }
  return Number(state[2]);
}

function add(state: State, words: readonly bigint[]): void {
  words.forEach((value, i) => {
    state[i] = ((state[i] as bigint) + value) & MASK;
  });
}

/** jhash() of Linux; jhash2() and jhash_nwords() are this of the words' bytes. */
export function jhash(key: Uint8Array, seed: number): number {
  const start = (0xdeadbeefn + BigInt(key.length) + BigInt(seed)) & MASK;
  const state: State = [start, start, start];
  if (key.length === 0) return Number(start);
  let at = 0;
  for (; key.length - at > 12; at += 12) {
    add(state, [word(key, at), word(key, at + 4), word(key, at + 8)]);
    mix(state);
  }
  const rest = key.subarray(at);
  add(state, [word(rest, 0), word(rest, 4), word(rest, 8)]);
  return final(state);
}

/** What Cilium makes of an IPv6 source, both ports and the protocol. */
export function tuple6(source: Uint8Array, ports: number, protocol: number, seed: number): number {
  const state: State = [0n, 0n, 0n];
  add(state, [word(source, 0), word(source, 4), word(source, 8)]);
  mix(state);
  add(state, [word(source, 12), BigInt(ports), BigInt(protocol)]);
  mix(state);
  add(state, [BigInt(seed)]);
  return final(state);
}
