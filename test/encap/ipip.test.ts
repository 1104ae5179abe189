// IPIP, 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473): golden frames in, golden frames out.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Encap } from '../../host/hotpath.js';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as tunnel from '../golden/tunnel.js';
import { checksum } from '../model/checksum.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { engineOf, GOLDEN, goldenChanges, goldenHotPath, tunnelHotPath } from '../support/hotpath.js';

const Ipip = suite('encap/ipip');
const hotPath = await goldenHotPath({ type: 'ipip' });

Ipip('4in4: an outer header before the packet, whose TTL is one less', () => {
  const outcome = assertSent(hotPath, v4.SYN, 'FORWARD_IPIP', v4.SYN_IPIP);
  assert.is(outcome.backend, GOLDEN.backend4);
});

Ipip('4in4: TOS with its ECN bits is copied, IP options stay inside', () => {
  assertSent(hotPath, v4.OPTIONS, 'FORWARD_IPIP', v4.OPTIONS_IPIP);
});

Ipip('6in6: traffic class copied, the flow label from the flow hash', () => {
  assertSent(hotPath, v6.SYN, 'FORWARD_IPIP', v6.SYN_IPIP);
});

Ipip('4in6 and 6in4: protocol 4 or 41 says what is inside, TOS or traffic class is that of the packet', async () => {
  const [over4, over6] = [await tunnelHotPath({ type: 'ipip' }, 4), await tunnelHotPath({ type: 'ipip' }, 6)];
  assertSent(over4, v6.SYN, 'FORWARD_IPIP', tunnel.SYN6_IPIP4);
  assertSent(over6, v4.SYN, 'FORWARD_IPIP', tunnel.SYN4_IPIP6);
  assertSent(over4, v4.SYN, 'FORWARD_IPIP', v4.SYN_IPIP);
  assertSent(over6, v6.SYN, 'FORWARD_IPIP', v6.SYN_IPIP);
});

Ipip('a VLAN tag goes back out of the same port, from the frame or from the ring header', () => {
  assertSent(hotPath, v4.DATA_TAGGED, 'FORWARD_IPIP', v4.DATA_TAGGED_IPIP);
  assertSent(hotPath, v4.DATA, 'FORWARD_IPIP', v4.DATA_TAGGED_IPIP, { vlanTci: (5 << 13) | 42 });
});

Ipip('the outer checksum is right for every TOS and for lengths that carry', async () => {
  const large = await goldenHotPath({ type: 'ipip' }, { mtu: 0, frameBytesMax: 65_550 });
  for (let tos = 0; tos < 256; tos++) {
    // Lengths spread over all a packet can have with 20 bytes before it.
    const length = 40 + Math.floor((tos * (65_515 - 40)) / 255);
    const frame = new Uint8Array(14 + length);
    frame.set(patch(v4.SYN.subarray(0, 54), 15, tos, length >> 8, length & 0xff));
    const { verdict, frames } = large.forward(frame);
    assert.is(verdict, 'FORWARD_IPIP');
    const outer = (frames[0] ?? frame).slice(14, 34);
    assert.is(outer[1], tos);
    assert.is(new DataView(outer.buffer).getUint16(2), 20 + length);
    assert.is(checksum(outer), 0, `TOS ${tos}, ${length} bytes: a right header sums to all ones`);
  }
});

Ipip('MTU counts the outer header: an exact fit passes, one byte more does not', async () => {
  const fits = async (mtu: number, frame: Uint8Array): Promise<string> =>
    (await goldenHotPath({ type: 'ipip' }, { mtu })).forward(frame).verdict;
  assert.is(await fits(78, v4.DATA), 'FORWARD_IPIP'); // 58 + 20
  assert.is(await fits(77, v4.DATA), 'DROP_TOO_BIG');
  assert.is(await fits(100, v6.SYN), 'FORWARD_IPIP'); // 60 + 40
  assert.is(await fits(99, v6.SYN), 'DROP_TOO_BIG');
});

Ipip("a backend's own encapsulation goes before that of its VIP", async () => {
  const mixed = await goldenHotPath({ type: 'l2' });
  await mixed.apply([{ put: { vip: `tcp/${GOLDEN.vip4}:80`, address: GOLDEN.backend4, encap: { type: 'ipip' } } }]);
  assertSent(mixed, v4.SYN, 'FORWARD_IPIP', v4.SYN_IPIP);
  assertSent(mixed, v4.OPTIONS, 'FORWARD_L2', v4.OPTIONS_L2);
  await mixed.apply([{ put: { vip: `tcp/${GOLDEN.vip4}:80`, address: GOLDEN.backend4 } }]);
  assertSent(mixed, v4.SYN, 'FORWARD_L2', v4.SYN_L2);
});

