// Ping: echo requests to a VIP are answered, golden both ways.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath } from '../../host/hotpath.js';
import * as frames from '../golden/icmp.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { goldenHotPath, SMALL, virtioHeader } from '../support/hotpath.js';

const Echo = suite('reply/echo');
const l2 = await goldenHotPath({ type: 'l2' });
const ipip = await goldenHotPath({ type: 'ipip' });

Echo('IPv4: answered from the VIP, whatever the encapsulation, and without backends too', async () => {
  assertSent(l2, frames.PING4, 'REPLY_ECHO', frames.PONG4);
  assertSent(ipip, frames.PING4, 'REPLY_ECHO', frames.PONG4);
  const empty = await createHotPath({ ...SMALL });
  await empty.apply([{ put: { address: '192.0.2.80', protocol: 'udp', port: 1, tableSize: 7 } }]);
  assertSent(empty, frames.PING4, 'REPLY_ECHO', frames.PONG4);
});

Echo('IPv4: options of the question are left out', () => {
  assertSent(l2, frames.PING4_OPTIONS, 'REPLY_ECHO', frames.PONG4);
});

Echo('IPv6: answered, extension headers left out', () => {
  assertSent(l2, frames.PING6, 'REPLY_ECHO', frames.PONG6);
  assertSent(l2, frames.PING6_EXTENSION, 'REPLY_ECHO', frames.PONG6);
});

Echo('on a VLAN: the tag in the frame or beside it', () => {
  assertSent(l2, frames.PING4_TAGGED, 'REPLY_ECHO', frames.PONG4_TAGGED);
  assertSent(l2, frames.PING4, 'REPLY_ECHO', frames.PONG4_TAGGED, { vlanTci: 0xa02a });
});

Echo('a half checksum is made whole', () => {
  const half = patch(frames.PING4, 36, 0, 0); // whatever stands there
  assertSent(l2, half, 'REPLY_ECHO', frames.PONG4, { virtio: virtioHeader({ start: 34, offset: 2 }) });
});

Echo('checksums are right at every value of the first word behind them', () => {
  for (let i = 0; i < 65_536; i += 251) {
    const frame = patch(frames.PING4, 38, i >> 8, i & 255);
    frame.set([0, 0], 36);
    const sum = checksum(frame.subarray(34, 14 + 20 + 8 + 15));
    frame.set([sum >> 8, sum & 255], 36);
    const answer = l2.forward(frame).frames[0] as Uint8Array;
    assert.is(checksum(answer.subarray(34)), 0, `word ${i}`);
  }
});

Echo('every address of a prefix answers, the next one does not', async () => {
  const hotPath = await createHotPath({ ...SMALL });
  await hotPath.apply([{ put: { address: '192.0.2.64/27', protocol: 'tcp', port: 80, tableSize: 7 } }]);
  assertSent(hotPath, frames.PING4, 'REPLY_ECHO', frames.PONG4);
  assert.is(hotPath.forward(patch(frames.PING4, 33, 64)).verdict, 'REPLY_ECHO');
  assertKept(hotPath, patch(frames.PING4, 33, 96), 'IGNORE_NOT_VIP');
});

Echo('not from addresses that cannot be answered', () => {
  for (const source of [
    [0, 0, 0, 0],
    [127, 0, 0, 1],
    [224, 0, 0, 1],
    [255, 255, 255, 255],
  ]) {
    assertKept(l2, patch(frames.PING4, 26, ...source), 'DROP_BAD_SOURCE');
  }
  const six = (...source: number[]): Uint8Array => patch(frames.PING6, 22, ...source);
  assertKept(l2, six(...new Array(16).fill(0)), 'DROP_BAD_SOURCE');
  assertKept(l2, six(...new Array(15).fill(0), 1), 'DROP_BAD_SOURCE');
  assertKept(l2, six(0xff, 2), 'DROP_BAD_SOURCE');
});

Echo('other codes and types have no VIP; cut short nothing is answered', () => {
  assertKept(l2, patch(frames.PING4, 35, 1), 'DROP_NO_VIP');
  assertKept(l2, patch(frames.PING4, 34, 0), 'DROP_NO_VIP');
  assertKept(l2, patch(frames.PING4, 16, 0, 27), 'DROP_TRUNCATED');
  for (let length = 14; length < 57; length++) assertKept(l2, frames.PING4.subarray(0, length), 'DROP_TRUNCATED');
});

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

Echo.run();
