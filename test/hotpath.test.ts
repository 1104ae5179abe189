// The hot path as its users call it: forward and batch, what they refuse, counters that add up, tables that agree.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  REGION_BACKENDS,
  REGION_CONTROL,
  REGION_EGRESSES,
  REGION_NEXT_HOPS,
  REGION_ROOTS,
  REGION_TABLES,
} from '../assembly/layout.js';
import { type Change, createHotPath, type HotPath, MaglevError, type Outcome, VERDICTS } from '../host/hotpath.js';
import * as v4 from './golden/forward4.js';
import * as v6 from './golden/forward6.js';
import * as neighbours from './golden/neighbour.js';
import { dump, patch } from './support/hex.js';
import { engineOf, GOLDEN, goldenChanges, goldenHotPath, SMALL, virtioHeader } from './support/hotpath.js';
import { flowFrame } from './support/packets.js';
import { random, withSeeds } from './support/random.js';
import { rejection } from './support/rejection.js';

const Hot = suite('hotpath');
const l2 = await goldenHotPath({ type: 'l2' });
const WEB4 = `tcp/${GOLDEN.vip4}:80`;

// --- frames cut short, and frames of chance ---------------------------------------------------------

const WHOLE: [name: string, frame: Uint8Array, bytes: number][] = [
  ['SYN', v4.SYN, 54], // the rest is padding
  ['OPTIONS', v4.OPTIONS, v4.OPTIONS.length],
  ['DATA_TAGGED', v4.DATA_TAGGED, v4.DATA_TAGGED.length],
  ['UDP', v4.UDP, v4.UDP.length],
  ['IPv6 SYN', v6.SYN, v6.SYN.length],
  ['IPv6 DATA_TAGGED', v6.DATA_TAGGED, v6.DATA_TAGGED.length],
];
for (const encap of [{ type: 'l2' }, { type: 'ipip' }] as const) {
  Hot(`${encap.type}: a frame cut short at any length is dropped or left to the host`, async () => {
    const hotPath = await goldenHotPath(encap);
    for (const [name, frame, bytes] of WHOLE) {
      for (let length = 0; length < bytes; length++) {
        const { verdict, frames } = hotPath.forward(frame.subarray(0, length));
        assert.match(verdict, /^(IGNORE|DROP)_/, `${name}, ${length} bytes`);
        assert.is(frames.length, 0);
      }
      assert.match(hotPath.forward(frame.subarray(0, bytes)).verdict, /^FORWARD_/);
    }
  });
}

/** A golden frame with some bytes changed, some cut, some added, and now and then a strange meta. */
function mutate(chance: ReturnType<typeof random>): { frame: Uint8Array; meta: { packetType: number } } {
  const source = chance.pick([...WHOLE.map(([, frame]) => frame), neighbours.NS, neighbours.ARP_REQUEST]);
  const grown = Uint8Array.from([...source, ...chance.bytes(chance.int(80))]);
  for (let i = chance.int(5); i > 0; i--) grown[chance.int(grown.length)] = chance.int(256);
  const frame = chance.int(4) === 0 ? grown.subarray(0, chance.int(grown.length)) : grown;
  return { frame, meta: { packetType: chance.int(8) === 0 ? chance.int(6) : 0 } };
}

/** All that only the host may write: the published state, the keys, the ways out. */
function hostRegions(hotPath: HotPath): Buffer {
  const { memory } = engineOf(hotPath);
  const indexes = [REGION_CONTROL, REGION_ROOTS, REGION_BACKENDS, REGION_NEXT_HOPS, REGION_EGRESSES, REGION_TABLES];
  return Buffer.concat(
    indexes.map((index) => {
      const { base, bytes } = memory.region(index);
      return memory.bytes.slice(base, base + bytes);
    }),
  );
}

Hot('frames of chance: always a verdict, never an exception, nothing written that is the host’s', () =>
  withSeeds([1, 2, 3], async (chance) => {
    const hotPath = await goldenHotPath(chance.pick([{ type: 'l2' }, { type: 'ipip' }] as const), { announce: true });
    const before = hostRegions(hotPath);
    const names = new Set(VERDICTS.map(({ name }) => name));
    for (let i = 0; i < 10_000; i++) {
      const { frame, meta } = mutate(chance);
      const offload = {
        start: chance.int(80),
        offset: chance.int(80),
        gsoType: chance.int(6),
        gsoSize: chance.int(2000),
      };
      const { verdict } = hotPath.forward(
        frame,
        chance.int(3) === 0 ? { ...meta, virtio: virtioHeader(offload) } : meta,
      );
      assert.ok(names.has(verdict), verdict);
    }
    assert.is(Buffer.compare(hostRegions(hotPath), before), 0);
    const total = Object.values(hotPath.stats().verdicts).reduce((sum, count) => sum + count, 0);
    assert.is(total, 10_000);
  }),
);

