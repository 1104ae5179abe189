// Health checks: packets of this host with a mark, sent to the backend of that mark as a client's would be; the map of marks against
// a plain one.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Change, Encap } from '../host/membership/event.js';
import * as v4 from './golden/forward4.js';
import * as v6 from './golden/forward6.js';
import * as tunnel from './golden/tunnel.js';
import { assertKept, assertSent } from './support/assertOutcome.js';
import { hex, patch } from './support/hex.js';
import { engineOf, GOLDEN, goldenHotPath, tunnelHotPath } from './support/hotpath.js';
import { withSeeds } from './support/random.js';

const HealthCheck = suite('healthCheck');
const { vip4, vip6, backend4, backend6 } = GOLDEN;
const WEB4 = `tcp/${vip4}:80`;
const WEB6 = `tcp/[${vip6}]:80`;
const marked = (vip: string, address: string, healthCheckMark?: number): Change => ({
  put: { vip, address, ...(healthCheckMark !== undefined && { healthCheckMark }) },
});

const WAYS: { encap: Encap; outer: 4 | 6; verdict: string; expected4: Uint8Array; expected6: Uint8Array }[] = [
  {
    encap: { type: 'ipip' },
    outer: 4,
    verdict: 'FORWARD_IPIP',
    expected4: tunnel.SYN4_IPIP4,
    expected6: tunnel.SYN6_IPIP4,
  },
  {
    encap: { type: 'ipip' },
    outer: 6,
    verdict: 'FORWARD_IPIP',
    expected4: tunnel.SYN4_IPIP6,
    expected6: tunnel.SYN6_IPIP6,
  },
  {
    encap: { type: 'gue' },
    outer: 4,
    verdict: 'FORWARD_GUE',
    expected4: tunnel.SYN4_GUE4,
    expected6: tunnel.SYN6_GUE4,
  },
  {
    encap: { type: 'gre' },
    outer: 6,
    verdict: 'FORWARD_GRE',
    expected4: tunnel.SYN4_GRE6,
    expected6: tunnel.SYN6_GRE6,
  },
];

for (const { encap, outer, verdict, expected4, expected6 } of WAYS) {
  HealthCheck(
    `${encap.type} over IPv${outer}: by its mark, in its encapsulation, byte for byte as a client's packet`,
    async () => {
      const hotPath = await tunnelHotPath(encap, outer);
      const address = outer === 4 ? backend4 : backend6;
      await hotPath.apply([marked(WEB4, address, 7), marked(WEB6, address, 0xffff_ffff)]);
      const before = hotPath.stats();
      assertSent(hotPath, v4.SYN, verdict, expected4, { mark: 7 });
      assertSent(hotPath, v6.SYN, verdict, expected6, { mark: 0xffff_ffff });
      const after = hotPath.stats();
      assert.equal([after.vips, after.backends], [before.vips, before.backends]); // no client's packet
      assert.is(after.events.healthCheck, 2);
      assertKept(hotPath, v4.SYN, 'IGNORE_NO_MARK', { mark: 0 });
      assertKept(hotPath, v4.SYN, 'IGNORE_NO_MARK', { mark: 8 });
      assertKept(hotPath, v4.SYN, 'IGNORE_NO_MARK', { mark: 0xffff_ffff }); // the mark of an IPv6 VIP's
      assertKept(hotPath, patch(v4.SYN, 22, 1), 'DROP_TTL_EXPIRED', { mark: 7 });
      assertKept(hotPath, patch(v4.SYN, 16, 0xff), 'DROP_TRUNCATED', { mark: 7 });
    },
  );
}

HealthCheck('L2: whatever address it is to, the backend of the mark gets it', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  await hotPath.apply([marked(WEB4, backend4, 7)]);
  assertSent(hotPath, v4.SYN, 'FORWARD_L2', v4.SYN_L2, { mark: 7 });
  const { verdict, backend, frames } = hotPath.forward(patch(v4.SYN, 30, 203, 0, 113, 9), { mark: 7 });
  assert.equal([verdict, backend, frames.length], ['FORWARD_L2', backend4, 1]);
});

HealthCheck('a backend that is down is reached, at a start as later; one without a mark, or gone, is not', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  await hotPath.apply([{ remove: `${WEB4}/${backend4}` }]);
  const put = (state: 'active' | 'down', healthCheckMark = 7): Promise<unknown> =>
    hotPath.apply([{ put: { vip: WEB4, address: backend4, state, healthCheckMark } }]);
  const verdict = (): string => hotPath.forward(v4.SYN, { mark: 7 }).verdict;
  await put('down');
  assert.is(verdict(), 'FORWARD_IPIP');
  await put('active');
  assert.is(verdict(), 'FORWARD_IPIP');
  await put('down');
  assert.is(verdict(), 'FORWARD_IPIP');
  await put('down', 8);
  assert.is(verdict(), 'IGNORE_NO_MARK');
  await put('down');
  await hotPath.apply([marked(WEB4, backend4)]);
  assert.is(verdict(), 'IGNORE_NO_MARK');
  await put('active');
  await hotPath.apply([{ remove: WEB4 }]);
  assert.is(verdict(), 'IGNORE_NO_MARK');
  await hotPath.apply([{ put: { address: vip4, protocol: 'tcp', port: 80, encap: { type: 'ipip' }, tableSize: 7 } }]);
  assert.is(verdict(), 'FORWARD_IPIP');
});

