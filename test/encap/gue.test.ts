// Generic UDP Encapsulation (draft-ietf-intarea-gue-09), both variants: golden frames in, golden frames out. The golden UDP
// checksums were made over all bytes; ours are derived where that can be done.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as tunnel from '../golden/tunnel.js';
import { assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { tunnelHotPath, virtioHeader } from '../support/hotpath.js';

const Gue = suite('encap/gue');
const PRIVATE = 'c0ffee00010203ff';
const LONGEST = `${'0011223344556677'.repeat(4)}8899aabb`; // 36 bytes
const over4 = await tunnelHotPath({ type: 'gue' }, 4);
const over6 = await tunnelHotPath({ type: 'gue' }, 6);

Gue(
  'variant 1: the packet directly behind UDP, source port from the flow hash, checksum derived from that of TCP',
  () => {
    assertSent(over4, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_GUE4);
    assertSent(over4, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_GUE4);
    assertSent(over6, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_GUE6);
    assertSent(over6, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_GUE6);
  },
);

Gue('variant 1: UDP inside', () => {
  assertSent(over4, tunnel.UDP6, 'FORWARD_GUE', tunnel.UDP6_GUE4);
  assertSent(over6, tunnel.UDP6, 'FORWARD_GUE', tunnel.UDP6_GUE6);
});

Gue('what tells nothing of its bytes is summed: UDP without a checksum, bytes behind UDP, IP options', () => {
  assertSent(over4, tunnel.NO_CHECKSUM, 'FORWARD_GUE', tunnel.NO_CHECKSUM_GUE4);
  assertSent(over6, tunnel.NO_CHECKSUM, 'FORWARD_GUE', tunnel.NO_CHECKSUM_GUE6);
  assertSent(over4, tunnel.SPARE, 'FORWARD_GUE', tunnel.SPARE_GUE4);
  assertSent(over6, tunnel.SPARE, 'FORWARD_GUE', tunnel.SPARE_GUE6);
  assertSent(over4, v4.OPTIONS, 'FORWARD_GUE', tunnel.OPTIONS_GUE4);
  assertSent(over6, v4.OPTIONS, 'FORWARD_GUE', tunnel.OPTIONS_GUE6);
});

Gue('a half checksum is completed before the outer one is derived from it', () => {
  const virtio = virtioHeader({ start: 34, offset: 16 });
  assertSent(over4, v4.DATA_HALF, 'FORWARD_GUE', tunnel.DATA_GUE4, { virtio });
  assertSent(over6, v4.DATA_HALF, 'FORWARD_GUE', tunnel.DATA_GUE6, { virtio });
});

Gue('a packet whose own checksum is wrong gets an outer one that is as wrong: it vouches for nothing', () => {
  const broken = patch(v4.SYN, 50, 0x2c); // the checksum field of TCP, one more in its high byte: 0x100 too much
  const [frame = broken] = over4.forward(broken).frames;
  // The bytes sum to 0x100 more, and the field was not told: only the packet's bytes differ from the golden frame.
  assert.equal([...frame.subarray(0, 42)], [...tunnel.SYN4_GUE4.subarray(0, 42)]);
});

Gue('variant 0: a header between, with the protocol of what is inside', async () => {
  const gue0 = { type: 'gue', port: 6081, variant: 0 } as const;
  const [with4, with6] = [await tunnelHotPath(gue0, 4), await tunnelHotPath(gue0, 6)];
  assertSent(with4, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_GUE0_4);
  assertSent(with4, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_GUE0_4);
  assertSent(with6, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_GUE0_6);
  assertSent(with6, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_GUE0_6);
});

Gue('variant 0: a private field at the end of the header', async () => {
  const gue0 = { type: 'gue', port: 6081, variant: 0, private: PRIVATE } as const;
  const [with4, with6] = [await tunnelHotPath(gue0, 4), await tunnelHotPath(gue0, 6)];
  assertSent(with4, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_PRIVATE4);
  assertSent(with4, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_PRIVATE4);
  assertSent(with6, v4.SYN, 'FORWARD_GUE', tunnel.SYN4_PRIVATE6);
  assertSent(with6, v6.SYN, 'FORWARD_GUE', tunnel.SYN6_PRIVATE6);
});

Gue('the longest private field: 88 bytes of outer headers, and a VLAN tag, still have room', async () => {
  const full = await tunnelHotPath({ type: 'gue', variant: 0, private: LONGEST }, 6);
  const { verdict, frames } = full.forward(v4.DATA_TAGGED);
  assert.is(verdict, 'FORWARD_GUE');
  assert.is(frames[0]?.length, 18 + 88 + 58);
  assert.equal([...(frames[0] ?? []).slice(18 + 48, 18 + 52)], [9, 4, 0, 0]);
  assert.equal([...(frames[0] ?? []).slice(18 + 84, 18 + 88)], [0x88, 0x99, 0xaa, 0xbb]);
});

Gue('MTU counts IP, UDP and GUE header: an exact fit passes, one byte more does not', async () => {
  const verdict = async (type: object, outer: 4 | 6, mtu: number): Promise<string> =>
    (await tunnelHotPath({ type: 'gue', ...type }, outer, { mtu })).forward(v4.SYN).verdict;
  assert.is(await verdict({}, 4, 68), 'FORWARD_GUE'); // 40 + 28
  assert.is(await verdict({}, 4, 67), 'DROP_TOO_BIG');
  assert.is(await verdict({}, 6, 88), 'FORWARD_GUE'); // 40 + 48
  assert.is(await verdict({}, 6, 87), 'DROP_TOO_BIG');
  assert.is(await verdict({ variant: 0, private: PRIVATE }, 6, 100), 'FORWARD_GUE'); // 40 + 48 + 12
  assert.is(await verdict({ variant: 0, private: PRIVATE }, 6, 99), 'DROP_TOO_BIG');
});

Gue('without a limit of the way, the outer length field is one: nothing is cut short in it', async () => {
  const wide = await tunnelHotPath({ type: 'gue' }, 4, { mtu: 0, frameBytesMax: 65_550 });
  const frame = (length: number): Uint8Array => {
    const long = new Uint8Array(14 + length);
    long.set(patch(v4.SYN.subarray(0, 54), 16, length >> 8, length & 0xff));
    return long;
  };
  assert.is(wide.forward(frame(65_507)).verdict, 'FORWARD_GUE');
  assert.is(wide.forward(frame(65_508)).verdict, 'REPLY_TOO_BIG');
});

Gue.run();