// --- which VIP ---------------------------------------------------------------------------------------

Hot('an exact port goes before any port, which takes the rest of its protocol', async () => {
  const hotPath = await createHotPath({ ...SMALL, nextHops: { '10.0.1.1': GOLDEN.backendMac } });
  await hotPath.apply([
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 0, tableSize: 7 } },
    { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, tableSize: 7 } },
    { put: { vip: 'tcp/192.0.2.80:0', address: '10.0.1.1' } },
    { put: { vip: 'tcp/192.0.2.80:80', address: '10.0.1.1' } },
  ]);
  const vipOf = (port: number, protocol: 'tcp' | 'udp' = 'tcp'): Outcome =>
    hotPath.forward(flowFrame({ protocol, client: 7, sourcePort: 1234, destinationPort: port }));
  assert.is(vipOf(80).vip, 'tcp/192.0.2.80:80');
  assert.is(vipOf(81).vip, 'tcp/192.0.2.80:0');
  assert.is(vipOf(65_535).vip, 'tcp/192.0.2.80:0');
  assert.is(vipOf(0).vip, 'tcp/192.0.2.80:0');
  assert.is(vipOf(80, 'udp').verdict, 'DROP_NO_VIP');
  await hotPath.apply([{ remove: 'tcp/192.0.2.80:80' }]);
  assert.is(vipOf(80).vip, 'tcp/192.0.2.80:0');
});

Hot('many VIPs: each is found, its neighbours are not, and those that left are no more', async () => {
  const hotPath = await createHotPath({ ...SMALL, vipsMax: 600, backendsMax: 600 });
  const addresses = Array.from({ length: 300 }, (_, i) => [10, 9, i >> 8, i & 0xff] as const);
  await hotPath.apply(
    addresses.flatMap((address): Change[] => [
      { put: { address: address.join('.'), protocol: 'tcp', port: 80, tableSize: 7 } },
      { put: { vip: `tcp/${address.join('.')}:80`, address: '10.0.1.1' } },
    ]),
  );
  const outcome = (destination: readonly [number, number, number, number], destinationPort = 80): Outcome =>
    hotPath.forward(
      flowFrame({ protocol: 'tcp', client: 1, sourcePort: 2, destination: [...destination], destinationPort }),
    );
  for (const address of addresses) {
    assert.is(outcome(address).vip, `tcp/${address.join('.')}:80`);
    assert.is(outcome(address, 81).verdict, 'DROP_NO_VIP');
  }
  assert.is(outcome([10, 9, 1, 44]).verdict, 'IGNORE_NOT_VIP'); // 300 is one too many
  await hotPath.apply(addresses.filter((_, i) => i % 2 === 0).map((a) => ({ remove: `tcp/${a.join('.')}:80` })));
  addresses.forEach((address, i) => {
    assert.is(outcome(address).verdict, i % 2 === 0 ? 'IGNORE_NOT_VIP' : 'DROP_NEXT_HOP_UNRESOLVED');
  });
});

// --- counters ----------------------------------------------------------------------------------------

Hot('counters per verdict, VIP and backend add up exactly, in frames and in bytes', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  const chance = random(5);
  const sent = { web: 0, webBytes: 0, dns: 0, dnsBytes: 0, other: 0 };
  for (let i = 0; i < 500; i++) {
    const isWeb = chance.int(2) === 0;
    const frame = isWeb ? v4.DATA : v4.UDP;
    if (chance.int(5) === 0) {
      hotPath.forward(patch(frame, 33, 81)); // no VIP
      sent.other++;
    } else if (isWeb) {
      hotPath.forward(frame);
      sent.web++;
      sent.webBytes += frame.length;
    } else {
      hotPath.forward(frame);
      sent.dns++;
      sent.dnsBytes += frame.length;
    }
  }
  const { verdicts, vips, backends, events } = hotPath.stats();
  assert.is(verdicts.FORWARD_L2, sent.web + sent.dns);
  assert.is(verdicts.IGNORE_NOT_VIP, sent.other);
  assert.is(
    Object.values(verdicts).reduce((sum, count) => sum + count, 0),
    500,
  );
  assert.equal(vips[WEB4], { packets: sent.web, octets: sent.webBytes });
  assert.equal(vips[`udp/${GOLDEN.vip4}:53`], { packets: sent.dns, octets: sent.dnsBytes });
  assert.equal(vips[`tcp/[${GOLDEN.vip6}]:80`], { packets: 0, octets: 0 });
  assert.equal(backends[`${WEB4}/${GOLDEN.backend4}`], { packets: sent.web, octets: sent.webBytes });
  assert.is(events.batches, 500);
});

