// bench/index.ts: the benchmark as a function: what `maglev-dsr bench` calls.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Choice, chooseCases } from './cases.js';
import { findCompiler, type Twins } from './compiler.js';
import { describeMachine, type Machine } from './machine.js';
import { type Measured, measure } from './measure.js';
import { type Result, resultOf } from './report.js';
import type { Shape } from './shape.js';

/** What to measure, for how long, and who wants to see it. */
export interface BenchOptions {
  shape: Shape;
  choice: Choice;
  /** Time of each side of each result, ms. */
  timeMs: number;
  rounds: number;
  signal?: AbortSignal;
  /** Something that is not a result: no compiler. */
  onNote?(note: string): void;
  onStep?(done: number, count: number, name: string, step: string): void;
  onResult?(measured: Measured): void;
}

/** All that `--json` writes. */
export interface BenchReport {
  machine: Machine;
  results: Result[];
}

/** Measures. Rejects with ERR_OPTION, ERR_LIMIT, ERR_MISSING (not built), or ERR_INTERNAL (a twin does other work). */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const { shape, choice, timeMs, rounds, signal } = options;
  const cases = chooseCases(shape, choice);
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
  const version = 'missing' in compiler ? null : compiler.version;
  return { machine: describeMachine(version, shape, timeMs, rounds), results };
}
