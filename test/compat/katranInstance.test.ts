// A balancer with compat 'katran' beside what Katran's frames ask: options and records that are refused by name, time and floods in the
// connection table, what a device left undone, health checks, announcing, draining, explain.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath, type HotPathOptions, MaglevError } from '../../host/hotpath.js';
import type { Change } from '../../host/membership/event.js';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as neighbours from '../golden/neighbour.js';
import * as segments from '../golden/segment.js';
import { onesSum } from '../model/checksum.js';
import { dump, patch } from '../support/hex.js';
import { FakeClock, GOLDEN, SMALL, virtioHeader } from '../support/hotpath.js';

const Instance = suite('compat/katranInstance');
const { vip4, vip6, backend4, backend6 } = GOLDEN;
const WEB4 = `tcp/${vip4}:80`;
const DNS4 = `udp/${vip4}:53`;
const OTHER4 = '10.0.1.10';
const ROUTER = '00:00:00:00:00:99';
const SOURCE = { ipv4: '10.0.0.1', ipv6: '2001:db8:5::1' };

async function katran(options: HotPathOptions = {}, changes: Change[] = []): Promise<HotPath> {
  const hotPath = await createHotPath({
    ...SMALL,
    compat: 'katran',
    katran: { source: SOURCE },
    nextHops: { [backend4]: ROUTER, [backend6]: ROUTER, [OTHER4]: ROUTER },
    ...options,
  });
  const vips: Change[] = [
    { put: { address: vip4, protocol: 'tcp', port: 80 } },
    { put: { address: vip4, protocol: 'udp', port: 53 } },
    { put: { address: vip6, protocol: 'tcp', port: 80 } },
    { put: { vip: WEB4, address: backend4 } },
    { put: { vip: DNS4, address: backend4 } },
    { put: { vip: `tcp/[${vip6}]:80`, address: backend6 } },
  ];
  await hotPath.apply([...vips, ...changes]);
  return hotPath;
}

/** What leaves because of a frame, as text. */
function sent(hotPath: HotPath, frame: Uint8Array, virtio?: Uint8Array): string[] {
  const { frames } = hotPath.forward(frame, virtio && { virtio });
  return frames.map(dump);
}

function assertOption(options: HotPathOptions, option: string): Promise<void> {
  return createHotPath(options).then(
    () => assert.unreachable(option),
    (error: unknown) => {
      assert.ok(error instanceof MaglevError, String(error));
      assert.equal([error.code, error.option], ['ERR_OPTION', option]);
    },
  );
}

Instance('options are checked by name', async () => {
  const wrong: [unknown, string][] = [
    [{ compat: 'lvs' }, 'compat'],
    [{ katran: {} }, 'katran'],
    [{ compat: 'katran', katran: { frameBytesMax: 575 } }, 'katran.frameBytesMax'],
    [{ compat: 'katran', katran: { source: { ipv4: '::1' } } }, 'katran.source.ipv4'],
    [{ compat: 'katran', katran: { source: { ipv6: '10.0.0.1' } } }, 'katran.source.ipv6'],
    [{ compat: 'katran', katran: { role: 'client' } }, 'katran.role'],
    [{ compat: 'katran', katran: { decap: { guePort: 0 } } }, 'katran.decap.guePort'],
    [
      { compat: 'katran', katran: { decap: { destinations: [{ address: 'x' }] } } },
      'katran.decap.destinations[0].address',
    ],
    [
      { compat: 'katran', katran: { decap: { destinations: new Array(65).fill({ address: '10.0.0.9' }) } } },
      'katran.decap.destinations',
    ],
  ];
  for (const [options, option] of wrong) await assertOption(options as HotPathOptions, option);
});

