// host/membership/live.ts: what is live: VIPs and backends as the publisher has them, each beside its place in memory.
import type { Panic } from './effective.js';
import type { Encap, Vip } from './event.js';
import type { MarkConflict } from './markConflict.js';
import type { Names } from './names.js';
import type { VipRecord } from './root.js';

/** A backend that is live, or on its way out. */
export interface LiveBackend {
  readonly index: number;
  readonly address: string;
  readonly encap: Encap;
  /** True while it keeps flows and gets no new ones. */
  isDraining: boolean;
  /** True when that was said to be over. */
  isDrained: boolean;
  /** By which health checks reach it. */
  mark: number | undefined;
}

/** A VIP that is live. */
export interface LiveVip {
  readonly key: string;
  readonly vip: Vip;
  readonly number: number;
  readonly backends: Map<string, LiveBackend>;
  /** Addresses in the table, in canonical order. */
  readonly order: string[];
  /** Their weights as they count now, in the same order. */
  readonly weights: number[];
  /** Those in slow start, and the step each is in, 1..9. */
  readonly steps: ReadonlyMap<string, number>;
  /** When one of them comes to another step, Unix time in ms; Infinity when none will. */
  readonly nextStepMs: number;
  readonly panic: Panic;
  /** What is asked before the table. */
  readonly names: Names;
  record: VipRecord;
}

/** The map of marks that is live. */
export interface LiveMarks {
  /** 0: there is none. */
  readonly base: number;
  readonly mask: number;
  readonly conflicts: readonly MarkConflict[];
}

export const NO_MARKS: LiveMarks = { base: 0, mask: 0, conflicts: [] };
