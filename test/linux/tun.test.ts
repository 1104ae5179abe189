import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { libc } from '../../host/linux/libc.js';
import { type Netlink, openNetlink } from '../../host/linux/netlink.js';
import { openTun, writePackets } from '../../host/linux/tun.js';
import { errorOf, inNetns, ip, run } from './netns.js';

const PING = Uint8Array.from([
  ...[0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0x8e, 0x55, 198, 51, 100, 7, 192, 0, 2, 80], // 198.51.100.7 > 192.0.2.80, ICMP
  ...[8, 0, 0xf7, 0xfd, 0, 1, 0, 1], // echo request
]);
const PAIR_BYTES = 32;

await inNetns(import.meta.url, (suite) => {
  const Tun = suite('linux/tun');
  let netlink: Netlink;

  Tun.before(() => {
    ip('link set lo up');
    ip('address add 192.0.2.80/32 dev lo');
    netlink = openNetlink();
  });
  Tun.after(() => netlink.close());

  const names = (): string[] => netlink.links().map(({ name }) => name);
  const open = (name: string, hasVirtio = false) => openTun(netlink, { name, option: 'tun', mtu: 1500, hasVirtio });

  Tun(
    'is up, ours alone, without a link-local address; filters loosely, whatever the others do; gone when closed',
    () => {
      const tun = open('t0');
      const link = netlink.links().find(({ ifindex }) => ifindex === tun.ifindex);
      assert.equal([link?.name, link?.mtu, link?.isUp, link?.isEthernet, link?.kind], ['t0', 1500, true, false, 'tun']);
      assert.match(run('ip', '-d', 'link', 'show', 'dev', 't0'), /persist off .*addrgenmode none/);
      assert.equal(
        netlink.addresses().filter(({ ifindex }) => ifindex === tun.ifindex),
        [{ ifindex: tun.ifindex, address: '192.0.0.8', prefixBits: 32 }],
      );
      assert.is(readFileSync('/proc/sys/net/ipv4/conf/t0/rp_filter', 'utf8').trim(), '2');
      tun.close();
      tun.close();
      assert.not(names().includes('t0'));
    },
  );

  Tun('takes packets with a virtio header as if they came in by it, and says why it takes others not', () => {
    run('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1');
    ip('route add default dev lo'); // the client can be reached, elsewhere: what loose filtering asks
    const tun = open('t1', true);
    const echoes = (): number =>
      Number(/^Icmp: .*\nIcmp: (?:\d+ ){8}(\d+)/m.exec(readFileSync('/proc/net/snmp', 'utf8'))?.[1]);
    const before = echoes();
    const header = new Uint8Array(10);
    const vectors = new Uint8Array(2 * PAIR_BYTES);
    const view = new DataView(vectors.buffer);
    const lay = (i: number, packet: Uint8Array): void => {
      const at = i * PAIR_BYTES;
      view.setBigUint64(at, libc().address(header), true);
      view.setBigUint64(at + 8, BigInt(header.length), true);
      view.setBigUint64(at + 16, libc().address(packet), true);
      view.setBigUint64(at + 24, BigInt(packet.length), true);
    };
    const nothing = new Uint8Array([0x95]); // no IP version that there is
    lay(0, PING);
    lay(1, nothing);
    const failures: string[] = [];
    writePackets(tun.fd, Number(libc().address(vectors)), 2, PAIR_BYTES, (errno) => failures.push(errno));
    assert.is(echoes(), before + 1);
    assert.equal(failures, ['EINVAL']);
    ip('link set t1 down');
    writePackets(tun.fd, Number(libc().address(vectors)), 1, PAIR_BYTES, (errno) => failures.push(errno));
    assert.equal(failures, ['EINVAL', 'EIO']);
    tun.close();
  });

  Tun('names what cannot be: a name that is taken, by a device of any kind, or that is none', async () => {
    const tun = open('t2');
    const messages = [];
    for (const name of ['t2', 'lo', 'has space', 'a-name-that-is-too-long', 'tun%d']) {
      messages.push((await errorOf(() => open(name))).message);
    }
    assert.equal(messages, [
      'tun "t2" is the name of an interface that is there',
      'tun "lo" is the name of an interface that is there',
      'tun "has space" must be an interface name: not . or .., without / : and white space',
      'tun "a-name-that-is-too-long" must have 1..15 bytes',
      'tun "tun%d" must not have a %: the kernel would put a number there',
    ]);
    tun.close();
  });

  Tun.run();
});
