// hash/xxh64.ts: XXH64 (Yann Collet; specification 0.1.1, section "XXH64 algorithm"). Envoy places hosts and hashes with it.

const PRIME1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME5: u64 = 0x27d4_eb2f_1656_67c5;

/** XXH64 of the `len` bytes at `message`. */
export function xxh64(message: usize, len: u32, seed: u64): u64 {
  const end = message + len;
  let p = message;
  let hash = seed + PRIME5;
  if (len >= 32) {
    hash = stripes(message, len, seed);
    p += len & ~31;
  }
  hash += len;
  for (; p + 8 <= end; p += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(p)), 27) * PRIME1 + PRIME4;
  if (p + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(p) * PRIME1), 23) * PRIME2 + PRIME3;
    p += 4;
  }
  for (; p < end; p++) hash = rotl<u64>(hash ^ (<u64>load<u8>(p) * PRIME5), 11) * PRIME1;
  hash = (hash ^ (hash >> 33)) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}

/** The whole stripes of 32 bytes, in four lanes. */
function stripes(message: usize, len: u32, seed: u64): u64 {
  let lane1 = seed + PRIME1 + PRIME2;
  let lane2 = seed + PRIME2;
  let lane3 = seed;
  let lane4 = seed - PRIME1;
  const end = message + (len & ~31);
  for (let p = message; p < end; p += 32) {
    lane1 = round(lane1, load<u64>(p));
    lane2 = round(lane2, load<u64>(p, 8));
    lane3 = round(lane3, load<u64>(p, 16));
    lane4 = round(lane4, load<u64>(p, 24));
  }
  const hash = rotl<u64>(lane1, 1) + rotl<u64>(lane2, 7) + rotl<u64>(lane3, 12) + rotl<u64>(lane4, 18);
  return merge(merge(merge(merge(hash, lane1), lane2), lane3), lane4);
}

function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME2, 31) * PRIME1;
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME1 + PRIME4;
}
