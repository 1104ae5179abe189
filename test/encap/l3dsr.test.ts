// L3DSR: golden frames in, golden frames out. The golden checksums were made anew by another program; ours are mended.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as tunnel from '../golden/tunnel.js';
import { checksum } from '../model/checksum.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { patch } from '../support/hex.js';
import { GOLDEN, goldenHotPath, outputVirtio, virtioHeader } from '../support/hotpath.js';
import { withSeeds } from '../support/random.js';

const L3dsr = suite('encap/l3dsr');
const hotPath = await goldenHotPath({ type: 'l3dsr', dscp: 46 });

L3dsr('IPv4: destination and DSCP are new, ECN stays, header and TCP checksum follow', () => {
  const { backend } = assertSent(hotPath, v4.SYN, 'FORWARD_L3DSR', tunnel.SYN4_L3DSR);
  assert.is(backend, GOLDEN.backend4);
  assertSent(hotPath, v4.OPTIONS, 'FORWARD_L3DSR', tunnel.OPTIONS_L3DSR);
});

L3dsr('IPv6: the flow label stays', () => {
  assertSent(hotPath, v6.SYN, 'FORWARD_L3DSR', tunnel.SYN6_L3DSR);
  assertSent(hotPath, tunnel.UDP6, 'FORWARD_L3DSR', tunnel.UDP6_L3DSR);
});

L3dsr('UDP without a checksum still has none', () => {
  assertSent(hotPath, tunnel.NO_CHECKSUM, 'FORWARD_L3DSR', tunnel.NO_CHECKSUM_L3DSR);
});

L3dsr('a half checksum is completed for who takes frames from cells', () => {
  const virtio = virtioHeader({ start: 34, offset: 16 });
  assertSent(hotPath, v4.DATA_HALF, 'FORWARD_L3DSR', tunnel.DATA_L3DSR, { virtio });
});

L3dsr('a super-frame passes; its half checksum is mended as the sum that it is', () => {
  const virtio = virtioHeader({ start: 34, offset: 16, gsoType: 1, gsoSize: 10 });
  const { verdict, frames } = hotPath.forward(v4.DATA_HALF, { virtio });
  assert.is(verdict, 'FORWARD_L3DSR');
  assert.equal(outputVirtio(hotPath), virtio);
  // Completed by its receiver, the frame is the golden one.
  const frame = (frames[0] ?? new Uint8Array(0)).slice();
  new DataView(frame.buffer).setUint16(50, checksum(frame.subarray(34)));
  assert.equal(frame, tunnel.DATA_L3DSR);
});

L3dsr('the packet does not grow: it fits the MTU as it came', async () => {
  assertSent(await goldenHotPath({ type: 'l3dsr', dscp: 46 }, { mtu: 40 }), v4.SYN, 'FORWARD_L3DSR', tunnel.SYN4_L3DSR);
  assertKept(await goldenHotPath({ type: 'l3dsr', dscp: 46 }, { mtu: 39 }), v4.SYN, 'DROP_TOO_BIG');
});

L3dsr('mended checksums are right for every checksum there was (seeded)', () =>
  withSeeds([1, 2, 3, 4], (random) => {
    for (let i = 0; i < 500; i++) {
      const frame = v4.UDP.slice();
      const view = new DataView(frame.buffer);
      frame[15] = random.int(256); // TOS
      frame.set(random.bytes(2), 18); // id
      frame.set(random.bytes(4), 26); // source address
      frame.set(random.bytes(2), 34); // source port
      view.setUint16(24, 0);
      view.setUint16(24, checksum(frame.subarray(14, 34)));
      view.setUint16(40, 0);
      view.setUint16(40, checksum(withPseudoHeader(frame)) || 0xffff);
      const { verdict, frames } = hotPath.forward(frame);
      assert.is(verdict, 'FORWARD_L3DSR');
      const sent = (frames[0] ?? frame).slice();
      assert.is(checksum(sent.subarray(14, 34)), 0, `IP header of frame ${i}`);
      assert.is(checksum(withPseudoHeader(sent)), 0, `UDP of frame ${i}`);
      assert.is.not(new DataView(sent.buffer).getUint16(40), 0, `a UDP checksum in frame ${i}`);
    }
  }),
);

/** Pseudo header and datagram of a frame of UDP over IPv4. */
function withPseudoHeader(frame: Uint8Array): Uint8Array {
  const length = frame.length - 34;
  return Uint8Array.from([...frame.subarray(26, 34), 0, 17, length >> 8, length & 0xff, ...frame.subarray(34)]);
}

L3dsr('a half checksum of a packet further inside leaves the outer one whole, and it is mended as such', () => {
  const whole = hotPath.forward(v4.UDP).frames[0]?.slice();
  const virtio = virtioHeader({ start: 42, offset: 2, gsoType: 5, gsoSize: 10 }); // behind the UDP header
  assert.equal(hotPath.forward(v4.UDP, { virtio }).frames[0]?.slice(), whole);
});

L3dsr('half a UDP checksum of 0 is a sum, and not the word that there is none', () => {
  const virtio = virtioHeader({ start: 34, offset: 6, gsoType: 5, gsoSize: 10 });
  const out = hotPath.forward(patch(v4.UDP, 40, 0, 0), { virtio }).frames[0];
  // 192.0.2.80 becomes 10.0.1.9: 0 - (c000 + 0250) + (0a00 + 0109), in one's complement.
  assert.equal([...(out?.subarray(40, 42) ?? [])], [0x48, 0xb8]);
});

L3dsr.run();
