// scripts/freshness.mjs: what in this tree is older than what it is made from.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const NODE_MODULES = join(ROOT, 'node_modules');
const LOCKFILE = join(ROOT, 'package-lock.json');
const INSTALL_STAMP = join(NODE_MODULES, '.maglev-dsr-lockfile');
const RDKAFKA = join(NODE_MODULES, 'node-rdkafka');
const RDKAFKA_STAMP = join(NODE_MODULES, '.maglev-dsr-rdkafka');

/** Time a file was last written, ms; 0 when there is none. */
function writtenMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** Time the newest file below `paths` with one of the endings was written, ms. */
function newestMs(paths, endings) {
  let newest = 0;
  for (const path of paths) {
    const full = join(ROOT, path);
    if (!existsSync(full)) continue;
    const files = statSync(full).isDirectory() ? readdirSync(full, { recursive: true }) : [''];
    for (const file of files) {
      if (file !== '' && !endings.some((ending) => file.endsWith(ending))) continue;
      newest = Math.max(newest, writtenMs(join(full, file)));
    }
  }
  return newest;
}

/** Which build scripts of package.json have to run. */
export function staleBuilds() {
  const stale = [];
  const wasmMs = Math.min(writtenMs(join(ROOT, 'dist/hotpath.wasm')), writtenMs(join(ROOT, 'dist/testing.wasm')));
  if (newestMs(['assembly', 'asconfig.json'], ['.ts']) > wasmMs) stale.push('build:wasm');
  const hostSources = ['host', 'test', 'bench', 'assembly/layout.ts', 'assembly/verdict.ts', 'tsconfig.json'];
  // dist/.built is written by mark-executable.mjs, the last step of build:host.
  if (newestMs(hostSources, ['.ts']) > writtenMs(join(ROOT, 'dist/.built'))) stale.push('build:host');
  return stale;
}

function lockfileDigest() {
  return existsSync(LOCKFILE) ? createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex') : '';
}

/**
 * How npm has to be called: `ci` when nothing is installed, `install` when what is installed is older than the lockfile (`ci`
 * would throw away what is compiled), undefined when all is there.
 */
export function staleInstall() {
  const installed = join(NODE_MODULES, '.package-lock.json');
  if (!existsSync(installed)) return existsSync(LOCKFILE) ? 'ci' : 'install';
  if (existsSync(INSTALL_STAMP) && readFileSync(INSTALL_STAMP, 'utf8') === lockfileDigest()) return undefined;
  return writtenMs(installed) >= writtenMs(LOCKFILE) ? undefined : 'install';
}

/** Remembers that what is installed is what the lockfile says. */
export function markInstalled() {
  writeFileSync(INSTALL_STAMP, lockfileDigest());
}

/** `ready` for this Node; `failed` when it was tried with this Node and did not compile; else `missing`. */
export function rdkafkaState() {
  const config = join(RDKAFKA, 'build/config.gypi');
  const isBuilt = existsSync(join(RDKAFKA, 'build/Release/node-librdkafka.node')) && existsSync(config);
  // It is compiled for one major version of Node; config.gypi says which.
  const version = isBuilt ? /"node_module_version": (\d+)/.exec(readFileSync(config, 'utf8'))?.[1] : undefined;
  if (version === process.versions.modules) return 'ready';
  const hasFailed = existsSync(RDKAFKA_STAMP) && readFileSync(RDKAFKA_STAMP, 'utf8') === process.versions.modules;
  return hasFailed ? 'failed' : 'missing';
}

/** True when npm left node-rdkafka out: it removes an optional package that did not compile. */
export function isRdkafkaLeftOut() {
  return !existsSync(RDKAFKA);
}

/** Remembers that node-rdkafka does not compile for this Node here, so that not every start tries for two minutes. */
export function markRdkafkaFailed() {
  writeFileSync(RDKAFKA_STAMP, process.versions.modules);
}
