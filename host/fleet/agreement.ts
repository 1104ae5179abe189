// host/fleet/agreement.ts: does a fleet agree? A rule on what its balancers say of themselves. Pure.
//
// Tables are a function of the records and the secret, so balancers that have read equally far must have equal digests. One that
// has read less lags, whatever its digests: it cannot be compared. A VIP's right digest is the log's, where that was replayed;
// else that of more than half of those who have read as far.
import type { BalancerView, FleetView } from './view.js';

/** How a balancer stands to its fleet. */
export type Standing =
  | 'agrees'
  /** It has read less of the topic than there is, or than another one. */
  | 'lags'
  /** It has read as far as others, or as the log goes, and has another table. */
  | 'differs'
  /** It has not reported for a while. */
  | 'silent'
  /** Not caught up since its start. */
  | 'starting'
  /** Some of what it says is still on its way. */
  | 'reporting'
  /** It differs from others, and nobody knows who is right. */
  | 'unclear';

/** One VIP in which a balancer differs. */
export interface VipDifference {
  /** Key of the VIP. */
  vip: string;
  /** `table`: another one; `missing`: it does not have the VIP; `extra`: it should not have it. */
  kind: 'table' | 'missing' | 'extra';
  /** Who says so: the log, or most of those who have read as far; undefined: nobody knows who is right. */
  by?: 'log' | 'majority';
  /** Who has the table that this one should have, if somebody has. */
  model?: string;
}

/** One balancer. */
export interface BalancerAgreement {
  /** Its name in the fleet. */
  id: string;
  /** How it stands to the others of its group. */
  standing: Standing;
  /** Records that are there, or others have read, and it has not, at most: gaps of compaction count. */
  behind: number;
  /** Since its last report, ms. */
  reportAgeMs: number;
  /** VIPs in which it has another table than it should. */
  differences: VipDifference[];
  /** What it said last. */
  view: BalancerView;
}

/** Balancers that follow the same topic with the same scope: those that can be compared. */
export interface GroupAgreement {
  /** The topic that they follow. */
  topic: string;
  /** The group of balancers whose records they take; undefined: those without one. */
  scope: string | undefined;
  /** As far as anybody has read, or to the ends of the topic where these are known. */
  offsets: Record<string, number>;
  /** Sorted by id. */
  balancers: BalancerAgreement[];
}

/** What a fleet amounts to: also the exit code of `fleet status`. */
export type Verdict = 'agree' | 'differ' | 'lag' | 'unknown';

/** Does a fleet agree? */
export interface Agreement {
  /** `differ` counts before `unknown`, and that before `lag`. */
  verdict: Verdict;
  /** The reasons, one line each; none when all agree. */
  reasons: string[];
  /** Those who follow the same topic with the same scope are compared with each other. */
  groups: GroupAgreement[];
}

/** Digests of the tables as the log has them, at the offsets it was read to; undefined for one that only who has the secret can build. */
export interface LogTables {
  /** The topic that was replayed. */
  topic: string;
  scope: string | undefined;
  offsets: Record<string, number>;
  digests: ReadonlyMap<string, string | undefined>;
}

/** What a fleet is held against. */
export interface AgreementOptions {
  /** Unix time, ms. */
  nowMs: number;
  /** How many balancers there are to be: with fewer, not all are there yet. Default: as many as have reported. */
  expected?: number;
  /** A balancer that has not reported for so long is silent, ms. Default 15000. */
  silentMs?: number;
  /** What the log says, where it was replayed. Default: nothing; then most decide. */
  logs?: readonly LogTables[];
  /** Where topics end: who has not read as far lags, also when all have read equally far. By name of the topic. */
  ends?: ReadonlyMap<string, Record<string, number>>;
}

export const SILENT_MS_DEFAULT = 15_000;

/** Compares the balancers of a view. */
export function agreementOf(view: FleetView, options: AgreementOptions): Agreement {
  const byGroup = new Map<string, BalancerView[]>();
  for (const balancer of view.balancers) {
    const { topic, scope } = balancer.record;
    const name = JSON.stringify([topic, scope]);
    byGroup.set(name, [...(byGroup.get(name) ?? []), balancer]);
  }
  const groups = [...byGroup.values()].map((balancers) => groupAgreement(balancers, options));
  const standings = groups.flatMap(({ balancers }) => balancers.map(({ standing }) => standing));
  const { expected = 0 } = options;
  const count = view.balancers.length;
  const twofold = view.balancers.filter(({ isTwofold }) => isTwofold);
  const reasons = [
    ...(count === 0 ? ['no balancer has reported to this topic'] : []),
    ...(count > 0 && count < expected ? [`${count} of ${expected} balancers have reported`] : []),
    ...groups.flatMap(({ balancers }) => balancers.flatMap(reasonOf)),
    ...twofold.map(({ id }) => `two balancers report as ${id}: give each an id of its own`),
  ];
  return { verdict: verdictOf(standings, twofold.length > 0, count < expected), reasons, groups };
}

function verdictOf(standings: Standing[], isMixed: boolean, isShort: boolean): Verdict {
  if (standings.includes('differs')) return 'differ';
  if (standings.length === 0 || standings.includes('unclear') || isMixed) return 'unknown';
  return !isShort && standings.every((standing) => standing === 'agrees') ? 'agree' : 'lag';
}

