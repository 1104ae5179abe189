// What a sender left to the device: half checksums, which encapsulation must complete, and super-frames.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { goldenHotPath, outputVirtio, virtioHeader } from '../support/hotpath.js';

const Offload = suite('encap/offload');
const ipip = await goldenHotPath({ type: 'ipip' });
const l2 = await goldenHotPath({ type: 'l2' });

const TCP4 = { virtio: virtioHeader({ start: 34, offset: 16 }) };
const UDP4 = { virtio: virtioHeader({ start: 34, offset: 6 }) };
const TCP6 = { virtio: virtioHeader({ start: 54, offset: 16 }) };
const UDP6 = { virtio: virtioHeader({ start: 54, offset: 6 }) };

Offload('half checksums of TCP are completed', () => {
  assertSent(ipip, v4.DATA_HALF, 'FORWARD_IPIP', v4.DATA_IPIP, TCP4);
  assert.is(outputVirtio(ipip), undefined);
  assertSent(ipip, v6.DATA_HALF, 'FORWARD_IPIP', v6.DATA_IPIP, TCP6);
});

Offload('half checksums of UDP are completed, odd lengths too', () => {
  assertSent(ipip, v4.UDP_HALF, 'FORWARD_IPIP', v4.UDP_IPIP, UDP4);
  assertSent(ipip, v6.UDP_HALF, 'FORWARD_IPIP', v6.UDP_IPIP, UDP6);
});

Offload('RFC 768: a UDP checksum that comes out as 0 is sent as all ones', () => {
  assertSent(ipip, v4.UDP_ZERO_HALF, 'FORWARD_IPIP', v4.UDP_ZERO_IPIP, UDP4);
  assertSent(ipip, v6.UDP_ZERO_HALF, 'FORWARD_IPIP', v6.UDP_ZERO_IPIP, UDP6);
});

Offload('each completion is counted', async () => {
  const counted = await goldenHotPath({ type: 'ipip' });
  counted.forward(v4.DATA_HALF, TCP4);
  counted.forward(v4.UDP_HALF, UDP4);
  counted.forward(v4.DATA);
  assert.is(counted.stats().events.checksumCompleted, 2);
});

Offload('a whole checksum is left alone, with a virtio header or without', () => {
  assertSent(ipip, v4.DATA, 'FORWARD_IPIP', v4.DATA_IPIP);
  assertSent(ipip, v4.DATA, 'FORWARD_IPIP', v4.DATA_IPIP, { virtio: virtioHeader({}) });
});

Offload('the padding behind a packet is not summed', () => {
  const padded = new Uint8Array(v4.UDP_HALF.length + 5).fill(0xee);
  padded.set(v4.UDP_HALF);
  assertSent(ipip, padded, 'FORWARD_IPIP', v4.UDP_IPIP, UDP4);
});

Offload('a half checksum in a tagged frame: summing begins four bytes further on', () => {
  const tagged = Uint8Array.from([
    ...v4.DATA_HALF.subarray(0, 12),
    ...[0x81, 0x00, 0xa0, 0x2a],
    ...v4.DATA_HALF.subarray(12),
  ]);
  const virtio = virtioHeader({ start: 38, offset: 16 });
  assertSent(ipip, tagged, 'FORWARD_IPIP', v4.DATA_TAGGED_IPIP, { virtio });
});

// A virtio header that points somewhere else than into the transport part must not make us write there.
const LIES: [what: string, start: number, offset: number][] = [
  ['begins in the Ethernet header', 0, 16],
  ['begins in the IP header', 14, 16],
  ['begins in the payload, the field ends behind the packet', 54, 17],
  ['begins behind the frame', 65_535, 16],
  ['the field ends one byte behind the packet', 34, 37],
  ['the field is far behind the packet', 34, 65_535],
];
for (const [what, start, offset] of LIES) {
  Offload(`a virtio header that lies is a bad header: ${what}`, () => {
    const virtio = virtioHeader({ start, offset });
    for (const hotPath of [ipip, l2]) assertKept(hotPath, v4.DATA_HALF, 'DROP_BAD_HEADER', { virtio });
  });
}

Offload('a field in the last two bytes of the packet is still inside', () => {
  const virtio = virtioHeader({ start: 34, offset: 36 }); // TCP header and payload are 38 bytes
  assert.is(l2.forward(v4.DATA_HALF, { virtio }).verdict, 'FORWARD_L2');
});

/** A TCP super-frame over IPv4: the headers of DATA_HALF and `payload` bytes. */
function superFrame(payload: number): Uint8Array {
  const frame = new Uint8Array(54 + payload).fill(0x77);
  const length = 40 + payload;
  frame.set(patch(v4.DATA_HALF.subarray(0, 54), 16, length >> 8, length & 0xff));
  return frame;
}

function segments(gsoSize: number): { virtio: Uint8Array } {
  return { virtio: virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize }) };
}

Offload('L2: a super-frame passes with its virtio header, larger than the MTU as it is', () => {
  const frame = superFrame(3 * 1448);
  const { verdict, frames } = l2.forward(frame, segments(1448));
  assert.is(verdict, 'FORWARD_L2');
  assert.is(frames[0]?.length, frame.length);
  assert.equal(frames[0]?.subarray(54), frame.subarray(54));
  assert.equal(outputVirtio(l2), segments(1448).virtio);
});

Offload('L2: with a tag put back, the virtio header of a super-frame moves four bytes', () => {
  assert.is(l2.forward(superFrame(3000), { ...segments(1448), vlanTci: 42 }).verdict, 'FORWARD_L2');
  assert.equal(outputVirtio(l2), virtioHeader({ start: 38, offset: 16, gsoType: 1, gsoSize: 1448 }));
});

Offload('L2: one segment of a super-frame must fit the MTU, to the byte', () => {
  assert.is(l2.forward(superFrame(3000), segments(1460)).verdict, 'FORWARD_L2'); // 40 + 1460
  assert.is(l2.forward(superFrame(3000), segments(1461)).verdict, 'REPLY_TOO_BIG');
});

Offload('L2: a super-frame of UDP is measured with the UDP header', () => {
  const payload = 3000;
  const frame = new Uint8Array(42 + payload);
  frame.set(v4.UDP.subarray(0, 42));
  frame.set([(28 + payload) >> 8, (28 + payload) & 0xff], 16);
  frame.set([(8 + payload) >> 8, (8 + payload) & 0xff], 38);
  const udp = (gsoSize: number): { virtio: Uint8Array } => ({
    virtio: virtioHeader({ start: 34, offset: 6, gsoType: 5, gsoSize }),
  });
  assert.is(l2.forward(frame, udp(1472)).verdict, 'FORWARD_L2'); // 28 + 1472
  assert.is(l2.forward(frame, udp(1473)).verdict, 'REPLY_TOO_BIG');
});

Offload.run();