HealthCheck(
  'of two backends with one mark, that whose key comes first is reached, in whatever order they were told',
  async () => {
    const first = '10.0.1.7';
    for (const order of [
      [first, backend4],
      [backend4, first],
    ]) {
      const hotPath = await goldenHotPath(
        { type: 'ipip' },
        { nextHops: { [first]: GOLDEN.backendMac, [backend4]: GOLDEN.backendMac } },
      );
      for (const address of order) await hotPath.apply([marked(WEB4, address, 7)]);
      assert.is(hotPath.forward(v4.SYN, { mark: 7 }).backend, first);
      assert.equal(engineOf(hotPath).publisher.markConflicts, [
        { mark: 7, named: `${WEB4}/${first}`, ignored: `${WEB4}/${backend4}` },
      ]);
      await hotPath.apply([{ remove: `${WEB4}/${first}` }]);
      assert.is(hotPath.forward(v4.SYN, { mark: 7 }).backend, backend4);
      assert.equal(engineOf(hotPath).publisher.markConflicts, []);
    }
  },
);

HealthCheck('marks come, move and go as in a plain map, and give their memory back', async () => {
  await withSeeds([1, 2, 3], async (random) => {
    const hotPath = await goldenHotPath({ type: 'ipip' });
    const { arena } = engineOf(hotPath).publisher;
    const web = { address: vip4, protocol: 'tcp', port: 80, encap: { type: 'ipip' }, tableSize: 7 } as const;
    await hotPath.apply([{ remove: `${WEB4}/${backend4}` }, { put: { ...web, tracking: 'none' } }]); // no maps but that of marks
    const empty = arena.usedBytes;
    const addresses = Array.from({ length: 20 }, (_, i) => `10.0.1.${i + 10}`);
    const marks = new Map<string, number>();
    for (let step = 0; step < 60; step++) {
      const address = random.pick(addresses);
      const mark = 1 + random.int(30);
      if (random.int(3) === 0) marks.delete(address);
      else if (![...marks.values()].includes(mark)) marks.set(address, mark);
      else continue;
      await hotPath.apply([marks.has(address) ? marked(WEB4, address, mark) : { remove: `${WEB4}/${address}` }]);
      for (let asked = 0; asked <= 31; asked++) {
        const expected = [...marks].find(([, known]) => known === asked)?.[0];
        assert.is(hotPath.forward(v4.SYN, { mark: asked }).backend, expected, `mark ${asked} after step ${step}`);
      }
    }
    await hotPath.apply([...marks.keys()].map((address) => ({ remove: `${WEB4}/${address}` })));
    assert.is(arena.usedBytes, empty);
  });
});

HealthCheck('a mark breaks a rule: named, and nothing changes', async () => {
  const hotPath = await goldenHotPath({ type: 'ipip' });
  for (const healthCheckMark of [0, -1, 2 ** 32, 1.5, '7']) {
    const change = { put: { vip: WEB4, address: backend4, healthCheckMark } } as unknown as Change;
    const error = await hotPath.apply([change]).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    assert.match(error?.message ?? '', /healthCheckMark .*expected 1\.\.4294967295/);
  }
});

// Found by fuzzing: one byte of ICMPv6 behind two extension headers; the checksum behind the end of the frame was mended.
const ICMPV6_TO_COME = hex`
  02 00 00 00 00 01 02 00  00 00 0c 01 86 dd 60 00  00 00 00 11 00 40 20 01
  e5 07 04 00 06 05 fe 00  20 00 00 3a 03 0f 20 01  0d bc 00 02 1f 04 00 1e
  00 08 00 20 00 80 3c 00  00 00 00 00 00 0e 3a 00  00 05 0b 3a 84 dc 04
`;

HealthCheck('an ICMPv6 message shorter than its header is dropped, whatever mends its checksum', async () => {
  const hotPath = await goldenHotPath({ type: 'l3dsr', dscp: 5 });
  await hotPath.apply([marked(WEB6, backend6, 7)]);
  for (let bytes = 1; bytes <= 8; bytes++) {
    const frame = new Uint8Array(ICMPV6_TO_COME.length - 1 + bytes);
    frame.set(ICMPV6_TO_COME);
    frame[19] = 16 + bytes; // payload length: the extension headers and the message
    assert.is(hotPath.forward(frame, { mark: 7 }).verdict, bytes < 8 ? 'DROP_TRUNCATED' : 'FORWARD_L3DSR', `${bytes}`);
  }
});

HealthCheck.run();
