// host/stats.ts: counters as numbers with names. The hot path counts per worker, without atomics; here they are added up.
// Counters count from the start and are never reset: readers take differences.
import {
  EVENT_BATCHES,
  EVENT_CHECKSUM_COMPLETED,
  EVENT_FLOW_FULL,
  EVENT_FLOW_HIT,
  EVENT_FLOW_HIT_DEAD,
  EVENT_FLOW_INSERT,
  EVENT_FLOW_MISS_NON_SYN,
  EVENT_FLOW_MISS_SYN,
  EVENT_FLOW_MISS_UDP,
  EVENT_FLOW_REPLACE,
  EVENT_HEALTH_CHECK,
  EVENT_HELD_LOST,
  EVENT_HELD_SENT,
  EVENT_ICMP_ERROR,
  EVENT_NAMED_DOWN,
  EVENT_NAMED_FLOW_NEW,
  EVENT_NAMED_FLOW_OTHER,
  EVENT_NAMED_FLOW_SAME,
  EVENT_OUTER_ERROR,
  EVENT_PREVIOUS_TAKEN,
  EVENT_QUIC_INITIAL,
  EVENT_QUIC_NO_ID,
  EVENT_QUIC_UNKNOWN,
  EVENT_QUIC_V1,
  EVENT_QUIC_V2,
  EVENT_QUIC_V3,
  EVENT_ROUTED_QUIC,
  EVENT_ROUTED_SOURCE,
  EVENT_ROUTED_STABLE_UDP,
  EVENT_ROUTED_TCP_OPTION,
  EVENT_SEGMENTS_LOST,
  EVENT_SEGMENTS_SENT,
  EVENT_SOURCE_NO_ROUTE,
  EVENT_STABLE_UDP_NO_ID,
  EVENT_STABLE_UDP_UNKNOWN,
  EVENT_TCP_OPTION_NO_ID,
  EVENT_TCP_OPTION_UNKNOWN,
} from '../assembly/layout.js';
import {
  DROP_BAD_HEADER,
  DROP_EXTENSIONS,
  DROP_SEGMENTS,
  DROP_SNAPPED,
  DROP_TINY_FRAGMENT,
  DROP_TRUNCATED,
  decapVerdictTable,
  IGNORE_ETHERTYPE,
  IGNORE_OTHER_HOST,
  type VerdictRow,
  verdictTable,
} from '../assembly/verdict.js';
import type { KatranStats } from './compat/katranStats.js';

/** A verdict: number, name, and the sentence that says when it happens. */
export type Verdict = Readonly<VerdictRow>;

/** Every verdict a frame can get from a balancer, by class. */
export const VERDICTS: readonly Verdict[] = verdictTable();

/** What a frame can get from a decapsulator too. */
const SHARED: readonly number[] = [
  IGNORE_OTHER_HOST,
  IGNORE_ETHERTYPE,
  DROP_TRUNCATED,
  DROP_BAD_HEADER,
  DROP_SNAPPED,
  DROP_EXTENSIONS,
  DROP_TINY_FRAGMENT,
  DROP_SEGMENTS,
];

/** Every verdict a frame can get from a decapsulator, by number. */
export const DECAP_VERDICTS: readonly Verdict[] = [
  ...VERDICTS.filter(({ number }) => SHARED.includes(number)),
  ...decapVerdictTable(),
];

const NAMES = new Map([...VERDICTS, ...DECAP_VERDICTS].map(({ number, name }) => [number, name]));

