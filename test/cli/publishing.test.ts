// The commands that publish, as a user runs them, over librdkafka's in-process cluster: apply, plan, drain, undrain, weight, remove.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reportStatus } from '../../host/fleet/reporter.js';
import type { Change } from '../../host/membership/event.js';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { backend, PaperBalancer, TOPIC, vip, WEB } from '../fleet/support.js';
import { until } from '../live/support/until.js';
import { bounded } from '../membership/support.js';
import { casesThatNeed } from '../support/optional.js';

const Commands = suite('cli/publishing');
const kafkaTest = await casesThatNeed(loadKafka(), Commands);

const MAIN = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const STATUS_TOPIC = 'balancer-status';
const FAST = ['--set', 'fetch.wait.max.ms=10'];
const [A, B] = [`${WEB}/10.0.1.9`, `${WEB}/10.0.1.10`];
const MEMBERS = `vips:\n  - { vip: ${WEB}, tableSize: 4099, backends: [10.0.1.9, 10.0.1.10, 10.0.1.11] }\n`;

interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

interface Shell {
  brokers: string[];
  /** The arguments that name the topic. */
  target: string[];
  /** Writes a members file; returns its path. */
  file(text: string): Promise<string>;
  run(...args: string[]): Promise<Ended>;
}

function withShell(body: (shell: Shell) => Promise<void>) {
  return bounded(60_000, async (signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const broker = await startEmbeddedBroker({ topics: [TOPIC, STATUS_TOPIC] });
    const target = ['--brokers', broker.brokers.join(','), '--topic', TOPIC, ...FAST];
    const call = (args: string[]): Promise<Ended> =>
      new Promise((resolve) => {
        execFile(process.execPath, [MAIN, ...args], { signal }, (error, stdout, stderr) =>
          resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
        );
      });
    try {
      await body({
        brokers: broker.brokers,
        target,
        file: async (text) => {
          const path = join(folder, 'members.yaml');
          await writeFile(path, text);
          return path;
        },
        run: (...args) => call([...args, ...target]),
      });
    } finally {
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

kafkaTest(
  'apply shows what it moves before it publishes; plan does the same and publishes nothing',
  withShell(async ({ run, file }) => {
    const first = await run('apply', await file(MEMBERS));
    assert.is(first.status, 0, first.stderr);
    assert.match(first.stdout, /^\+ tcp\/192\.0\.2\.80:80 tableSize 4099$/m);
    assert.match(first.stdout, /^tcp\/192\.0\.2\.80:80: added; 0 of 4099 slots move, 0\.00 %/m);
    assert.match(first.stdout, /^4 to put, 0 to remove: published$/m);
    assert.match((await run('apply', await file(MEMBERS))).stdout, /^nothing to publish: the topic says so already$/m);

    const smaller = await file(MEMBERS.replace('10.0.1.9, 10.0.1.10, ', ''));
    const planned = await run('plan', smaller, '--json');
    const [plan] = JSON.parse(planned.stdout);
    assert.equal([plan.vip, plan.change], [WEB, 'changed']);
    assert.ok(plan.slotsMoved >= 2732 && plan.slotsMoved <= 2734, `${plan.slotsMoved}`); // two thirds of 4099: all that is not its own

    const refused = await run('apply', smaller);
    assert.is(refused.status, 1);
    assert.match(
      refused.stdout,
      /^too large: tcp\/192\.0\.2\.80:80: 273\d of 4099 slots move, 66\.\d\d %: more than 60 %$/m,
    );
    assert.is(refused.stderr, 'maglev-dsr: nothing was published: --force publishes it all the same\n');
    assert.match((await run('apply', await file(MEMBERS), '--dry-run')).stdout, /^nothing to publish/m);
    assert.is((await run('apply', await file(MEMBERS.replace('10.0.1.9, 10.0.1.10, ', '')), '--force')).status, 0);
  }),
);

kafkaTest(
  'drain, undrain, weight and remove change one thing each, and say when it is so already',
  withShell(async ({ run, file }) => {
    await run('apply', await file(MEMBERS));
    assert.match((await run('drain', A, '--dry-run')).stdout, /^1 to put, 0 to remove: not published \(--dry-run\)$/m);
    const drained = await run('drain', A);
    assert.is(drained.status, 0, drained.stderr);
    assert.match(drained.stdout, /^~ tcp\/192\.0\.2\.80:80\/10\.0\.1\.9 state default -> draining$/m);
    assert.match((await run('drain', '--address', '10.0.1.9')).stdout, /^nothing to publish/m);

    const undrained = JSON.parse((await run('undrain', A, '--json')).stdout);
    assert.equal(
      [undrained.published, undrained.differences],
      [
        true,
        [
          {
            key: A,
            before: { vip: WEB, address: '10.0.1.9', state: 'draining' },
            after: { vip: WEB, address: '10.0.1.9' },
          },
        ],
      ],
    );
    assert.match((await run('weight', '3', A, B)).stdout, /^2 to put, 0 to remove: published$/m);
    assert.match((await run('weight', '0', A)).stdout, /weight 3 -> 0$/m);
    const zero = await run('undrain', A);
    assert.is(zero.status, 1);
    assert.match(
      zero.stderr,
      /10\.0\.1\.9 has weight 0, which is draining whatever its state: maglev-dsr weight gives it one/,
    );

    assert.match((await run('remove', A)).stdout, /^- tcp\/192\.0\.2\.80:80\/10\.0\.1\.9$/m);
    const gone = await run('drain', A);
    assert.equal([gone.status, gone.stderr], [1, `maglev-dsr: edit 1: ${A} is not in the topic\n`]);
    const all = await run('remove', WEB);
    assert.equal([all.status, /the VIP goes, with 2 backends/.test(all.stdout)], [1, true]);
    assert.match((await run('remove', WEB, '--force')).stdout, /^0 to put, 3 to remove: published$/m);
  }),
);

kafkaTest(
  'what cannot be done says so, and what to do',
  withShell(async ({ run, file }) => {
    await run('apply', await file(MEMBERS));
    const nothing = await run('drain');
    assert.equal([nothing.status, /nothing is named: expected keys such as/.test(nothing.stderr)], [1, true]);
    const nobody = await run('undrain', '--address', '10.0.1.77');
    assert.is(nobody.stderr, 'maglev-dsr: --address 10.0.1.77 is the address of no backend in the topic\n');
    const where = await run('drain', A, '--wait');
    assert.match(where.stderr, /--status-topic must be given, or a --kafka-config that names it/);
    assert.match((await run('weight', '70000', A)).stderr, /must be an integer of 0\.\.65535/);
    assert.match((await run('drain', A, '--max-move', '2')).stderr, /must be 0\.\.1/);
  }),
);

kafkaTest(
  'drain --wait returns when every balancer says that nothing is left, and not before',
  withShell(async ({ run, file, brokers, target }) => {
    await run('apply', await file(MEMBERS));
    const records: Change[] = [vip(), backend(9), backend(10), backend(11)];
    const everywhere = { topic: TOPIC, offsets: { 0: 1000, 1: 1000, 2: 1000, 3: 1000 } };
    const papers = [new PaperBalancer(), new PaperBalancer()];
    const reporters = papers.map((paper, i) =>
      reportStatus(paper, {
        ...{ brokers, statusTopic: STATUS_TOPIC, everyMs: 500, id: `lb${i + 1}` },
        librdkafka: { 'fetch.wait.max.ms': 10 },
      }),
    );
    try {
      for (const paper of papers) await paper.engine.apply(records, { position: everywhere });
      const args = ['drain', A, '--wait', '--wait-timeout', '30', '--status-topic', STATUS_TOPIC, ...target];
      const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text));
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      await until('both have flows', () => said.includes('0 of 2 drained; lb1 has flows on'), 20_000);

      const drain = async (paper: PaperBalancer): Promise<void> => {
        await paper.engine.apply([backend(9, { state: 'draining' })], { position: everywhere });
        paper.tick += 10_000; // longer than any flow lives
        await paper.engine.tend();
        paper.tick += 10_000;
        await paper.engine.tend();
      };
      await drain(papers[0] as PaperBalancer);
      await until('one of two', () => said.includes('1 of 2 drained; lb2 has flows on'), 20_000);
      assert.is(child.exitCode, null);
      await drain(papers[1] as PaperBalancer);
      assert.is(await ended, 0, said);
      assert.match(said, /drained: nothing is left on any balancer\n$/);

      // Nobody drains this one.
      const late = await run('drain', B, '--wait', '--wait-timeout', '1', '--status-topic', STATUS_TOPIC, '--force');
      assert.is(late.status, 2, late.stderr);
      assert.match(
        late.stdout,
        /^not drained: 0 of 2 drained; lb1 has flows on tcp\/192\.0\.2\.80:80\/10\.0\.1\.10, lb2 /m,
      );
    } finally {
      await Promise.all(reporters.map((reporter) => reporter.close()));
    }
  }),
);

Commands.run();