function groupAgreement(views: BalancerView[], options: AgreementOptions): GroupAgreement {
  const { nowMs, silentMs = SILENT_MS_DEFAULT } = options;
  const { topic, scope } = (views[0] as BalancerView).record;
  const logs = (options.logs ?? []).filter((log) => log.topic === topic && log.scope === scope);
  const isSilent = (view: BalancerView): boolean => nowMs - view.reportedAtMs > silentMs;
  const ends = options.ends?.get(topic) ?? {};
  const offsets = furthest([...views.map(({ record }) => record.offsets), ...logs.map((log) => log.offsets), ends]);
  const comparable = views.filter((view) => !isSilent(view) && view.isComplete && view.record.isReady);
  const balancers = views.map((view): BalancerAgreement => {
    const behind = recordsBehind(view.record.offsets, offsets);
    const log = logs.find((candidate) => isSameOffsets(view.record.offsets, candidate.offsets));
    const differences = comparable.includes(view) ? differencesOf(view, comparable, log) : [];
    const isJudged = differences.every(({ by }) => by !== undefined);
    const standing = isSilent(view) ? 'silent' : standingOf(view, behind, differences.length, isJudged);
    return { id: view.id, standing, behind, reportAgeMs: Math.max(0, nowMs - view.reportedAtMs), differences, view };
  });
  return { topic, scope, offsets, balancers };
}

function standingOf(
  { record, isComplete }: BalancerView,
  behind: number,
  differences: number,
  isJudged: boolean,
): Standing {
  if (!record.isReady) return 'starting';
  if (!isComplete) return 'reporting';
  if (differences > 0) return isJudged ? 'differs' : 'unclear';
  return behind > 0 ? 'lags' : 'agrees';
}

/** In which VIPs a balancer differs from the log, or from most of those who have read as far. */
function differencesOf(view: BalancerView, all: BalancerView[], log: LogTables | undefined): VipDifference[] {
  const peers = all.filter(({ record }) => isSameOffsets(record.offsets, view.record.offsets));
  const vips = new Set([...peers.flatMap(({ tables }) => [...tables.keys()]), ...(log?.digests.keys() ?? [])]);
  return [...vips].sort().flatMap((vip): VipDifference[] => {
    const own = view.tables.get(vip)?.digest;
    const right = loggedDigest(vip, log) ?? mostCommon(vip, peers);
    if (right !== undefined && own === right.digest) return [];
    const kind = own === undefined ? 'missing' : right !== undefined && right.digest === undefined ? 'extra' : 'table';
    const model =
      right === undefined
        ? peers.find(({ tables }) => tables.get(vip)?.digest !== own)?.id
        : peers.find(({ tables }) => right.digest !== undefined && tables.get(vip)?.digest === right.digest)?.id;
    return [{ vip, kind, ...(right && { by: right.by }), ...(model !== undefined && { model }) }];
  });
}

type Right = { digest: string | undefined; by: 'log' | 'majority' };

/** What the log says of a VIP, if it says something. */
function loggedDigest(vip: string, log: LogTables | undefined): Right | undefined {
  if (log === undefined) return undefined;
  const digest = log.digests.get(vip);
  return digest !== undefined || !log.digests.has(vip) ? { digest, by: 'log' } : undefined;
}

/** What more than half have; undefined when there is no such thing and not all are alike. */
function mostCommon(vip: string, peers: BalancerView[]): Right | undefined {
  const counts = new Map<string | undefined, number>();
  for (const { tables } of peers) {
    const digest = tables.get(vip)?.digest;
    counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  const most = [...counts].find(([, count]) => 2 * count > peers.length);
  return most && { digest: most[0], by: 'majority' };
}

function reasonOf({ id, standing, behind, reportAgeMs, differences }: BalancerAgreement): string[] {
  switch (standing) {
    case 'agrees':
      return [];
    case 'lags':
      return [`${id} lags: up to ${behind} records behind`];
    case 'silent':
      return [`${id} is silent: its last report is ${Math.round(reportAgeMs / 1000)} s old`];
    case 'starting':
      return [`${id} is starting: it has not caught up yet`];
    case 'reporting':
      return [`${id} is reporting: some of its tables are still on their way`];
    default: {
      const vips = differences.map(({ vip, kind }) => (kind === 'table' ? vip : `${vip} (${kind})`));
      const named = vips.slice(0, 5).join(', ');
      const more = vips.length > 5 ? ` and ${vips.length - 5} more` : '';
      const what = standing === 'differs' ? 'differs' : 'and others differ, and nobody knows who is right';
      return [`${id} ${what}: ${named}${more}`];
    }
  }
}

/** By partition, as far as anybody has read. */
function furthest(all: Record<string, number>[]): Record<string, number> {
  const furthest: Record<string, number> = {};
  for (const offsets of all) {
    for (const [partition, offset] of Object.entries(offsets)) {
      furthest[partition] = Math.max(furthest[partition] ?? 0, offset);
    }
  }
  return furthest;
}

function recordsBehind(offsets: Record<string, number>, most: Record<string, number>): number {
  return Object.entries(most).reduce((sum, [partition, end]) => sum + Math.max(0, end - (offsets[partition] ?? 0)), 0);
}

function isSameOffsets(one: Record<string, number>, other: Record<string, number>): boolean {
  return recordsBehind(one, other) === 0 && recordsBehind(other, one) === 0;
}