Hot("a VIP's packets are the sum of its backends' and of those that found none", async () => {
  const hotPath = await createHotPath(SMALL);
  const addresses = ['10.0.1.1', '10.0.1.2', '10.0.1.3'];
  await hotPath.apply([{ put: { address: GOLDEN.vip4, protocol: 'tcp', port: 80 } }]);
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) hotPath.forward(flowFrame({ protocol: 'tcp', client: i, sourcePort: i + 1 }));
  };
  send(10);
  await hotPath.apply(addresses.map((address) => ({ put: { vip: WEB4, address } })));
  send(300);
  const { vips, backends, verdicts } = hotPath.stats();
  const parts = addresses.map((address) => backends[`${WEB4}/${address}`]?.packets ?? 0);
  assert.is(vips[WEB4]?.packets, 310);
  assert.is(verdicts.DROP_NO_BACKEND, 10);
  assert.is(
    parts.reduce((sum, part) => sum + part, 0),
    300,
  );
  assert.ok(
    parts.every((part) => part > 50),
    `${parts}`,
  );
});

// --- batches -----------------------------------------------------------------------------------------

Hot('a batch gives each frame what forward() gives it alone', () => {
  const cases = [v4.SYN, v6.SYN, v4.UDP, patch(v4.SYN, 33, 81), v4.OPTIONS, v4.DATA_TAGGED, v4.SYN.subarray(0, 30)];
  const batch = l2.batch(cases.length);
  cases.forEach((frame, i) => {
    batch.input(i).set(frame);
    batch.setLength(i, frame.length);
  });
  batch.run();
  const found = cases.map((_, i) => ({
    verdict: batch.verdict(i),
    frames: Array.from({ length: batch.outputs(i) }, (_, k) => {
      const base = batch.outputBase(i, k);
      return dump(batch.bytes.slice(base, base + batch.outputLength(i, k)));
    }),
  }));
  cases.forEach((frame, i) => {
    const { verdict, frames } = l2.forward(frame);
    assert.is(VERDICTS.find(({ number }) => number === found[i]?.verdict)?.name, verdict);
    assert.equal(found[i]?.frames, frames.map(dump));
  });
});

Hot('a batch runs as many frames as asked, and forgets the meta of the one before', () => {
  const batch = l2.batch(2);
  for (const i of [0, 1]) {
    batch.input(i).set(v4.DATA);
    batch.setLength(i, v4.DATA.length);
    batch.setMeta(i, { packetType: 3 });
  }
  const before = l2.stats().verdicts;
  batch.run(1);
  assert.is(l2.stats().verdicts.IGNORE_OTHER_HOST, (before.IGNORE_OTHER_HOST ?? 0) + 1);
  batch.input(0).set(v4.DATA);
  batch.setLength(0, v4.DATA.length);
  batch.run(1);
  assert.is(VERDICTS.find(({ number }) => number === batch.verdict(0))?.name, 'FORWARD_L2');
  assert.throws(() => batch.input(2), /i 2 must be below the size of the batch, 2/);
  assert.throws(() => l2.batch(65), /size 65 must be an integer of 1\.\.64/);
});

Hot('a frame as long as frameBytesMax passes, one byte more is DROP_SNAPPED and counts as such', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' }, { frameBytesMax: 100 });
  const frame = (bytes: number): Uint8Array => {
    const padded = new Uint8Array(bytes).fill(0xee);
    padded.set(v4.DATA);
    return padded;
  };
  assert.equal(hotPath.forward(frame(100)).frames.map(dump), [dump(v4.DATA_L2)]);
  for (const bytes of [101, 102, 150, 2000]) assert.is(hotPath.forward(frame(bytes)).verdict, 'DROP_SNAPPED');
  assert.is(hotPath.stats().verdicts.DROP_SNAPPED, 4);
});