Instance('records that Katran has nothing like are refused by name, and nothing is applied', async () => {
  const hotPath = await katran();
  const wrong: [Change, string][] = [
    [{ put: { address: vip4, protocol: 'sctp', port: 80 } }, 'protocol'],
    [{ put: { address: vip4, protocol: 'tcp', port: 81, hash: 'native' } }, 'hash'],
    [{ put: { address: vip4, protocol: 'tcp', port: 81, encap: { type: 'l2' } } }, 'encap'],
    [{ put: { address: vip4, protocol: 'tcp', port: 81, encap: { type: 'gue', variant: 0 } } }, 'encap'],
    [{ put: { address: '192.0.2.0/24', protocol: 'tcp', port: 81 } }, 'address'],
    [{ put: { vip: WEB4, address: backend4, encap: { type: 'gre' } } }, 'encap'],
  ];
  for (const [change, field] of wrong) {
    try {
      await hotPath.apply([change]);
      assert.unreachable(field);
    } catch (error) {
      assert.equal([(error as MaglevError).code, (error as MaglevError).option], ['ERR_RECORD', field]);
      assert.match((error as Error).message, "with compat 'katran'");
    }
  }
  assert.is(hotPath.forward(v4.SYN).verdict, 'FORWARD_IPIP'); // IP-in-IP is the default
});

Instance('flags are a list without order, each once, of names that are known', async () => {
  const hotPath = await createHotPath(SMALL);
  const put = { address: vip4, protocol: 'tcp', port: 80 } as const;
  const first = await hotPath.apply([{ put: { ...put, katran: ['local-vip', 'lru-bypass'] } }]);
  const again = await hotPath.apply([{ put: { ...put, katran: ['lru-bypass', 'local-vip', 'lru-bypass'] } }]);
  assert.is(again.generation, first.generation); // nothing changed
  await hotPath.apply([{ put: { ...put, katran: ['quick'] as never } }]).then(
    () => assert.unreachable(),
    (error: MaglevError) => assert.match(error.message, 'expected a list of hash-no-src-port, lru-bypass'),
  );
});

Instance('a UDP flow is forgotten when it was silent for 30 seconds, a TCP flow is not', async () => {
  const clock = new FakeClock();
  const hotPath = await katran({ nowMs: clock.nowMs });
  const data = v4.DATA;
  for (const frame of [data, v4.UDP]) hotPath.forward(frame);
  // The rings change, the entries stay.
  const drain = (vip: string): Change[] => [
    { put: { vip, address: backend4, state: 'draining' } },
    { put: { vip, address: OTHER4 } },
  ];
  await hotPath.apply([...drain(WEB4), ...drain(DNS4)]);
  const backends = (): (string | undefined)[] => [data, v4.UDP].map((frame) => hotPath.forward(frame).backend);
  assert.equal(backends(), [backend4, backend4]);
  clock.tick += 58; // 29.7 s
  assert.equal(backends(), [backend4, backend4]);
  clock.tick += 59; // 30.2 s
  assert.equal(backends(), [backend4, OTHER4]);
});

Instance('a reset enters nothing; a SYN writes over what is there', async () => {
  const hotPath = await katran();
  const misses = (): number => hotPath.stats().katran?.lru[1] as number;
  const reset = patch(v4.DATA, 47, 0x04);
  for (let i = 0; i < 3; i++) hotPath.forward(reset);
  assert.is(misses(), 3);
  hotPath.forward(v4.DATA);
  hotPath.forward(reset);
  assert.is(misses(), 4);
  hotPath.forward(patch(v4.DATA, 47, 0x02)); // SYN: not looked up
  assert.is(misses(), 5);
  assert.equal(hotPath.stats().katran?.lru_miss, [1, 4]);
});

