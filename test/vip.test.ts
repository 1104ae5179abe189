// Which VIP is meant: precedence of addresses, prefixes and ports, against the plain model; thousands of them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath, type Vip } from '../host/hotpath.js';
import { vipKey } from '../host/membership/key.js';
import { chooseVip, type Destination, isOurs, type ModelVip } from './model/vip.js';
import { type Random, withSeeds } from './support/random.js';
import { ipv4Text, ipv6Text, transportFrame } from './support/transport.js';

const VipTest = suite('vip');
const LIMITS = { backendsMax: 64, flowsMax: 4096, tablesMiB: 2, batchMax: 1 };

async function hotPathWith(vips: Vip[], vipsMax = vips.length): Promise<HotPath> {
  const hotPath = await createHotPath({ ...LIMITS, vipsMax });
  await hotPath.apply(vips.map((vip) => ({ put: { tableSize: 7, ...vip } })));
  return hotPath;
}

const V4 = [10, 1, 2, 3] as const;
const NET = (text: string): Vip => ({ address: text, protocol: 'tcp', port: 80 });

VipTest('the table of precedence, row by row', async () => {
  const rows: Vip[] = [
    NET('10.1.2.3'),
    NET('10.1.2.0/24'),
    NET('10.1.0.0/16'),
    { ...NET('10.1.2.3'), port: 0 },
    { ...NET('10.1.2.0/24'), port: 0 },
    { ...NET('10.1.0.0/16'), port: 0 },
  ];
  const hotPath = await hotPathWith(rows);
  const to = (bytes: readonly number[]) => transportFrame({ destination: bytes, protocol: 6, destinationPort: 80 });
  for (const row of rows) {
    assert.is(hotPath.forward(to(V4)).vip, vipKey(row));
    await hotPath.apply([{ remove: vipKey(row) }]);
  }
  assert.is(hotPath.forward(to(V4)).verdict, 'IGNORE_NOT_VIP');
});

VipTest(
  'all of a prefix is ours: other ports and protocols are dropped, one address further is the host’s',
  async () => {
    const hotPath = await hotPathWith([NET('10.1.2.0/24')]);
    const verdict = (bytes: readonly number[], port: number, protocol = 6): string =>
      hotPath.forward(transportFrame({ destination: bytes, protocol, destinationPort: port })).verdict;
    assert.is(verdict([10, 1, 2, 255], 80), 'DROP_NO_BACKEND');
    assert.is(verdict([10, 1, 2, 255], 81), 'DROP_NO_VIP');
    assert.is(verdict([10, 1, 2, 0], 80, 17), 'DROP_NO_VIP');
    assert.is(verdict([10, 1, 3, 0], 80), 'IGNORE_NOT_VIP');
    await hotPath.apply([{ remove: 'tcp/10.1.2.0/24:80' }]);
    assert.is(verdict([10, 1, 2, 255], 81), 'IGNORE_NOT_VIP');
  },
);

VipTest('an IPv4 destination lies in no IPv6 prefix, whatever its mapped form is', async () => {
  const hotPath = await hotPathWith([NET('2001::/16')]);
  assert.is(
    hotPath.forward(transportFrame({ destination: V4, protocol: 6, destinationPort: 80 })).verdict,
    'IGNORE_NOT_VIP',
  );
});

VipTest('SCTP: ports choose the VIP; UDP and TCP of the same port do not', async () => {
  const hotPath = await hotPathWith([{ address: '10.1.2.3', protocol: 'sctp', port: 3868 }]);
  const sctp = transportFrame({ destination: V4, protocol: 132, destinationPort: 3868 });
  assert.is(hotPath.forward(sctp).vip, 'sctp/10.1.2.3:3868');
  assert.is(
    hotPath.forward(transportFrame({ destination: V4, protocol: 6, destinationPort: 3868 })).verdict,
    'DROP_NO_VIP',
  );
  assert.is(hotPath.forward(sctp.subarray(0, 34 + 11)).verdict, 'DROP_TRUNCATED');
});

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
const NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** Addresses of few different bits, so that prefixes overlap and packets meet them. */
function randomAddress(random: Random, isV6: boolean): bigint {
  const high = isV6 ? 0x2001_0db8n << 96n : 0x0a00_0000n;
  const width = isV6 ? 96n : 24n;
  let low = 0n;
  for (let i = 0; i < 3; i++) low |= BigInt(random.int(2)) << BigInt(random.int(Number(width)));
  return high | low;
}

