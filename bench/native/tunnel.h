// tunnel.h: the outer headers of IPIP, GRE and GUE (variant 1), as assembly/encap/ writes them before a packet.
#pragma once

#include "parse.h"

enum { GRE_BYTES = 4, ICMP = 1 };

/** One's complement sum of little-endian words, not folded (assembly/wire/checksum.ts). */
static inline u64 sum_words(const u8 *p, u32 bytes) {
  u64 sum = 0;
  for (; bytes >= 4; bytes -= 4, p += 4) sum += load32(p);
  if (bytes & 2) {
    sum += load16(p);
    p += 2;
  }
  return bytes & 1 ? sum + *p : sum;
}

static inline u16 finish_sum(u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  return (u16)~((sum & 0xffff) + (sum >> 16));
}

static inline bool has_checksum(u32 protocol, const u8 *segment, u32 bytes) {
  return protocol == TCP || (protocol == UDP && load16(segment + 6) != 0 && net16(segment + 4) == bytes);
}

/** Sum of a whole packet, derived from its transport checksum where that can be done (assembly/encap/innerSum.ts). */
static inline u64 inner_sum(const u8 *packet, u32 bytes, bool is_v6) {
  if (is_v6) {
    u32 next = packet[6];
    if (next != ICMPV6 && !has_checksum(next, packet + IPV6_BYTES, bytes - IPV6_BYTES)) return sum_words(packet, bytes);
    return (u64)(next << 8 ^ 0xffff) + load32(packet) + load16(packet + 6);
  }
  if ((packet[0] & 0x0f) * 4 != IPV4_MIN || (net16(packet + 6) & 0x3fff)) return sum_words(packet, bytes);
  u32 protocol = packet[9];
  if (protocol == ICMP) return sum_words(packet, IPV4_MIN);
  if (!has_checksum(protocol, packet + IPV4_MIN, bytes - IPV4_MIN)) return sum_words(packet, bytes);
  return (u64)(protocol << 8 ^ 0xffff) + (IPV4_MIN << 8) + load16(packet) + load32(packet + 4) + load32(packet + 8);
}

/** The ready-made header is summed with TOS, length and checksum 0; the sum is of little-endian words. */
static inline void write_outer_ipv4(u8 *at, const u8 *backend, u32 tos, u32 total_bytes) {
  memcpy(at, backend + BACKEND_OUTER, IPV4_MIN);
  at[1] = (u8)tos;
  store_net16(at + 2, (u16)total_bytes);
  u32 sum = load32(backend + BACKEND_OUTER_SUM) + (tos << 8) + __builtin_bswap16((u16)total_bytes);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  store16(at + 10, (u16)~sum);
}

static inline void write_outer_ipv6(u8 *at, const u8 *backend, u32 traffic_class, u32 payload_bytes, u64 hash) {
  memcpy(at, backend + BACKEND_OUTER, IPV6_BYTES);
  store_net32(at, 6u << 28 | traffic_class << 20 | ((u32)hash & 0xfffff));
  store_net16(at + 4, (u16)payload_bytes);
}

static inline void write_udp(u8 *at, const u8 *backend, u32 ip_bytes, u32 udp_bytes, u64 hash, u64 sum) {
  u16 source = __builtin_bswap16((u16)(0xc000 | ((u32)hash & 0x3fff))), length = __builtin_bswap16((u16)udp_bytes);
  u16 checksum = finish_sum(sum + load32(backend + BACKEND_UDP_SUM) + source + 2u * length);
  store16(at, source);
  memcpy(at + 2, backend + BACKEND_OUTER + ip_bytes + 2, 2);
  store16(at + 4, length);
  store16(at + 6, checksum ? checksum : 0xffff);
}

/** Writes the outer headers of `backend` from `at` up to `packet`. */
static inline void write_outer(u8 *at, u8 *packet, const u8 *backend, u32 encap, bool is_v6, u32 tos, u32 bytes, u64 hash) {
  bool is_outer_v6 = backend[BACKEND_OUTER_IS_V6];
  u32 ip_bytes = is_outer_v6 ? IPV6_BYTES : IPV4_MIN;
  u32 between = encap == ENCAP_GRE ? GRE_BYTES : encap == ENCAP_GUE ? UDP_BYTES : 0;
  if (is_outer_v6) write_outer_ipv6(at, backend, tos, between + bytes, hash);
  else write_outer_ipv4(at, backend, tos, ip_bytes + between + bytes);
  if (encap == ENCAP_GRE) memcpy(packet - GRE_BYTES, backend + BACKEND_OUTER + ip_bytes, GRE_BYTES);
  if (encap == ENCAP_GUE) write_udp(packet - UDP_BYTES, backend, ip_bytes, UDP_BYTES + bytes, hash, inner_sum(packet, bytes, is_v6));
}
