// test/conformance/katran/counters.ts: counters that Katran was seen to have after a family, compared with ours where those mean the same.
import type { KatranStats } from '../../../host/compat/katranStats.js';
import type { Stats } from '../../../host/hotpath.js';
import type { Traffic } from '../../../host/stats.js';
import type { CounterOutcome, FamilyOutcome } from '../outcome.js';
import type { VectorCounters, VectorFamily } from './format.js';

/** Why a counter has no equal here. */
const WITHOUT: Record<string, string> = {
  fallback_lru: 'there is one table for all workers, and no fallback',
  per_vip_new_conn_and_lru_mismatch: 'counted over all VIPs, not for each',
  quic_cid_invalid_server_id_sample: 'the last id that named nobody is not kept',
};
const ACTIONS = ['xdp_tx', 'xdp_drop', 'xdp_pass'] as const;
const BYTES_BY_ACTION = 'bytes are not counted by verdict; frames are compared';

/** Compares what was counted with the record that is of so many cases; differences are one failure of the family. */
export function compareCounters(
  stats: Stats,
  counters: VectorFamily['counters'],
  cases: number,
  outcome: FamilyOutcome,
): void {
  const expected = [counters?.observed_this_file, counters?.observed_full].find(
    (observed) => observed !== undefined && framesOf(observed) === cases,
  );
  if (expected === undefined) {
    const why = 'there is no record of counters after just these cases';
    outcome.counters = { agree: [], without: [{ name: 'all', why }] };
    return;
  }
  const result: CounterOutcome = { agree: [], without: [] };
  const differing: string[] = [];
  const ours = { ...zeros(), ...namedCounters(stats) };
  for (const [name, value] of Object.entries({ ...zeroOf(ours), ...expected })) {
    const why = WITHOUT[name] ?? (name in ours ? undefined : 'not known here');
    if (why !== undefined) result.without.push({ name, why });
    else if (same(ours[name], comparable(name, value))) result.agree.push(name);
    else differing.push(`${name} is ${show(ours[name])}, expected ${show(comparable(name, value))}`);
  }
  if (ACTIONS.some((name) => name in expected)) result.without.push({ name: 'xdp_* [1]', why: BYTES_BY_ACTION });
  outcome.counters = result;
  if (differing.length > 0) outcome.failures.push({ name: `${outcome.family}/counters`, why: differing.join('; ') });
}

/** Frames that were fed: those that were decapsulated and came round again are counted a second time. */
function framesOf(observed: VectorCounters): number {
  const [total = 0] = (observed.xdp_total ?? []) as number[];
  const [again4 = 0, again6 = 0] = (observed.xpop_decap ?? []) as number[];
  return total - again4 - again6;
}

/** Ours, by the names of theirs. */
function namedCounters({ verdicts, vips, backends, katran }: Stats): Record<string, unknown> {
  const { decapsulated_and_passed, ...own } = katran as KatranStats;
  const frames = (classes: RegExp): number =>
    Object.entries(verdicts).reduce((sum, [name, count]) => sum + (classes.test(name) ? count : 0), 0);
  const again = own.xpop_decap[0] + own.xpop_decap[1];
  return {
    ...own,
    xdp_total: frames(/./) + again,
    xdp_tx: frames(/^(?:FORWARD|REPLY)_/),
    xdp_drop: frames(/^DROP_/),
    xdp_pass: frames(/^IGNORE_/),
    per_vip_packets_bytes: sumBy(vips, vipName),
    per_real_packets_bytes: sumBy(backends, (key) => key.slice(key.lastIndexOf('/') + 1)),
    per_vip_decapsulated_and_passed: decapsulated_and_passed,
  };
}

/** What is left out of their record is 0. */
function zeroOf(ours: Record<string, unknown>): VectorCounters {
  const zero = (value: unknown): unknown => (Array.isArray(value) ? [0, 0] : typeof value === 'number' ? 0 : {});
  return Object.fromEntries(Object.entries(ours).map(([name, value]) => [name, zero(value)]));
}

function zeros(): Record<string, unknown> {
  return { per_vip_packets_bytes: {}, per_real_packets_bytes: {} };
}

/** Theirs, in the form that ours has. */
function comparable(name: string, value: unknown): unknown {
  if (name.startsWith('xdp_')) return Array.isArray(value) ? value[0] : value;
  if (name !== 'per_vip_decapsulated_and_passed') return value;
  return typeof value === 'number' ? value : Object.values(value as object).reduce((sum: number, one) => sum + one, 0);
}

/** Packets and bytes by name, without those that had none. */
function sumBy(traffic: Record<string, Traffic>, nameOf: (key: string) => string): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const [key, { packets, octets }] of Object.entries(traffic)) {
    if (packets === 0) continue;
    const [p = 0, o = 0] = sums[nameOf(key)] ?? [];
    sums[nameOf(key)] = [p + packets, o + octets];
  }
  return sums;
}

/** `tcp/[fc00:1::/96]:80` is `fc00:1::|80|6` there. */
function vipName(key: string): string {
  const [, protocol, address, port] = /^(\w+)\/\[?([^/\]]+)(?:\/\d+)?\]?:(\d+)$/.exec(key) ?? [];
  return `${address}|${port}|${protocol === 'tcp' ? 6 : 17}`;
}

function same(a: unknown, b: unknown): boolean {
  return show(a) === show(b);
}

/** As JSON, names in order. */
function show(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));
}
