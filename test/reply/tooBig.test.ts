// Packets that do not fit the way to their backend: the sender is told what does, golden both ways.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HotPathOptions } from '../../host/hotpath.js';
import type { Encap } from '../../host/membership/event.js';
import * as frames from '../golden/icmp.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { FakeClock, goldenHotPath, virtioHeader } from '../support/hotpath.js';

const TooBig = suite('reply/tooBig');
const narrow = (encap: Encap, options: HotPathOptions = {}) => goldenHotPath(encap, { mtu: 1400, ...options });
const l2 = await narrow({ type: 'l2' });
const ipip = await narrow({ type: 'ipip' });

TooBig('IPv4: fragmentation needed, from the VIP, 576 bytes', () => {
  const outcome = assertSent(l2, frames.BIG4, 'REPLY_TOO_BIG', frames.BIG4_ANSWER);
  assert.is(outcome.backend, '10.0.1.9');
});

TooBig('IPv6: packet too big, from the VIP, 1280 bytes', () => {
  assertSent(l2, frames.BIG6, 'REPLY_TOO_BIG', frames.BIG6_ANSWER);
});

TooBig('the MTU it names is less by the outer headers of that backend', async () => {
  assertSent(ipip, frames.BIG4, 'REPLY_TOO_BIG', frames.BIG4_ANSWER_IPIP);
  assertSent(ipip, frames.BIG6, 'REPLY_TOO_BIG', frames.BIG6_ANSWER_IPIP);
  const mtuBy: [Encap, number, number][] = [
    [{ type: 'gre' }, 1400 - 24, 1400 - 44],
    [{ type: 'gue' }, 1400 - 28, 1400 - 48],
    [{ type: 'gue', variant: 0, private: '0011223344556677' }, 1400 - 40, 1400 - 60],
    [{ type: 'l3dsr', dscp: 1 }, 1400, 1400],
  ];
  for (const [encap, mtu4, mtu6] of mtuBy) {
    const hotPath = await narrow(encap);
    const four = hotPath.forward(frames.BIG4).frames[0] as Uint8Array;
    assert.is(((four[40] as number) << 8) | (four[41] as number), mtu4, encap.type);
    const six = hotPath.forward(frames.BIG6).frames[0] as Uint8Array;
    assert.is(((six[60] as number) << 8) | (six[61] as number), mtu6, encap.type);
  }
});

TooBig('on a VLAN', () => {
  assertSent(l2, frames.BIG4_TAGGED, 'REPLY_TOO_BIG', frames.BIG4_ANSWER_TAGGED);
  assertSent(l2, frames.BIG4, 'REPLY_TOO_BIG', frames.BIG4_ANSWER_TAGGED, { vlanTci: 0xa02a });
});

TooBig('IPv4 with DF clear: nobody waits for an answer', () => {
  assertKept(l2, patch(frames.BIG4, 20, 0), 'DROP_TOO_BIG_DF_CLEAR');
});

TooBig('IPv6: never less than 1280, and no answer to a packet of 1280 bytes', async () => {
  const tiny = await goldenHotPath({ type: 'ipip' }, { mtu: 1290 });
  const answer = tiny.forward(frames.BIG6).frames[0] as Uint8Array;
  assert.is(((answer[60] as number) << 8) | (answer[61] as number), 1280);
  const fits = patch(frames.BIG6, 18, (1280 - 40) >> 8, (1280 - 40) & 255).subarray(0, 14 + 1280);
  assertKept(tiny, fits, 'DROP_TOO_BIG');
});

TooBig('super-frames: the length of their segments counts', () => {
  const virtio = virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize: 1361 });
  const answer = l2.forward(frames.BIG4, { virtio });
  assert.is(answer.verdict, 'REPLY_TOO_BIG');
  assert.is(
    l2.forward(frames.BIG4, { virtio: virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize: 680 }) }).verdict,
    'FORWARD_L2',
  );
});

TooBig('not to sources that cannot be answered', () => {
  assertKept(l2, patch(frames.BIG4, 26, 127, 0, 0, 1), 'DROP_TOO_BIG');
  assertKept(l2, patch(frames.BIG6, 22, 0xff, 2), 'DROP_TOO_BIG');
});

TooBig('not about an ICMP error', async () => {
  const tiny = await goldenHotPath({ type: 'ipip' }, { mtu: 70 });
  assertKept(tiny, patch(frames.ERROR4, 20, 0x40), 'DROP_TOO_BIG');
});

TooBig('at most so many a second; a second of silence fills the bucket, and no more', async () => {
  const clock = new FakeClock();
  const hotPath = await narrow({ type: 'l2' }, { tooBigPerSecond: 10, nowMs: clock.nowMs });
  const answered = (count: number): number => {
    let answers = 0;
    for (let i = 0; i < count; i++) if (hotPath.forward(frames.BIG4).verdict === 'REPLY_TOO_BIG') answers++;
    return answers;
  };
  assert.is(answered(30), 10);
  clock.tick += 1; // 512 ms: 5.12 tokens
  assert.is(answered(30), 5);
  clock.tick += 1; // 5.24
  assert.is(answered(30), 5);
  clock.tick += 100;
  assert.is(answered(30), 10);
  assertKept(hotPath, frames.BIG4, 'DROP_TOO_BIG');
});

TooBig('switched off: dropped', async () => {
  const hotPath = await narrow({ type: 'l2' }, { tooBigPerSecond: 0 });
  assertKept(hotPath, frames.BIG4, 'DROP_TOO_BIG');
});

TooBig.run();
