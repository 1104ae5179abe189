// scripts/setup.mjs <demo|test|bench|bench-kafka|fuzz|conformance>: brings a fresh clone to where the job can run; says nothing when all is there.
// In this order, for each needs the one before: Debian packages (a compiler), npm packages (node-rdkafka compiles), a Kafka for the
// tests and the benchmark of membership, the build.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  canInstall,
  describePackages,
  installCommand,
  installPackages,
  missingPackages,
  packagesOf,
} from './debian.mjs';
import {
  isRdkafkaLeftOut,
  markInstalled,
  markRdkafkaFailed,
  ROOT,
  rdkafkaState,
  staleBuilds,
  staleInstall,
} from './freshness.mjs';
import { areKafkaJarsHere, ensureKafkaJars } from './kafkaJars.mjs';

const JOBS = ['demo', 'test', 'bench', 'bench-kafka', 'fuzz', 'conformance'];
/** Those that need node-rdkafka, and those that want a real Kafka beside it. */
const WITH_RDKAFKA = ['demo', 'test', 'bench-kafka'];
const WITH_KAFKA = ['test', 'bench-kafka'];
const NODE_MAJOR_MIN = 20;

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

/**
 * Where this Node's own headers are, if they came with it (nodejs.org's archives and NodeSource's packages have them), so that
 * node-gyp need not download them.
 */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const header = join(prefix, 'include/node/node_version.h');
  if (process.env.npm_config_nodedir !== undefined || !existsSync(header)) return {};
  const isOurs = readFileSync(header, 'utf8').includes(`NODE_MODULE_VERSION ${process.versions.modules}`);
  return isOurs ? { npm_config_nodedir: prefix } : {};
}

/** Runs npm in the repository, with its output shown; returns whether it worked. */
function npm(...args) {
  // `npm start` names the npm that runs us; without it, the one on PATH.
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  // node-gyp hands JOBS to make, and node-rdkafka's make file does not hold with more than one: it wants config.h before it is made.
  const env = { ...process.env, ...nodeHeaders(), JOBS: '1' };
  // On stderr: what the job itself prints may be read by a program.
  return spawnSync(command, [...first, ...args], { cwd: ROOT, env, stdio: ['ignore', 2, 2] }).status === 0;
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return;
  fail(
    `Node ${process.versions.node} runs this; maglev-dsr needs Node ${NODE_MAJOR_MIN} or newer: https://nodejs.org/`,
  );
}

function ensureDebianPackages(job) {
  const { needed, wanted } = packagesOf(job, { mustCompile: rdkafkaState() === 'missing' });
  const missing = missingPackages([...needed, ...wanted]);
  if (missing.length === 0) return;
  say(`Debian packages that are not here:\n${describePackages(missing)}`);
  if (canInstall()) {
    say('installing them with apt-get');
    if (!installPackages(missing)) say('apt-get did not install them all; its complaint is above');
  }
  const stillMissing = missingPackages(missing);
  if (stillMissing.length === 0) return;
  say(`to install what is missing: ${installCommand(stillMissing)}`);
  const blocking = stillMissing.filter((name) => needed.includes(name));
  if (blocking.length > 0) fail(`the ${job} does not work without ${blocking.join(', ')}`);
  say('going on without; what needs it is left out and says so');
}

function ensureNpmPackages() {
  const how = staleInstall();
  if (how === undefined) return;
  say(`npm ${how}: node-rdkafka compiles, which takes two or three minutes the first time`);
  // --include: also where NODE_ENV=production; the compilers are development packages.
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  // ci is strict: it refuses a lockfile that lacks a package of another platform, which install does not mind.
  if (!npm(how, ...flags) && !npm('install', '--no-save', ...flags)) fail('npm failed; its complaint is above');
  markInstalled();
}

function ensureRdkafka() {
  if (rdkafkaState() !== 'missing') return;
  if (missingPackages(['build-essential', 'python3']).length > 0) return; // said already, and may be there next time
  say(`compiling node-rdkafka for Node ${process.versions.node}, two or three minutes`);
  const isBuilt = isRdkafkaLeftOut()
    ? npm('install', '--include=optional', '--no-save')
    : npm('rebuild', 'node-rdkafka');
  if (isBuilt && rdkafkaState() === 'ready') return;
  markRdkafkaFailed();
  say('node-rdkafka did not compile; Kafka sources do not work here. To try again: npm rebuild node-rdkafka');
}

function ensureBuild() {
  for (const script of staleBuilds()) {
    say(`npm run ${script}`);
    if (!npm('run', '--silent', script)) fail(`npm run ${script} failed; its complaint is above`);
  }
}

function ensureKafka() {
  // An existing cluster is used instead; without node-rdkafka nothing can talk to one.
  if ((process.env.KAFKA_BROKERS ?? '') !== '' || rdkafkaState() !== 'ready') return;
  if (!areKafkaJarsHere()) say('fetching Apache Kafka from Maven Central, 50 MB');
  const { reason } = ensureKafkaJars();
  if (reason !== undefined) say(`${reason}; an embedded broker has to do, and what it cannot is left out and said`);
}

const job = process.argv[2];
if (!JOBS.includes(job)) fail(`usage: node scripts/setup.mjs ${JOBS.join('|')}`);
checkNode();
ensureDebianPackages(job);
ensureNpmPackages();
if (WITH_RDKAFKA.includes(job)) ensureRdkafka();
if (WITH_KAFKA.includes(job)) ensureKafka();
ensureBuild();
