// hash/siphash.ts: SipHash-2-4 (Aumasson, Bernstein, 2012), 64-bit output, for a message of 16 bytes: an address.
// It places backends on their permutations; packets are hashed by nh.ts.
import { CONTROL_IDENTITY_KEY } from '../layout';
import { control } from '../memory';

let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** SipHash-2-4 of the 16 bytes at `message` under the identity key. */
export function sipHash16(message: usize): u64 {
  const k0 = load<u64>(control, CONTROL_IDENTITY_KEY);
  const k1 = load<u64>(control, CONTROL_IDENTITY_KEY + 8);
  v0 = k0 ^ 0x736f_6d65_7073_6575;
  v1 = k1 ^ 0x646f_7261_6e64_6f6d;
  v2 = k0 ^ 0x6c79_6765_6e65_7261;
  v3 = k1 ^ 0x7465_6462_7974_6573;
  absorb(load<u64>(message));
  absorb(load<u64>(message, 8));
  absorb((<u64>16) << 56); // the length closes the message
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

function absorb(word: u64): void {
  v3 ^= word;
  round();
  round();
  v0 ^= word;
}

function round(): void {
  v0 += v1;
  v2 += v3;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 = rotl<u64>(v0, 32);
  v2 += v1;
  v0 += v3;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 = rotl<u64>(v2, 32);
}
