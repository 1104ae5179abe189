// Membership changes while connections live: who joins breaks nothing, who drains keeps its connections, who is down loses them
// at once, and a VIP that goes is the host's own again. All through a members file, as an operator would.
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Topology } from '../../host/demo/lab/topology.js';
import type { Tracking } from '../../host/membership/event.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { tryOnce } from './support/curl.js';
import { countBackends, openKeepAlives, total, visit } from './support/httpLoad.js';
import { type FileVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { startEchoServers } from './support/udp.js';
import { until } from './support/until.js';

const live = liveSuiteWith('live/membership', ['curl']);
const KEEP_ALIVES = 20;
const VISITS = 60;
/** The shortest there is: a drained backend is to be told of while we wait. */
const FLOW = { tcpIdleTimeoutMs: 1000 };
const DRAINED_MS_MAX = 6000;
/** Some six requests of every keep-alive connection. */
const LIVE_ON_MS = 600;
/** Requests of all keep-alive connections together: at least six of each. */
const ASK_ON = 6 * KEEP_ALIVES;

/** The web VIP with backend n in state `states[n]`; those without a state are not in it. */
function members(topology: Topology, states: string[], tracking: Tracking = 'changed'): FileVip[] {
  const backends = topology.backends.flatMap(({ address }, i) => {
    const state = states[i] as 'active' | 'draining' | 'down' | undefined;
    return state === undefined ? [] : [{ address, state }];
  });
  return [webVip(topology, { tracking, backends })];
}

async function start(topology: Topology, vips: FileVip[]): Promise<CommandBalancer> {
  await startEchoServers(topology);
  return CommandBalancer.start(topology, { members: vips, config: { flow: FLOW } });
}

live('a backend joins, another drains: no connection breaks', async () => {
  await withTopology('one-armed', { backendCount: 3 }, async (topology) => {
    const balancer = await start(topology, members(topology, ['active', 'active']));
    const load = await openKeepAlives(topology, KEEP_ALIVES);

    const joined = await balancer.publish(members(topology, ['active', 'active', 'active']));
    await balancer.reaches(topology.backends[2]?.address ?? '');
    // A third of 4099 slots, weights exact to a slot, and a few more that Maglev moves between the two others.
    assert.ok(joined.slotsMoved >= 1366 && joined.slotsMoved < 2100, `${joined.slotsMoved} slots moved`);
    const joinedCounts = countBackends(await visit(topology, VISITS, 21_000));
    assert.equal(Object.keys(joinedCounts), ['backend1', 'backend2', 'backend3']);
    await sleep(LIVE_ON_MS);
    assert.is(load.progress.failures, 0);

    await balancer.publish(members(topology, ['draining', 'active', 'active']));
    const { requests } = load.progress;
    const drainingCounts = countBackends(await visit(topology, VISITS, 22_000));
    assert.equal(Object.keys(drainingCounts), ['backend2', 'backend3']);
    assert.is(total(drainingCounts), VISITS);
    await sleep(LIVE_ON_MS);
    assert.is(load.progress.failures, 0);
    assert.ok(load.progress.requests >= requests + 2 * KEEP_ALIVES, 'keep-alive connections have come to a halt');
    assert.equal(balancer.all('drained'), []);

    await load.stop();
    const counts = countBackends(load.connections);
    assert.equal(Object.keys(counts), ['backend1', 'backend2'], 'all were opened before backend3 joined');
    assert.is(total(counts), KEEP_ALIVES);
    const backend = topology.backends[0]?.address;
    const drained = await balancer.until('backend1 to be drained', () => balancer.all('drained')[0], DRAINED_MS_MAX);
    assert.is(drained.backend, backend);
    const { status } = await balancer.stats();
    assert.is(status.vips[0]?.backends.find(({ address }) => address === backend)?.isDrained, true);
    await balancer.stop();
  });
});

live('a backend rises in slow start: steps come by themselves, and no connection breaks', async () => {
  await withTopology('one-armed', { backendCount: 3 }, async (topology) => {
    const balancer = await start(topology, members(topology, ['active', 'active']));
    const load = await openKeepAlives(topology, KEEP_ALIVES);
    const [web] = members(topology, ['active', 'active', 'active']) as [FileVip];
    const [first, second, third] = web.backends;
    const address = topology.backends[2]?.address;
    const rising = [{ ...web, backends: [first, second, { ...third, slowStart: { seconds: 3 } }] }] as FileVip[];
    const began = await balancer.publish(rising);
    // A tenth of its weight, or two when a full second is over already: 1 of 21, 2 of 22; and what moves between the others.
    assert.ok(began.slotsMoved >= 195 && began.slotsMoved < 600, `${began.slotsMoved} slots moved`);
    const backendNow = async () =>
      (await balancer.stats()).status.vips[0]?.backends.find((each) => each.address === address);
    let now = await backendNow();
    assert.ok((now?.slowStartStep ?? 10) < 10, `step ${now?.slowStartStep}`);
    const isWhole = async () => {
      now = await backendNow();
      return now?.slowStartStep === undefined;
    };
    await until('its whole weight', isWhole, 10_000);
    assert.ok(Math.abs((now?.slots ?? 0) - 4099 / 3) < 1, `${now?.slots} slots`);
    const counts = countBackends(await visit(topology, VISITS, 21_000));
    assert.equal(Object.keys(counts), ['backend1', 'backend2', 'backend3']);
    await load.stop();
    assert.is(load.progress.failures, 0);
    await balancer.stop();
  });
});

live('tracking none: the same addition breaks connections', async () => {
  await withTopology('one-armed', { backendCount: 3 }, async (topology) => {
    const balancer = await start(topology, members(topology, ['active', 'active'], 'none'));
    const load = await openKeepAlives(topology, KEEP_ALIVES);
    await balancer.publish(members(topology, ['active', 'active', 'active'], 'none'));
    await balancer.reaches(topology.backends[2]?.address ?? '');
    await sleep(LIVE_ON_MS);
    await load.stop();
    const broken = load.connections.filter(({ failure }) => failure !== undefined).length;
    console.log(`tracking none: ${broken} of ${KEEP_ALIVES} connections broke`);
    // A third of the slots moved: none of 20 connections on one of them would be one case in 3,300.
    assert.ok(broken >= 1, 'no connection broke');
    await balancer.stop();
  });
});

live('a backend that is down loses its flows at once, the others keep theirs', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const balancer = await start(topology, members(topology, ['active', 'active']));
    const before = countBackends(await visit(topology, VISITS, 21_000));
    assert.equal(Object.keys(before), ['backend1', 'backend2']);
    const load = await openKeepAlives(topology, KEEP_ALIVES);
    await balancer.publish(members(topology, ['down', 'active']));
    const atOnce = await balancer.stats();
    const requests = load.progress.requests;
    assert.equal(countBackends(await visit(topology, VISITS, 22_000)), { backend2: VISITS });
    // Counted in requests, not in time: a machine that stalls for a second must not end the load before its next request.
    await until('the connections that live on to ask again', () => load.progress.requests >= requests + ASK_ON);
    await load.stop();

    const moved = load.connections.filter(({ backends: [first] }) => first === 'backend1');
    const kept = load.connections.filter(({ backends: [first] }) => first === 'backend2');
    assert.is(moved.length + kept.length, KEEP_ALIVES);
    assert.ok(moved.length > 0 && kept.length > 0, `${moved.length} on backend1, ${kept.length} on backend2`);
    // backend2 knows nothing of them and says so: a reset at their next request.
    for (const { failure } of moved) {
      assert.match(failure ?? 'no failure', /ECONNRESET/, `a connection to the backend that is down: ${failure}`);
    }
    for (const { failure } of kept) assert.is(failure, undefined);
    // At once: not one frame went to it from the moment the publication was done.
    const atBackend1 = Object.entries(atOnce.backends).find(([key]) =>
      key.endsWith(`/${topology.backends[0]?.address}`),
    );
    assert.ok(atBackend1 !== undefined && atBackend1[1].packets > 0);
    const later = await balancer.stats();
    assert.is(later.backends[atBackend1[0]]?.packets, atBackend1[1].packets, 'frames still go to the dead backend');
    await balancer.stop();
  });
});

