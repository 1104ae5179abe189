// host/fleet/investigate.ts: what lies behind a fleet that does not agree: the log is read up to where the balancers that differ
// have read it, its tables are built, and each table that differs is compared with the one that it should be.
import { MaglevError } from '../errors.js';
import { secretCheck } from '../keys.js';
import type { VipTable } from '../membership/compared.js';
import { packageVersion } from '../version.js';
import { type Agreement, agreementOf, type GroupAgreement, type LogTables, type VipDifference } from './agreement.js';
import { type ComparedTable, causesOf, compareTables, type TableDifference } from './compare.js';
import type { Moment } from './moment.js';
import { tableFields } from './records.js';
import { type BuildOptions, engineOf, type LogOptions, readMoments } from './replay.js';
import type { BalancerView, FleetView } from './view.js';

/** How to look into it. */
interface InvestigateOptions extends Pick<BuildOptions, 'panicShare'> {
  /** The way to the brokers, which have the topic that the balancers follow too. Left out: the log is not read. */
  log?: Omit<LogOptions, 'topic' | 'scope'>;
  /** The fleet's, as its balancers have it. */
  hashSecret?: string;
  timeoutMs: number;
  nowMs: number;
  silentMs?: number;
  /** How many balancers there are to be. */
  expected?: number;
  /** Where topics end, by name. */
  ends?: ReadonlyMap<string, Record<string, number>>;
}

/** Whether a fleet agrees, and in which slots it does not. */
export interface Findings {
  agreement: Agreement;
  /** By id of the balancer, then by key of the VIP. */
  differences: Map<string, Map<string, TableDifference>>;
  /** What could not be found out, and why. */
  notes: string[];
}

interface Log extends LogTables {
  /** Tables by key of the VIP; with another secret than the fleet's, where its own is not known. */
  tables: Map<string, VipTable>;
}

const MOMENTS_MAX = 4;

/** Looks into a view. Never rejects for what the log does not tell: that is a note. */
export async function investigate(view: FleetView, options: InvestigateOptions): Promise<Findings> {
  const { nowMs, silentMs, ends, expected, hashSecret } = options;
  const timing = {
    nowMs,
    ...(silentMs !== undefined && { silentMs }),
    ...(ends !== undefined && { ends }),
    ...(expected !== undefined && { expected }),
  };
  const first = agreementOf(view, timing);
  const notes = secretNotes(view, hashSecret);
  const logs: Log[] = [];
  for (const group of first.groups) {
    const offsets = offsetsInQuestion(group);
    if (offsets.length > 0)
      await readLogs(group, offsets, options, logs).catch((error: unknown) => notes.push(noteOf(error)));
  }
  const agreement = agreementOf(view, { ...timing, logs });
  const differences = new Map<string, Map<string, TableDifference>>();
  for (const group of agreement.groups) {
    for (const balancer of group.balancers) {
      const found = new Map<string, TableDifference>();
      for (const difference of balancer.differences) {
        const compared = await compare(balancer.view, difference, group, logs, hashSecret);
        if (compared !== undefined) found.set(difference.vip, compared);
      }
      if (found.size > 0) differences.set(balancer.id, found);
    }
  }
  return { agreement, differences, notes };
}

/** How far those have read who differ. */
function offsetsInQuestion({ balancers }: GroupAgreement): Record<string, number>[] {
  const differing = balancers.filter(({ standing }) => standing === 'differs' || standing === 'unclear');
  const byText = new Map(differing.map(({ view: { record } }) => [JSON.stringify(record.offsets), record.offsets]));
  return [...byText.values()].slice(0, MOMENTS_MAX);
}

async function readLogs(
  { topic, scope }: GroupAgreement,
  offsets: Record<string, number>[],
  { log, hashSecret, panicShare, timeoutMs, nowMs }: InvestigateOptions,
  logs: Log[],
): Promise<void> {
  if (log === undefined) return;
  const moments = offsets.map((wanted): Moment => ({ type: 'offsets', offsets: wanted }));
  const contents = await readMoments({ ...log, topic, ...(scope !== undefined && { scope }) }, moments, timeoutMs);
  for (const [i, { records }] of contents.entries()) {
    const build = {
      wallMs: nowMs,
      ...(hashSecret !== undefined && { hashSecret }),
      ...(panicShare !== undefined && { panicShare }),
    };
    const { vips } = await (await engineOf(records, build)).view();
    const isKnown = (table: VipTable): boolean => table.hash !== 'native' || hashSecret !== undefined;
    const digests = new Map(vips.map((table) => [table.vip, isKnown(table) ? table.digest : undefined]));
    const tables = new Map(vips.map((table) => [table.vip, table]));
    logs.push({ topic, scope, offsets: offsets[i] as Record<string, number>, digests, tables });
  }
}

async function compare(
  view: BalancerView,
  { vip, kind, model }: VipDifference,
  { topic, scope, balancers }: GroupAgreement,
  logs: Log[],
  hashSecret: string | undefined,
): Promise<TableDifference | undefined> {
  const own = compared(view, vip);
  if (kind !== 'table' || own === undefined) return undefined;
  const at = JSON.stringify(view.record.offsets);
  const log = logs.find(
    (other) => other.topic === topic && other.scope === scope && JSON.stringify(other.offsets) === at,
  );
  const logged = log?.tables.get(vip);
  const said = logged && fromLog(logged, hashSecret === undefined ? own.secret : secretCheck(hashSecret));
  const peer = balancers.find(({ id }) => id === model)?.view;
  // Without the secret the log's table is not the fleet's, but what it was filled with is.
  const right = log?.digests.get(vip) === undefined ? peer && compared(peer, vip) : said;
  if (right === undefined) {
    return said && { slotCount: own.slotCount, slots: [], count: 0, isExact: false, causes: causesOf(own, said) };
  }
  const difference = await compareTables(own, right, hashSecret);
  return said === undefined ? difference : { ...difference, causes: causesOf(own, said) };
}

function compared({ record, tables }: BalancerView, vip: string): ComparedTable | undefined {
  const table = tables.get(vip);
  return table && { ...table, secret: record.secret, version: record.version };
}

function fromLog(table: VipTable, secret: string): ComparedTable {
  return { ...tableFields(table), secret, version: packageVersion() };
}

function secretNotes({ balancers }: FleetView, hashSecret: string | undefined): string[] {
  if (hashSecret === undefined || balancers.length === 0) return [];
  const check = secretCheck(hashSecret);
  const isTheirs = balancers.some(({ record }) => record.secret === check);
  return isTheirs ? [] : ['the hash secret that was given is none of theirs: the log was built with another one'];
}

function noteOf(error: unknown): string {
  if (error instanceof MaglevError) return `the log was not read: ${error.message}`;
  throw error;
}
