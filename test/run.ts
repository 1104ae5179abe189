// test/run.ts: runs every test file in a process of its own: `node dist/test/run.js [part of a path ...]`.
// Ends with the line `N passed, N failed` (`, N skipped` when there are some); exit code 1 when one failed or nothing ran.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shareKafka } from './kafka/support/shared.js';

const TESTS = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../test/', import.meta.url));
/** A test file may take so long, ms; then its process group is killed. */
const FILE_TIMEOUT_MS = Number(process.env.TEST_TIMEOUT_MS ?? 180_000);
/** Files of these folders have the machine to themselves: they measure time, or the kernel has only one of what they use. */
const ALONE = ['live', 'linux'];
/** Files of this folder share a real Kafka where there can be one: it is started before the first of them and ends behind the last. */
const KAFKA = 'kafka';
const SIDE_BY_SIDE = 2;

interface Outcome {
  file: string;
  passed: number;
  failed: number;
  skipped: number;
  ms: number;
  output: string;
  /** What went wrong with the file itself, if anything did. */
  fault?: string;
}

const running = new Set<ChildProcess>();

/** Compiled test files that still have a source, by path below test/. */
function findFiles(filters: readonly string[]): string[] {
  const compiled = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.js'),
  );
  return compiled
    .filter((file) => existsSync(join(SOURCES, file.replace(/\.js$/, '.ts'))))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}

/** Kills a test file's process and what it started in its process group. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs one file. Never rejects: what goes wrong is in the outcome. */
function runFile(file: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = spawn(process.execPath, [join(TESTS, file)], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    let fault: string | undefined;
    const hear = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    const timer = setTimeout(() => {
      fault = `not done after ${FILE_TIMEOUT_MS} ms, killed`;
      killGroup(child);
    }, FILE_TIMEOUT_MS);
    child.on('error', (error) => {
      fault = error.message;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      killGroup(child); // what the file left running
      resolve({ ...readSummary(output, fault, signal ?? code), file, output, ms: performance.now() - startedAt });
    });
  });
}

/** Reads uvu's summary. A file that ended badly counts as one failure at least, whatever it says of itself. */
function readSummary(
  output: string,
  fault: string | undefined,
  end: NodeJS.Signals | number | null,
): Pick<Outcome, 'passed' | 'failed' | 'skipped' | 'fault'> {
  const count = (name: string): number | undefined => {
    const found = [...output.matchAll(new RegExp(`^ {2}${name}: +(\\d+)$`, 'gm'))].at(-1)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const total = count('Total');
  const passed = count('Passed') ?? 0;
  const skipped = count('Skipped') ?? 0;
  const failed = (total ?? 0) - passed;
  const isBad = fault !== undefined || total === undefined || (end !== 0 && failed === 0);
  if (!isBad) return { passed, failed, skipped };
  const what = fault ?? (total === undefined ? `no summary, ended with ${end}` : `ended with ${end}`);
  return { passed, failed: Math.max(1, failed), skipped, fault: what };
}

/** Prints one line for a file that passed, with why cases were skipped; all its output for one that failed. */
function print({ file, passed, failed, skipped, ms, output, fault }: Outcome): void {
  const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  console.log(`${failed > 0 ? '✗' : '✓'} ${file.split(sep).join('/')}  ${counts}  ${(ms / 1000).toFixed(1)} s`);
  if (fault !== undefined) console.log(`  ${fault}`);
  if (failed > 0) console.log(output.replace(/^/gm, '  | '));
  else for (const [line] of output.matchAll(/^.*\bskipped: .*$/gm)) console.log(`  ${line.trim()}`);
}

/** Runs files, `width` at a time. */
async function runAll(files: readonly string[], width: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = [...files];
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file);
      print(outcome);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}

/** Runs files that want a Kafka. Each finds its address in the environment. */
async function runWithKafka(kafkaFiles: readonly string[]): Promise<Outcome[]> {
  if (kafkaFiles.length === 0) return [];
  const shared = await shareKafka();
  try {
    return await runAll(kafkaFiles, SIDE_BY_SIDE);
  } finally {
    await shared.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}

const files = findFiles(process.argv.slice(2));
const isIn = (file: string, folders: readonly string[]): boolean => folders.includes(file.split(sep)[0] ?? '');
const outcomes = await runAll(
  files.filter((file) => !isIn(file, [...ALONE, KAFKA])),
  SIDE_BY_SIDE,
);
outcomes.push(...(await runWithKafka(files.filter((file) => isIn(file, [KAFKA])))));
outcomes.push(
  ...(await runAll(
    files.filter((file) => isIn(file, ALONE)),
    1,
  )),
);
const sum = (field: 'passed' | 'failed' | 'skipped'): number =>
  outcomes.reduce((all, outcome) => all + outcome[field], 0);
const bad = outcomes.filter((outcome) => outcome.failed > 0);
if (files.length === 0) console.log('no test files found: npm run build makes them');
if (bad.length > 0) console.log(`\nfailed: ${bad.map(({ file }) => file).join(', ')}`);
const skipped = sum('skipped');
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = bad.length > 0 || sum('passed') === 0 ? 1 : 0;
