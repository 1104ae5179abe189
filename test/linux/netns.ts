// test/linux/netns.ts: live tests run in a network namespace of their own, which lives as long as the test's process.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';

const INSIDE = 'MAGLEV_TEST_NETNS';
const FILE_TIMEOUT_MS = 60_000;
const COMMAND_TIMEOUT_MS = 10_000;

type Suite = ReturnType<typeof suite>;
type MakeSuite = (name: string) => Suite;

/**
 * Runs the tests `define` defines in a fresh network namespace: starts this file again inside unshare(1). Where the
 * kernel refuses namespaces, prints why and defines the same tests as skipped.
 */
export async function inNetns(fileUrl: string, define: (makeSuite: MakeSuite) => void | Promise<void>): Promise<void> {
  if (process.env[INSIDE] === '1') return define(suite);
  const unshare = [['-rn'], ['-n']].find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0);
  if (unshare === undefined) {
    const { stderr, error } = spawnSync('unshare', ['-rn', 'true'], { encoding: 'utf8' });
    console.log(`skipped: no network namespace of our own: ${error?.message ?? stderr.trim()}`);
    return define(skippedSuite);
  }
  const command = [...unshare, '--kill-child', process.execPath, fileURLToPath(fileUrl)];
  const env = { ...process.env, [INSIDE]: '1' };
  const { status } = spawnSync('unshare', command, { stdio: 'inherit', env, timeout: FILE_TIMEOUT_MS });
  process.exitCode = status ?? 1;
  return undefined;
}

/** A suite whose tests are all counted as skipped. */
const skippedSuite: MakeSuite = (name) => {
  const skipped = suite(name);
  return Object.assign((test?: string) => skipped.skip(test), skipped, {
    before: Object.assign(() => undefined, { each: () => undefined }),
    after: Object.assign(() => undefined, { each: () => undefined }),
    only: skipped.skip,
  }) as Suite;
};

/** Runs a program and returns what it wrote; throws when it failed. */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', timeout: COMMAND_TIMEOUT_MS, stdio: 'pipe' });
}

/** `ip` with its arguments as one line: no test has spaces in one. */
export function ip(line: string): string {
  return run('ip', ...line.split(' '));
}

/** Another network namespace: that of a process which ends when this one does. */
export class Peer {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<Peer> {
    // cat ends with its input: with this process, however that ends.
    const holder = spawn('unshare', ['-n', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const peer = new Peer(holder);
    const own = readlinkSync('/proc/self/ns/net');
    await until('a second namespace', () => readlinkSync(`/proc/${peer.pid}/ns/net`) !== own);
    return peer;
  }

  get pid(): number {
    if (this.#holder.pid === undefined) throw new Error('the namespace has no process');
    return this.#holder.pid;
  }

  /** Runs a program in there. */
  run(command: string, ...args: string[]): string {
    return run('nsenter', '-t', `${this.pid}`, '-n', command, ...args);
  }

  ip(line: string): string {
    return this.run('ip', ...line.split(' '));
  }

  close(): void {
    this.#holder.kill('SIGKILL');
  }
}

/** Waits until `isSo`; fails after two seconds, or as told. */
export async function until(what: string, isSo: () => boolean, timeoutMs = 2000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The MaglevError or other error that `work` throws. */
export async function errorOf(work: () => unknown): Promise<{ code?: string; errno?: string; message: string }> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected an error, there was none');
}

/** Bytes of a hex dump; white space and what follows `//` on a line is for the reader. */
export function hex(parts: TemplateStringsArray): Uint8Array {
  const text = parts.join('');
  return Uint8Array.from(Buffer.from(text.replace(/\/\/.*$/gm, '').replace(/\s/g, ''), 'hex'));
}

/** A hex dump, 16 bytes a line. */
export function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 16) {
    lines.push(Array.from(bytes.subarray(i, i + 16), (byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return lines.join('\n');
}
