// host/cli/fleetReplay.ts: `maglev-dsr fleet replay`: the tables of a past moment.
import { Command } from 'commander';
import { type Moment, type MomentContent, readMoment } from '../fleet/moment.js';
import { engineOf, type LogOptions, readMoments } from '../fleet/replay.js';
import type { VipTable } from '../membership/compared.js';
import { changeOfDifference, differences } from '../membership/difference.js';
import type { Plan } from '../membership/planned.js';
import { formatRefusal } from '../membership/refusal.js';
import { addFleetOptions, type FleetCliOptions, type FleetTarget, fleetTarget, needed } from './fleetOptions.js';
import { formatPlan } from './planText.js';
import { bytesText, grouped, percent, textTable } from './textTable.js';

const HELP = `
A moment is a time with its zone, offsets (the next to read, as \`status\` and \`fleet status\` show them: PARTITION:OFFSET,...; a partition that
is not named counts as not read), or now. The topic is read from its start, as a balancer reads it, and the tables are built as a balancer builds
them; --diff says what moved from --at to there.

A compacted topic keeps the last value of each key for certain. What was overwritten or removed after the moment may be gone: the output says
when messages of that time are missing, and which keys were written later and may have said something else. Whoever wants the past whole keeps
min.compaction.lag.ms as long as that.

Without the fleet's secret (--hash-secret-file) shares are right, but digests and slots of the native hash are not the fleet's, and not shown.

Examples:
  $ maglev-dsr fleet replay --kafka-config balancer.yaml --at 2026-11-24T10:00:00Z
  $ maglev-dsr fleet replay --brokers 10.0.0.5:9092 --topic balancer-members --at 0:8812 --diff now

Exit code 0: the tables are there, and all of that time is known. 2: they are, but messages of that time are missing. 1: it could not be done.`;

const DOUBTFUL_SHOWN = 10;
const REFUSALS_SHOWN = 5;
const EXIT_DOUBTFUL = 2;

interface CliOptions extends FleetCliOptions {
  at: string;
  diff?: string;
  json?: true;
}

/** A moment with its tables. */
interface Replayed {
  content: MomentContent;
  vips: VipTable[];
}

/** The command, for commander. */
export function fleetReplayCommand(): Command {
  return addFleetOptions(
    new Command('replay')
      .summary('the tables of a past moment')
      .description('Builds the tables of any moment that is still in the log.')
      .requiredOption('--at <moment>', 'time, offsets or now')
      .option('--diff <moment>', 'what moved from --at to this moment')
      .option('--json', 'as JSON')
      .addHelpText('after', HELP),
  ).action(run);
}

async function run(cli: CliOptions): Promise<void> {
  const target = fleetTarget(cli);
  const topic = needed(target.topic, '--topic');
  const moments = [readMoment(cli.at), ...(cli.diff === undefined ? [] : [readMoment(cli.diff, '--diff')])];
  const log: LogOptions = { ...target.connection, topic, ...(target.scope !== undefined && { scope: target.scope }) };
  const contents = await readMoments(log, moments, target.timeoutMs);
  const replayed: Replayed[] = [];
  for (const [i, content] of contents.entries()) replayed.push(await replay(content, moments[i] as Moment, target));
  const plans = await planned(contents, moments, target);
  process.stdout.write(
    cli.json ? `${JSON.stringify(toJson(replayed, plans, target))}\n` : toText(replayed, plans, target),
  );
  if (contents.some(({ missing }) => missing > 0)) process.exitCode = EXIT_DOUBTFUL;
}

async function replay(content: MomentContent, moment: Moment, target: FleetTarget): Promise<Replayed> {
  const engine = await engineOf(content.records, buildOptions(content, moment, target), content.position);
  return { content, vips: (await engine.view()).vips };
}

/** What moved from the first moment to the second. */
async function planned(contents: MomentContent[], moments: Moment[], target: FleetTarget): Promise<Plan[] | undefined> {
  const [from, to] = contents;
  if (from === undefined || to === undefined) return undefined;
  const build = buildOptions(to, moments[1] as Moment, target);
  const engine = await engineOf(from.records, build, undefined, to.records);
  return engine.plan(differences(from.records, to.records).map(changeOfDifference));
}

