// L2 forwarding: golden frames in, golden frames out.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { GOLDEN, goldenHotPath, outputVirtio, virtioHeader } from '../support/hotpath.js';

const L2 = suite('encap/l2');
const hotPath = await goldenHotPath({ type: 'l2' });

L2('IPv4: a new Ethernet header, TTL one less, no padding', () => {
  const outcome = assertSent(hotPath, v4.SYN, 'FORWARD_L2', v4.SYN_L2);
  assert.is(outcome.vip, `tcp/${GOLDEN.vip4}:80`);
  assert.is(outcome.backend, GOLDEN.backend4);
});

L2('IPv4 with options: they stay', () => {
  assertSent(hotPath, v4.OPTIONS, 'FORWARD_L2', v4.OPTIONS_L2);
});

L2('IPv6: a new Ethernet header, hop limit one less', () => {
  const outcome = assertSent(hotPath, v6.SYN, 'FORWARD_L2', v6.SYN_L2);
  assert.is(outcome.vip, `tcp/[${GOLDEN.vip6}]:80`);
  assert.is(outcome.backend, GOLDEN.backend6);
});

L2('a VLAN tag in the frame goes back out of the same port', () => {
  assertSent(hotPath, v4.DATA_TAGGED, 'FORWARD_L2', v4.DATA_TAGGED_L2);
  assertSent(hotPath, v6.DATA_TAGGED, 'FORWARD_L2', v6.DATA_TAGGED_L2);
});

L2('a VLAN tag that the kernel took out of the frame goes back into it', () => {
  assertSent(hotPath, v4.DATA, 'FORWARD_L2', v4.DATA_TAGGED_L2, { vlanTci: (5 << 13) | 42 });
});

L2('half checksums are completed: who takes frames from cells need not know of them', () => {
  const tcp4 = virtioHeader({ start: 34, offset: 16 });
  assertSent(hotPath, v4.DATA_HALF, 'FORWARD_L2', v4.DATA_L2, { virtio: tcp4 });
  assert.is(outputVirtio(hotPath), undefined);
  const tcp6 = virtioHeader({ start: 54, offset: 16 });
  assertSent(hotPath, v6.DATA_HALF, 'FORWARD_L2', v6.DATA_L2, { virtio: tcp6 });
  assert.is(outputVirtio(hotPath), undefined);
});

L2('half checksums are completed with a tag put back', () => {
  const meta = { vlanTci: (5 << 13) | 42, virtio: virtioHeader({ start: 34, offset: 16 }) };
  assertSent(hotPath, v4.DATA_HALF, 'FORWARD_L2', v4.DATA_TAGGED_L2, meta);
});

L2('a frame without a virtio header leaves without one', () => {
  assert.is(hotPath.forward(v4.DATA).verdict, 'FORWARD_L2');
  assert.is(outputVirtio(hotPath), undefined);
});

L2('MTU: a packet that fits exactly passes, one byte more does not; the Ethernet header does not count', async () => {
  const exact = await goldenHotPath({ type: 'l2' }, { mtu: 58 }); // DATA: 20 + 20 + 18
  assert.is(exact.forward(v4.DATA).verdict, 'FORWARD_L2');
  assert.is(exact.forward(v4.DATA_TAGGED).verdict, 'FORWARD_L2');
  const short = await goldenHotPath({ type: 'l2' }, { mtu: 57 });
  assertKept(short, v4.DATA, 'DROP_TOO_BIG');
});

L2('MTU 0 is no limit; padding is no packet', async () => {
  const unlimited = await goldenHotPath({ type: 'l2' }, { mtu: 0 });
  assert.is(unlimited.forward(v4.DATA).verdict, 'FORWARD_L2');
  const tight = await goldenHotPath({ type: 'l2' }, { mtu: 40 }); // SYN is 40 bytes and 6 of padding
  assert.is(tight.forward(v4.SYN).verdict, 'FORWARD_L2');
});

L2.run();