// --- tables that agree -------------------------------------------------------------------------------

const FLEET: Change[] = [
  { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } },
  { put: { address: '2001:db8::80', protocol: 'udp', port: 53, tableSize: 509 } },
  ...Array.from({ length: 20 }, (_, i) => ({ put: { vip: WEB4, address: `10.0.1.${i + 1}`, weight: 1 + (i % 4) } })),
  ...Array.from({ length: 9 }, (_, i) => ({ put: { vip: 'udp/[2001:db8::80]:53', address: `2001:db8:1::${i + 1}` } })),
];

function shuffled(changes: readonly Change[], chance: ReturnType<typeof random>): Change[] {
  const rest = [...changes];
  return changes.map(() => rest.splice(chance.int(rest.length), 1)[0] as Change);
}

Hot('two hot paths told the same records in another order have equal digests', () =>
  withSeeds([1, 2, 3], async (chance) => {
    const secret = 'the secret of a fleet';
    const one = await createHotPath({ ...SMALL, tablesMiB: 16, hashSecret: secret });
    const two = await createHotPath({ ...SMALL, tablesMiB: 16, hashSecret: Buffer.from(secret) });
    await one.apply(FLEET);
    // One by one, in any order, with detours that end where the others began.
    const detours: Change[] = [{ put: { vip: WEB4, address: '10.0.1.99' } }, { remove: `${WEB4}/10.0.1.3` }];
    for (const change of shuffled([...FLEET, ...detours], chance)) await two.apply([change]);
    await two.apply([...shuffled(FLEET, chance), { remove: `${WEB4}/10.0.1.99` }]);
    for (const vip of [WEB4, 'udp/[2001:db8::80]:53']) assert.is(two.digest(vip), one.digest(vip));
  }),
);

Hot('another secret, or another weight, is another table', async () => {
  const digests = new Set<string>();
  for (const hashSecret of ['the secret of a fleet', 'the secret of a fleeT']) {
    const hotPath = await createHotPath({ ...SMALL, hashSecret });
    await hotPath.apply(FLEET);
    digests.add(hotPath.digest(WEB4));
    await hotPath.apply([{ put: { vip: WEB4, address: '10.0.1.1', weight: 2 } }]);
    digests.add(hotPath.digest(WEB4));
  }
  assert.is(digests.size, 4);
});

Hot('no secret given: a random one, so two hot paths differ', async () => {
  const [one, two] = [await createHotPath(SMALL), await createHotPath(SMALL)];
  for (const hotPath of [one, two]) await hotPath.apply(FLEET);
  assert.is.not(one.digest(WEB4), two.digest(WEB4));
});

Hot('slots are exact: weights of 1 to 4 over 65537 slots, largest remainder', async () => {
  const hotPath = await createHotPath(SMALL);
  await hotPath.apply(FLEET);
  const slots = hotPath.slots(WEB4);
  // By hand: the weights add up to 50; 65537 / 50 = 1310.74, so 1310, 2621, 3932 and 5242 and the remainders .74, .48,
  // .22 and .96 of a slot. Five backends of each weight leave 12 slots over: five to .96, five to .74, two to .48.
  const counted = [...slots.values()].sort((a, b) => a - b);
  const wanted = [1311, 1311, 1311, 1311, 1311, 2621, 2621, 2621, 2622, 2622, 3932, 3932, 3932, 3932, 3932];
  assert.equal(counted, [...wanted, 5243, 5243, 5243, 5243, 5243]);
  assert.equal([slots.get('10.0.1.2'), slots.get('10.0.1.6'), slots.get('10.0.1.10')], [2622, 2622, 2621]);
});

// --- what is refused ---------------------------------------------------------------------------------

Hot('changes are taken all or none, and a refusal names the change, the field, the value and the rule', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  const digest = hotPath.digest(WEB4);
  const error = await rejection(
    hotPath.apply([
      { put: { vip: WEB4, address: '10.0.1.77' } },
      { put: { vip: WEB4, address: '10.0.1.78', weight: -3 } },
    ]),
  );
  assert.is(error.code, 'ERR_RECORD');
  assert.is(error.option, 'weight');
  assert.is(error.message, 'change 2: weight -3 for backend 10.0.1.78, expected 0..65535; change ignored');
  assert.is(hotPath.digest(WEB4), digest);
  assert.is(hotPath.forward(v4.SYN).backend, GOLDEN.backend4);
});

