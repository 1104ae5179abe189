// Two packet workers on one interface: the kernel spreads flows over both, nothing is lost or doubled, and what one has learnt
// of a flow the other knows.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Topology } from '../../host/demo/lab/topology.js';
import { liveSuite, withTopology } from './lab.js';
import { EmbeddingProcess } from './support/embedded.js';
import { changesOf, echoVip, type FileVip } from './support/members.js';
import { echo, startEchoServers, startPacedEcho } from './support/udp.js';
import { until } from './support/until.js';

const live = liveSuite('live/fanout');
const FLOWS = 64;
const PER_FLOW = 25;
const PLAYERS = 24;
const LEARN_MS = 1000;

live('both workers forward, each datagram once', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer: host, client, clientAddresses, vip } = topology;
    const tally = join(lab.directory, 'tally');
    await startEchoServers(topology);
    const embedding = await EmbeddingProcess.start(host, { TALLY_FILE: tally });
    const options = { interfaces: [{ name: 'eth0', workers: 2 }], workerFile: './tallyingWorker.js' };
    const balancer = await embedding.create('lb', options, [echoVip(topology, { tracking: 'all' })]);

    const plan = { address: vip, localAddress: clientAddresses[0] as string, flows: FLOWS, packetsPerFlow: PER_FLOW };
    const outcome = await echo(client, plan);
    const all = FLOWS * PER_FLOW;
    assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [all, all, 0]);
    const { verdicts, events } = await balancer.stats();
    assert.is(verdicts.FORWARD_L2, all);
    // One table for both: a flow is entered once, whoever meets it, and found ever after.
    assert.equal([events.flowMissUdp, events.flowHit], [FLOWS, all - FLOWS]);
    await balancer.close();
    const lines = (await readFile(tally, 'utf8')).trim().split('\n').sort();
    const shares = lines.map((line) => Number(line.split(' ')[1]));
    assert.is(shares.length, 2);
    assert.is((shares[0] ?? 0) + (shares[1] ?? 0), all);
    // Of 64 flows: 32, and five standard deviations of 4 to each side.
    for (const share of shares) assert.ok(share >= 12 * PER_FLOW, `workers forwarded ${shares.join(' and ')}`);
  });
});

/** The echo VIP with the first `count` backends. */
function members(topology: Topology, count: number): FileVip[] {
  const backends = topology.backends.slice(0, count).map(({ address }) => ({ address }));
  return [echoVip(topology, { tracking: 'all', backends })];
}

live('flows that one worker learnt keep their backends on the other', async () => {
  await withTopology('one-armed', { backendCount: 3 }, async (topology) => {
    const { lab, balancer: host } = topology;
    const file = join(lab.directory, 'die');
    await startEchoServers(topology);
    const embedding = await EmbeddingProcess.start(host, { DYING_WORKER_FILE: file });
    const interfaces = [{ name: 'eth0', workers: 2 }];
    const options = { interfaces, workerFile: './dyingWorker.js', udpLearnMs: LEARN_MS };
    const balancer = await embedding.create('lb', options, members(topology, 2));
    const load = startPacedEcho(topology, { players: PLAYERS, packetsPerSecond: 40 });
    await until('echoes', () => load.progress.received > 2 * PLAYERS);

    const { slotsMoved } = await balancer.apply(changesOf(members(topology, 3)));
    assert.ok(slotsMoved >= 1366, `${slotsMoved} slots moved`); // a third of 4099
    // When the learning window is over, only the flow table knows who was where.
    await sleep(LEARN_MS + 600);
    await writeFile(file, '');
    await until('a worker to die', () => balancer.all('workerRestart')[0]);
    await sleep(600);
    const players = await load.stop();
    assert.equal(
      players.map(({ backends }) => backends.length),
      new Array(PLAYERS).fill(1),
    );
    const names = [...new Set(players.flatMap(({ backends }) => backends.map(({ name }) => name)))].sort();
    assert.equal(names, ['backend1', 'backend2']);

    // A flow that nobody has seen does go to the new one: the test can tell the difference.
    const plan = {
      address: topology.vip,
      localAddress: topology.clientAddresses[0] as string,
      flows: 32,
      packetsPerFlow: 1,
    };
    assert.ok((await echo(topology.client, plan)).backends.includes('backend3'));
    await balancer.close();
  });
});

live.run();
