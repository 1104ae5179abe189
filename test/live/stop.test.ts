// However the balancer ends, while traffic flows: nothing is left of it, and a new one forwards at once. A packet worker that
// dies is started again, and its share of the frames is not lost meanwhile.
import { readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { tryOnce } from './support/curl.js';
import { EmbeddingProcess } from './support/embedded.js';
import { openKeepAlives } from './support/httpLoad.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { startEchoServers, startPacedEcho } from './support/udp.js';
import { until } from './support/until.js';

const live = liveSuiteWith('live/stop', ['curl']);
const RESTART_MS_MAX = 3000;
const STOP_MS_MAX = 1000;
const KEEP_ALIVES = 20;

/** What a balancer leaves or holds on a host: nft tables, processes, packet sockets, locks. */
async function traces(host: LabHost): Promise<{ tables: string; processes: number; packets: number; locks: number }> {
  const { stdout: tables } = await host.exec('nft', ['list', 'tables']);
  const { stdout: packets } = await host.exec('cat', ['/proc/net/packet']);
  const { stdout: sockets } = await host.exec('cat', ['/proc/net/unix']);
  const namespace = readlinkSync(`/proc/${host.pid}/ns/net`);
  return {
    tables: tables.trim(),
    processes: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(pid) === namespace).length,
    packets: packets.trim().split('\n').length - 1, // a line of headings
    locks: sockets.split('\n').filter((line) => line.includes('@maglev-dsr/interface')).length,
  };
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch (error) {
    // It ended while we looked, or is somebody else's: not in our namespace.
    if (error instanceof Error && /ENOENT|ESRCH|EACCES/.test(error.message)) return undefined;
    throw error;
  }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
  live(`${signal} while traffic flows: nothing is left, and a new start forwards at once`, async () => {
    await withTopology('one-armed', {}, async (topology) => {
      const { balancer: host, client, vip } = topology;
      await startEchoServers(topology);
      const bare = await traces(host);
      const first = await CommandBalancer.start(topology, { members: [webVip(topology)] });
      const running = await traces(host);
      assert.match(running.tables, /^table netdev maglev-dsr-\d+-1$/);
      assert.equal([running.processes - bare.processes, running.packets, running.locks], [2, 1, 1]); // node and nft; a worker's socket
      const load = await openKeepAlives(topology, KEEP_ALIVES);

      const { end, ms } = await first.stop(signal);
      assert.is(end, signal === 'SIGKILL' ? 'SIGKILL' : 0);
      assert.ok(ms < STOP_MS_MAX, `stopping took ${ms} ms`);
      await until('nft to end', async () => (await traces(host)).processes === bare.processes, 1000);
      assert.equal(await traces(host), bare);

      const second = await CommandBalancer.launch(topology, { members: [webVip(topology)] });
      await until('an answer', async () => (await tryOnce(client, vip, { timeoutMs: 100 })).exitCode === 0, 8000);
      const againMs = performance.now() - second.startedAt;
      console.log(
        `${signal}: stopped in ${ms.toFixed(0)} ms, forwarding again ${againMs.toFixed(0)} ms after the start`,
      );
      assert.ok(againMs < RESTART_MS_MAX, `forwarding again after ${againMs} ms`);
      const { requests } = load.progress;
      await until('requests again', () => load.progress.requests > requests + KEEP_ALIVES);
      await load.stop();
      // The table is a function of the records: every connection finds its backend again.
      assert.equal(
        load.connections.map(({ failure, backends }) => failure ?? backends.length),
        new Array(KEEP_ALIVES).fill(1),
      );
      await second.stop();
    });
  });
}

live('closing a balancer in a living process leaves nothing, quickly', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { balancer: host } = topology;
    await startEchoServers(topology);
    const embedding = await EmbeddingProcess.start(host);
    const bare = await traces(host);
    const balancer = await embedding.create('lb', { interfaces: [{ name: 'eth0', workers: 2 }] }, [echoVip(topology)]);
    const load = startPacedEcho(topology, { players: 10, packetsPerSecond: 100 });
    await until('echoes', () => load.progress.received > 100);
    const startedAt = performance.now();
    await balancer.close();
    const ms = performance.now() - startedAt;
    console.log(`close() of 2 workers under load took ${ms.toFixed(0)} ms`);
    assert.ok(ms < STOP_MS_MAX, `close() took ${ms} ms`);
    assert.equal(await traces(host), bare);
    await load.stop();
  });
});

live('a worker that dies is started again; its flows go to the other one meanwhile', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer: host } = topology;
    const file = join(lab.directory, 'die');
    await startEchoServers(topology);
    const embedding = await EmbeddingProcess.start(host, { DYING_WORKER_FILE: file });
    const options = { interfaces: [{ name: 'eth0', workers: 2 }], workerFile: './dyingWorker.js' };
    const balancer = await embedding.create('lb', options, [echoVip(topology)]);
    const before = (await traces(host)).packets;
    assert.is(before, 2); // a socket a worker
    const load = startPacedEcho(topology, { players: 20, packetsPerSecond: 50 });
    await until('echoes', () => load.progress.received > 100);

    await writeFile(file, '');
    const died = await until('a restart', () => balancer.all('workerRestart')[0]);
    assert.match(died.fields.reason, /this worker was told to die/);
    assert.is(died.fields.interface, 'eth0');
    assert.is(died.packetSockets, 1); // its socket has left, before it is started again
    await until('both sockets', async () => (await traces(host)).packets === 2);
    await sleep(500);
    const players = await load.stop();

    const status = await balancer.status();
    assert.is(status.workerRestarts, 1);
    assert.is(balancer.all('workerRestart').length, 1);
    assert.equal(balancer.all('error'), []);
    const sent = players.reduce((sum, player) => sum + player.sent, 0);
    const lostAt = players.flatMap((player) => player.lostAt);
    console.log(`${lostAt.length} of ${sent} datagrams lost with the worker`);
    // What stood in its ring is lost: 1000 packets/s for as long as it takes to notice, 100 ms at the very most.
    assert.ok(lostAt.length <= 100, `${lostAt.length} lost`);
    assert.equal(
      lostAt.filter((at) => at > died.at + 20),
      [],
    );
    assert.equal([...new Set(players.map(({ backends }) => backends.length))], [1]);
    await balancer.close();
  });
});

live.run();
