// test/package.test.ts: what a stranger gets: the tarball's contents, its types, and that it works where there is no compiler and no
// node-rdkafka, on every Node that it promises. The slow part, packing and installing, is done once.
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveSuite, withTopology } from './live/lab.js';
import { until } from './live/support/until.js';
import { askNames, startNameServers } from './package/nameServers.js';
import { Talker } from './package/talker.js';
import { type Finished, finish, makeWorkshop, ROOT, type Workshop } from './package/tarball.js';

const COMPILED = fileURLToPath(new URL('./package/', import.meta.url));
const UNPACKED_BYTES_MAX = 2_000_000;
/** Folders and files that may be in the tarball. */
const ALLOWED =
  /^(package\.json|README\.md|LICENSE|ARCHITECTURE\.md|CHANGELOG\.md|dist\/(host|assembly|bench)\/.+\.(js|d\.ts)|dist\/(hotpath|bench)\.wasm|bench\/native\/.+\.[ch]|bench\/RESULTS\.md|docs\/[^/]+\.md|schema\/[^/]+\.json|examples\/[^/]+\.(mjs|yaml|json))$/;
const NEEDED = [
  'README.md',
  'LICENSE',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'dist/hotpath.wasm',
  'dist/bench.wasm',
  'dist/host/workers/packetWorker.js',
  'bench/native/scalar.c',
  'bench/native/batched.c',
  'docs/TOPIC.md',
  'examples/daemon.mjs',
];

interface PackageJson {
  bin: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
}

const tests = suite('package');
const live = liveSuite('package/live');

const made = await makeWorkshop();
if ('missing' in made) {
  console.log(`skipped: the package in an application of its own: ${made.missing}`);
  tests.skip('the package in an application of its own');
} else {
  process.once('exit', made.remove);
  define(made);
}