const BAD_OPTIONS: [option: string, options: Record<string, unknown>, message: RegExp][] = [
  ['batchMax', { batchMax: 0 }, /^batchMax 0 must be an integer of 1\.\.4096$/],
  ['frameBytesMax', { frameBytesMax: 63 }, /^frameBytesMax 63 must be an integer of 64\.\.65550$/],
  ['mtu', { mtu: 1500.5 }, /^mtu 1500\.5 must be an integer of 0\.\.65535$/],
  ['mac', { mac: '2:0:0:0:0:1' }, /^mac "2:0:0:0:0:1" must be a MAC address such as 02:00:00:00:00:01$/],
  ['nextHops["10.0.1.9"]', { nextHops: { '10.0.1.9': 'zz' } }, /^nextHops\["10\.0\.1\.9"\] "zz" must be a MAC address/],
  ['hashSecret', { hashSecret: 'short' }, /^hashSecret .*5 bytes.* must have at least 16 bytes$/],
  ['panicShare', { panicShare: 2 }, /^panicShare 2 must be a number of 0\.\.1$/],
  ['vipsMax', { vipsMax: 30_001 }, /^vipsMax 30001 must be an integer of 1\.\.30000$/],
  ['backendsMax', { backendsMax: 32_768 }, /^backendsMax 32768 must be an integer of 1\.\.32767$/],
  ['flowsMax', { flowsMax: 63 }, /^flowsMax 63 must be an integer of 64\.\.67108864$/],
  ['tablesMiB', { tablesMiB: '128' }, /^tablesMiB "128" must be an integer of 1\.\.2048$/],
];
for (const [option, options, message] of BAD_OPTIONS) {
  Hot(`a bad option is refused by name: ${option}`, async () => {
    const error = await rejection(createHotPath({ ...SMALL, ...options }));
    assert.is(error.code, 'ERR_OPTION');
    assert.is(error.option, option);
    assert.match(error.message, message);
  });
}

Hot('a VIP that is not live has no digest', () => {
  assert.throws(
    () => l2.digest('tcp/192.0.2.99:80'),
    (error: unknown) =>
      error instanceof MaglevError && error.code === 'ERR_OPTION' && /192\.0\.2\.99/.test(error.message),
  );
});

Hot('next hops of backends that left are given back: more addresses in turn than there are records', async () => {
  const clock = { ms: 0 };
  const times = { tcpIdleTimeoutMs: 1000, udpIdleTimeoutMs: 1000, udpLearnMs: 0 };
  const hotPath = await createHotPath({ ...SMALL, backendsMax: 4, ...times, nowMs: () => clock.ms });
  await hotPath.apply([{ put: { address: GOLDEN.vip4, protocol: 'tcp', port: 80, tableSize: 7 } }]);
  for (let i = 1; i <= 50; i++) {
    const address = `10.0.1.${i}`;
    hotPath.setNextHop(address, `02:00:00:00:0b:${i.toString(16).padStart(2, '0')}`);
    await hotPath.apply([{ put: { vip: WEB4, address } }, ...(i > 1 ? [{ remove: `${WEB4}/10.0.1.${i - 1}` }] : [])]);
    const { backend, frames } = hotPath.forward(v4.SYN);
    assert.is(backend, address);
    assert.is(frames[0]?.[5], i);
    clock.ms += 2000;
  }
});

Hot('a next hop cleared while its backend was away is not there when it returns', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  const backend = { put: { vip: WEB4, address: GOLDEN.backend4 } };
  const all = goldenChanges({ type: 'l2' });
  await hotPath.apply(
    all.filter((change) => 'put' in change && 'vip' in change.put).map((change) => ({ remove: keyOf(change) })),
  );
  hotPath.setNextHop(GOLDEN.backend4, undefined);
  await hotPath.apply([backend]);
  assert.is(hotPath.forward(v4.SYN).verdict, 'DROP_NEXT_HOP_UNRESOLVED');
});

function keyOf(change: Change): string {
  if ('remove' in change) return change.remove;
  return 'vip' in change.put ? `${change.put.vip}/${change.put.address}` : '';
}

Hot.run();