live('a VIP that is removed is the host’s own again', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { balancer: host, client, vip } = topology;
    await host.addAddress('lo', `${vip}/32`);
    const balancer = await start(topology, members(topology, ['active', 'active']));
    assert.is((await tryOnce(client, vip)).exitCode, 0); // by a backend: nobody serves on the balancer
    const { status } = await balancer.stats();
    assert.is(status.vips.length, 1);

    await balancer.publish([]);
    assert.is((await tryOnce(client, vip)).exitCode, 7); // refused: by the host's stack, which has no server there
    const { verdicts } = await balancer.stats();
    assert.is(verdicts.DROP_NO_VIP, 0);

    await balancer.publish(members(topology, ['active', 'active']));
    await balancer.reaches(topology.backends[0]?.address ?? '');
    assert.is((await tryOnce(client, vip)).exitCode, 0);
    await balancer.stop();
  });
});

live('a VIP that is an address of the host is refused by name and changes nothing', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { client, vip, balancerAddress } = topology;
    const good = members(topology, ['active', 'active']);
    const balancer = await start(topology, good);
    const before = await balancer.stats();

    await balancer.write([...good, webVip(topology, { address: balancerAddress, port: 22 })]);
    const refused = await balancer.until('a refusal', () => balancer.all('refused')[0]);
    assert.is(refused.field, 'address');
    assert.is(refused.value, JSON.stringify(balancerAddress));
    assert.match(refused.rule, new RegExp(`not this host's own: ${balancerAddress.replaceAll('.', '\\.')} is on eth0`));
    const after = await balancer.stats();
    assert.is(after.status.generation, before.status.generation);
    assert.equal(after.status.vips, before.status.vips);
    assert.is(after.status.refusals.count, 1);
    const prefix = `${balancerAddress.replace(/\d+$/, '0')}/24`;
    await balancer.write([...good, webVip(topology, { address: prefix, port: 22 })]);
    const alike = await balancer.until('a refusal of the prefix', () => balancer.all('refused')[1]);
    assert.is(alike.value, JSON.stringify(prefix));
    assert.is(alike.rule, refused.rule);
    assert.is((await tryOnce(client, vip)).exitCode, 0);
    // Nobody serves on port 22: the host's own stack says so, not us.
    assert.is((await tryOnce(client, balancerAddress, { port: 22 })).exitCode, 7);
    await balancer.stop();
  });
});

live.run();