function define(workshop: Workshop): void {
  const { application, env, tarball } = workshop;
  const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

  tests('the tarball has what is needed to run, read and measure, and nothing else', () => {
    const paths = workshop.files.map(({ path }) => path);
    assert.equal(
      paths.filter((path) => !ALLOWED.test(path)),
      [],
    );
    const { bin, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageJson;
    const named = [...Object.values(bin), ...Object.values(exports).flatMap((entry) => Object.values(toEntry(entry)))];
    const needed = [...NEEDED, ...named.map((path) => path.replace(/^\.\//, ''))];
    assert.equal(
      needed.filter((path) => !paths.includes(path)),
      [],
    );
    assert.ok(workshop.unpackedBytes < UNPACKED_BYTES_MAX, `${workshop.unpackedBytes} bytes`);
  });

  tests('publint has no complaint', async () => {
    const { exitCode, stdout, stderr } = await finish(bin('publint'), ['run', tarball, '--strict'], { cwd: ROOT });
    assert.is(exitCode, 0, `${stdout}${stderr}`);
    assert.match(stdout, /All good!/);
  });

  tests('attw has no complaint', async () => {
    const { exitCode, stdout, stderr } = await finish(bin('attw'), [tarball], { cwd: ROOT });
    assert.is(exitCode, 0, `${stdout}${stderr}`); // it reads .attw.json
  });

  tests('its types compile in strict TypeScript, declarations checked, without the types of the DOM', async () => {
    const { exitCode, stdout } = await compileConsumer(application);
    assert.is(stdout, '');
    assert.is(exitCode, 0);
  });

  tests('it installs without a compiler: node-rdkafka is left out, koffi brings its own binary', () => {
    assert.not(existsSync(join(application, 'node_modules/node-rdkafka')));
    assert.ok(existsSync(join(application, 'node_modules/koffi')));
  });

  tests('its command teaches, and checks a configuration', async () => {
    const help = await command(workshop, '--help');
    assert.is(help.exitCode, 0, help.stderr);
    for (const name of ['run', 'check', 'apply', 'schema', 'demo', 'bench'])
      assert.match(help.stdout, new RegExp(`^  ${name} `, 'm'));
    const config = join(application, 'node_modules/maglev-dsr/examples/balancer.yaml');
    const check = await command(workshop, 'check', '--config', config);
    assert.is(check.exitCode, 0, check.stderr);
    assert.match(check.stdout, /all is well/);
  });

  tests('its benchmark measures ours where there is no C compiler', async () => {
    const json = join(application, 'bench.json');
    const args = [
      '--only',
      'core.ipip4.stateless',
      '--time',
      '200',
      '--rounds',
      '2',
      '--flows',
      '4096',
      '--json',
      json,
    ];
    const { exitCode, stderr } = await command(workshop, 'bench', ...args);
    assert.is(exitCode, 0, stderr);
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: Record<string, unknown>[] };
    const result = results.find(({ name }) => name === 'core.ipip4.stateless');
    assert.ok(Number(result?.ours) > 0, JSON.stringify(results));
    assert.equal([result?.scalarC, result?.ratioScalar], [null, null]);
  });

  for (const node of workshop.nodes) {
    const title = `Node ${node.major}: a frame through the hot path; Kafka says what it lacks`;
    const liveTitle = `Node ${node.major}: a balancer that follows a file`;
    if (node.missing !== undefined) {
      console.log(`skipped: Node ${node.major}: ${node.missing}`);
      for (const each of [title, liveTitle]) tests.skip(each);
      continue;
    }
    tests(title, async () => {
      const program = bring(application, 'forwards.js');
      const { exitCode, stdout, stderr } = await finish(node.path, [program], { cwd: application, env });
      assert.is(exitCode, 0, stderr);
      const { node: version, ...outcome } = JSON.parse(stdout) as Record<string, unknown>;
      assert.match(`${version}`, new RegExp(`^${node.major}\\.`));
      assert.equal(outcome, {
        verdict: 'FORWARD_L2',
        backend: '10.0.1.9',
        to: '020000000109',
        ttl: 63,
        kafkaError: 'ERR_MISSING',
      });
    });
    live(liveTitle, () => balanceWith(node.path, application));
  }
}

/** HTTP through a balancer of the installed package, on the balancer's host of a network in a box. */
async function balanceWith(node: string, application: string): Promise<void> {
  const program = bring(application, 'balances.js');
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer, balancerLinks, vip, backends } = topology;
    await startNameServers(topology);
    const file = join(lab.directory, 'members.yaml');
    const addresses = backends.map(({ address }) => address);
    writeFileSync(file, JSON.stringify({ vips: [{ vip: `tcp/${vip}:80`, backends: addresses }] }));
    // In the lab PATH has nft, which the balancer needs; the compiler's absence was settled when it was installed.
    const args = [program, `${balancerLinks[0]}`, file];
    const running = new Talker(balancer.spawn(node, args, { cwd: application, stdio: ['ignore', 'pipe', 'pipe'] }));
    await running.hear(/ready/);
    await until('an answer', async () => (await askNames(topology, 1).catch(() => [])).length === 1, 15_000);
    const names = await askNames(topology, 20);
    assert.equal([...new Set(names)].sort(), ['backend1', 'backend2']);
    assert.is(await running.end('SIGTERM'), 0, running.complaints);
    const [, forwarded] = await running.hear(/"forwarded":(\d+)/);
    assert.ok(Number(forwarded) >= 20 * 4, `${forwarded} frames for 20 connections`);
  });
}

/** Runs the package's command as its application would, without a compiler on PATH. */
function command({ application, env }: Workshop, ...args: string[]): Promise<Finished> {
  return finish(join(application, 'node_modules/.bin/maglev-dsr'), args, { cwd: application, env });
}

/** Copies a compiled program into the application, where `maglev-dsr` is the installed package. */
function bring(application: string, name: string): string {
  copyFileSync(join(COMPILED, name), join(application, name));
  return join(application, name);
}

/** Compiles consumer.ts against the installed package with our own TypeScript and types of Node. */
function compileConsumer(application: string): Promise<Finished> {
  copyFileSync(join(ROOT, 'test/package/consumer.ts'), join(application, 'consumer.ts'));
  for (const name of ['@types/node', 'undici-types']) {
    const link = join(application, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(ROOT, 'node_modules', name), link);
  }
  const strictness = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const target = ['--target', 'ES2022', '--lib', 'ES2023,ESNext.Disposable', '--types', 'node', '--noEmit'];
  const modules = ['--module', 'NodeNext', '--moduleResolution', 'NodeNext'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, ...strictness, ...target, ...modules, 'consumer.ts'];
  return finish(process.execPath, args, { cwd: application, timeoutMs: 60_000 });
}

function toEntry(entry: string | { types: string; default: string }): Record<string, string> {
  return typeof entry === 'string' ? { default: entry } : entry;
}

tests.run();
live.run();
