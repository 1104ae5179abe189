// host/status.ts: what a balancer is doing now, for people and for scripts. Counters are in stats.ts.
import type { Panic } from './membership/effective.js';
import type { Position, Refusal, Way } from './membership/event.js';
import type { MarkConflict } from './membership/markConflict.js';
import type { ServerIdConflict } from './membership/names.js';

/** How frames are chosen in the kernel: by a BPF program, or not at all (too many VIPs for one). */
export type FilterKind = 'bpf' | 'none';

/** A backend of a live VIP. */
export interface BackendStatus {
  /** In canonical form. */
  address: string;
  /** As its record says, weight 0 being `draining`. */
  state: 'active' | 'draining' | 'down';
  /** That of its record, 0..65535. */
  weight: number;
  /** How packets get there, its own or its VIP's: `l2`, `ipip`, `gre`, `gue 6080 1` (port, variant, private field), `l3dsr 10` (DSCP). */
  encap: string;
  /** Server ids by which packets name it; none for most. */
  serverIds: readonly number[];
  /** Slots of the lookup table it has. */
  slots: number;
  /** Share of the slots, 0..1. */
  share: number;
  /** Step of its slow start, 1..9: so many tenths of its weight count; undefined when all of it does. */
  slowStartStep: number | undefined;
  /** True when it drained and nothing is left on it, or came to it by its name within an idle timeout. */
  isDrained: boolean;
  /** MAC address of the next hop; undefined while it is not known. */
  mac: string | undefined;
  /** Why frames do not reach it, if they do not. */
  problem: string | undefined;
}

/** A live VIP. */
export interface VipStatus {
  /** `tcp/192.0.2.80:80`. */
  key: string;
  /** Slots of its lookup table, a prime. */
  slotCount: number;
  /** Slots that keep flow state now. */
  tracked: number;
  /** Whether backends that were taken out count as active (`panicShare`). */
  panic: Panic;
  /** Ways to a backend that are asked before the table, in their order. */
  routeBy: readonly Way[];
  /** Backends with a server id that another has as well, which is named by it. */
  serverIdConflicts: readonly ServerIdConflict[];
  /** All that are registered. */
  backends: BackendStatus[];
}

/** One of our interfaces. */
export interface InterfaceStatus {
  /** `eth0`. */
  name: string;
  /** True while it is up and has a carrier. */
  isUp: boolean;
  /** Bytes of the largest packet it sends. */
  mtu: number;
  /** Packet workers that share its frames. */
  workers: number;
  /** Frames that passed the kernel's filter. */
  received: number;
  /** Of these, lost in the kernel because the receive ring was full. */
  lostBelow: number;
}

/** State of the source. `replaying`: not caught up yet; `stale`: away, forwarding goes on. */
export interface SourceStatus {
  /** `kafka topic balancer-members`, `file members.yaml`. */
  name: string;
  state: 'replaying' | 'live' | 'stale' | 'ended';
  /** Unix time in ms since which it is stale. */
  staleSinceMs?: number;
  /** Why it is stale. */
  reason?: string;
  /**
   * Age of what we have, ms: since the source was last known to have nothing that is not live here; undefined before the first state is.
   * A topic's ends are asked for every `refreshMs`, so that much and a little is usual; 0 with a file and with your own program.
   */
  viewAgeMs?: number;
  /** How far it is read for what is live, where it can say that. */
  position?: Position;
}

/** How much of what was claimed at start is used. */
export interface MemoryStatus {
  /** Of lookup tables and tracking maps (`tablesMiB`). */
  tablesBytes: number;
  tablesUsedBytes: number;
  /** Of the flow table (`flowsMax`). */
  flowPlaces: number;
  /** Entries in it, expired ones that are not swept yet included; an estimate where there are more than 65536 places. */
  flowEntries: number;
}

/** Health checks by mark. */
export interface HealthCheckStatus {
  /** The TUN device. */
  interface: string;
  /** Frames that the kernel did not take, by the name of the errno. */
  unsent: Record<string, number>;
  /** Backends that are not reached, since another one has their mark. */
  conflicts: readonly MarkConflict[];
}

/** What a balancer is doing now. */
export interface Status {
  /** True when all that the source had at the start is live. */
  isReady: boolean;
  /** Number of the published state. */
  generation: number;
  /** Where membership comes from, and how old it is. */
  source: SourceStatus;
  /** Live VIPs. */
  vips: VipStatus[];
  /** Known VIPs that are not live as their records say, since a limit leaves no room for them; they are tried again. */
  unpublishedVips: string[];
  /** Backends whose VIP is not there (yet). */
  pendingBackends: number;
  interfaces: InterfaceStatus[];
  /** `none`: frames for others come to us too, and cost. */
  filter: FilterKind;
  /** True when the host's own stack is kept from VIP traffic. */
  isDiverted: boolean;
  /** Undefined where there are none. */
  healthChecks?: HealthCheckStatus | undefined;
  /** Packet workers that died and were started again, since the start. */
  workerRestarts: number;
  /** How full tables and flow table are. */
  memory: MemoryStatus;
  /** Records refused since the start, and the last of them. */
  refusals: { count: number; last: Refusal[] };
}
