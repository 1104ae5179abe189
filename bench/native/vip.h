// vip.h: which VIP is meant (assembly/vip.ts).
#pragma once

#include "image.h"

enum { ONE_ADDRESS = 128 << 24 };

/** VIP_SERVICE of an IPv4 address and port; `key` is protocol and port. */
static inline u64 service_of(u64 low, u32 key) {
  return low >> 32 | (u64)(key >> 16 & 0xff) << 32 | (u64)__builtin_bswap16((u16)key) << 48;
}

static inline u32 service_hash(u64 service) {
  u64 x = service * 0x9e3779b97f4a7c15u;
  return (u32)((x ^ x >> 32) * 0xd6e8feb86659fd93u >> 44);
}

static inline u32 vip_key_hash(u64 high, u64 low, u32 key) {
  u64 word = service_of(low, key) | (u64)(key >> 24 ^ 128) << 40;
  return service_hash(word + (high ^ (u64)((u32)low ^ 0xffff0000u)) * 0x9e3779b97f4a7c15u);
}

/** Port, protocol and prefix length are one word of the record. */
static inline bool is_vip(const u8 *r, u64 high, u64 low, u32 key) {
  return load64(r + VIP_ADDRESS + 8) == low && load64(r + VIP_ADDRESS) == high && load32(r + VIP_PORT) == key;
}

static inline const u8 *probe_vip(const struct core *c, const u8 *root, u64 high, u64 low, u32 key) {
  for (u32 i = vip_key_hash(high, low, key);; i++) {
    u32 number = load16(root + ROOT_HEADER_BYTES + 2 * (i & c->vip_index_mask));
    if (number == 0) return NULL;
    const u8 *record = root + c->vip_records + number * VIP_BYTES;
    if (is_vip(record, high, low, key)) return record;
  }
}

/** The first `bits` bits of a word in network order. */
static inline u64 leading_bits(u32 bits) {
  if (bits >= 64) return ~(u64)0;
  return bits ? __builtin_bswap64(~(u64)0 << (64 - bits)) : 0;
}

static const u8 *find_prefix(const struct core *c, const u8 *root, const u8 *lengths, u64 high, u64 low, u32 key) {
  for (u32 i = 1; i <= lengths[0]; i++) {
    u32 bits = lengths[i];
    u64 masked_low = low & leading_bits(bits < 64 ? 0 : bits - 64);
    const u8 *found = probe_vip(c, root, high & leading_bits(bits), masked_low, key | bits << 24);
    if (found) return found;
  }
  return NULL;
}

/** The record of the address itself, else of the longest prefix it lies in. `key` is without a prefix length. */
static inline const u8 *find_closest(const struct core *c, const u8 *root, u64 high, u64 low, u32 key) {
  const u8 *exact = probe_vip(c, root, high, low, key | ONE_ADDRESS);
  const u8 *lengths = root + (!high && (u32)low == 0xffff0000u ? ROOT_PREFIXES4 : ROOT_PREFIXES6);
  return exact || !lengths[0] ? exact : find_prefix(c, root, lengths, high, low, key);
}

static inline const u8 *find_vip(const struct core *c, const u8 *root, u64 high, u64 low, u32 protocol, u32 port) {
  if (!protocol) return NULL; // a record of protocol 0 only says that the address is ours
  const u8 *named = find_closest(c, root, high, low, port | protocol << 16);
  return named || !port ? named : find_closest(c, root, high, low, protocol << 16);
}

/** The VIP that was found last, for neighbours in a batch that share it (assembly/fast/read.ts). */
struct last_vip {
  u64 high, low;
  u32 service;
  const u8 *vip;
};

/** find_vip(), which for an IPv4 address and port is nearly always the first that the index names. */
static inline const u8 *find_vip_soon(const struct core *c, const u8 *root, u64 high, u64 low, u32 protocol, u32 port) {
  if (high == 0 && (u32)low == 0xffff0000u) {
    u64 service = service_of(low, port | protocol << 16);
    u32 number = load16(root + ROOT_HEADER_BYTES + 2 * (service_hash(service) & c->vip_index_mask));
    const u8 *record = root + c->vip_records + number * VIP_BYTES;
    if (load64(record + VIP_SERVICE) == service) return record;
  }
  return find_vip(c, root, high, low, protocol, port);
}

/** find_vip_soon(), but for a key that is `last`'s. */
static inline const u8 *find_vip_again(const struct core *c, const u8 *root, struct last_vip *last, u64 high, u64 low, u32 protocol,
                                       u32 port) {
  if (!last) return find_vip_soon(c, root, high, low, protocol, port);
  u32 service = port | protocol << 16;
  if (high != last->high || low != last->low || service != last->service) {
    *last = (struct last_vip){high, low, service, find_vip_soon(c, root, high, low, protocol, port)};
  }
  return last->vip;
}

static inline bool is_ours(const struct core *c, const u8 *root, u64 high, u64 low) {
  return find_closest(c, root, high, low, 0) != NULL;
}
