// The network around a balancer changes: interfaces go down, come back, shrink and vanish; a backend changes its MAC address or has
// none; a ring overflows. All of it is told and counted, none of it ends the balancer.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Family, LabBackend, Topology } from '../../host/demo/lab/topology.js';
import { ringFrames, ringGeometry, SUPER_FRAME_BYTES } from '../../host/linux/index.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { type EmbeddedBalancer, EmbeddingProcess } from './support/embedded.js';
import { sendFrames, udpFrame } from './support/frames.js';
import { ECHO_PORT, echoVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';
import { type EchoOutcome, echo, startEchoServers } from './support/udp.js';
import { until } from './support/until.js';

const live = liveSuiteWith('live/links', CAPTURE_PROGRAMS);
const NEW_MAC = '02:00:00:00:0b:0b';
const DATAGRAMS = 20;

async function start(topology: Topology): Promise<EmbeddedBalancer> {
  const { balancer, balancerLinks } = topology;
  await startEchoServers(topology);
  const embedding = await EmbeddingProcess.start(balancer);
  return embedding.create('lb', { interfaces: balancerLinks.map((name) => ({ name })) }, [echoVip(topology)]);
}

async function play({ client, clientAddresses, vip }: Topology, bytes = 64): Promise<EchoOutcome> {
  const plan = { address: vip, localAddress: clientAddresses[0] as string, flows: DATAGRAMS, packetsPerFlow: 1, bytes };
  return echo(client, { ...plan, timeoutMs: 300 });
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: an interface goes down and comes back`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { lab, balancer: host, client, vip } = topology;
      if (family === 6) await host.sysctl({ 'net/ipv6/conf/eth0/keep_addr_on_down': 1 });
      const balancer = await start(topology);
      assert.is((await play(topology)).echoed, DATAGRAMS);
      await host.setLink('eth0', 'down');
      const down = await until('the link to be down', () => balancer.all('link').find(({ fields }) => !fields.isUp));
      assert.equal(down.fields, { interface: 'eth0', isUp: false, mtu: 1500, isRemoved: false });
      assert.is((await balancer.status()).interfaces[0]?.isUp, false);
      assert.is((await play(topology)).echoed, 0);

      const filter = family === 4 ? 'arp' : 'icmp6 and ip6[40] == 136';
      const capture = await Capture.start(lab, client, { direction: 'in', filter });
      await host.setLink('eth0', 'up');
      await until('the link to be up', () => balancer.all('link').at(-1)?.fields.isUp);
      await balancer.reachesAll();
      assert.is((await balancer.status()).interfaces[0]?.isUp, true);
      assert.is((await play(topology)).echoed, DATAGRAMS);
      assert.equal(balancer.all('error'), []);
      assert.is((await balancer.status()).workerRestarts, 0);
      // Announced again: the interface may be on another port of the switch now. arp: a request from the VIP for the VIP.
      const field = family === 4 ? 'arp.src.proto_ipv4' : 'icmpv6.nd.na.target_address';
      const unasked = family === 4 ? `arp.opcode == 1 && arp.dst.proto_ipv4 == ${vip}` : 'icmpv6.nd.na.flag.s == 0';
      const rows = await (await capture.stop()).rows([field, 'eth.src'], { filter: unasked });
      assert.ok(rows.filter(([address]) => address === vip).length >= 1, 'not announced again');
      await balancer.close();
    });
  });
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: a new MAC address of ours is announced, and answered from`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { balancer: host, client, vip } = topology;
      const balancer = await start(topology);
      assert.is((await play(topology)).echoed, DATAGRAMS);
      await sleep(1100); // an entry this young is not overwritten: net.ipv4.neigh.*.locktime, 1 s
      await host.ip(`link set dev eth0 address ${NEW_MAC}`);
      await until('the client to know', async () => {
        const { stdout } = await client.exec('ip', ['neighbour', 'show', vip]);
        return stdout.includes(NEW_MAC);
      });
      assert.is((await play(topology)).echoed, DATAGRAMS);
      assert.equal(balancer.all('error'), []);
      await balancer.close();
    });
  });
}

