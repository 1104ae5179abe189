// bench/index.ts: the benchmark as a function: what `maglev-dsr bench` calls.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, type Choice, chooseCases } from './cases.js';
import { findCompiler, type Twins } from './compiler.js';
import { describeMachine, type Machine } from './machine.js';
import { type Measured, measure } from './measure.js';
import { type Result, resultOf, resultOfFigure } from './report.js';
import type { Shape } from './shape.js';
import { chooseStudies, type Figure, STUDIES, type Study } from './studies.js';

/** What to measure, for how long, and who wants to see it. */
export interface BenchOptions {
  shape: Shape;
  choice: Choice;
  /** Time of each side of each result, ms. */
  timeMs: number;
  /** Default: 10 of a race, 3 of a study. */
  rounds?: number;
  signal?: AbortSignal;
  /** Something that is not a result: no compiler. */
  onNote?(note: string): void;
  onStep?(done: number, count: number, name: string, step: string): void;
  onResult?(measured: Measured): void;
  onFigure?(figure: Figure): void;
}

/** All that `--json` writes. */
export interface BenchReport {
  machine: Machine;
  results: Result[];
}

const ROUNDS_DEFAULT = { race: 10, study: 3 };

/** Measures. Rejects with ERR_OPTION, ERR_LIMIT, ERR_MISSING (not built), or ERR_INTERNAL (a twin does other work). */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const { shape, choice, timeMs } = options;
  const { studies, others } = chooseStudies(Object.keys(choice).length === 0 ? undefined : (choice.only ?? []));
  const only = choice.only && { only: others };
  const names = STUDIES.map(({ name }) => name);
  const isOnlyStudies = choice.only !== undefined && studies.length > 0 && others.length === 0;
  const cases = isOnlyStudies ? [] : chooseCases(shape, { ...choice, ...only }, names);
  const raced = cases.length === 0 ? { results: [], version: null } : await runCases(cases, options);
  const figures = await runStudies(studies, options);
  return {
    machine: describeMachine(
      raced.version,
      shape,
      timeMs,
      options.rounds ?? ROUNDS_DEFAULT[cases.length > 0 ? 'race' : 'study'],
    ),
    results: [...raced.results, ...figures.map(resultOfFigure)],
  };
}

async function runCases(cases: readonly Case[], options: BenchOptions) {
  const { timeMs, rounds = ROUNDS_DEFAULT.race, signal } = options;
  const compiler = await findCompiler();
  if ('missing' in compiler) options.onNote?.(`no C to compare with: ${compiler.missing}`);
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-bench-'));
  const results: Result[] = [];
  try {
    const twins: Twins | undefined = 'missing' in compiler ? undefined : await compiler.build(folder);
    for (const [index, each] of cases.entries()) {
      const onStep = (step: string) => options.onStep?.(index, cases.length, each.name, step);
      const measured = await measure(each, twins, { timeMs, rounds, onStep, ...(signal && { signal }) });
      options.onResult?.(measured);
      results.push(resultOf(measured));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { results, version: 'missing' in compiler ? null : compiler.version };
}

async function runStudies(studies: readonly Study[], options: BenchOptions): Promise<Figure[]> {
  const { rounds = ROUNDS_DEFAULT.study, signal, onNote } = options;
  const figures: Figure[] = [];
  for (const [index, { name, run }] of studies.entries()) {
    const onStep = (step: string) => options.onStep?.(index, studies.length, name, step);
    const found = await run({ rounds, onStep, ...(onNote && { onNote }), ...(signal && { signal }) });
    for (const figure of found) options.onFigure?.(figure);
    figures.push(...found);
  }
  return figures;
}
