// fill.h: fills a Maglev lookup table from the build records, as assembly/build/maglev.ts.
#pragma once

#include "image.h"

static inline u64 rotl64(u64 v, int bits) { return v << bits | v >> (64 - bits); }

static inline void sip_round(u64 v[4]) {
  v[0] += v[1]; v[2] += v[3];
  v[1] = rotl64(v[1], 13) ^ v[0]; v[3] = rotl64(v[3], 16) ^ v[2]; v[0] = rotl64(v[0], 32);
  v[2] += v[1]; v[0] += v[3];
  v[1] = rotl64(v[1], 17) ^ v[2]; v[3] = rotl64(v[3], 21) ^ v[0]; v[2] = rotl64(v[2], 32);
}

/** SipHash-2-4 (Aumasson, Bernstein, 2012) of 16 bytes. */
static u64 sip_hash16(const u8 *key, const u8 *message) {
  u64 k0 = load64(key), k1 = load64(key + 8);
  u64 v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
  u64 words[3] = {load64(message), load64(message + 8), (u64)16 << 56};
  for (int i = 0; i < 3; i++) {
    v[3] ^= words[i];
    sip_round(v);
    sip_round(v);
    v[0] ^= words[i];
  }
  v[2] ^= 0xff;
  for (int i = 0; i < 4; i++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/** A backend in the making; the records of layout.ts, in C. */
struct turn {
  u32 index, weight, next, skip, target, taken, credit;
};

static void fill_table(const struct core *c, u16 *table, u32 slot_count, u32 count) {
  struct turn *turns = calloc(count, sizeof *turns);
  if (!turns) fail("calloc", "turns");
  u32 heaviest = 0;
  for (u32 i = 0; i < count; i++) {
    const u8 *record = c->build + i * BUILD_BYTES;
    struct turn *t = &turns[i];
    t->index = load32(record + BUILD_INDEX);
    t->weight = load32(record + BUILD_WEIGHT);
    t->target = load32(record + BUILD_TARGET);
    u64 hash = sip_hash16(c->control + CONTROL_IDENTITY_KEY, c->backends + t->index * BACKEND_BYTES + BACKEND_ADDRESS);
    t->next = (u32)(hash >> 32) % slot_count;
    t->skip = (u32)hash % (slot_count - 1) + 1;
    if (t->weight > heaviest) heaviest = t->weight;
  }
  memset(table, 0, (size_t)slot_count * SLOT_BYTES);
  for (u32 filled = 0; filled < slot_count && count;) {
    for (struct turn *t = turns; t < turns + count; t++) {
      if (t->taken == t->target) continue;
      t->credit += t->weight;
      if (t->credit < heaviest) continue;
      t->credit -= heaviest;
      u32 slot = t->next, skip = t->skip;
      while (table[slot] != NO_BACKEND) slot = slot + skip >= slot_count ? slot + skip - slot_count : slot + skip;
      table[slot] = (u16)t->index;
      t->next = slot + skip >= slot_count ? slot + skip - slot_count : slot + skip;
      t->taken++;
      filled++;
    }
  }
  free(turns);
}
