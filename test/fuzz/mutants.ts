// test/fuzz/mutants.ts: compiles the hot path with a bug planted, and lets the fuzzer look for it.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { main as compile } from 'assemblyscript/asc';
import { readCorpus } from './corpus.js';
import { CAPACITY, Finding, fuzz } from './fuzzer.js';
import type { Planted } from './planted.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** As in asconfig.json, but for the optimizer: a mutant lives for a second. */
const FLAGS = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
  ...['--noAssert', '--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory', '-O1'],
];

/** A bug that is not found in so many frames is not found. */
export const FRAMES_TO_FIND = 500_000;

/** A folder for mutants; call `remove` in the end. */
export async function openNursery(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-mutants-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Compiles a mutant below `folder`. Throws when the place of the bug is gone, or the mutant is no program. */
export async function buildMutant({ name, file, find, replace }: Planted, folder: string): Promise<URL> {
  const sources = join(folder, 'assembly');
  await cp(join(ROOT, 'assembly'), sources, { recursive: true });
  const path = join(sources, file);
  const text = await readFile(path, 'utf8');
  const pieces = text.split(find);
  if (pieces.length !== 2) {
    const what = `planted bug "${name}": assembly/${file} has ${pieces.length - 1} times what is to be replaced`;
    throw new Error(`${what}, expected once: ${JSON.stringify(find)}`);
  }
  await writeFile(path, pieces.join(replace));
  const out = join(folder, 'mutant.wasm');
  const { error, stderr } = await compile([
    join('assembly', 'index.ts'),
    '--baseDir',
    folder,
    '-o',
    'mutant.wasm',
    ...FLAGS,
  ]);
  if (error) throw new Error(`planted bug "${name}": ${error.message} ${stderr.toString()}`);
  return pathToFileURL(out);
}

/** The fuzzer's finding in a mutant, undefined when it found none in `frames` frames. */
export async function findBug(wasmUrl: URL, frames: number, seed: number): Promise<Finding | Error | undefined> {
  try {
    await fuzz({ seed, frames, wasmUrl, corpus: readCorpus(CAPACITY).values() });
    return undefined;
  } catch (error) {
    // A mutant may read outside of its memory, which traps: found as well.
    if (error instanceof Finding || error instanceof WebAssembly.RuntimeError) return error;
    throw error;
  }
}
