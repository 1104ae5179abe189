// host/cli/statusText.ts: what a balancer is doing, in lines for a terminal.
import type { Answers } from '../control/protocol.js';
import { formatConflict } from '../membership/names.js';
import { formatRefusal } from '../membership/refusal.js';
import type { Traffic } from '../stats.js';
import type { BackendStatus, SourceStatus, VipStatus } from '../status.js';
import { bytesText, durationText, grouped, percent, textTable } from './textTable.js';

export type StatusAnswer = Answers['status'];

/** What is shown. */
interface StatusTextOptions {
  /** Only this VIP. */
  vip?: string;
  /** An earlier answer: then counters a second are shown too. */
  before?: StatusAnswer;
}

const REFUSALS_SHOWN = 3;

/** Everything, top down: who, membership, interfaces, VIPs with their backends, verdicts. */
export function statusLines(answer: StatusAnswer, options: StatusTextOptions = {}): string[] {
  const { hello, status, stats, atMs } = answer;
  const name = hello.id ?? hello.interfaces.join('+');
  const up = durationText(atMs - hello.startedAtMs);
  const vips = options.vip === undefined ? status.vips : status.vips.filter(({ key }) => key === options.vip);
  return [
    `maglev-dsr ${hello.version}  ${name}  pid ${hello.pid}  up ${up}  ${status.isReady ? 'ready' : 'NOT READY'}`,
    '',
    `source      ${sourceText(status.source)}`,
    `membership  generation ${status.generation}, ${status.vips.length} VIPs, ${status.pendingBackends} backends pending, ${status.refusals.count} records refused`,
    `kernel      filter ${status.filter}, ${status.isDiverted ? 'host stack kept out' : 'host stack not kept out'}, ${status.workerRestarts} worker restarts`,
    `memory      tables ${bytesText(status.memory.tablesUsedBytes)} of ${bytesText(status.memory.tablesBytes)}, flows ${grouped(status.memory.flowEntries)} of ${grouped(status.memory.flowPlaces)}`,
    ...(status.unpublishedVips.length === 0 ? [] : [`            NO ROOM FOR ${status.unpublishedVips.join(', ')}`]),
    ...(answer.fleetProblem === undefined ? [] : [`fleet       NO REPORTS: ${answer.fleetProblem}`]),
    '',
    ...interfaceLines(answer, options.before),
    ...vips.flatMap((vip) => ['', ...vipLines(vip, answer, options.before)]),
    '',
    ...verdictLines(answer, options.before),
    ...eventLines(stats.events),
    ...status.refusals.last.slice(-REFUSALS_SHOWN).map((refusal) => `refused: ${formatRefusal(refusal)}`),
  ];
}

function sourceText({ name, state, viewAgeMs, position, reason }: SourceStatus): string {
  const age =
    viewAgeMs === undefined ? 'nothing yet' : viewAgeMs === 0 ? 'up to date' : `view ${durationText(viewAgeMs)} old`;
  const offsets = Object.entries(position?.offsets ?? {}).map(([partition, offset]) => `${partition}:${offset}`);
  const read = offsets.length === 0 ? '' : `, read up to ${offsets.join(' ')}`;
  return `${name}: ${state === 'live' ? 'live' : state.toUpperCase()}, ${age}${read}${reason === undefined ? '' : ` (${reason})`}`;
}

function interfaceLines({ status, atMs }: StatusAnswer, before: StatusAnswer | undefined): string[] {
  const rate = rateSince(before, atMs);
  const rows = status.interfaces.map(({ name, isUp, mtu, workers, received, lostBelow }) => {
    const was = before?.status.interfaces.find((other) => other.name === name);
    const cells = [name, isUp ? 'up' : 'DOWN', `${mtu}`, `${workers}`, grouped(received), grouped(lostBelow)];
    return [...cells, ...rate(received, was?.received)];
  });
  const columns = [
    { head: 'INTERFACE' },
    { head: 'STATE' },
    ...['MTU', 'WORKERS', 'RECEIVED', 'LOST BELOW', ...(before ? ['PER S'] : [])].map(toRight),
  ];
  return textTable(columns, rows);
}

