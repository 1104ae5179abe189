// test/model/address.ts: the hash that folly gives an address, slowly: FNV-1 with signed bytes, SpookyHash, Hash128to64.
import { spooky16 } from './hash64.js';

const MASK = 2n ** 64n - 1n;
const K = 0x9ddfea08eb382d69n;

/** FNV-1 in 32 bits, each byte taken as a signed number. */
export function fnv1Signed(bytes: Uint8Array): number {
  let hash = 2166136261n;
  for (const byte of bytes) {
    const signed = byte < 0x80 ? BigInt(byte) : BigInt(byte) - 256n;
    hash = ((hash * 16777619n) & 0xffffffffn) ^ (signed & 0xffffffffn);
  }
  return Number(hash);
}

/** `address` is 4 or 16 bytes. */
export function hashAddress(address: Uint8Array): bigint {
  if (address.length === 4) return combine(2n, BigInt(fnv1Signed(address)));
  return combine(10n, combine(...spooky16(address)));
}

function combine(upper: bigint, lower: bigint): bigint {
  const shake = (x: bigint): bigint => x ^ (x >> 47n);
  const a = shake(((lower ^ upper) * K) & MASK);
  const b = shake(((upper ^ a) * K) & MASK);
  return (b * K) & MASK;
}
