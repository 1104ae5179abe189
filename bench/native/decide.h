// decide.h: the part of assembly/forward.ts before a backend is chosen: is the frame for a VIP, and may it go on?
#pragma once

#include "parse.h"
#include "vip.h"

/** All of a VIP's address is ours; any other address is the host's business, broken frames included. */
static u32 unless_for_others(const struct core *c, const u8 *root, const struct parsed *p, u32 verdict) {
  if (!p->has_destination) return verdict;
  return is_ours(c, root, p->destination_high, p->destination_low) ? verdict : IGNORE_NOT_VIP;
}

/** NO_VERDICT: `vip` is the record of the VIP and the frame may be forwarded. `last` may be NULL. */
static inline u32 decide(const struct core *c, const u8 *root, struct last_vip *last, struct parsed *p, u8 *frame, u32 bytes, u8 *meta,
                         const u8 **vip) {
  u32 packet_type = meta[META_PACKET_TYPE];
  if (packet_type > PACKET_TYPE_MULTICAST) return IGNORE_OTHER_HOST;
  u32 broken = parse(p, frame, bytes, meta);
  if (broken != NO_VERDICT) return unless_for_others(c, root, p, broken);
  if (p->ether_type == TYPE_ARP) return IGNORE_ARP;
  if (is_solicitation(p)) return IGNORE_NEIGHBOUR;
  if (packet_type != PACKET_TYPE_HOST) return IGNORE_OTHER_HOST;
  *vip = find_vip_again(c, root, last, p->destination_high, p->destination_low, p->protocol, p->destination_port);
  if (p->is_fragment) return unless_for_others(c, root, p, DROP_FRAGMENT);
  if (!*vip) return unless_for_others(c, root, p, DROP_NO_VIP);
  if (time_to_live(p) <= 1) return DROP_TTL_EXPIRED;
  // Half checksums and super-frames are not in this twin; saying so costs what asking costs in the hot path.
  return load16(meta + META_FLAGS) & META_HAS_VIRTIO ? DROP_BAD_HEADER : NO_VERDICT;
}

/** A frame longer than its cell was cut when it was written there. */
static inline bool is_snapped(const struct core *c, u32 bytes) { return bytes > c->cell_bytes - HEADROOM; }

static inline void note_verdict(u8 *meta, u32 verdict, u32 first, u32 outputs) {
  meta[META_VERDICT] = (u8)verdict;
  store16(meta + META_OUTPUT, (u16)first);
  store16(meta + META_OUTPUTS, (u16)outputs);
}

static inline void note_choice(u8 *meta, u32 vip_number, u32 backend_index) {
  store16(meta + META_VIP, (u16)vip_number);
  store16(meta + META_BACKEND, (u16)backend_index);
}
