// host/membership/event.ts: the words in which membership is told: records, changes, and what a source says.

import type { KatranRealFlag, KatranVipFlag } from '../compat/katranRecord.js';
import type { MaglevError } from '../errors.js';

/** Transport protocol of a VIP. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

/**
 * How a packet gets to its backend. `l2`: only the Ethernet header is rewritten. `ipip`, `gre`, `gue`: inside outer headers (RFC
 * 2003, RFC 2473, RFC 4213; RFC 2784; Generic UDP Encapsulation), to a backend of either family. `l3dsr`: the destination becomes
 * the backend's address, and the DSCP says which VIP it was.
 */
export type Encap =
  | { type: 'l2' }
  | { type: 'ipip' }
  | { type: 'gre' }
  | {
      type: 'gue';
      /** Destination port, 1..65535. Default 6080. */
      port?: number;
      /** 1: the packet directly behind UDP. 0: behind a GUE header. Default 1. */
      variant?: 0 | 1;
      /** Private field at the end of the GUE header, variant 0 only: hex digits, a multiple of 4 bytes, 36 at most. */
      private?: string;
    }
  | {
      type: 'l3dsr';
      /** 1..63 */
      dscp: number;
    };

/**
 * How the lookup table is filled and a packet finds its slot. `native` is ours and keyed with the fleet's secret; the others
 * are those of another system, bit for bit, so that a fleet can be moved over node by node (ARCHITECTURE.md, "Profiles").
 */
export type HashName = 'native' | 'katran-v1' | 'katran-v2' | 'cilium' | 'envoy';

/** What of a packet chooses its slot. */
export type HashFields = '5-tuple' | 'source' | 'port';

/** Which slots of the lookup table keep flow state: those that changed while flows lived, all, or none. */
export type Tracking = 'changed' | 'all' | 'none';

/** State of a backend as its record says it. `draining` keeps its flows and gets no new ones (weight 0 means the same); `down` loses all at once. */
export type BackendState = 'active' | 'draining' | 'down';

/**
 * A way to a backend before the lookup table. Of those that a VIP has, a packet is asked for, in this order: `quic` (UDP): a server id in
 * its QUIC connection id; `stable-udp` (UDP): one in the stable header before its payload; `tcp-option` (TCP): one in a TCP option;
 * `source`: the prefix that the client's address lies in. See ARCHITECTURE.md, "Ways to a backend before the table".
 */
export type Way = 'quic' | 'stable-udp' | 'tcp-option' | 'source';

/** What clients reach: an address, a protocol and a port. */
export interface Vip {
  /**
   * IPv4 or IPv6 address, or a prefix such as `192.0.2.0/24` or `2001:db8::/64`, of at least 8 and 16 bits: each address in it.
   * Prefixes may overlap: the longest counts.
   */
  address: string;
  /** `tcp`, `udp` or `sctp`. */
  protocol: Protocol;
  /**
   * 0..65535; 0 = any port. A packet takes, in this order, its address with its port; the longest prefix with its port; its
   * address with any port; the longest prefix with any port.
   */
  port: number;
  /** What its backends have unless they say otherwise. Default `{ type: 'l2' }`. */
  encap?: Encap;
  /** Default `native`. */
  hash?: HashName;
  /**
   * Default `5-tuple`. `source`: a client keeps its backend, whatever its ports. `port`: all flows to a port have one backend
   * (only with native and katran). Whatever it says, a flow that is tracked is told from others by its whole 5-tuple.
   */
  hashOn?: HashFields;
  /** Slots of the lookup table, a prime of 7..5000011. Default 65537. */
  tableSize?: number;
  /** Default `changed`. */
  tracking?: Tracking;
  /** Ways to a backend that are asked before the lookup table, each once. Default: none. */
  routeBy?: Way[];
  /**
   * For `source`: prefix of clients, such as `198.51.100.0/24`, of the family of the VIP, to the address of a backend of this VIP.
   * The longest prefix counts. Up to 4096.
   */
  sourceRoutes?: Record<string, string>;
  /** Flags of this VIP in Katran. They count for balancers with compat 'katran' alone. */
  katran?: KatranVipFlag[];
}

/** A server behind a VIP. */
export interface Backend {
  /** Key of its VIP, such as `tcp/192.0.2.80:80` or `tcp/[2001:db8::80]:80`. */
  vip: string;
  /** IPv4 or IPv6 address it is reached at. */
  address: string;
  /** Share of new flows relative to the other backends of the VIP, 0..65535. Default 1; 0 means draining. */
  weight?: number;
  /** Default: that of the VIP. */
  encap?: Encap;
  /** Default `active`. */
  state?: BackendState;
  /**
   * By which packets name it, where its VIP has a way for that: 1..16777213, or up to 16 of them. Each names one backend of a VIP: of two
   * that have it and are not down, that with the lower address.
   */
  serverId?: number | number[];
  /**
   * Mark (SO_MARK) of this host's packets that are to reach this backend, active or not, in its encapsulation: health checks. 1..4294967295,
   * one backend over all VIPs: of two that have it, that whose key comes first.
   */
  healthCheckMark?: number;
  /** Its share of new flows grows in ten steps. Default: it has all of it at once. */
  slowStart?: SlowStart;
  /**
   * What Katran knows of it: `down`, in the set of down reals of its VIP, and `local`, this host itself: for compat 'katran' alone. `named`:
   * it is never in the table, and stands here to be named by a server id or a source route.
   */
  katran?: KatranRealFlag[];
}