live('the MTU of the way to the backends shrinks: who sends too much is told, and fragments arrive', async () => {
  await withTopology('two-armed', {}, async (topology) => {
    const { balancer: host } = topology;
    const balancer = await start(topology);
    assert.is((await play(topology, 1472)).echoed, DATAGRAMS);
    await host.ip('link set dev eth1 mtu 1400');
    const { fields } = await until('the new MTU', () => balancer.all('link')[0]);
    assert.equal(fields, { interface: 'eth1', isUp: true, mtu: 1400, isRemoved: false });
    await sleep(300); // the ways to the backends are asked for again within 250 ms
    // Those it sent before it heard of it are lost; behind them its stack cuts datagrams itself.
    const { echoed } = await play(topology, 1472);
    const told = (await balancer.stats()).verdicts.REPLY_TOO_BIG ?? 0;
    assert.ok(told > 0, `${told} told`);
    assert.is(echoed, DATAGRAMS - told);
    assert.is((await play(topology, 1472)).echoed, DATAGRAMS);
    assert.is((await play(topology, 1372)).echoed, DATAGRAMS); // 1400 bytes of IP: as much as fits
    assert.is((await balancer.stats()).verdicts.REPLY_TOO_BIG, told);
    assert.equal(
      (await balancer.status()).interfaces.map(({ mtu }) => mtu),
      [1500, 1400],
    );
    await balancer.close();
  });
});

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: a backend that changes its MAC address is followed`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const backend = topology.backends[0] as LabBackend;
      // So that it tells the link of its new address, as a machine that took one over would.
      const notify = family === 4 ? 'net/ipv4/conf/eth0/arp_notify' : 'net/ipv6/conf/eth0/ndisc_notify';
      await backend.host.sysctl({ [notify]: 1 });
      const balancer = await start(topology);
      const old = await backend.host.mac('eth0');
      const macOf = async (): Promise<string | undefined> =>
        (await balancer.status()).vips[0]?.backends.find(({ address }) => address === backend.address)?.mac;
      assert.is(await macOf(), old);
      await sleep(1100); // an entry this young is not overwritten: net.ipv4.neigh.*.locktime, 1 s
      await backend.host.ip(`link set dev eth0 address ${NEW_MAC}`);
      await until('the new MAC address', async () => (await macOf()) === NEW_MAC);
      const told = balancer.all('neighbour').filter(({ fields }) => fields.backend === backend.address);
      assert.equal(told.at(-1)?.fields, { backend: backend.address, mac: NEW_MAC, problem: undefined });
      assert.is((await play(topology)).echoed, DATAGRAMS);
      await balancer.close();
    });
  });
}

live('a backend that does not answer, and one that no route leads to, are told and counted', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { balancer: host, balancerLinks, backends } = topology;
    await host.sysctl({ 'net/ipv4/neigh/eth0/retrans_time_ms': 100 }); // asks three times
    await startEchoServers(topology);
    const embedding = await EmbeddingProcess.start(host);
    const [silent, unrouted] = ['10.0.0.99', '192.168.77.1'] as [string, string];
    const vip = echoVip(topology, {
      backends: [{ address: backends[0]?.address ?? '' }, { address: silent }, { address: unrouted }],
    });
    const interfaces = balancerLinks.map((name) => ({ name }));
    const balancer = await embedding.create('lb', { interfaces }, [vip], { mustReach: false });
    await until('the silent one to be given up', async () => {
      const status = (await balancer.status()).vips[0]?.backends.find(({ address }) => address === silent);
      return status?.problem === `${silent} does not answer on eth0`;
    });
    const problems = (address: string): (string | undefined)[] =>
      balancer.all('neighbour').flatMap(({ fields }) => (fields.backend === address ? [fields.problem] : []));
    assert.is(problems(silent).at(-1), `${silent} does not answer on eth0`);
    const status = (await balancer.status()).vips[0]?.backends.find(({ address }) => address === unrouted);
    assert.is(status?.problem, `no route to ${unrouted}`);

    const { sent, echoed } = await play(topology);
    const { verdicts } = await balancer.stats();
    assert.is(verdicts.FORWARD_L2, echoed);
    assert.is(verdicts.DROP_NEXT_HOP_UNRESOLVED, sent - echoed);
    assert.ok(echoed > 0 && echoed < sent, `${echoed} of ${sent} echoed`);

    // Whoever has the address at last is found within the second that is between two questions.
    await backends[0]?.host.addAddress('eth0', `${silent}/24`);
    await until('the silent one to answer', () => problems(silent).at(-1) === undefined, 8000);
    await balancer.close();
  });
});

live('an interface that is removed is an event; the balancer goes on with the other', async () => {
  await withTopology('two-armed', {}, async (topology) => {
    const { balancer: host } = topology;
    const balancer = await start(topology);
    assert.is((await play(topology)).echoed, DATAGRAMS);
    await host.ip('link delete dev eth1');
    const removed = await until('the removal', () => balancer.all('link').find(({ fields }) => fields.isRemoved));
    assert.equal(removed.fields, { interface: 'eth1', isUp: false, mtu: 1500, isRemoved: true });
    await sleep(300);
    assert.is((await play(topology)).echoed, 0);
    const { verdicts } = await balancer.stats();
    assert.is((verdicts.DROP_EGRESS_DOWN ?? 0) + (verdicts.DROP_NEXT_HOP_UNRESOLVED ?? 0), DATAGRAMS);
    assert.equal(
      (await balancer.status()).interfaces.map(({ name, isUp }) => [name, isUp]),
      [
        ['eth0', true],
        ['eth1', false],
      ],
    );
    assert.is((await balancer.status()).workerRestarts, 0);
    assert.equal(balancer.all('error'), []);
    await balancer.close();
  });
});

live('frames that find the receive ring full are counted as lost', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { balancer: host, client, clientAddresses, vip } = topology;
    const rxFrames = 16;
    const held = ringFrames(ringGeometry({ frames: rxFrames, frameBytes: SUPER_FRAME_BYTES })); // whole blocks of them
    const flood = 500;
    const embedding = await EmbeddingProcess.start(host);
    const balancer = await embedding.create('lb', { interfaces: [{ name: 'eth0', rxFrames }] }, [echoVip(topology)]);
    const [sourceMac, destinationMac] = await Promise.all([client.mac('eth0'), host.mac('eth0')]);
    const ends = { sourceMac, destinationMac, source: clientAddresses[0] as string, destination: vip };
    const frame = udpFrame(ends, 20_000, ECHO_PORT, new Uint8Array(32));

    embedding.program.child.kill('SIGSTOP'); // so that nobody empties the ring
    await sendFrames(client, [frame], { times: flood });
    embedding.program.child.kill('SIGCONT');
    await until('the ring to be emptied', async () => ((await balancer.stats()).verdicts.FORWARD_L2 ?? 0) > 0);
    await sleep(100);
    const forwarded = (await balancer.stats()).verdicts.FORWARD_L2 ?? 0;
    const lost = (await balancer.status()).interfaces[0]?.lostBelow ?? 0;
    console.log(`a ring of ${held}: ${forwarded} of ${flood} frames forwarded, ${lost} lost below`);
    // Nothing else comes meanwhile, but for a question for a MAC address or two.
    assert.ok(held >= rxFrames && forwarded <= held && forwarded >= held - 2, `${forwarded} forwarded`);
    assert.ok(lost >= flood - forwarded && lost <= flood - forwarded + 2, `${lost} lost, ${forwarded} forwarded`);
    await balancer.close();
  });
});

live.run();
