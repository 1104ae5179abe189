// One balancer an interface, and several in one process: a second one on the same interface is refused by name, one on another
// interface disturbs nothing.
import * as assert from 'uvu/assert';
import type { Topology } from '../../host/demo/lab/topology.js';
import { liveSuite, withTopology } from './lab.js';
import { CommandBalancer, failedRun } from './support/commandBalancer.js';
import { EmbeddingProcess } from './support/embedded.js';
import { echoVip } from './support/members.js';
import { echo, startEchoServers, startPacedEcho } from './support/udp.js';
import { rejection, until } from './support/until.js';

const live = liveSuite('live/instances');
const ROUNDS = 3;

live('a second balancer on eth0 is refused, and says whose it is', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { balancer: host, client, clientAddresses, vip } = topology;
    await startEchoServers(topology);
    const first = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
    const expected = `eth0 is already balanced by pid ${first.child.pid}`;

    const { exitCode, stderr } = await failedRun(topology);
    assert.is(exitCode, 1);
    assert.is(stderr.trim().split('\n').at(-1), `maglev-dsr: ${expected}`);
    const embedding = await EmbeddingProcess.start(host);
    const error = await rejection(embedding.create('second', { interfaces: [{ name: 'eth0' }] }, []));
    assert.equal([error.code, error.message], ['ERR_BUSY', expected]);

    const { echoed, wrong } = await echo(client, { address: vip, localAddress: clientAddresses[0] as string });
    assert.equal([echoed, wrong], [200, 0]); // once each: there is one tap
    assert.is((await first.stats()).verdicts.FORWARD_L2, 200);
    await first.stop();

    const next = await embedding.create('next', { interfaces: [{ name: 'eth0' }] }, [echoVip(topology)]);
    const again = await rejection(embedding.create('again', { interfaces: [{ name: 'eth0' }] }, []));
    assert.equal(
      [again.code, again.message],
      ['ERR_BUSY', `eth0 is already balanced by this process (pid ${embedding.program.child.pid})`],
    );
    await next.close();
  });
});

/** Gives the balancer host a second interface on the same segment. */
async function addInterface({ lab, balancer }: Topology): Promise<string> {
  return lab.connect(balancer, 'clients', { addresses: ['10.0.0.3/24'] });
}

live('a second instance that starts and stops while the first forwards disturbs nothing', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { balancer: host, vip } = topology;
    await startEchoServers(topology);
    const link = await addInterface(topology);
    const embedding = await EmbeddingProcess.start(host);
    const first = await embedding.create('first', { interfaces: [{ name: 'eth0' }] }, [echoVip(topology)]);
    const digest = await first.digest(`udp/${vip}:9000`);
    const load = startPacedEcho(topology, { players: 10, packetsPerSecond: 100 });
    await until('echoes', () => load.progress.received > 100);

    // The same records in another order: another memory, the same table. It announces nothing: the VIP stays where it is.
    const [record] = [echoVip(topology)];
    const reversed = { ...record, backends: [...(record?.backends ?? [])].reverse() } as typeof record;
    for (let round = 0; round < ROUNDS; round++) {
      const options = { interfaces: [{ name: link, workers: 2 }], announce: 'none' as const };
      const second = await embedding.create('second', options, [reversed], { mustReach: false });
      assert.is(await second.digest(`udp/${vip}:9000`), digest);
      assert.is((await second.stats()).verdicts.FORWARD_L2, 0);
      await second.close();
    }
    const players = await load.stop();
    const sent = players.reduce((sum, player) => sum + player.sent, 0);
    assert.ok(sent > 500, `${sent} datagrams sent`);
    assert.is(
      players.reduce((sum, player) => sum + player.received, 0),
      sent,
    );
    assert.equal([...new Set(players.map(({ backends }) => backends.length))], [1]);
    const { verdicts } = await first.stats();
    assert.is(verdicts.FORWARD_L2, sent);
    assert.is((await first.status()).interfaces[0]?.lostBelow, 0);
    await first.close();
  });
});

live.run();
