// host/cli/fleetText.ts: what a fleet is doing, in lines for a terminal, and as JSON.
import type { BalancerAgreement, GroupAgreement, VipDifference } from '../fleet/agreement.js';
import { causesOf, type TableDifference } from '../fleet/compare.js';
import type { Findings } from '../fleet/investigate.js';
import { durationText, grouped, textTable } from './textTable.js';

const DIGEST_CHARS = 12;
const PIECES_SHOWN = 8;
const CAUSES_SHOWN = 5;
const VIPS_SHOWN = 10;

const VERDICTS = {
  agree: 'all agree',
  differ: 'THEY DIFFER',
  lag: 'not all are there yet',
  unknown: 'cannot tell',
} as const;

/** The fleet: groups of balancers that can be compared, those that differ with slots and causes, the verdict. */
export function fleetLines({ agreement, differences, notes }: Findings): string[] {
  const { groups, reasons, verdict } = agreement;
  return [
    ...groups.flatMap((group) => [...groupLines(group, differences), '']),
    ...reasons,
    ...notes,
    `${VERDICTS[verdict]}${reasons.length + notes.length === 0 ? '' : ': see above'}`,
  ];
}

function groupLines(group: GroupAgreement, differences: Findings['differences']): string[] {
  const { topic, scope, offsets, balancers } = group;
  const rows = balancers.map(({ id, standing, behind, reportAgeMs, view: { record } }) => [
    id,
    standing === 'agrees' ? standing : standing.toUpperCase(),
    grouped(behind),
    `${durationText(reportAgeMs)} ago`,
    `${record.vipCount}`,
    `${record.generation}`,
    record.viewAgeMs === undefined
      ? 'none yet'
      : record.viewAgeMs === 0
        ? 'current'
        : `${durationText(record.viewAgeMs)} old`,
    record.version,
    record.digest.slice(0, DIGEST_CHARS),
  ]);
  const columns = [
    { head: 'BALANCER' },
    { head: 'STANDING' },
    { head: 'BEHIND', align: 'right' as const },
    { head: 'REPORTED' },
    { head: 'VIPS', align: 'right' as const },
    { head: 'GENERATION', align: 'right' as const },
    { head: 'VIEW' },
    { head: 'VERSION' },
    { head: 'DIGEST' },
  ];
  const ofScope = scope === undefined ? '' : `, scope ${scope}`;
  return [
    `topic ${topic}${ofScope}, read up to ${offsetsText(offsets)}`,
    ...textTable(columns, rows),
    ...balancers.flatMap((balancer) => differenceLines(balancer, group, differences.get(balancer.id))),
  ];
}

function differenceLines(
  balancer: BalancerAgreement,
  group: GroupAgreement,
  found: Map<string, TableDifference> | undefined,
): string[] {
  const { id, differences } = balancer;
  if (differences.length === 0) return [];
  const shown = differences.slice(0, VIPS_SHOWN);
  const more = differences.length - shown.length;
  return [
    '',
    `${id}:`,
    ...shown.flatMap((difference) => {
      const { vip } = difference;
      const compared = found?.get(vip);
      const causes = compared?.causes ?? plainCauses(balancer, difference, group);
      const named = causes.slice(0, CAUSES_SHOWN).map((cause) => `    ${cause}`);
      const rest = causes.length > CAUSES_SHOWN ? [`    and ${causes.length - CAUSES_SHOWN} more`] : [];
      return [`  ${vip}: ${whatDiffers(difference, compared)}`, ...named, ...rest];
    }),
    ...(more > 0 ? [`  and ${more} more VIPs`] : []),
  ];
}

function whatDiffers({ kind, by, model }: VipDifference, compared: TableDifference | undefined): string {
  const right =
    by === 'log' ? 'the log' : by === 'majority' ? `most of them (${model ?? 'none has it'})` : (model ?? 'others');
  if (kind === 'missing') return `it does not have this VIP, ${right} has`;
  if (kind === 'extra') return `it has this VIP, ${right} has not`;
  if (compared === undefined || compared.slots.length === 0) return `another table than that of ${right}`;
  const pieces = compared.slots
    .slice(0, PIECES_SHOWN)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const more = compared.slots.length > PIECES_SHOWN ? ', ...' : '';
  const count = `${compared.isExact ? '' : 'up to '}${grouped(compared.count)} of ${grouped(compared.slotCount)} slots`;
  return `${count} are not as in ${right}: ${compared.isExact ? '' : 'somewhere in '}${pieces.join(', ')}${more}`;
}

/** From what balancers say alone: for who has not looked into it. */
function plainCauses(
  { view }: BalancerAgreement,
  { vip, kind, model }: VipDifference,
  { balancers }: GroupAgreement,
): string[] {
  const [own, other] = [view, balancers.find(({ id }) => id === model)?.view].map((side) => {
    const table = side?.tables.get(vip);
    return side && table && { ...table, secret: side.record.secret, version: side.record.version };
  });
  return kind === 'table' && own && other ? causesOf(own, other) : [];
}

function offsetsText(offsets: Record<string, number>): string {
  const pairs = Object.entries(offsets).map(([partition, offset]) => `${partition}:${offset}`);
  return pairs.join(',') || 'nothing';
}

/** All of it for scripts. */
export function fleetJson({ agreement, differences, notes }: Findings): object {
  const { verdict, reasons, groups } = agreement;
  return {
    verdict,
    reasons: [...reasons, ...notes],
    groups: groups.map(({ topic, scope, offsets, balancers }) => ({
      topic,
      ...(scope !== undefined && { scope }),
      offsets,
      balancers: balancers.map(({ id, standing, behind, reportAgeMs, differences: differing, view: { record } }) => ({
        id,
        standing,
        behind,
        reportAgeMs,
        host: record.host,
        pid: record.pid,
        version: record.version,
        offsets: record.offsets,
        generation: record.generation,
        vipCount: record.vipCount,
        viewAgeMs: record.viewAgeMs ?? null,
        digest: record.digest,
        differences: differing.map((difference) => ({ ...difference, ...differences.get(id)?.get(difference.vip) })),
      })),
    })),
  };
}
