// bench/compiler.ts: builds the C twins of bench/native/ where there is a gcc. The numbers of layout.ts and verdict.ts go
// into a header made here, so that C has them from where everybody has them.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as layout from '../assembly/layout.js';
import * as verdict from '../assembly/verdict.js';
import { MaglevError } from '../host/errors.js';

/** A C program beside ours. `jhash` is `scalar` with the Linux hash in place of NH: other backends, the same work. */
export type TwinName = 'scalar' | 'batched' | 'jhash';

/** Paths of compiled twins. */
export type Twins = Readonly<Record<TwinName, string>>;

/** The compiler that was found. */
export interface Compiler {
  /** First line of `gcc --version`. */
  readonly version: string;
  /** Compiles all twins into `folder`. */
  build(folder: string): Promise<Twins>;
}

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL('../../bench/native/', import.meta.url));
const GCC = 'gcc';
/** What the twins are compiled with; shown with the results. */
export const FLAGS = ['-O3', '-march=native'];
const DIALECT = ['-std=gnu11', '-Wall', '-Wextra'];
const TWINS: Record<TwinName, { source: string; flags: string[] }> = {
  scalar: { source: 'scalar.c', flags: [] },
  batched: { source: 'batched.c', flags: [] },
  jhash: { source: 'scalar.c', flags: ['-DHASH_JHASH'] },
};

/** The compiler, or why there is none. */
export async function findCompiler(): Promise<Compiler | { missing: string }> {
  try {
    const { stdout } = await run(GCC, ['--version']);
    return { version: stdout.split('\n')[0] ?? GCC, build };
  } catch (error) {
    return {
      missing: `${GCC} --version: ${(error as NodeJS.ErrnoException).code ?? error}; apt-get install build-essential`,
    };
  }
}

/** `#define` for every integer constant of layout.ts and verdict.ts. */
export function layoutHeader(): string {
  const lines = Object.entries({ ...layout, ...verdict })
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `#define ${name} ${value}`);
  return ['// Made from assembly/layout.ts and assembly/verdict.ts.', '#pragma once', ...lines, ''].join('\n');
}

async function build(folder: string): Promise<Twins> {
  await writeFile(join(folder, 'layout.h'), layoutHeader());
  const names = Object.keys(TWINS) as TwinName[];
  const paths = await Promise.all(names.map((name) => compile(name, folder)));
  return Object.fromEntries(names.map((name, index) => [name, paths[index]])) as Twins;
}

async function compile(name: TwinName, folder: string): Promise<string> {
  const { source, flags } = TWINS[name];
  const program = join(folder, name);
  const args = [...FLAGS, ...DIALECT, ...flags, `-I${folder}`, '-o', program, join(SOURCES, source)];
  try {
    await run(GCC, args);
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new MaglevError('ERR_INTERNAL', `${GCC} ${args.join(' ')}: ${stderr?.trim() || cause}`, { cause });
  }
  return program;
}
