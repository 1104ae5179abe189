import * as assert from 'uvu/assert';
import { type Netlink, openNetlink } from '../../host/linux/netlink.js';
import { type NextHop, NextHopResolver } from '../../host/linux/nextHop.js';
import { inNetns, ip, Peer, run, until } from './netns.js';

const PEER_MAC = '02:00:00:00:00:02';

await inNetns(import.meta.url, async (suite) => {
  const Hops = suite('linux/nextHop');
  let netlink: Netlink;
  let peer: Peer;
  let resolver: NextHopResolver;
  let told: Map<string, { nextHop: NextHop | undefined; problem: string | undefined }>;
  let changes: string[];
  let links: string[];
  let va = 0;

  Hops.before.each(async () => {
    peer = await Peer.open();
    // No duplicate address detection: a tentative link-local address asks nobody.
    run('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
    ip('link add va type veth peer name vb');
    ip('link set va address 02:00:00:00:00:01');
    ip(`link set vb address ${PEER_MAC} netns ${peer.pid}`);
    ip('addr add 10.0.0.1/24 dev va');
    ip('-6 addr add 2001:db8::1/64 dev va nodad');
    ip('link set va up');
    for (const address of ['10.0.0.2/24', '10.0.0.3/24']) peer.ip(`addr add ${address} dev vb`);
    peer.ip('-6 addr add 2001:db8::2/64 dev vb nodad');
    peer.ip('link set vb up');
    ip('route add 10.9.0.0/16 via 10.0.0.3');
    netlink = openNetlink();
    va = netlink.links().find(({ name }) => name === 'va')?.ifindex ?? 0;
    told = new Map();
    changes = [];
    links = [];
    resolver = new NextHopResolver(netlink, {
      changed(address, nextHop, problem) {
        told.set(address, { nextHop, problem });
        changes.push(address);
      },
      link: ({ name, mtu, isRunning }) => links.push(`${name} ${mtu} ${isRunning}`),
      linkRemoved: ({ name }) => links.push(`${name} removed`),
      failed: (error) => links.push(`failed: ${error.message}`),
    });
  });
  Hops.after.each(() => {
    resolver.close();
    resolver.close();
    netlink.close();
    if (ip('-o link show').includes(' va@')) ip('link del va');
    peer.close();
  });

  const macOf = (address: string) => told.get(address)?.nextHop?.mac;
  const resolved = (...addresses: string[]) =>
    until(`${addresses}`, () => addresses.every((address) => macOf(address) === PEER_MAC));

  Hops('resolves neighbours of both families and those behind a gateway', async () => {
    resolver.set(['10.0.0.2', '10.9.0.1', '10.9.0.2', '2001:db8:0::2']);
    await resolved('10.0.0.2', '10.9.0.1', '10.9.0.2', '2001:db8::2');
    const hop = { ifindex: va, via: '10.0.0.2', mac: PEER_MAC, source: '10.0.0.1', mtu: 1500 };
    assert.equal(told.get('10.0.0.2'), { nextHop: hop, problem: undefined });
    assert.equal(told.get('10.9.0.1')?.nextHop, { ...hop, via: '10.0.0.3' });
    assert.equal(resolver.get('2001:db8::2'), { ...hop, via: '2001:db8::2', source: '2001:db8::1' });
    // Each is told of twice: on the way, and there.
    assert.equal(changes.filter((address) => address === '10.9.0.2').length, 2);
    assert.equal([...told.keys()].sort(), ['10.0.0.2', '10.9.0.1', '10.9.0.2', '2001:db8::2']);
  });

  Hops('follows a MAC address that changes, and forgets what is left out', async () => {
    resolver.set(['10.0.0.2']);
    await resolved('10.0.0.2');
    ip('neigh replace 10.0.0.2 lladdr 02:00:00:00:00:99 dev va nud reachable');
    await until('the new MAC', () => macOf('10.0.0.2') === '02:00:00:00:00:99');
    resolver.set(['10.0.0.3']);
    assert.is(resolver.get('10.0.0.2'), undefined);
    ip('neigh replace 10.0.0.2 lladdr 02:00:00:00:00:98 dev va nud reachable');
    await resolved('10.0.0.3');
    assert.is(macOf('10.0.0.2'), '02:00:00:00:00:99');
  });

  Hops('asks again at once when the entry is thrown away', async () => {
    resolver.set(['10.0.0.2']);
    await resolved('10.0.0.2');
    ip('neigh del 10.0.0.2 dev va');
    await until('its loss', () => macOf('10.0.0.2') === undefined);
    await resolved('10.0.0.2');
  });

  Hops('says who does not answer, and finds him when he comes', async () => {
    // The kernel asks three times, a second apart; here once, for 0.1 s.
    for (const setting of ['mcast_solicit=1', 'retrans_time_ms=100']) {
      run('sysctl', '-qw', `net.ipv4.neigh.va.${setting}`);
    }
    resolver.set(['10.0.0.4']);
    assert.is(told.get('10.0.0.4')?.problem, 'asking for 10.0.0.4 on va');
    await until('the failure', () => told.get('10.0.0.4')?.problem === '10.0.0.4 does not answer on va', 5000);
    assert.is(macOf('10.0.0.4'), undefined);
    peer.ip('addr add 10.0.0.4/24 dev vb');
    await until('the late answer', () => macOf('10.0.0.4') === PEER_MAC, 5000);
  });

  Hops('follows routes: another gateway, none, an MTU', async () => {
    resolver.set(['10.9.0.1', '10.55.0.1', '10.0.0.1']);
    assert.equal(told.get('10.55.0.1'), { nextHop: undefined, problem: 'no route to 10.55.0.1' });
    assert.equal(told.get('10.0.0.1')?.problem, '10.0.0.1 is an address of this host');
    await resolved('10.9.0.1');
    ip('route replace 10.9.0.0/16 via 10.0.0.2 mtu 1300');
    await until('the new way', () => told.get('10.9.0.1')?.nextHop?.via === '10.0.0.2');
    assert.is(told.get('10.9.0.1')?.nextHop?.mtu, 1300);
    ip('route del 10.9.0.0/16');
    await until('no way', () => told.get('10.9.0.1')?.problem === 'no route to 10.9.0.1');
    ip('route add default via 10.0.0.2');
    await resolved('10.9.0.1', '10.55.0.1');
  });

  Hops('follows the interface: MTU, down, up, gone', async () => {
    resolver.set(['10.0.0.2', '2001:db8::2']);
    await resolved('10.0.0.2');
    ip('link set va mtu 1400');
    await until('the MTU', () => told.get('10.0.0.2')?.nextHop?.mtu === 1400);
    assert.ok(links.includes('va 1400 true'));
    ip('link set va down');
    await until('no way', () => told.get('10.0.0.2')?.nextHop === undefined);
    assert.is(links.at(-1), 'va 1400 false');
    ip('link set va up');
    await resolved('10.0.0.2');
    assert.is(links.at(-1), 'va 1400 true');
    ip('link del va');
    await until('no way', () => told.get('10.0.0.2')?.nextHop === undefined);
    assert.is(links.at(-1), 'va removed');
    assert.not.ok(
      links.some((line) => line.startsWith('failed')),
      links.join('; '),
    );
  });

  Hops('after close() nothing more is told', async () => {
    resolver.set(['10.0.0.2']);
    resolver.close();
    const count = changes.length;
    ip('neigh replace 10.0.0.2 lladdr 02:00:00:00:00:97 dev va nud reachable');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(changes.length, count);
  });

  Hops.run();
});