/** Events the hot path counts beside verdicts, with what each means. */
export const HOT_EVENTS: readonly Verdict[] = [
  { number: EVENT_FLOW_HIT, name: 'flowHit', when: 'a packet of a tracked slot found its flow' },
  { number: EVENT_FLOW_HIT_DEAD, name: 'flowHitDead', when: 'its flow was on a backend that is gone, and moved' },
  { number: EVENT_FLOW_MISS_SYN, name: 'flowMissSyn', when: 'a TCP SYN of a tracked slot began a flow' },
  { number: EVENT_FLOW_MISS_NON_SYN, name: 'flowMissNonSyn', when: 'a TCP packet of a tracked slot had no flow yet' },
  { number: EVENT_FLOW_MISS_UDP, name: 'flowMissUdp', when: 'a UDP packet of a tracked slot had no flow yet' },
  { number: EVENT_FLOW_INSERT, name: 'flowInsert', when: 'a flow was entered in a free place' },
  {
    number: EVENT_FLOW_REPLACE,
    name: 'flowReplace',
    when: 'a flow was entered in place of another or its own old one',
  },
  { number: EVENT_FLOW_FULL, name: 'flowFull', when: 'a flow found only places of confirmed, living flows' },
  { number: EVENT_PREVIOUS_TAKEN, name: 'previousTaken', when: 'an unknown flow was sent to the previous backend' },
  { number: EVENT_CHECKSUM_COMPLETED, name: 'checksumCompleted', when: 'a half checksum was completed' },
  { number: EVENT_BATCHES, name: 'batches', when: 'a worker began a batch' },
  { number: EVENT_ICMP_ERROR, name: 'icmpError', when: 'an ICMP error found the flow that it quotes' },
  { number: EVENT_HELD_SENT, name: 'heldSent', when: 'a fragment that was held went out behind its first' },
  {
    number: EVENT_HELD_LOST,
    name: 'heldLost',
    when: 'a fragment that was held was dropped: its first did not come, or not through',
  },
  { number: EVENT_OUTER_ERROR, name: 'outerError', when: 'an ICMP error came about a packet that we sent in a tunnel' },
  { number: EVENT_HEALTH_CHECK, name: 'healthCheck', when: 'a marked packet of this host had a backend to go to' },
  {
    number: EVENT_SEGMENTS_SENT,
    name: 'segmentsSent',
    when: 'a segment of a super-frame was sent as a packet of its own',
  },
  { number: EVENT_SEGMENTS_LOST, name: 'segmentsLost', when: 'a segment was lost: the transmit ring was full' },
  {
    number: EVENT_ROUTED_QUIC,
    name: 'routedQuic',
    when: 'a packet went where the server id in its QUIC connection id says',
  },
  {
    number: EVENT_QUIC_UNKNOWN,
    name: 'quicUnknown',
    when: "the server id in a QUIC connection id is no backend's of the VIP",
  },
  {
    number: EVENT_QUIC_NO_ID,
    name: 'quicNoId',
    when: 'a UDP packet was asked for a QUIC connection id and has none with a server id',
  },
  {
    number: EVENT_QUIC_INITIAL,
    name: 'quicInitial',
    when: "a QUIC Initial or 0-RTT packet, whose connection id is the client's own",
  },
  {
    number: EVENT_QUIC_V1,
    name: 'quicV1',
    when: 'a QUIC connection id had a server id of 16 bits (first two bits 01)',
  },
  { number: EVENT_QUIC_V2, name: 'quicV2', when: 'a QUIC connection id had a server id of 24 bits (10)' },
  { number: EVENT_QUIC_V3, name: 'quicV3', when: 'a QUIC connection id had a server id of 32 bits (11)' },
  {
    number: EVENT_ROUTED_STABLE_UDP,
    name: 'routedStableUdp',
    when: 'a packet went where the server id in its stable UDP header says',
  },
  {
    number: EVENT_STABLE_UDP_UNKNOWN,
    name: 'stableUdpUnknown',
    when: "the server id in a stable UDP header is no backend's of the VIP",
  },
  {
    number: EVENT_STABLE_UDP_NO_ID,
    name: 'stableUdpNoId',
    when: 'a UDP packet was asked for a stable header and has none, or with id 0',
  },
  {
    number: EVENT_ROUTED_TCP_OPTION,
    name: 'routedTcpOption',
    when: 'a packet went where the server id in its TCP option says',
  },
  {
    number: EVENT_TCP_OPTION_UNKNOWN,
    name: 'tcpOptionUnknown',
    when: "the server id in a TCP option is no backend's of the VIP",
  },
  {
    number: EVENT_TCP_OPTION_NO_ID,
    name: 'tcpOptionNoId',
    when: 'a TCP packet, not a SYN, was asked for a server id in its options and has none',
  },
  {
    number: EVENT_ROUTED_SOURCE,
    name: 'routedSource',
    when: 'a packet went where the source route of its client leads',
  },
  { number: EVENT_SOURCE_NO_ROUTE, name: 'sourceNoRoute', when: 'no source route of the VIP holds the client' },
  {
    number: EVENT_NAMED_DOWN,
    name: 'namedDown',
    when: 'a server id or source route led to a backend that is down, or not there, and the next way was asked',
  },
  {
    number: EVENT_NAMED_FLOW_SAME,
    name: 'namedFlowSame',
    when: 'a packet with a server id, on a tracked slot: its flow is known on that backend',
  },
  {
    number: EVENT_NAMED_FLOW_OTHER,
    name: 'namedFlowOther',
    when: 'a packet with a server id, on a tracked slot: its flow is known on another backend',
  },
  {
    number: EVENT_NAMED_FLOW_NEW,
    name: 'namedFlowNew',
    when: 'a packet with a server id, on a tracked slot: its flow was not known, and is entered',
  },
];

/** Frames and bytes (of the frames as they came in; with compat 'katran', what their IP header says, as Katran counts). */
export interface Traffic {
  /** Frames; a super-frame counts once. */
  packets: number;
  octets: number;
}

/** What was counted since the start. */
export interface Stats {
  /** Frames by verdict name; every verdict is there. */
  verdicts: Record<string, number>;
  /** See HOT_EVENTS. */
  events: Record<string, number>;
  /** Traffic by key of the VIP. */
  vips: Record<string, Traffic>;
  /** Traffic by key of the backend. */
  backends: Record<string, Traffic>;
  /** Katran's counters by Katran's names, with compat 'katran' only. */
  katran?: KatranStats;
}

/** Name of a verdict number. */
export function verdictName(number: number): string {
  return NAMES.get(number) ?? `UNKNOWN_${number}`;
}