function randomVip(random: Random): { vip: Vip; model: ModelVip } {
  const isV6 = random.int(2) === 1;
  const bitsMax = isV6 ? 128 : 32;
  const prefixBits = random.int(3) === 0 ? bitsMax : random.int(bitsMax - (isV6 ? 15 : 7)) + (isV6 ? 16 : 8);
  const rest = BigInt(bitsMax - prefixBits);
  const address = (randomAddress(random, isV6) >> rest) << rest;
  const text = isV6 ? ipv6Text(address) : ipv4Text(address);
  const protocol = random.pick(PROTOCOLS);
  const port = random.int(3);
  const vip: Vip = { address: prefixBits === bitsMax ? text : `${text}/${prefixBits}`, protocol, port };
  return { vip, model: { key: vipKey(vip), isV6, address, prefixBits, protocol, port } };
}

VipTest('random VIPs and packets: what the model says', async () => {
  await withSeeds([1, 2, 3, 4, 5, 6], async (random) => {
    const made = Array.from({ length: 300 }, () => randomVip(random));
    const models = [...new Map(made.map(({ model }) => [model.key, model])).values()];
    const hotPath = await hotPathWith(made.map(({ vip }) => vip));
    let found = 0;
    for (let i = 0; i < 3000; i++) {
      const near = random.pick(models);
      const isV6 = near.isV6;
      const width = (isV6 ? 128 : 32) - near.prefixBits;
      const flip = width > 0 ? 1n << BigInt(random.int(width)) : 0n;
      const to: Destination = {
        isV6,
        address: random.int(2) ? near.address ^ flip : randomAddress(random, isV6),
        protocol: random.pick(PROTOCOLS),
        port: random.int(4),
      };
      const bytes = toBytes(to.address, isV6 ? 16 : 4);
      const protocol = NUMBERS[to.protocol as keyof typeof NUMBERS];
      const outcome = hotPath.forward(transportFrame({ destination: bytes, protocol, destinationPort: to.port }));
      const expected = chooseVip(models, to);
      assert.is(outcome.vip, expected, JSON.stringify({ ...to, address: to.address.toString(16) }));
      if (expected === undefined) assert.is(outcome.verdict, isOurs(models, to) ? 'DROP_NO_VIP' : 'IGNORE_NOT_VIP');
      else found++;
    }
    assert.ok(found > 500, `${found} packets met a VIP`);
  });
});

VipTest('4000 VIPs and not one more: vipsMax is exact', async () => {
  const vips = Array.from({ length: 4000 }, (_, i): Vip => NET(`10.9.${i >> 8}.${i & 255}`));
  const hotPath = await hotPathWith(vips, 4000);
  for (const i of [0, 1, 255, 256, 3999]) {
    const frame = transportFrame({ destination: [10, 9, i >> 8, i & 255], protocol: 6, destinationPort: 80 });
    assert.is(hotPath.forward(frame).vip, `tcp/10.9.${i >> 8}.${i & 255}:80`);
  }
  try {
    await hotPath.apply([{ put: { ...NET('10.8.0.1'), tableSize: 7 } }]);
    assert.unreachable('one more was taken');
  } catch (error) {
    assert.match((error as Error).message, /VIPs: 4000 are in use or rest after use; raise vipsMax/);
  }
  await hotPath.apply([{ remove: 'tcp/10.9.0.0:80' }]);
  assert.is(
    hotPath.forward(transportFrame({ destination: [10, 9, 0, 0], protocol: 6, destinationPort: 80 })).verdict,
    'IGNORE_NOT_VIP',
  );
});

function toBytes(address: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((address >> BigInt(8 * (count - 1 - i))) & 0xffn));
}

VipTest.run();