function vipLines(vip: VipStatus, { stats, atMs }: StatusAnswer, before: StatusAnswer | undefined): string[] {
  const rate = rateSince(before, atMs);
  const traffic = stats.vips[vip.key];
  const perS = rate(traffic?.packets ?? 0, before?.stats.vips[vip.key]?.packets).map((text) => `, ${text} a second`);
  const panic =
    vip.panic === 'none'
      ? ''
      : `, PANIC: ${vip.panic === 'draining' ? 'those that drain count as active' : 'those that are down count as active'}`;
  const ways = vip.routeBy.length === 0 ? '' : `, by ${vip.routeBy.join(', ')} first`;
  const conflicts = vip.serverIdConflicts.map((conflict) => `  ${formatConflict(conflict)}`);
  const head = `${vip.key}  ${grouped(vip.slotCount)} slots, ${grouped(vip.tracked)} tracked${ways}${panic}; ${trafficText(traffic)}${perS.join('')}`;
  const rows = vip.backends.map((backend) => {
    const key = `${vip.key}/${backend.address}`;
    const { packets = 0, octets = 0 } = stats.backends[key] ?? {};
    const cells = [
      backend.address,
      stateText(backend),
      `${backend.weight}`,
      grouped(backend.slots),
      percent(backend.share),
    ];
    const ways = [backend.encap, backend.mac ?? `NO WAY: ${backend.problem ?? 'not known yet'}`];
    return [
      ...cells,
      ...ways,
      grouped(packets),
      bytesText(octets),
      ...rate(packets, before?.stats.backends[key]?.packets),
    ];
  });
  if (rows.length === 0) return [head, '  no backends'];
  const columns = [
    { head: 'BACKEND' },
    { head: 'STATE' },
    ...['WEIGHT', 'SLOTS', 'SHARE'].map(toRight),
    { head: 'ENCAP' },
    { head: 'NEXT HOP' },
    ...['PACKETS', 'BYTES', ...(before ? ['PER S'] : [])].map(toRight),
  ];
  return [head, ...conflicts, ...textTable(columns, rows, '  ')];
}

function stateText({ state, isDrained, slowStartStep }: BackendStatus): string {
  return isDrained ? 'drained' : slowStartStep === undefined ? state : `${state} ${slowStartStep}/10`;
}

function verdictLines({ stats, atMs }: StatusAnswer, before: StatusAnswer | undefined): string[] {
  const rate = rateSince(before, atMs);
  const seen = Object.entries(stats.verdicts).filter(([, count]) => count > 0);
  if (seen.length === 0) return ['no frames yet'];
  const rows = seen.map(([verdict, count]) => [
    verdict,
    grouped(count),
    ...rate(count, before?.stats.verdicts[verdict]),
  ]);
  return textTable([{ head: 'VERDICT' }, ...['FRAMES', ...(before ? ['PER S'] : [])].map(toRight)], rows);
}

function eventLines(events: Record<string, number>): string[] {
  const seen = Object.entries(events).filter(([name, count]) => count > 0 && name !== 'batches');
  return seen.length === 0 ? [] : ['', seen.map(([name, count]) => `${name} ${grouped(count)}`).join('  '), ''];
}

function trafficText(traffic: Traffic | undefined): string {
  return `${grouped(traffic?.packets ?? 0)} packets, ${bytesText(traffic?.octets ?? 0)}`;
}

function toRight(head: string): { head: string; align: 'right' } {
  return { head, align: 'right' };
}

/** Cells for what was counted a second since `before`: none without it. */
function rateSince(before: StatusAnswer | undefined, atMs: number): (now: number, was: number | undefined) => string[] {
  if (before === undefined) return () => [];
  const seconds = Math.max(0.001, (atMs - before.atMs) / 1000);
  return (now, was = now) => [grouped(Math.max(0, now - was) / seconds)];
}
