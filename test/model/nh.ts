// test/model/nh.ts: the packet hash of the `native` profile in BigInt: NH (RFC 4418, section 5.2.2, with 64-bit sum) over
// the flow as little-endian words, then the keyed finalizer of MurmurHash3.

const MASK32 = 2n ** 32n - 1n;
const MASK64 = 2n ** 64n - 1n;

/** Keys of the packet hash. */
export interface FlowKeys {
  /** 32-bit words. */
  nh: readonly number[];
  finalizer: bigint;
}

/** A flow, addresses and ports as they lie in the packet. */
interface FlowFields {
  source: Uint8Array;
  destination: Uint8Array;
  /** 4 bytes: source port, destination port. */
  ports: Uint8Array;
  protocol: number;
}

/** NH of a message of an even number of words. */
export function nh(key: readonly number[], message: readonly number[]): bigint {
  let sum = 0n;
  for (let i = 0; i < message.length; i += 2) {
    const word = (k: number): bigint => (BigInt(message[k] ?? 0) + BigInt(key[k] ?? 0)) & MASK32;
    sum += word(i) * word(i + 1);
  }
  return sum & MASK64;
}

/** fmix64 of MurmurHash3 after a xor with the key. */
export function finalize(sum: bigint, key: bigint): bigint {
  let x = sum ^ key;
  x = ((x ^ (x >> 33n)) * 0xff51afd7ed558ccdn) & MASK64;
  x = ((x ^ (x >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK64;
  return x ^ (x >> 33n);
}

/** Hash of a flow: source, destination, ports, then protocol with the address family above it. */
export function flowHash(keys: FlowKeys, flow: FlowFields): bigint {
  const bytes = Buffer.concat([flow.source, flow.destination, flow.ports]);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
  const family = flow.source.length === 4 ? 4 : 6;
  return finalize(nh(keys.nh, [...words, flow.protocol | (family << 8)]), keys.finalizer);
}
