// select.h: from hash to backend: the slot (assembly/select/lookup.ts), and for a tracked slot the flow table
// (select/tracked.ts, flow/table.ts, flow/tracks.ts).
#pragma once

#include "image.h"

static inline u64 load_entry(const u8 *at) { return __atomic_load_n((const u64 *)at, __ATOMIC_SEQ_CST); }

static inline bool swap_entry(u8 *at, u64 old, u64 fresh) {
  return __atomic_compare_exchange_n((u64 *)at, &old, fresh, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline u8 *bucket_of(const struct core *c, u64 hash) {
  return c->flows + (size_t)((u32)hash & c->flow_bucket_mask) * (FLOW_WAYS * FLOW_BYTES);
}

static inline u32 age_of(u64 entry, u32 tick) { return (tick - (u32)entry) & FLOW_TICK_MASK; }
static inline u32 backend_of(u64 entry) { return (u32)entry >> 16; }
static inline bool can_serve(const struct core *c, u32 index) { return c->backends[index * BACKEND_BYTES + BACKEND_CAN_SERVE] != 0; }

static inline u8 *find_flow(const struct core *c, u64 hash, u32 idle, u32 tick, u64 *entry) {
  u8 *bucket = bucket_of(c, hash);
  for (int way = 0; way < FLOW_WAYS; way++) {
    *entry = load_entry(bucket + way * FLOW_BYTES);
    if (*entry >> 32 != hash >> 32 || !*entry) continue;
    return age_of(*entry, tick) > idle ? NULL : bucket + way * FLOW_BYTES;
  }
  return NULL;
}

static inline void touch_flow(u8 *at, u64 entry, u32 tick, bool confirm) {
  u32 low = ((u32)entry & ~(u32)FLOW_TICK_MASK) | (tick & FLOW_TICK_MASK);
  if (confirm) low |= FLOW_CONFIRMED;
  if (low != (u32)entry) swap_entry(at, entry, (entry & 0xffffffff00000000u) | low);
}

/** How gladly an entry is given up: free, expired, the oldest not confirmed; -1: not at all. */
static inline int rank_of(u64 entry, u32 tick, u32 longest) {
  if (!entry) return INT32_MAX;
  u32 age = age_of(entry, tick);
  if (age > longest) return FLOW_TICK_MASK + age;
  return (u32)entry & FLOW_CONFIRMED ? -1 : (int)age;
}

static u8 *place_for(const struct core *c, u64 hash, u32 tick, u64 *holds) {
  u8 *bucket = bucket_of(c, hash), *best = NULL;
  u32 longest = load32(c->control + CONTROL_FLOW_TICKS);
  int best_rank = -1;
  for (int way = 0; way < FLOW_WAYS; way++) {
    u8 *at = bucket + way * FLOW_BYTES;
    u64 entry = load_entry(at);
    if (entry && entry >> 32 == hash >> 32) {
      *holds = entry;
      return at;
    }
    int rank = rank_of(entry, tick, longest);
    if (rank <= best_rank) continue;
    best = at;
    best_rank = rank;
    *holds = entry;
  }
  return best;
}

static void insert_flow(const struct core *c, u64 hash, u32 backend_index, u32 tick, bool is_confirmed) {
  if (backend_index == NO_BACKEND) return;
  u32 low = backend_index << 16 | (is_confirmed ? FLOW_CONFIRMED : 0) | (tick & FLOW_TICK_MASK);
  u64 fresh = (hash & 0xffffffff00000000u) | low, old;
  for (int i = 0; i < 4; i++) {
    u8 *at = place_for(c, hash, tick, &old);
    if (!at) break;
    if (!swap_entry(at, old, fresh)) continue;
    count_event(c, old ? EVENT_FLOW_REPLACE : EVENT_FLOW_INSERT);
    return;
  }
  count_event(c, EVENT_FLOW_FULL);
}

static inline u8 *track_of(u8 *map, u32 mask, u32 slot) {
  for (u32 i = slot * 0x9e3779b1u >> 7;; i++) {
    u8 *record = map + (i & mask) * TRACK_BYTES;
    u32 held = load32(record + TRACK_SLOT);
    if (!held) return NULL;
    if (held == slot + 1) return record;
  }
}

static u32 choose_for_new(const struct core *c, const u8 *track, u32 fresh, bool is_tcp, bool is_syn, u32 tick) {
  count_event(c, is_syn ? EVENT_FLOW_MISS_SYN : is_tcp ? EVENT_FLOW_MISS_NON_SYN : EVENT_FLOW_MISS_UDP);
  if (is_syn || !track) return fresh;
  u32 previous = load16(track + TRACK_PREVIOUS);
  bool is_learning = (int32_t)(load32(track + TRACK_LEARN_UNTIL) - tick) > 0;
  if (previous == NO_BACKEND || !is_learning || !can_serve(c, previous)) return fresh;
  count_event(c, EVENT_PREVIOUS_TAKEN);
  return previous;
}

static inline u32 select_tracked(const struct core *c, const u8 *vip, u32 slot, u32 fresh, u64 hash, bool is_tcp, bool is_syn,
                                 u32 tick) {
  u64 entry;
  u32 chosen = fresh;
  u8 *map = c->memory + load32(vip + VIP_TRACKS);
  u8 *at = find_flow(c, hash, load32(vip + VIP_IDLE_TICKS), tick, &entry);
  if (at && can_serve(c, backend_of(entry))) {
    chosen = backend_of(entry);
    count_event(c, EVENT_FLOW_HIT);
    touch_flow(at, entry, tick, !is_syn);
  } else if (at) {
    count_event(c, EVENT_FLOW_HIT_DEAD);
    insert_flow(c, hash, fresh, tick, false);
  } else {
    chosen = choose_for_new(c, track_of(map, load32(vip + VIP_TRACK_MASK), slot), fresh, is_tcp, is_syn, tick);
    insert_flow(c, hash, chosen, tick, chosen != fresh);
  }
  if (chosen == fresh) return chosen;
  u8 *track = track_of(map, load32(vip + VIP_TRACK_MASK), slot); // needed only here, so looked for only here
  if (track && load32(track + TRACK_LAST_OTHER) != tick) store32(track + TRACK_LAST_OTHER, tick);
  return chosen;
}

/** Multiply and shift (Lemire, 2018). */
static inline u32 slot_of(u64 hash, u32 slot_count) { return (u32)((hash & 0xffffffffu) * slot_count >> 32); }

static inline const u8 *slot_at(const struct core *c, const u8 *vip, u32 slot) {
  return c->memory + load32(vip + VIP_TABLE) + slot * SLOT_BYTES;
}
