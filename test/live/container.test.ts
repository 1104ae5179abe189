// A backend in a container: a namespace behind a bridge of its host, which lets out only what has the container's own addresses, with
// strict reverse-path filtering everywhere. The commands here are those of docs/BACKENDS.md, "In a container".
import * as assert from 'uvu/assert';
import type { Lab } from '../../host/demo/lab/lab.js';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import { holdVip, type LabBackend, type Topology } from '../../host/demo/lab/topology.js';
import type { Encap } from '../../host/membership/event.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { fetchSha256, tryOnce } from './support/curl.js';
import { echoVip, webVip } from './support/members.js';
import { OwnDecap } from './support/ownDecap.js';
import { liveSuiteWith } from './support/suite.js';
import { leaveRoom } from './support/tunnelPath.js';
import { until } from './support/until.js';
import { assertEchoesWhole, startServers } from './support/whole.js';

const live = liveSuiteWith('live/container', ['curl', 'nginx', 'nft']);
const STRICT = { 'net/ipv4/conf/all/rp_filter': 1, 'net/ipv4/conf/default/rp_filter': 1 };
const ENCAPS: Encap[] = [{ type: 'ipip' }, { type: 'gue' }, { type: 'l2' }];

/** A container on a host, by a cable between them: `link` on the host, eth0 inside. */
async function addContainer(lab: Lab, host: LabHost, link: string, address: string): Promise<LabHost> {
  const container = await lab.addHost('container');
  await host.ip(`link add name ${link} type veth peer name eth0 netns ${container.pid}`, `link set dev ${link} up`);
  await container.setLink('eth0', 'up');
  await container.addAddress('eth0', address);
  await container.sysctl(STRICT);
  return container;
}

/** What many container hosts have: nothing leaves that has another MAC or IP address than the container's. */
function spoofProtection(link: string, mac: string, address: string): string {
  return `
    table bridge spoof {
      set own { type ipv4_addr; elements = { ${address} }; }
      chain forward {
        type filter hook forward priority 0; policy accept;
        iifname "${link}" jump container
      }
      chain container {
        ether saddr != ${mac} drop
        ether type arp arp saddr ip ${address} accept
        ip saddr @own accept
        drop
      }
    }`;
}

/**
 * Requests and datagrams through every encapsulation, the tunnels' ends in the container. Before the first, with all in place but what
 * `open` does on the container's host, answers do not get out.
 */
async function assertServes(
  topology: Topology,
  backend: LabBackend,
  encaps: readonly Encap[],
  open: () => Promise<void>,
): Promise<void> {
  const { client, vip, balancerAddress } = topology;
  const there = { ...topology, backends: [backend] };
  const servers = await startServers(there);
  const decap = await OwnDecap.start(backend.host, '--source', balancerAddress);
  const record = (encap: Encap) => ({ encap, backends: [{ address: backend.address }] });
  const members = (encap: Encap) => [webVip(there, record(encap)), echoVip(there, record(encap))];
  const balancer = await CommandBalancer.start(topology, { members: members(encaps[0] as Encap) });
  assert.is((await tryOnce(client, vip)).exitCode, 28); // curl: no answer in time
  assert.ok(((await decap.counts()).DECAP_IPIP ?? 0) > 0, 'what came in had arrived');
  await open();
  for (const [i, encap] of encaps.entries()) {
    if (i > 0) await balancer.publish(members(encap));
    await until('an answer', async () => (await tryOnce(client, vip)).body === backend.name);
    assert.is(await fetchSha256(client, vip), servers.bodySha256, encap.type);
    await assertEchoesWhole(topology, { bytes: 500, firstLocalPort: 20_000 + 100 * i });
  }
  const { DECAP_IPIP = 0, DECAP_GUE = 0, IGNORE_OTHER_HOST, ...others } = await decap.counts();
  assert.ok(DECAP_IPIP > 100 && DECAP_GUE > 100, `${DECAP_IPIP} and ${DECAP_GUE} packets out of tunnels`);
  assert.equal(others, {});
  await balancer.stop();
  await decap.stop();
}

live(
  'bridged, with spoof protection: served when its VIP is among the addresses that may leave, not before',
  async () => {
    await withTopology('one-armed', { backendCount: 0 }, async (topology) => {
      const { lab, vip } = topology;
      const host = await lab.addHost('host');
      await lab.connect(host, 'clients');
      await host.sysctl(STRICT);
      await host.ip('link add name br0 type bridge', 'link set dev eth0 master br0', 'link set dev br0 up');
      const address = '10.0.0.11';
      const container = await addContainer(lab, host, 'c0', `${address}/24`);
      await host.ip('link set dev c0 master br0');
      await host.exec('nft', ['-f', '-'], { input: spoofProtection('c0', await container.mac('eth0'), address) });
      await holdVip(container, vip);
      const backend = { name: 'container', host: container, address };
      await leaveRoom(topology, backend, 28);
      await assertServes(topology, backend, ENCAPS, async () => {
        await host.exec('nft', [`add element bridge spoof own { ${vip} }`]);
      });
    });
  },
);

live('routed by its host: served when the host has a route to the VIP by the container, not before', async () => {
  await withTopology('one-armed', { backendCount: 0 }, async (topology) => {
    const { lab, balancer: balancerHost, vip } = topology;
    const host = await lab.addHost('host');
    await lab.connect(host, 'clients', { addresses: ['10.0.0.20/24'] });
    await host.sysctl({ ...STRICT, 'net/ipv4/ip_forward': 1 });
    await host.ip('link add name br0 type bridge', 'link set dev br0 up', 'address add 172.18.0.1/24 dev br0');
    const container = await addContainer(lab, host, 'c0', '172.18.0.11/24');
    await host.ip('link set dev c0 master br0');
    await container.ip('route add default via 172.18.0.1 advmss 1400');
    await container.addAddress('lo', `${vip}/32`);
    await balancerHost.ip('route add 172.18.0.0/24 via 10.0.0.20');
    const backend = { name: 'container', host: container, address: '172.18.0.11' };
    // Without the route the host takes answers from the VIP for forged ones, as it would look for that address elsewhere.
    await assertServes(topology, backend, ENCAPS, () => host.ip(`route add ${vip}/32 via 172.18.0.11`));
  });
});

live.run();