Ipip('without an address of our own the source is unspecified, and the checksum still right', async () => {
  const nameless = await goldenHotPath({ type: 'ipip' }, { outerSource: {} });
  const outer = (nameless.forward(v4.SYN).frames[0] ?? new Uint8Array(34)).slice(14, 34);
  assert.equal([...outer.subarray(12, 16)], [0, 0, 0, 0]);
  assert.is(checksum(outer), 0);
});

Ipip(
  'another variant or port of an encapsulation is another encapsulation; its defaults spelled out are not',
  async () => {
    const live = await goldenHotPath({ type: 'gue' });
    const say = async (encap: Encap): Promise<void> => {
      await live.apply([{ put: { vip: `tcp/${GOLDEN.vip4}:80`, address: GOLDEN.backend4, encap } }]);
    };
    const length = (): number => live.forward(v4.SYN).frames[0]?.length ?? 0;
    const port = (): number =>
      new DataView((live.forward(v4.SYN).frames[0] ?? new Uint8Array(38)).slice().buffer).getUint16(36);
    const index = (): number | undefined =>
      engineOf(live).vips.get(`tcp/${GOLDEN.vip4}:80`)?.backends.get(GOLDEN.backend4)?.index;
    const before = index();
    await say({ type: 'gue', port: 6080, variant: 1 });
    assert.is(index(), before);
    assert.is(length(), 14 + 28 + 40);
    await say({ type: 'gue', port: 6081, variant: 0 });
    assert.is.not(index(), before);
    assert.is(length(), 14 + 32 + 40);
    assert.is(port(), 6081);
  },
);

Ipip('a backend of the other family waits while the encapsulation of its VIP cannot reach it', async () => {
  const vip = `tcp/${GOLDEN.vip4}:80`;
  const mixed = await goldenHotPath({ type: 'l2' });
  await mixed.apply([{ put: { vip, address: GOLDEN.backend6 } }]);
  assert.equal([...mixed.slots(vip)], [[GOLDEN.backend4, 7]]);
  await mixed.apply([
    { put: { address: GOLDEN.vip4, protocol: 'tcp', port: 80, encap: { type: 'ipip' }, tableSize: 7 } },
  ]);
  assert.equal([...mixed.slots(vip).keys()].sort(), [GOLDEN.backend4, GOLDEN.backend6]);
  await mixed.apply([{ put: { address: GOLDEN.vip4, protocol: 'tcp', port: 80, tableSize: 7 } }]);
  assert.equal([...mixed.slots(vip)], [[GOLDEN.backend4, 7]]);
});

Ipip('an unresolved next hop is a verdict, and clears up when it is known again', async () => {
  const lost = await goldenHotPath({ type: 'ipip' });
  lost.setNextHop(GOLDEN.backend4, undefined);
  assertKept(lost, v4.SYN, 'DROP_NEXT_HOP_UNRESOLVED');
  lost.setNextHop(GOLDEN.backend4, GOLDEN.backendMac);
  assertSent(lost, v4.SYN, 'FORWARD_IPIP', v4.SYN_IPIP);
});

Ipip('a next hop told before its backend is known is used when it comes', async () => {
  const early = await goldenHotPath({ type: 'ipip' }, { nextHops: {} });
  await early.apply(goldenChanges({ type: 'ipip' }).map((change) => ({ ...change })));
  assertKept(early, v4.SYN, 'DROP_NEXT_HOP_UNRESOLVED');
  early.setNextHop('10.0.1.10', '02:00:00:00:0b:0a');
  await early.apply([
    { put: { vip: `tcp/${GOLDEN.vip4}:80`, address: '10.0.1.10' } },
    { remove: `tcp/${GOLDEN.vip4}:80/${GOLDEN.backend4}` },
  ]);
  const [frame] = early.forward(v4.SYN).frames;
  assert.equal([...(frame ?? []).slice(0, 6)], [2, 0, 0, 0, 0x0b, 0x0a]);
});

Ipip.run();
