// virtio_net_hdr (virtio 1.2, section 5.1.6), and the copying of frames. Headers written by hand from the structure.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hex } from '../support/hex.js';
import { createPieces } from '../support/module.js';
import { random } from '../support/random.js';

const Virtio = suite('wire/virtio');
const { call, lay, read, scratch } = createPieces();

//                     flags, GSO type, hdr_len 66, gso_size 1448, csum_start 34, csum_offset 16: little-endian
const SUPER_FRAME = hex`01 01 42 00 a8 05 22 00 10 00`;
const WHOLE = hex`00 00 00 00 00 00 00 00 00 00`;

Virtio('takes a header apart', () => {
  const at = lay(SUPER_FRAME);
  assert.is(call('virtioNeedsChecksum', at), 1);
  assert.is(call('virtioIsSuperFrame', at), 1);
  assert.is(call('virtioSegmentBytes', at), 1448);
  assert.is(call('virtioChecksumStart', at), 34);
  assert.is(call('virtioChecksumOffset', at), 16);
});

Virtio('a header that asks for nothing', () => {
  const at = lay(WHOLE);
  assert.is(call('virtioNeedsChecksum', at), 0);
  assert.is(call('virtioIsSuperFrame', at), 0);
});

Virtio('the type of a super-frame, with the ECN bit or without', () => {
  for (const [type, wanted] of [
    [0x01, 1],
    [0x81, 1],
    [0x04, 4],
    [0x84, 4],
    [0x05, 5],
    [0x03, 3],
  ] as const) {
    assert.is(call('virtioSuperFrameType', lay(Uint8Array.from([1, type]))), wanted);
  }
});

Virtio('DATA_VALID alone (flag 2) is no half checksum', () => {
  assert.is(call('virtioNeedsChecksum', lay(hex`02 00 00 00 00 00 00 00 00 00`)), 0);
});

Virtio('clears ten bytes and not one more', () => {
  const at = lay(new Uint8Array(0));
  call('virtioClear', at);
  assert.equal(read(at - 2, 14), hex`a5 a5 00 00 00 00 00 00 00 00 00 00 a5 a5`);
});

function shifted(header: Uint8Array, shift: number): Uint8Array {
  const from = lay(header);
  const to = from + 256;
  call('virtioCopyShifted', to, from, shift);
  return read(to - 2, 14);
}

Virtio('copies: the place to sum from moves with the packet, both ways', () => {
  assert.equal(shifted(SUPER_FRAME, 0), hex`a5 a5 ${SUPER_FRAME} a5 a5`);
  assert.equal(shifted(SUPER_FRAME, 4), hex`a5 a5 01 01 42 00 a8 05 26 00 10 00 a5 a5`);
  assert.equal(shifted(SUPER_FRAME, -4), hex`a5 a5 01 01 42 00 a8 05 1e 00 10 00 a5 a5`);
});

Virtio('copies: where nothing is to be summed, nothing moves', () => {
  assert.equal(shifted(WHOLE, 4), hex`a5 a5 ${WHOLE} a5 a5`);
});

Virtio('hdr_len ends at 65535', () => {
  const at = lay(WHOLE);
  call('virtioSetHeaderLen', at, 60);
  assert.equal(read(at, 10), hex`00 00 3c 00 00 00 00 00 00 00`);
  call('virtioSetHeaderLen', at, 65_536);
  assert.equal(read(at, 10), hex`00 00 ff ff 00 00 00 00 00 00`);
});

Virtio('copy(): every length up to 600, at most 15 bytes too far, nothing before', () => {
  const bytes = random(1).bytes(600);
  for (let length = 0; length <= 600; length++) {
    const from = lay(bytes);
    const to = scratch + 2048;
    call('copyFrame', to, from, length);
    const found = read(to - 1, length + 17);
    assert.is(found[0], 0xa5, `${length}: the byte before`);
    assert.is(
      Buffer.compare(found.subarray(1, length + 1), bytes.subarray(0, length)),
      0,
      `${length}: what was copied`,
    );
    assert.is(found[length + 16], 0xa5, `${length}: the sixteenth byte behind`);
  }
});

Virtio.run();
