// parse.h: from bytes to a flow, with the checks of assembly/parse.ts and wire/, in the same order.
#pragma once

#include "image.h"

enum { ETH_BYTES = 14, TAG_BYTES = 4, TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd };
enum { IPV4_MIN = 20, IPV6_BYTES = 40, TCP_MIN = 20, UDP_BYTES = 8 };
enum { TCP = 6, UDP = 17, SCTP = 132, SCTP_BYTES = 12, SCTP_INIT = 1, IPV6_FRAGMENT = 44, ICMPV6 = 58 };

/** What was found in one frame. */
struct parsed {
  u8 *frame, *meta, *packet, *transport;
  u32 packet_bytes, transport_bytes, ether_type, vlan_tci, protocol, ports, destination_port;
  u64 destination_high, destination_low; // IPv4 as ::ffff:a.b.c.d
  bool has_vlan, is_v6, is_fragment, is_syn, has_destination;
};

static inline u32 parse_transport(struct parsed *p, u32 header_bytes) {
  const u8 *t = p->transport = p->packet + header_bytes;
  p->transport_bytes = p->packet_bytes - header_bytes;
  p->ports = p->destination_port = 0;
  p->is_syn = false;
  if (p->is_fragment) return NO_VERDICT;
  if (p->protocol == TCP) {
    if (p->transport_bytes < TCP_MIN) return DROP_TRUNCATED;
    u32 tcp_bytes = (t[12] >> 4) * 4;
    if (tcp_bytes < TCP_MIN) return DROP_BAD_HEADER;
    if (tcp_bytes > p->transport_bytes) return DROP_TRUNCATED;
    p->is_syn = (t[13] & 0x12) == 0x02;
  } else if (p->protocol == UDP) {
    if (p->transport_bytes < UDP_BYTES) return DROP_TRUNCATED;
    u32 udp_bytes = net16(t + 4);
    if (udp_bytes < UDP_BYTES) return DROP_BAD_HEADER;
    if (udp_bytes > p->transport_bytes) return DROP_TRUNCATED;
  } else if (p->protocol == SCTP) {
    if (p->transport_bytes < SCTP_BYTES) return DROP_TRUNCATED;
    p->is_syn = p->transport_bytes > SCTP_BYTES && t[12] == SCTP_INIT;
  } else {
    return NO_VERDICT;
  }
  p->ports = load32(t);
  p->destination_port = net16(t + 2);
  return NO_VERDICT;
}

static inline u32 parse_ipv4(struct parsed *p) {
  const u8 *h = p->packet;
  if (p->packet_bytes < IPV4_MIN) return DROP_TRUNCATED;
  u32 header_bytes = (h[0] & 0x0f) * 4, total_bytes = net16(h + 2);
  if (h[0] >> 4 != 4 || header_bytes < IPV4_MIN || header_bytes > total_bytes) return DROP_BAD_HEADER;
  p->is_v6 = false;
  p->protocol = h[9];
  p->destination_high = 0;
  p->destination_low = 0xffff0000u | (u64)load32(h + 16) << 32;
  p->has_destination = true;
  if (total_bytes > p->packet_bytes) return DROP_TRUNCATED;
  p->packet_bytes = total_bytes;
  p->is_fragment = (net16(h + 6) & 0x3fff) != 0;
  return parse_transport(p, header_bytes);
}

static inline u32 parse_ipv6(struct parsed *p) {
  const u8 *h = p->packet;
  if (p->packet_bytes < IPV6_BYTES) return DROP_TRUNCATED;
  if (h[0] >> 4 != 6) return DROP_BAD_HEADER;
  u32 total_bytes = IPV6_BYTES + net16(h + 4);
  p->is_v6 = true;
  p->protocol = h[6];
  p->destination_high = load64(h + 24);
  p->destination_low = load64(h + 32);
  if (!p->destination_high && (u32)p->destination_low == 0xffff0000u) return IGNORE_NOT_VIP; // ::ffff:a.b.c.d
  p->has_destination = true;
  if (total_bytes > p->packet_bytes) return DROP_TRUNCATED;
  p->packet_bytes = total_bytes;
  p->is_fragment = p->protocol == IPV6_FRAGMENT;
  return parse_transport(p, IPV6_BYTES);
}

/** Reads frame and meta. NO_VERDICT: everything is set, down to the transport header. */
static inline u32 parse(struct parsed *p, u8 *frame, u32 bytes, u8 *meta) {
  p->frame = frame;
  p->meta = meta;
  p->has_destination = false;
  if (bytes < ETH_BYTES) return DROP_TRUNCATED;
  p->ether_type = net16(frame + 12);
  if (p->ether_type == TYPE_VLAN && bytes < ETH_BYTES + TAG_BYTES) return DROP_TRUNCATED;
  p->packet = frame + ETH_BYTES;
  p->has_vlan = (load16(meta + META_FLAGS) & META_HAS_VLAN) != 0;
  p->vlan_tci = load16(meta + META_VLAN_TCI);
  if (p->ether_type == TYPE_VLAN) {
    if (p->has_vlan) return IGNORE_ETHERTYPE;
    p->has_vlan = true;
    p->vlan_tci = net16(frame + 14);
    p->ether_type = net16(frame + 16);
    p->packet += TAG_BYTES;
  }
  p->packet_bytes = bytes - (u32)(p->packet - frame);
  if (p->ether_type == TYPE_IPV4) return parse_ipv4(p);
  if (p->ether_type == TYPE_IPV6) return parse_ipv6(p);
  return p->ether_type == TYPE_ARP ? NO_VERDICT : IGNORE_ETHERTYPE;
}

static inline u32 time_to_live(const struct parsed *p) { return p->is_v6 ? p->packet[7] : p->packet[8]; }

/** A neighbour solicitation straight from the link; the benchmark's memory announces nothing, so it is never answered. */
static inline bool is_solicitation(const struct parsed *p) {
  return p->is_v6 && p->protocol == ICMPV6 && p->packet[7] == 255 && p->transport_bytes >= 24 && p->transport[0] == 135 &&
         p->transport[1] == 0;
}
