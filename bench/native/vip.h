// vip.h: which VIP is meant (assembly/vip.ts).
#pragma once

#include "image.h"

static inline u32 vip_key_hash(u64 high, u64 low, u32 protocol, u32 port) {
  u64 x = (low ^ high * 0x9e3779b97f4a7c15u) + (u64)(port << 8 | protocol) * 0xd6e8feb86659fd93u;
  x = (x ^ (x >> 32)) * 0x9e3779b97f4a7c15u;
  return (u32)(x >> 32);
}

static inline bool is_vip(const u8 *r, u64 high, u64 low, u32 protocol, u32 port) {
  return load64(r + VIP_ADDRESS + 8) == low && load64(r + VIP_ADDRESS) == high && load16(r + VIP_PORT) == port &&
         r[VIP_PROTOCOL] == protocol;
}

static inline const u8 *probe_vip(const struct core *c, const u8 *root, u64 high, u64 low, u32 protocol, u32 port) {
  for (u32 i = vip_key_hash(high, low, protocol, port);; i++) {
    u32 number = load16(root + 2 * (i & c->vip_index_mask));
    if (number == 0) return NULL;
    const u8 *record = root + c->vip_records + number * VIP_BYTES;
    if (is_vip(record, high, low, protocol, port)) return record;
  }
}

static inline const u8 *find_vip(const struct core *c, const u8 *root, u64 high, u64 low, u32 protocol, u32 port) {
  if (!protocol) return NULL; // a record of protocol 0 only says that the address is ours
  const u8 *exact = probe_vip(c, root, high, low, protocol, port);
  return exact || !port ? exact : probe_vip(c, root, high, low, protocol, 0);
}
