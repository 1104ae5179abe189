import * as assert from 'uvu/assert';
import { type Netlink, openNetlink } from '../../host/linux/netlink.js';
import { errorOf, inNetns, ip, Peer, run, until } from './netns.js';

await inNetns(import.meta.url, async (suite) => {
  const Live = suite('linux/netlink');
  let netlink: Netlink;
  let peer: Peer;
  let va = 0;

  Live.before(async () => {
    peer = await Peer.open();
    ip('link set lo up');
    // No duplicate address detection: a tentative link-local address asks nobody.
    run('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0');
    ip('link add va type veth peer name vb');
    ip('link set va address 02:00:00:00:00:01');
    ip(`link set vb address 02:00:00:00:00:02 netns ${peer.pid}`);
    ip('addr add 10.0.0.1/24 dev va');
    ip('-6 addr add 2001:db8::1/64 dev va nodad');
    ip('link set va up');
    peer.ip('addr add 10.0.0.2/24 dev vb');
    peer.ip('-6 addr add 2001:db8::2/64 dev vb nodad');
    peer.ip('link set vb up');
    netlink = openNetlink();
    va = netlink.links().find(({ name }) => name === 'va')?.ifindex ?? 0;
  });
  Live.after(() => {
    netlink.close();
    peer.close();
  });

  Live('interfaces are those ip(8) shows', () => {
    const shown: { ifindex: number; ifname: string; mtu: number; address: string }[] = JSON.parse(ip('-j link show'));
    const ours = netlink.links().map(({ ifindex, name, mtu, mac }) => ({ ifindex, ifname: name, mtu, address: mac }));
    const theirs = shown.map(({ ifindex, ifname, mtu, address }) => ({ ifindex, ifname, mtu, address }));
    const byIndex = (a: { ifindex: number }, b: { ifindex: number }) => a.ifindex - b.ifindex;
    assert.equal(ours.sort(byIndex), theirs.sort(byIndex));
    const link = netlink.links().find(({ ifindex }) => ifindex === va);
    assert.equal([link?.kind, link?.isEthernet, link?.isUp, link?.isLoopback], ['veth', true, true, false]);
    assert.is(netlink.links().find(({ name }) => name === 'lo')?.isLoopback, true);
  });

  Live('addresses', () => {
    const all = netlink.addresses();
    assert.equal(
      all.filter(({ address }) => ['127.0.0.1', '10.0.0.1', '2001:db8::1'].includes(address)),
      [
        { ifindex: 1, address: '127.0.0.1', prefixBits: 8 },
        { ifindex: va, address: '10.0.0.1', prefixBits: 24 },
        { ifindex: va, address: '2001:db8::1', prefixBits: 64 },
      ],
    );
  });

  Live('routes: on the link, by a gateway of either family, with an MTU, local, and none', () => {
    ip('route add 10.9.0.0/16 via 10.0.0.9 mtu 1400');
    ip('route add 10.7.0.0/16 via inet6 2001:db8::9 dev va');
    for (const kind of ['blackhole', 'unreachable', 'prohibit']) ip(`route add ${kind} 10.8.${kind.length}.0/24`);
    ip('-6 route add blackhole 2001:db8:8::/48');
    const way = { kind: 'unicast', ifindex: va, gateway: undefined, source: '10.0.0.1', mtu: undefined };
    const ways: [string, object | undefined][] = [
      ['10.0.0.5', way],
      ['10.9.1.1', { ...way, gateway: '10.0.0.9', mtu: 1400 }],
      ['10.7.1.1', { ...way, gateway: '2001:db8::9' }],
      ['2001:db8::5', { ...way, source: '2001:db8::1' }],
    ];
    const nowhere = ['10.8.9.1', '10.8.11.1', '10.8.8.1', '2001:db8:8::1', '198.51.100.7', '2001:db8:ffff::1'];
    for (const address of nowhere) ways.splice(1, 0, [address, undefined]); // what has none takes no other's place
    for (const [address, expected] of ways) assert.equal(netlink.routes([address]), [expected], address);
    // More than are asked for in one system call.
    const many = Array.from({ length: 10 }, () => ways).flat();
    assert.equal(
      netlink.routes(many.map(([address]) => address)),
      many.map(([, expected]) => expected),
    );
    const local = netlink.routes(['10.0.0.1', '2001:db8::1']);
    assert.equal(
      local.map((route) => route?.kind),
      ['local', 'local'],
    );
    assert.equal(netlink.routes([]), []);
  });

  for (const [family, address] of [
    ['IPv4', '10.0.0.2'],
    ['IPv6', '2001:db8::2'],
  ] as const) {
    Live(`the kernel asks for a missing ${family} neighbour, and tells`, async () => {
      assert.is(netlink.neighbour(va, address), undefined);
      const told: (string | undefined)[] = [];
      const watch = netlink.watch({
        neighbour: (neighbour) => {
          if (neighbour.ifindex === va && neighbour.address === address) told.push(neighbour.mac);
        },
      });
      netlink.solicit(va, address);
      await until('the answer', () => told.includes('02:00:00:00:00:02'));
      assert.is(netlink.neighbour(va, address)?.mac, '02:00:00:00:00:02');
      ip(`neigh del ${address} dev va`);
      await until('its removal', () => told.at(-1) === undefined);
      watch.close();
    });
  }

  Live('tells of MTU, down, up, carrier, routes, addresses and removal; not after close()', async () => {
    const told: string[] = [];
    const watch = netlink.watch({
      link: ({ name, mtu, isUp, isRunning }) => told.push(`${name} ${mtu} ${isUp} ${isRunning}`),
      linkRemoved: ({ name }) => told.push(`${name} removed`),
      routes: (to) => told.push(to === undefined ? 'any route' : `route ${to.bytes.join('.')}/${to.bits}`),
    });
    const heard = (what: string) => until(what, () => told.includes(what));
    ip('link add da type veth peer name db');
    ip('link set db up');
    ip('link set da up');
    await heard('da 1500 true true');
    ip('link set da mtu 1400');
    await heard('da 1400 true true');
    ip('link set db down');
    await heard('da 1400 true false');
    ip('link set db up');
    ip('link set da down');
    await heard('da 1400 false false');
    told.length = 0;
    ip('route add 10.77.0.0/16 via 10.0.0.9');
    await heard('route 10.77.0.0/16');
    ip('addr add 10.66.0.1/24 dev va');
    await heard('any route');
    told.length = 0;
    ip('rule add to 10.66.0.0/16 lookup 100');
    await heard('any route');
    ip('link del da');
    await heard('da removed');
    watch.close();
    watch.close();
    told.length = 0;
    ip('link set va mtu 1450');
    ip('link set va mtu 1500');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(told, []);
  });

  Live('says when notices were lost', async () => {
    let overruns = 0;
    const watch = netlink.watch({ overrun: () => (overruns += 1) });
    // All while we do not read: each interface change is about 1.5 KiB of a buffer of at least 208 KiB.
    run('bash', '-c', 'for ((i = 0; i < 3000; i++)); do echo "link set va mtu $((1400 + i % 2))"; done | ip -batch -');
    await until('an overrun', () => overruns > 0);
    ip('link set va mtu 1500');
    watch.close();
  });

  Live('refuses by name', async () => {
    assert.is((await errorOf(() => netlink.routes(['10.1']))).code, 'ERR_OPTION');
    const gone = await errorOf(() => netlink.solicit(9999, '10.0.0.2'));
    assert.is(gone.message, 'sendto(2) rtnetlink on neighbour 10.0.0.2: ENODEV; there is no such interface (any more)');
    assert.is(netlink.neighbour(9999, '10.0.0.2'), undefined);
    const closed = openNetlink();
    closed.close();
    closed.close();
    assert.is((await errorOf(() => closed.links())).code, 'ERR_CLOSED');
  });

  Live.run();
});