Instance('beyond 125,000 new connections a second none is entered, and the next second it is', async () => {
  const clock = new FakeClock();
  const hotPath = await katran({ nowMs: clock.nowMs, flowsMax: 2 ** 20, batchMax: 250 });
  const batch = hotPath.batch(250);
  const view = new DataView(new ArrayBuffer(4));
  let client = 0;
  const flood = (frames: number): void => {
    for (let done = 0; done < frames; done += 250) {
      for (let i = 0; i < 250; i++) {
        view.setUint32(0, 0x0b00_0000 + client++);
        const input = batch.input(i);
        input.set(v4.DATA);
        input.set(new Uint8Array(view.buffer), 26);
        batch.setLength(i, v4.DATA.length);
      }
      batch.run();
    }
  };
  const isKnown = (): boolean => {
    const before = hotPath.stats().katran?.lru[1];
    hotPath.forward(v4.DATA);
    return hotPath.stats().katran?.lru[1] === before;
  };
  flood(125_000);
  assert.equal([isKnown(), isKnown()], [false, false]);
  clock.tick += 2;
  assert.equal([isKnown(), isKnown()], [false, true]);
});

Instance('half checksums are completed', async () => {
  const hotPath = await katran();
  const half = virtioHeader({ start: 34, offset: 16 });
  assert.equal(sent(hotPath, v4.DATA_HALF, half), sent(hotPath, v4.DATA));
  assert.is(
    hotPath.forward(v4.DATA_HALF, { virtio: virtioHeader({ start: 34, offset: 400 }) }).verdict,
    'DROP_BAD_HEADER',
  );
});

Instance('super-frames leave as the packets they were joined from, each as if it had come alone', async () => {
  const hotPath = await katran({ mtu: 0, frameBytesMax: 9000 });
  for (const golden of [segments.TCP4, segments.UDP4, segments.TCP6]) {
    const { frame, virtio, ipip4 } = golden;
    const whole = hotPath.forward(frame, { virtio: virtioHeader(virtio) });
    assert.is(whole.verdict, 'FORWARD_IPIP');
    const pieces = whole.frames.map(dump);
    const alone = ipip4.map((outer) => sent(hotPath, withTtlBack(frame, outer)).join());
    assert.ok(pieces.length > 1);
    assert.equal(pieces, alone);
  }
  // One of 2000 bytes: what must not be too long is a segment, 54 bytes of headers and gsoSize.
  const long = new Uint8Array(2000);
  long.set(v4.DATA_HALF);
  long.set([1986 >> 8, 1986 & 255], 16);
  const cutAt = (gsoSize: number): string =>
    hotPath.forward(long, { virtio: virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize }) }).verdict;
  assert.equal([cutAt(1460), cutAt(1461)], ['FORWARD_IPIP', 'REPLY_TOO_BIG']);
});

/** The packet inside an outer IPv4 header, one hop back, behind the Ethernet header it came with. */
function withTtlBack(frame: Uint8Array, outer: Uint8Array): Uint8Array {
  const made = Uint8Array.from([...frame.subarray(0, 14), ...outer.subarray(34)]);
  const isV6 = frame[12] === 0x86;
  const at = isV6 ? 21 : 22;
  made[at] = (made[at] as number) + 1;
  if (isV6) return made;
  made.set([0, 0], 24);
  const sum = 0xffff - onesSum(made.subarray(14, 34));
  made.set([sum >> 8, sum & 255], 24);
  return made;
}

