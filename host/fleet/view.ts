// host/fleet/view.ts: what the messages of a status topic amount to: the balancers of a fleet and their tables. Pure; fleetTopic.ts
// reads the topic.
import type { Broken } from '../membership/refusal.js';
import { type BalancerRecord, digestOfAll, readStatusMessage, type TableRecord, valueDigest } from './statusRecord.js';

/** A balancer as its last records say it. */
export interface BalancerView {
  /** Its name in the fleet. */
  id: string;
  /** What it said of itself last. */
  record: BalancerRecord;
  /** When the topic had it, Unix time, ms: of the broker or the balancer, as the topic is configured. */
  reportedAtMs: number;
  /** Its tables by key of the VIP. */
  tables: ReadonlyMap<string, TableRecord>;
  /** True when these are the tables that `record` speaks of: else some are still on their way. */
  isComplete: boolean;
  /** True when a run that had ended speaks again: two balancers have this id. */
  isTwofold: boolean;
}

/** A fleet at some moment. */
export interface FleetView {
  /** Sorted by id. */
  balancers: BalancerView[];
  /** Messages that could not be read, by what was wrong; the last ones. */
  unreadable: Broken[];
}

interface Known {
  record?: BalancerRecord;
  reportedAtMs: number;
  tables: Map<string, { record: TableRecord; digest: string }>;
  pastRuns: Set<string>;
  isTwofold: boolean;
}

const UNREADABLE_KEPT = 10;

/** Takes messages in the order of their partitions, and says what they amount to. */
export class FleetReader {
  private readonly known = new Map<string, Known>();
  private unreadable: Broken[] = [];

  /** Takes one message; a null value is a tombstone. */
  take(message: { key: Uint8Array | null; value: Uint8Array | null; timestampMs: number }): void {
    const read = readStatusMessage(message.key, message.value);
    if ('rule' in read) {
      this.unreadable = [...this.unreadable, read].slice(-UNREADABLE_KEPT);
      return;
    }
    const balancer = this.balancer(read.id);
    if (read.vip === undefined) this.takeBalancer(balancer, read.record, message.timestampMs);
    else if (read.record === undefined) balancer.tables.delete(read.vip);
    else {
      balancer.tables.set(read.vip, { record: read.record, digest: valueDigest(message.value as Uint8Array) });
    }
  }

  /** All of the topic comes again from its start. */
  clear(): void {
    this.known.clear();
    this.unreadable = [];
  }

  view(): FleetView {
    const balancers = [...this.known].flatMap(([id, known]) => {
      return known.record === undefined ? [] : [viewOf(id, known, known.record)];
    });
    balancers.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { balancers, unreadable: [...this.unreadable] };
  }

  private balancer(id: string): Known {
    const known = this.known.get(id) ?? { reportedAtMs: 0, tables: new Map(), pastRuns: new Set(), isTwofold: false };
    this.known.set(id, known);
    return known;
  }

  private takeBalancer(known: Known, record: BalancerRecord | undefined, timestampMs: number): void {
    const before = known.record?.run;
    if (record !== undefined) {
      if (known.pastRuns.has(record.run)) known.isTwofold = true;
      known.record = record;
    } else delete known.record;
    known.reportedAtMs = timestampMs;
    if (before !== undefined && before !== record?.run) known.pastRuns.add(before);
  }
}

function viewOf(id: string, known: Known, record: BalancerRecord): BalancerView {
  // What an earlier run left behind, after a crash, is nobody's.
  const own = [...known.tables].filter(([, table]) => table.record.run === record.run);
  const tables = new Map(own.map(([vip, table]) => [vip, table.record]));
  const isComplete = digestOfAll(own.map(([vip, { digest }]) => [vip, digest] as const)) === record.content;
  return { id, record, reportedAtMs: known.reportedAtMs, tables, isComplete, isTwofold: known.isTwofold };
}
