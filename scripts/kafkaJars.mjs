// scripts/kafkaJars.mjs: an Apache Kafka for the tests. Maven copies the jars that test/kafka/support/pom.xml names, once.
// Run by itself, it prints the folder they are in; exit code 1 and the reason on stderr when they cannot be had.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const POM = join(ROOT, 'test/kafka/support/pom.xml');
const CACHE = join(ROOT, 'node_modules/.cache/maglev-dsr');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const FETCH_TIMEOUT_MS = 300_000;

/** Where the jars are, or will be: another pom.xml, another folder. */
function jarsFolder() {
  const digest = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  return join(CACHE, `kafka-${digest}`);
}

/** True when nothing has to be fetched. */
export function areKafkaJarsHere() {
  return existsSync(jarsFolder());
}

/** Fetches the jars if they are not here yet. Returns `{ folder }`, or `{ reason }` in one line. */
export function ensureKafkaJars() {
  const java = spawnSync('java', ['-version'], { stdio: 'ignore' });
  if (java.status !== 0) return { reason: 'no Java here (Debian package default-jre-headless)' };
  const folder = jarsFolder();
  if (existsSync(folder)) return { folder };
  mkdirSync(CACHE, { recursive: true });
  // Under another name until all is there: whoever sees the folder may use it.
  const partial = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    const reason = fetch(partial);
    if (reason !== undefined) return { reason };
    removeOlder();
    rename(partial, folder);
    return { folder };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Returns what went wrong, or undefined. `-C`: a jar whose checksum is wrong is an error. */
function fetch(directory) {
  const maven = spawnSync('mvn', ['-B', '-q', '-C', '-f', POM, COPY, `-DoutputDirectory=${directory}`], {
    cwd: dirname(POM),
    encoding: 'utf8',
    timeout: FETCH_TIMEOUT_MS,
  });
  if (maven.error?.code === 'ENOENT') return 'no Maven here (Debian package maven)';
  if (maven.error !== undefined) return `Maven: ${maven.error.message}`;
  if (maven.status === 0) return undefined;
  const complaint = maven.stdout.split('\n').find((line) => line.startsWith('[ERROR]'));
  return `Maven did not fetch Kafka: ${complaint?.replace('[ERROR] ', '') ?? `exit code ${maven.status}`}`;
}

function removeOlder() {
  const older = readdirSync(CACHE).filter((name) => name.startsWith('kafka-'));
  for (const name of older) rmSync(join(CACHE, name), { recursive: true, force: true });
}

function rename(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    // ENOTEMPTY: somebody else fetched them meanwhile.
    if (error.code !== 'ENOTEMPTY') throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, reason } = ensureKafkaJars();
  if (folder !== undefined) process.stdout.write(`${folder}\n`);
  else process.stderr.write(`${reason}\n`);
  process.exitCode = folder === undefined ? 1 : 0;
}
