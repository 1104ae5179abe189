// `maglev-dsr bench` as a user calls it: what it writes, and what it says to options that break their rule. No number that was
// measured is judged here.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const MODULE = new URL('../../host/cli/bench.js', import.meta.url).href;
// As main.ts does it, but for the one command: the others are not under test.
const PROGRAM = `
  import { benchCommand } from ${JSON.stringify(MODULE)};
  try { await benchCommand().parseAsync(process.argv.slice(1), { from: 'user' }); }
  catch (error) { process.stderr.write(error.code + ': ' + error.message + '\\n'); process.exitCode = 1; }`;

const SHORT = [
  '--time',
  '10',
  '--rounds',
  '2',
  '--flows',
  '500',
  '--backends',
  '5',
  '--table-size',
  '251',
  '--batch',
  '32',
];

function bench(args: string[], env: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, '--', ...args], {
    encoding: 'utf8',
    env,
    timeout: 120_000,
  });
}

interface Written {
  machine: Record<string, unknown>;
  results: Record<string, unknown>[];
}

const Command = suite('cli/bench');
let folder = '';
Command.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-test-'));
});
Command.after(() => rmSync(folder, { recursive: true, force: true }));

Command('writes machine and results, and nothing else, as JSON', () => {
  const file = join(folder, 'bench.json');
  const { status, stderr } = bench([
    ...SHORT,
    ...['core.ipip4.stateless', 'core.ipip4.tracked', 'table.build.251'].flatMap((name) => ['--only', name]),
    '--json',
    file,
  ]);
  assert.is(status, 0, stderr);
  const written = JSON.parse(readFileSync(file, 'utf8')) as Written;
  assert.equal(Object.keys(written), ['machine', 'results']);
  assert.is(written.machine.node, process.version);
  assert.is((written.machine.parameters as Record<string, unknown>).flows, 500);
  const fields = ['name', 'unit', 'ours', 'scalarC', 'batchedC', 'ratioScalar', 'ratioBatched'];
  for (const result of written.results) assert.equal(Object.keys(result), fields);
  assert.equal(
    written.results.map(({ name, unit }) => `${name} ${unit}`),
    [
      'core.ipip4.stateless ns/frame',
      'core.ipip4.tracked ns/frame',
      'core.ipip4.stateless.jhash ns/frame',
      'table.build.251 ms',
    ],
  );
  for (const { ours } of written.results) assert.ok(Number(ours) > 0);
});

Command('Zipf traffic has the stateless path beside it, and what the ratio is to be below', () => {
  const file = join(folder, 'zipf.json');
  const { status, stdout, stderr } = bench([...SHORT, '--only', 'core.default.zipf', '--json', file], { PATH: folder });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^ {2}ours \/ ours, stateless +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3} {2}(NOT )?below 1\.5$/m);
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  assert.equal(Object.keys(results[0] ?? {}).slice(-3), ['stateless', 'ratioStateless', 'aimStateless']);
  const { stateless, ratioStateless, aimStateless } = results[0] ?? {};
  assert.is(aimStateless, 1.5);
  assert.ok(Number(stateless) > 0 && Number(ratioStateless) > 0);
});