/** A ramp of ten steps of equal length, by wall clock: in step k the table counts k tenths of the weight, in the tenth all of it. */
export interface SlowStart {
  /** Length of all ten steps, 1..3600. */
  seconds: number;
  /**
   * When it begins, Unix time in ms. Default: the time of the message in a topic (of its signature, if it has one); of the file, when the
   * record is new in it or has changed; of the call that told it.
   */
  since?: number;
}

/**
 * One step of membership. `put` states the whole record (what is left out has its default);
 * `remove` takes the key of a VIP (`tcp/192.0.2.80:80`) or of a backend (`tcp/192.0.2.80:80/10.0.1.9`).
 */
export type Change = { put: Vip } | { put: Backend } | { remove: string };

/** Why a record was not taken, and where it stood. It changed nothing. */
export interface Refusal {
  /** Where: `event at offset 8812 of partition 0`, `line 14 of members.yaml`, `change 3`. */
  where: string;
  /** Key of the record, where it could be read. */
  key?: string;
  /** The field that is wrong: `weight`. */
  field: string;
  /** Its value, shortened. */
  value: string;
  /** The rule: `expected 0..65535`. */
  rule: string;
  /** What was ignored because of it, with all that stood in it. Default `event`. */
  ignored?: 'event' | 'file' | 'change' | 'changes' | 'snapshot';
}

/** How far a source has been read, where that can be said: what a state is made of, and what two balancers must have in common. */
export interface Position {
  /** The topic. */
  topic: string;
  /** By number of the partition: the offset that is read next. */
  offsets: Record<string, number>;
}

/** What a source says, in order. */
export type SourceEvent =
  /**
   * Records that arrived together; `applied` is called when they are live, or with why some were refused. `position`: how far the
   * source is read with them. `isMore`: true when others are on the way, which are waited for (half a second at most) to be live
   * together; false when that is all; left out where a source cannot know.
   */
  | {
      type: 'changes';
      changes: Change[];
      where?: string;
      position?: Position;
      isMore?: boolean;
      applied?: (outcome: Applied | Error) => void;
    }
  /** The source is read so far, and what was read last changed nothing for us. */
  | { type: 'reached'; position: Position }
  /**
   * What an earlier run knew has been told, before the source itself was asked; it is from `asOfMs` (Unix time, ms). While the source is
   * away that is all there is to be ready with.
   */
  | { type: 'restored'; asOfMs: number }
  /** All that was there when we began has been told. */
  | { type: 'caughtUp' }
  /**
   * At `atMs` (Unix time, ms) the source had nothing more than has been told. From time to time, of a source that can be away; one that
   * never says it has nothing to tell from that it is there.
   */
  | { type: 'current'; atMs: number }
  /** The source is away; what we have is from `sinceMs` (Unix time, ms). Forwarding goes on. */
  | { type: 'stale'; sinceMs: number; reason: string }
  /** The source is back. */
  | { type: 'fresh' }
  /** A record the source itself refused. */
  | { type: 'refused'; refusal: Refusal };

/** What a source may ask of who follows it, and tell him beside its events. */
export interface SourceHost {
  /** Packets by key of the VIP, since the start. */
  packets(): ReadonlyMap<string, number>;
  /** Something failed that stops nothing. */
  failed(error: MaglevError): void;
}

/** Where membership comes from. `events` is called once and ends when `signal` is aborted. */
export interface MembershipSource {
  /** For messages and `status`: `kafka topic balancer-members`, `file members.yaml`. */
  readonly name: string;
  /** A fleet follows it, so that every balancer must have the same `hashSecret`. Default false. */
  readonly isShared?: boolean;
  /**
   * Follows it: all that is known first, then `caughtUp`, then what changes. Whatever goes wrong on the way is an event;
   * it throws for options that cannot be.
   */
  events(signal: AbortSignal, host?: SourceHost): AsyncIterable<SourceEvent>;
}

/** A publication: what it took until every worker had seen it. */
export interface Applied {
  /** Number of the published state. */
  generation: number;
  /**
   * Slots of lookup tables whose backend has another address now, or none, over all VIPs touched; all slots of a table that got another
   * size or hash, or whose VIP is gone; none of a VIP that is new.
   */
  slotsMoved: number;
  /** Time to build the tables, ms. */
  buildMs: number;
}
