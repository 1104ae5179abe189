// bench/report.ts: results for people and for programs.
import type { Measured, Series } from './measure.js';
import { ratioSpread, type Spread, spread, verdictOf } from './statistics.js';
import type { Figure } from './studies.js';

/** One result as `--json` has it: medians over the rounds; null where there is no twin. */
export interface Result {
  name: string;
  unit: string;
  ours: number;
  scalarC: number | null;
  batchedC: number | null;
  ratioScalar: number | null;
  ratioBatched: number | null;
  /** Our own stateless path beside it, the ratio to it, and what that is to be below; only of core.default.zipf. */
  stateless?: number;
  ratioStateless?: number;
  aimStateless?: number;
  /** What `ours` is to be below; only of studies. */
  aim?: number;
  /** Which Kafka a study was measured with. */
  on?: string;
}

const LABEL_WIDTH = 44;
const NUMBER_WIDTH = 10;
const DIGITS = 3;

/** The medians of one result. */
export function resultOf({ case: { name }, unit, ours, scalarC, batchedC, stateless }: Measured): Result {
  const middle = (series: Series | undefined) => (series === undefined ? null : spread(series.rounds).median);
  const ratio = (series: Series | undefined) =>
    series === undefined ? null : ratioSpread(ours.rounds, series.rounds).median;
  return {
    name,
    unit,
    ours: spread(ours.rounds).median,
    scalarC: middle(scalarC),
    batchedC: middle(batchedC),
    ratioScalar: ratio(scalarC),
    ratioBatched: ratio(batchedC),
    ...(stateless && {
      stateless: spread(stateless.rounds).median,
      ratioStateless: ratioSpread(ours.rounds, stateless.rounds).median,
      aimStateless: stateless.aim,
    }),
  };
}

/** The median of one figure of a study. */
export function resultOfFigure({ name, unit, rounds, aim, on }: Figure): Result {
  const nobody = { scalarC: null, batchedC: null, ratioScalar: null, ratioBatched: null };
  return {
    name,
    unit,
    ours: spread(rounds).median,
    ...nobody,
    ...(aim !== undefined && { aim }),
    ...(on !== undefined && { on }),
  };
}

/** One figure as a line of text. */
export function formatFigure({ name, unit, rounds, aim }: Figure): string {
  const measured = spread(rounds);
  return `${line(`${name}, ${unit}`, measured, unit === 'bytes' ? 1 : DIGITS)}${judged(measured, aim)}\n`;
}

function judged({ median }: Spread, aim: number | undefined): string {
  return aim === undefined ? '' : `  ${median < aim ? 'below' : 'NOT below'} ${aim}`;
}

/** One result as lines of text. */
export function formatMeasured(measured: Measured): string {
  const { case: what, unit, ours, scalarC, batchedC, stateless, restore } = measured;
  const scalarName = what.kind === 'jhash' ? 'scalar C, Linux jhash' : 'scalar C';
  const lines = [
    `${what.name.padEnd(LABEL_WIDTH)}${['min', 'median', 'max'].map((word) => word.padStart(NUMBER_WIDTH)).join('')}`,
  ];
  lines.push(line(`  ours, ${unit}`, spread(ours.rounds)));
  for (const [name, series] of [
    [scalarName, scalarC],
    ['batched C', batchedC],
  ] as const) {
    if (series !== undefined) lines.push(line(`  ${name}, ${unit}`, spread(series.rounds)));
  }
  for (const [name, series] of [
    [scalarName, scalarC],
    ['batched C', batchedC],
  ] as const) {
    if (series === undefined) continue;
    const ratio = line(`  ours / ${name}`, ratioSpread(ours.rounds, series.rounds));
    lines.push(`${ratio}  ${verdictOf(ours.samples, series.samples)}`);
  }
  if (stateless !== undefined) {
    lines.push(line(`  ours, stateless, ${unit}`, spread(stateless.rounds)));
    const ratio = ratioSpread(ours.rounds, stateless.rounds);
    lines.push(`${line('  ours / ours, stateless', ratio)}${judged(ratio, stateless.aim)}`);
  }
  if (restore !== undefined) {
    const inC = restore.scalarC === undefined ? '' : `, ${restore.scalarC.toFixed(DIGITS)} in C`;
    lines.push(`  of which putting frames into cells: ${restore.ours.toFixed(DIGITS)} in ours${inC}`);
  }
  return `${lines.join('\n')}\n`;
}

function line(label: string, { min, median, max }: Spread, digits = DIGITS): string {
  return `${label.padEnd(LABEL_WIDTH)}${[min, median, max].map((n) => ` ${n.toFixed(digits).padStart(NUMBER_WIDTH - 1)}`).join('')}`;
}
