// hash.h: the hash of a flow: NH with a 64-bit finalizer, as assembly/hash/nh.ts; or, with -DHASH_JHASH, the jhash of Linux
// (include/linux/jhash.h, after Bob Jenkins' lookup3), which chooses other backends and is there to compare the cost.
#pragma once

#include "parse.h"

static inline u64 nh_product(const u8 *key, int pair, u32 a, u32 b) {
  return (u64)(u32)(a + load32(key + 8 * pair)) * (u32)(b + load32(key + 8 * pair + 4));
}

static inline u64 finalize(const struct core *c, u64 sum) {
  u64 x = sum ^ load64(c->control + CONTROL_FINAL_KEY);
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}

static inline u64 nh_ipv4(const struct core *c, const u8 *packet, u32 ports, u32 protocol) {
  const u8 *key = c->control + CONTROL_NH_KEY;
  return nh_product(key, 0, load32(packet + 12), load32(packet + 16)) + nh_product(key, 1, ports, protocol | 4 << 8);
}

static inline u64 nh_ipv6(const struct core *c, const u8 *packet, u32 ports, u32 protocol) {
  const u8 *key = c->control + CONTROL_NH_KEY;
  u64 sum = nh_product(key, 4, ports, protocol | 6 << 8);
  for (int pair = 0; pair < 4; pair++) {
    sum += nh_product(key, pair, load32(packet + 8 + 8 * pair), load32(packet + 12 + 8 * pair));
  }
  return sum;
}

static inline u32 rol32(u32 v, int bits) { return v << bits | v >> (32 - bits); }

/** jhash_3words() of source, destination and ports, with a word of our key as its initial value. IPv4 only. */
static inline u32 jhash_ipv4(const struct core *c, const u8 *packet, u32 ports) {
  u32 start = 0xdeadbeef + (3 << 2) + load32(c->control + CONTROL_NH_KEY);
  u32 x = load32(packet + 12) + start, y = load32(packet + 16) + start, z = ports + start;
  z ^= y; z -= rol32(y, 14);
  x ^= z; x -= rol32(z, 11);
  y ^= x; y -= rol32(x, 25);
  z ^= y; z -= rol32(y, 16);
  x ^= z; x -= rol32(z, 4);
  y ^= x; y -= rol32(x, 14);
  z ^= y; z -= rol32(y, 24);
  return z;
}

static inline u64 flow_hash(const struct core *c, const struct parsed *p) {
#ifdef HASH_JHASH
  return jhash_ipv4(c, p->packet, p->ports);
#else
  u64 sum = p->is_v6 ? nh_ipv6(c, p->packet, p->ports, p->protocol) : nh_ipv4(c, p->packet, p->ports, p->protocol);
  return finalize(c, sum);
#endif
}
