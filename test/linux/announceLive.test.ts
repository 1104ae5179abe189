import * as assert from 'uvu/assert';
import { openPacketRings, type PacketRings } from '../../host/linux/afPacket.js';
import { announceVips } from '../../host/linux/announce.js';
import { openNetlink } from '../../host/linux/netlink.js';
import { ringBytes, ringGeometry } from '../../host/linux/ringGeometry.js';
import { errorOf, inNetns, ip, run, until } from './netns.js';

const VIPS = ['192.0.2.80', '2001:db8::80'];
const geometry = ringGeometry({ frames: 16, frameBytes: 2048 });

await inNetns(import.meta.url, async (suite) => {
  const Announce = suite('linux/announce, live');
  let rings: PacketRings;
  let from: { ifindex: number; name: string; mac: string };

  const alive = setInterval(() => undefined, 1000); // announcing alone does not keep a process alive

  Announce.before(() => {
    run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1'); // or the kernel would have announcements of its own
    ip('link add da address 02:00:00:00:00:01 type veth peer name db');
    ip('link set db up');
    ip('link set da up');
    const netlink = openNetlink();
    const links = new Map(netlink.links().map(({ name, ifindex }) => [name, ifindex]));
    netlink.close();
    from = { ifindex: links.get('da') ?? 0, name: 'da', mac: '02:00:00:00:00:01' };
    const pages = 2 + ringBytes(geometry) / 65536;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const rx = { offset: 65536, geometry };
    rings = openPacketRings({ ifindex: links.get('db') ?? 0, name: 'db', memory, rx });
  });
  Announce.after(() => {
    rings.close();
    clearInterval(alive);
  });

  Announce('sends each VIP as often as told', async () => {
    const before = rings.statistics().packets;
    await announceVips({ ...from, vips: VIPS, count: 3, intervalMs: 20 });
    assert.is(rings.statistics().packets - before, 6);
  });

  Announce('the first at once; the others not after the signal', async () => {
    const before = rings.statistics().packets;
    const controller = new AbortController();
    const done = announceVips({ ...from, vips: VIPS, count: 3, intervalMs: 20, signal: controller.signal });
    await until('the first two', () => rings.statistics().packets - before === 2);
    controller.abort();
    await done;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.is(rings.statistics().packets - before, 2);
  });

  Announce('an interface that is down', async () => {
    ip('link set da down');
    const error = await errorOf(() => announceVips({ ...from, vips: VIPS }));
    assert.is(error.message, 'sendto(2) on da: ENETDOWN; the interface is down: ip link set NAME up');
  });

  Announce.run();
});