Instance('health checks reach the real of their mark, whatever family, state and weight', async () => {
  const checks: Change[] = [
    { put: { vip: WEB4, address: backend4, healthCheckMark: 1, state: 'down' } },
    { put: { vip: WEB4, address: backend6, healthCheckMark: 2, katran: ['named'] } },
    { put: { vip: WEB4, address: OTHER4, healthCheckMark: 3, encap: { type: 'gue', port: 9886 } } },
  ];
  const hotPath = await katran({}, checks);
  const frameTo = (frame: Uint8Array, mark: number): Uint8Array => {
    const { frames, verdict } = hotPath.forward(frame, { mark });
    assert.is(frames.length, 1, verdict);
    return (frames[0] as Uint8Array).slice();
  };
  // Lengths are those of the frame, padding included. Of the IPv4 header: 45, TOS 0, length, id and flags 0, TTL 64, protocol 4, our address, the real's.
  const ipip = frameTo(v4.SYN, 1);
  assert.is(dump(ipip.subarray(14, 24)), dump(Uint8Array.from([0x45, 0, 0, v4.SYN.length + 6, 0, 0, 0, 0, 64, 4])));
  assert.is(dump(ipip.subarray(26, 34)), dump(Uint8Array.from([10, 0, 0, 1, 10, 0, 1, 9])));
  assert.is(onesSum(ipip.subarray(14, 34)), 0xffff);
  assert.is(dump(ipip.subarray(34)), dump(v4.SYN.subarray(14)));
  const inIpv6 = frameTo(v6.SYN, 2);
  assert.equal([inIpv6[20], inIpv6.length], [41, v6.SYN.length + 40]);
  const gue = frameTo(v4.SYN, 3);
  assert.is(dump(gue.subarray(36, 42)), dump(Uint8Array.from([0x26, 0x9e, 0, v4.SYN.length - 6, 0, 0]))); // port, length, no checksum
  assert.is((gue[35] as number) & 0x04, 0x04);
  for (const mark of [0, 9]) assert.is(hotPath.forward(v4.SYN, { mark }).verdict, 'IGNORE_NO_MARK');
  assert.is(hotPath.forward(patch(v4.SYN, 12, 0x08, 0x06), { mark: 1 }).verdict, 'IGNORE_NO_MARK');
  assert.is(hotPath.stats().events.healthCheck, 3);
});

Instance('who has a VIP is answered where VIPs are announced, and left to the host elsewhere', async () => {
  const announcing = await katran({ announce: true, mac: GOLDEN.mac });
  const silent = await katran();
  const [broadcast, multicast] = [{ packetType: 1 }, { packetType: 2 }];
  assert.is(announcing.forward(neighbours.ARP_REQUEST, broadcast).verdict, 'REPLY_ARP');
  assert.is(announcing.forward(neighbours.NS, multicast).verdict, 'REPLY_NEIGHBOUR');
  assert.is(announcing.forward(v4.SYN, broadcast).verdict, 'IGNORE_OTHER_HOST');
  assert.is(silent.forward(neighbours.ARP_REQUEST).verdict, 'IGNORE_ARP');
  assert.is(silent.forward(neighbours.NS).verdict, 'IGNORE_COMPAT');
});

Instance(
  'a backend that is only named is in no table, not even when no other is left, and is never said to be drained',
  async () => {
    const named: Change = { put: { vip: WEB4, address: OTHER4, serverId: 7, katran: ['named'] } };
    const hotPath = await katran({}, [named, { remove: `${WEB4}/${backend4}` }]);
    assert.is(hotPath.forward(v4.SYN).verdict, 'DROP_NO_BACKEND');
    assert.equal(await hotPath.tend(), []);
    await hotPath.apply([{ put: { vip: WEB4, address: backend4 } }]);
    hotPath.forward(v4.DATA);
    await hotPath.apply([{ put: { vip: WEB4, address: backend4, state: 'draining' } }]);
    assert.equal(await hotPath.tend(), []); // its flow is in the table
  },
);

Instance('explain says the same verdict and leaves no trace', async () => {
  const hotPath = await katran();
  const before = JSON.stringify(hotPath.stats());
  const steps = hotPath.explain(v4.SYN);
  assert.equal(
    steps.map(({ step }) => step),
    ['parse', 'compat', 'vip', 'backend', 'encap', 'verdict'],
  );
  assert.is(steps.at(-1)?.fields.verdict, 'FORWARD_IPIP');
  assert.is(JSON.stringify(hotPath.stats()), before);
  hotPath.forward(v4.DATA);
  assert.is(hotPath.stats().katran?.lru[1], 1);
});

Instance('without compat nothing of Katran is counted', async () => {
  assert.is((await createHotPath(SMALL)).stats().katran, undefined);
});

Instance.run();
