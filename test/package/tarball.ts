// test/package/tarball.ts: the package as a stranger gets it: packed, and installed into an empty folder on a PATH without a
// compiler, so that node-rdkafka cannot be built and koffi must bring its own binary.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What is left on PATH: enough for npm and its scripts, nothing that compiles (nor node-gyp's python3). */
const PROGRAMS = ['node', 'npm', 'sh', 'env', 'uname'];
/** Majors that the package promises to run on. */
const NODE_MAJORS = [20, 22, 24];
const INSTALL_TIMEOUT_MS = 75_000;
const COMMAND_TIMEOUT_MS = 30_000;
/** npm's words for a registry that cannot be reached; anything else is a failure of ours. */
const IS_AWAY =
  /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED|not done after/;

/** What a command left. */
export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A Node to try the package with, or why there is none. */
type NodeOfMajor = { major: number; path: string; missing?: never } | { major: number; missing: string };

/** A folder with the tarball and an application that has it installed; `remove` takes all of it away. */
export interface Workshop {
  /** Path of the tarball. */
  tarball: string;
  /** What is in it, as npm says. */
  files: { path: string; size: number }[];
  unpackedBytes: number;
  /** The application's folder: `node_modules/maglev-dsr` is in it. */
  application: string;
  /** The environment without a compiler. */
  env: NodeJS.ProcessEnv;
  nodes: NodeOfMajor[];
  remove(): void;
}

/** Runs a command to its end; never rejects. After `timeoutMs` it is killed, and `stderr` says so. */
export function finish(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; timeoutMs?: number },
): Promise<Finished> {
  const { cwd, env = process.env, timeoutMs = COMMAND_TIMEOUT_MS } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      stderr += `\n${command}: not done after ${timeoutMs} ms, killed`;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      stderr += error.message;
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      resolve({ exitCode, stdout, stderr });
    });
  });
}

/** Packs and installs. Resolves with why not where the registry cannot be reached; rejects when the package is at fault. */
export async function makeWorkshop(): Promise<Workshop | { missing: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-package-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const packed = await pack(folder);
    const env = bareEnv(folder);
    const application = join(folder, 'application');
    const [installed, nodes] = await Promise.all([install(application, env, packed.tarball), findNodes(folder)]);
    if (installed.exitCode === 0) return { ...packed, application, env, nodes, remove };
    if (!IS_AWAY.test(installed.stderr)) throw new Error(`npm install of the tarball failed: ${installed.stderr}`);
    remove();
    return { missing: `npm install of the tarball: ${lastLine(installed.stderr)}` };
  } catch (error) {
    remove();
    throw error;
  }
}

async function pack(folder: string): Promise<Pick<Workshop, 'tarball' | 'files' | 'unpackedBytes'>> {
  // --ignore-scripts: `prepack` would build, and other tests run from dist/ meanwhile. What is built now is packed.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { exitCode, stdout, stderr } = await finish('npm', args, { cwd: ROOT });
  if (exitCode !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const [about] = JSON.parse(stdout) as { filename: string; unpackedSize: number; files: Workshop['files'] }[];
  if (about === undefined) throw new Error(`npm pack said nothing: ${stderr}`);
  return { tarball: join(folder, about.filename), files: about.files, unpackedBytes: about.unpackedSize };
}

/** An environment whose PATH is one folder with links to PROGRAMS. */
function bareEnv(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of PROGRAMS) symlinkSync(name === 'node' ? process.execPath : locate(name), join(bin, name));
  return { ...process.env, PATH: bin, CC: '', CXX: '', PYTHON: '' };
}

function locate(program: string): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      readFileSync(join(folder, program), { flag: 'r' });
      return join(folder, program);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) throw error;
    }
  }
  throw new Error(`${program} is not on PATH`);
}

function install(application: string, env: NodeJS.ProcessEnv, tarball: string): Promise<Finished> {
  mkdirSync(application);
  writeFileSync(join(application, 'package.json'), '{ "name": "application", "private": true, "type": "module" }\n');
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball];
  return finish('npm', args, { cwd: application, env, timeoutMs: INSTALL_TIMEOUT_MS });
}

/** Node of every major: the one that runs us, the others from the registry. */
async function findNodes(folder: string): Promise<NodeOfMajor[]> {
  const own = Number(process.versions.node.split('.')[0]);
  const others = NODE_MAJORS.filter((major) => major !== own);
  const cwd = join(folder, 'nodes');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }\n');
  const names = others.map((major) => `node${major}@npm:node@${major}`);
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...names];
  const { exitCode, stderr } = await finish('npm', args, { cwd, timeoutMs: INSTALL_TIMEOUT_MS });
  const found = await Promise.all(
    others.map((major) => tryNode(major, join(cwd, `node_modules/node${major}/bin/node`))),
  );
  const reason = exitCode === 0 ? 'it does not start here' : lastLine(stderr);
  return [
    { major: own, path: process.execPath },
    ...found.map((node) => (node.missing === undefined ? node : { ...node, missing: `${node.missing}: ${reason}` })),
  ].sort((a, b) => a.major - b.major);
}

async function tryNode(major: number, path: string): Promise<NodeOfMajor> {
  const { exitCode, stdout } = await finish(path, ['--version'], { cwd: tmpdir() });
  if (exitCode === 0 && stdout.startsWith(`v${major}.`)) return { major, path };
  return { major, missing: `no Node ${major} from the registry` };
}

function lastLine(text: string): string {
  const errors = text.split('\n').filter((line) => line.includes('error') || line.includes('not done'));
  return errors[0]?.trim() ?? text.trim().split('\n').at(-1) ?? '';
}
