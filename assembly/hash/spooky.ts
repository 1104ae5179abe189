// hash/spooky.ts: SpookyHash V2 (Bob Jenkins, 2012, public domain), its short form, of exactly 16 bytes and with both seeds 0:
// what folly, and so Katran, makes of an IPv6 address.

const FILLER: u64 = 0xdead_beef_dead_beef;
const LENGTH: u64 = 16 << 56; // in the top byte of a word

/** First 64 bits of the last spooky16(). */
export let first: u64 = 0;
/** Last 64 bits of the last spooky16(). */
export let second: u64 = 0;

let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;

/** Hashes the 16 bytes at `message`; the 128 bits are then `first` and `second`. */
export function spooky16(message: usize): void {
  h0 = 0;
  h1 = 0;
  h2 = FILLER + load<u64>(message);
  h3 = FILLER + load<u64>(message, 8);
  mix(50, 52, 30, 41);
  mix(54, 48, 38, 37);
  mix(62, 34, 5, 36);
  h3 += LENGTH;
  // No bytes are left behind the 16.
  h2 += FILLER;
  h3 += FILLER;
  end();
  first = h0;
  second = h1;
}

/** Four of the twelve steps, with their rotations. */
function mix(r2: u64, r3: u64, r0: u64, r1: u64): void {
  h2 = rotl<u64>(h2, r2) + h3;
  h0 ^= h2;
  h3 = rotl<u64>(h3, r3) + h0;
  h1 ^= h3;
  h0 = rotl<u64>(h0, r0) + h1;
  h2 ^= h0;
  h1 = rotl<u64>(h1, r1) + h2;
  h3 ^= h1;
}

function end(): void {
  endRound(15, 52, 26, 51);
  endRound(28, 9, 47, 54);
  h3 ^= h2;
  h2 = rotl<u64>(h2, 32);
  h3 += h2;
  h0 ^= h3;
  h3 = rotl<u64>(h3, 25);
  h0 += h3;
  h1 ^= h0;
  h0 = rotl<u64>(h0, 63);
  h1 += h0;
}

function endRound(r2: u64, r3: u64, r0: u64, r1: u64): void {
  h3 ^= h2;
  h2 = rotl<u64>(h2, r2);
  h3 += h2;
  h0 ^= h3;
  h3 = rotl<u64>(h3, r3);
  h0 += h3;
  h1 ^= h0;
  h0 = rotl<u64>(h0, r0);
  h1 += h0;
  h2 ^= h1;
  h1 = rotl<u64>(h1, r1);
  h2 += h1;
}
