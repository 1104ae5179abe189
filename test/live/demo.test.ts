// The demo as its user starts it: all promises hold, and with tracking `none` connections break, so that we know it can fail.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { liveSuite, withLab } from './lab.js';

const COMMAND = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const live = liveSuite('live/demo');

interface Figures {
  isEveryPromiseHeld: boolean;
  web: { connections: number; requests: number; failedUnexcused: number };
  keepAlive: { connections: number; failedUnexcused: number };
  bulk: { balancer: { bodyBytes: number; share: number }; proxy: { share: number } };
}

/** Kafka where node-rdkafka is compiled for this Node. */
function membership(): string {
  try {
    createRequire(import.meta.url)('node-rdkafka');
    return 'kafka';
  } catch (error) {
    console.log(`the demo takes its membership from a file: ${(error as Error).message.split('\n')[0]}`);
    return 'file';
  }
}

/** Runs the demo for as short as it goes; its exit code and figures. */
async function demo(...args: string[]): Promise<{ exitCode: number; output: string; figures: Figures }> {
  let outcome = { exitCode: -1, output: '', figures: {} as Figures };
  await withLab(async ({ directory }) => {
    const file = join(directory, 'demo.json');
    const all = [COMMAND, 'demo', '--quiet', '--duration', '14', '--membership', membership(), '--json', file, ...args];
    const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [exitCode] = (await once(child, 'close')) as [number];
    const figures = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Figures;
    outcome = { exitCode, output, figures };
  });
  return outcome;
}

live('every promise holds', async () => {
  const { exitCode, output, figures } = await demo();
  assert.is(exitCode, 0, output);
  assert.ok(figures.isEveryPromiseHeld);
  assert.ok(figures.web.requests >= 2000 && figures.web.connections >= 1000);
  assert.is(figures.keepAlive.connections, 20);
  assert.is(figures.web.failedUnexcused + figures.keepAlive.failedUnexcused, 0);
  assert.is(figures.bulk.balancer.bodyBytes, 300_000_000);
  assert.ok(figures.bulk.balancer.share > 0 && figures.bulk.balancer.share < 0.05);
  assert.ok(figures.bulk.proxy.share > 1.9, 'all of it goes through a proxy, in and out');
});

live('without tracking, kept connections break: exit code 1', async () => {
  const { exitCode, output, figures } = await demo('--tracking', 'none');
  assert.is(exitCode, 1, output);
  assert.not.ok(figures.isEveryPromiseHeld);
  assert.ok(figures.keepAlive.failedUnexcused > 0, output);
});

live.run();