Command('without a compiler measures ours, and says what is missing', () => {
  const file = join(folder, 'alone.json');
  const { status, stdout, stderr } = bench([...SHORT, '--only', 'core.l2.stateless', '--json', file], {
    PATH: folder,
  });
  assert.is(status, 0, stderr);
  assert.match(stderr, /no C to compare with: gcc --version: ENOENT; apt-get install build-essential/);
  assert.match(stdout, /^core\.l2\.stateless +min +median +max\n {2}ours, ns\/frame/);
  const { machine, results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  assert.is(machine.compiler, null);
  const { ours, ...twins } = results[0] as Record<string, unknown>;
  assert.type(ours, 'number');
  const name = 'core.l2.stateless';
  assert.equal(twins, { name, unit: 'ns/frame', scalarC: null, batchedC: null, ratioScalar: null, ratioBatched: null });
});

Command('memory: eight bytes a flow, two a slot', () => {
  const file = join(folder, 'memory.json');
  const { status, stderr } = bench(['--only', 'memory', '--json', file]);
  assert.is(status, 0, stderr);
  const { results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  const bytes = new Map(results.map(({ name, ours }) => [name, Number(ours)]));
  assert.is(bytes.get('memory.flow'), 8);
  assert.is(bytes.get('memory.table.65537'), Math.ceil((2 * 65_537) / 64) * 64);
  assert.is(bytes.get('memory.table.655373'), Math.ceil((2 * 655_373) / 64) * 64);
  // Every slot tracked: 16 bytes in a map that is at most half full, of a power of two of entries.
  assert.is(bytes.get('memory.tracks.65537'), 16 * 2 ** 18);
  // Eight places a bucket, eight flows a bucket on average, by Poisson's law: 6.884 of them are kept, 86.04 %.
  assert.ok(Math.abs((bytes.get('memory.flow.full') ?? 0) - 8 / 0.8604) < 0.05, `${bytes.get('memory.flow.full')}`);
});

Command('a study by its name: figures beside what they are to be below, and no C', () => {
  const [file, temporary] = [join(folder, 'start.json'), mkdtempSync(join(folder, 'tmp-'))];
  const args = ['--only', 'membership.start', '--rounds', '1', '--json', file];
  const { status, stdout, stderr } = bench(args, { ...process.env, TMPDIR: temporary });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^membership\.start\.state, ms +\d+\.\d{3} +\d+\.\d{3} +\d+\.\d{3} {2}(NOT )?below 100\n/);
  const { machine, results } = JSON.parse(readFileSync(file, 'utf8')) as Written;
  assert.is(machine.compiler, null);
  const names = results.map(({ name, unit, aim }) => `${name} ${unit} ${aim}`);
  assert.equal(names.slice(0, 4), [
    'membership.start.state ms 100',
    'membership.start.first ms 200',
    'membership.start.all ms 3000',
    'membership.start.memory MiB undefined',
  ]);
  const isLive = names.length > 4;
  if (isLive) assert.equal(names.slice(4), ['membership.start.live.first ms 200', 'membership.start.live.all ms 3000']);
  else assert.match(stderr, /membership\.start\.live: left out: /);
  assert.equal(readdirSync(temporary), []);
});

Command('leaves no file behind in the folder for temporary files', () => {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const { status, stderr } = bench([...SHORT, '--only', 'core.ipip6.stateless'], { ...process.env, TMPDIR: temporary });
  assert.is(status, 0, stderr);
  assert.equal(readdirSync(temporary), []);
});

for (const [args, message] of [
  [['--flows', '0'], 'ERR_OPTION: --flows "0" must be an integer of 1..4194304'],
  [['--frame-size', '61'], 'ERR_OPTION: --frame-size "61" must be an integer of 62..9000'],
  [['--time', 'long'], 'ERR_OPTION: --time "long" must be an integer of 10..600000'],
  [['--table-size', '65536'], 'ERR_OPTION: --table-size 65536 must be a prime, such as 65537'],
  [['--vips', '100', '--backends', '1000'], 'ERR_OPTION: --backends 1000 times --vips 100 must be 32767 at most'],
  [['--only', 'core.ipv4'], 'ERR_OPTION: --only "core.ipv4" must be the beginning of one of core.ipip4.stateless, '],
] as const) {
  Command(`refuses ${args.join(' ')}`, () => {
    const { status, stdout, stderr } = bench([...args]);
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.ok(stderr.startsWith(message), stderr);
  });
}

Command('refuses an encapsulation there is none of, before anything is measured', () => {
  const { status, stderr } = bench(['--encap', 'vxlan']);
  assert.is(status, 1);
  assert.match(stderr, /argument 'vxlan' is invalid\. Allowed choices are l2, ipip, gue, gre\./);
});

Command('refuses a file it could not write, before measuring', () => {
  const file = join(folder, 'no', 'such', 'folder.json');
  const { status, stdout, stderr } = bench([...SHORT, '--json', file]);
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(stderr, /^ERR_OPTION: --json ".*folder\.json" must be in a folder that we may write to: ENOENT/);
  assert.not(existsSync(file));
});
Command.run();
