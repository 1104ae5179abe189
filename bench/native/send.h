// send.h: rewrites the packet where it lies, writes the headers before it and the output record (assembly/encap/,
// assembly/batch.ts). The virtio header is not here: no frame of the benchmark has one.
#pragma once

#include "parse.h"
#include "restore.h"
#include "tunnel.h"

/** Where the batch in hand stands. */
struct sink {
  u8 *cell;
  u32 output_count;
};

/** RFC 1624: the TTL is the high byte of its word, so one less adds 0x0100 to the checksum, the carry brought round. */
static inline void decrement_ttl(u8 *packet, bool is_v6) {
  if (is_v6) {
    packet[7]--;
    return;
  }
  packet[8]--;
  u32 sum = net16(packet + 10) + 0x0100u;
  store_net16(packet + 10, (u16)(sum + (sum >= 0xffff)));
}

static inline u32 tos_of(const u8 *packet, bool is_v6) { return is_v6 ? net32(packet) >> 20 & 0xff : packet[1]; }

/** Writes the Ethernet header before `at` and hands the frame over. */
static inline void commit(const struct core *c, struct sink *s, const struct parsed *p, u8 *at, u32 bytes, u32 ethertype,
                          u64 way, bool is_tagged) {
  const u8 *own_mac = c->egresses + (way >> 48) * EGRESS_BYTES + EGRESS_MAC;
  u32 head = is_tagged ? ETH_BYTES + TAG_BYTES : ETH_BYTES;
  u8 *start = at - head;
  store64(start, way); // two bytes too far: the source comes next
  memcpy(start + 6, own_mac, 6);
  if (is_tagged) {
    store_net16(start + 12, TYPE_VLAN);
    store_net16(start + 14, (u16)p->vlan_tci);
  }
  store_net16(at - 2, (u16)ethertype);
  u8 *output = c->outputs + s->output_count++ * OUTPUT_BYTES;
  store32(output + OUTPUT_BASE, (u32)(start - c->memory));
  store32(output + OUTPUT_LENGTH, head + bytes);
  store16(output + OUTPUT_EGRESS, (u16)(way >> 48));
  store16(output + OUTPUT_FLAGS, 0);
}

static inline u32 send(const struct core *c, struct sink *s, const struct parsed *p, const u8 *backend, u64 hash) {
  const u8 *hop = c->next_hops + load32(backend + BACKEND_NEXT_HOP) * NEXT_HOP_BYTES;
  u64 way = __atomic_load_n((const u64 *)(hop + NEXT_HOP_WAY), __ATOMIC_SEQ_CST);
  if (!way) return DROP_NEXT_HOP_UNRESOLVED;
  u32 mtu = load32(hop + NEXT_HOP_MTU), egress = (u32)(way >> 48);
  if (egress >= EGRESS_MAX || !(load32(c->egresses + egress * EGRESS_BYTES + EGRESS_FLAGS) & EGRESS_UP)) return DROP_EGRESS_DOWN;
  bool is_tagged = p->has_vlan && egress == load16(p->meta + META_INGRESS);
  bool is_l2 = backend[BACKEND_ENCAP] == ENCAP_L2, is_outer_v6 = backend[BACKEND_OUTER_IS_V6];
  u32 outer = is_l2 ? 0 : backend[BACKEND_OUTER_BYTES];
  if (mtu && outer + p->packet_bytes > mtu) return DROP_TOO_BIG;
  u8 *at = p->packet - outer;
  if (at - (is_tagged ? ETH_BYTES + TAG_BYTES : ETH_BYTES) < s->cell || s->output_count >= c->cell_count) return DROP_NO_HEADROOM;
  decrement_ttl(p->packet, p->is_v6);
  if (is_l2) {
    commit(c, s, p, at, p->packet_bytes, p->is_v6 ? TYPE_IPV6 : TYPE_IPV4, way, is_tagged);
    return FORWARD_L2;
  }
  u32 encap = backend[BACKEND_ENCAP], tos = tos_of(p->packet, p->is_v6);
  write_outer(at, p->packet, backend, encap, p->is_v6, tos, p->packet_bytes, hash);
  commit(c, s, p, at, outer + p->packet_bytes, is_outer_v6 ? TYPE_IPV6 : TYPE_IPV4, way, is_tagged);
  return encap == ENCAP_GUE ? FORWARD_GUE : encap == ENCAP_GRE ? FORWARD_GRE : FORWARD_IPIP;
}