/** The clock of slow starts: that of the moment. */
function buildOptions({ lastMs }: MomentContent, moment: Moment, { hashSecret, panicShare }: FleetTarget) {
  const wallMs = moment.type === 'now' ? Date.now() : moment.type === 'time' ? moment.atMs : (lastMs ?? Date.now());
  return { wallMs, ...(hashSecret !== undefined && { hashSecret }), ...(panicShare !== undefined && { panicShare }) };
}

function toText(replayed: Replayed[], plans: Plan[] | undefined, target: FleetTarget): string {
  const lines = replayed.flatMap((each, i) => [
    ...(i === 0 ? [] : ['']),
    ...(plans === undefined ? [] : [i === 0 ? 'FROM' : 'TO']),
    ...contentLines(each.content),
    ...(plans === undefined ? tableLines(each.vips, target) : []),
  ]);
  if (plans === undefined) return `${lines.join('\n')}\n`;
  const moved = plans.length === 0 ? 'nothing moved\n' : plans.map(formatPlan).join('\n');
  return `${lines.join('\n')}\n\n${moved}`;
}

function contentLines({ position, records, messages, lastMs, missing, doubtful, refusals }: MomentContent): string[] {
  const offsets = Object.entries(position.offsets).map(([partition, offset]) => `${partition}:${offset}`);
  const last = lastMs === undefined ? '' : `, the last of ${new Date(lastMs).toISOString()}`;
  const vips = [...records.values()].filter(({ kind }) => kind === 'vip').length;
  const named = doubtful.slice(0, DOUBTFUL_SHOWN);
  const more = doubtful.length > named.length ? ` and ${doubtful.length - named.length} more` : '';
  return [
    `topic ${position.topic} up to ${offsets.join(',') || 'nothing'}: ${grouped(messages)} messages${last}`,
    `${vips} VIPs, ${records.size - vips} backends, ${refusals.length} messages refused`,
    ...(missing === 0
      ? ['every message of that time is still in the topic: this is what balancers had']
      : [
          `NOT CERTAIN: ${grouped(missing)} messages of that time are gone (compaction): keys that were removed since are not here`,
          ...(named.length === 0
            ? []
            : [`written later, and perhaps something else before: ${named.join(', ')}${more}`]),
        ]),
    ...refusals.slice(-REFUSALS_SHOWN).map((refusal) => `refused: ${formatRefusal(refusal)}`),
  ];
}

function tableLines(vips: VipTable[], target: FleetTarget): string[] {
  return vips.flatMap((table) => {
    const digest = isKnown(table, target) ? table.digest : 'needs --hash-secret-file';
    const rows = table.backends.map(({ address, state, weight, step, slots }) => {
      const ramp = step === undefined ? state : `${state} ${step}/10`;
      return [address, ramp, `${weight}`, grouped(slots), percent(slots / table.slotCount)];
    });
    const right = ['WEIGHT', 'SLOTS', 'SHARE'].map((head) => ({ head, align: 'right' as const }));
    return [
      '',
      `${table.vip}  ${grouped(table.slotCount)} slots (${bytesText(2 * table.slotCount)}), hash ${table.hash}`,
      `  digest ${digest}`,
      ...textTable([{ head: 'BACKEND' }, { head: 'STATE' }, ...right], rows, '  '),
    ];
  });
}

function isKnown({ hash }: VipTable, { hashSecret }: FleetTarget): boolean {
  return hash !== 'native' || hashSecret !== undefined;
}

function toJson(replayed: Replayed[], plans: Plan[] | undefined, target: FleetTarget): object {
  const moments = replayed.map(({ content, vips }) => {
    const { records, ...rest } = content;
    return {
      ...rest,
      isCertain: content.missing === 0,
      records: records.size,
      vips: vips.map(({ parts, digest, ...table }) => ({
        ...table,
        digest: isKnown({ parts, digest, ...table }, target) ? digest : null,
      })),
    };
  });
  return plans === undefined ? (moments[0] as object) : { from: moments[0], to: moments[1], plans };
}
