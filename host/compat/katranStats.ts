// host/compat/katranStats.ts: Katran's counters by Katran's names. Pairs are [first, second], as its own tools show them.
import {
  KATRAN_COUNT_AGAIN4,
  KATRAN_COUNT_DECAP4,
  KATRAN_COUNT_EGRESS4,
  KATRAN_COUNT_HOST,
  KATRAN_COUNT_INLINE_DECAP,
  KATRAN_COUNT_LRU,
  KATRAN_COUNT_LRU_MISS_SYN,
  KATRAN_COUNT_MIGRATED,
  KATRAN_COUNT_PTB4,
  KATRAN_COUNT_PTB6,
  KATRAN_COUNT_QUIC_ICMP,
  KATRAN_COUNT_QUIC_INITIAL,
  KATRAN_COUNT_QUIC_NEW,
  KATRAN_COUNT_QUIC_OTHER,
  KATRAN_COUNT_QUIC_RING,
  KATRAN_COUNT_QUIC_ROUTED,
  KATRAN_COUNT_QUIC_SAME,
  KATRAN_COUNT_QUIC_UNKNOWN,
  KATRAN_COUNT_QUIC_V1,
  KATRAN_COUNT_RING_EMPTY,
  KATRAN_COUNT_SOURCE_MISS,
  KATRAN_COUNT_STABLE_INVALID,
  KATRAN_COUNT_STABLE_NO_HEADER,
  KATRAN_COUNT_STABLE_RING,
  KATRAN_COUNT_STABLE_ROUTED,
  KATRAN_COUNT_TCP_OTHER,
  KATRAN_COUNT_TCP_RING,
  KATRAN_COUNT_TCP_ROUTED,
  KATRAN_COUNT_TCP_SYN,
  KATRAN_COUNT_TOO_BIG4,
} from '../../assembly/layout.js';

/** Counters of compat 'katran'. */
export type KatranStats = Record<KatranPair, [number, number]> & Record<KatranCounter, number>;
type KatranPair = keyof typeof PAIRS;
type KatranCounter = keyof typeof COUNTERS;

const PAIRS = {
  /** Packets to VIPs within the size limit; those that no entry of the connection table was found for. */
  lru: KATRAN_COUNT_LRU,
  /** Of the latter: TCP SYN; other TCP. */
  lru_miss: KATRAN_COUNT_LRU_MISS_SYN,
  /** Answers to frames that are too long: IPv4, IPv6. */
  icmp_toobig: KATRAN_COUNT_TOO_BIG4,
  /** Source routes asked for: not found, found. */
  lpm_src: KATRAN_COUNT_SOURCE_MISS,
  /** Packets in tunnels to a decapsulation destination. */
  inline_decap: KATRAN_COUNT_INLINE_DECAP,
  /** Outer headers taken off: IPv4, IPv6. */
  decap: KATRAN_COUNT_DECAP4,
  /** Packets balanced again, by their own family. */
  xpop_decap: KATRAN_COUNT_AGAIN4,
  /** Packets sent back out, by their own family. */
  egress_decap: KATRAN_COUNT_EGRESS4,
  /** Nothing; packets for a ring that was never filled. */
  ch_drop: KATRAN_COUNT_RING_EMPTY,
  /** ICMP errors about QUIC flows: all; those about a port. */
  quic_icmp: KATRAN_COUNT_QUIC_ICMP,
  /** Needfrag messages: all; those that name less than 1280 bytes. */
  icmp_ptb_v4: KATRAN_COUNT_PTB4,
  icmp_ptb_v6: KATRAN_COUNT_PTB6,
  /** UDP flows that left a real which is down. */
  udp_flow_migration: KATRAN_COUNT_MIGRATED,
} as const;

const COUNTERS = {
  quic_ch_routed: KATRAN_COUNT_QUIC_RING,
  quic_cid_initial: KATRAN_COUNT_QUIC_INITIAL,
  quic_cid_invalid_server_id: KATRAN_COUNT_QUIC_UNKNOWN,
  quic_cid_routed: KATRAN_COUNT_QUIC_ROUTED,
  quic_cid_v1: KATRAN_COUNT_QUIC_V1,
  quic_cid_v2: KATRAN_COUNT_QUIC_V1 + 1,
  quic_cid_v3: KATRAN_COUNT_QUIC_V1 + 2,
  quic_dst_match_in_lru: KATRAN_COUNT_QUIC_SAME,
  quic_dst_mismatch_in_lru: KATRAN_COUNT_QUIC_OTHER,
  quic_dst_not_found_in_lru: KATRAN_COUNT_QUIC_NEW,
  stable_ch_routed: KATRAN_COUNT_STABLE_RING,
  stable_cid_routed: KATRAN_COUNT_STABLE_ROUTED,
  stable_cid_invalid_server_id: KATRAN_COUNT_STABLE_INVALID,
  stable_invalid_packet_type: KATRAN_COUNT_STABLE_NO_HEADER,
  tpr_ch_routed: KATRAN_COUNT_TCP_RING,
  tpr_sid_routed: KATRAN_COUNT_TCP_ROUTED,
  tpr_tcp_syn: KATRAN_COUNT_TCP_SYN,
  tpr_dst_mismatch_in_lru: KATRAN_COUNT_TCP_OTHER,
  decapsulated_and_passed: KATRAN_COUNT_HOST,
} as const;

/** All counters; `read` gives the sum over all workers of counter number so and so. */
export function readKatranStats(read: (counter: number) => number): KatranStats {
  const pairs = Object.entries(PAIRS).map(([name, first]) => [name, [read(first), read(first + 1)]]);
  const counters = Object.entries(COUNTERS).map(([name, counter]) => [name, read(counter)]);
  return Object.fromEntries([...pairs, ...counters]) as KatranStats;
}
