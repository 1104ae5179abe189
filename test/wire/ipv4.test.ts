// RFC 791: golden headers taken apart and changed; the TTL against a header checksum made anew for every checksum there is.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/forward4.js';
import { checksum } from '../model/checksum.js';
import { dump, hex, patch } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Ipv4 = suite('wire/ipv4');
const pieces = createPieces();
const { call, lay, read } = pieces;

const SYN = frames.SYN.subarray(14, 54);
const OPTIONS = frames.OPTIONS.subarray(14);

Ipv4('takes a header apart', () => {
  const at = lay(SYN);
  assert.is(call('ipv4IsValid', at, SYN.length), 1);
  assert.is(call('ipv4IsWhole', at, SYN.length), 1);
  assert.is(call('ipv4HeaderLen', at), 20);
  assert.is(call('ipv4Tos', at), 0);
  assert.is(call('ipv4TotalLen', at), 40);
  assert.is(call('ipv4IsFragment', at), 0);
  assert.is(call('ipv4Ttl', at), 64);
  assert.is(call('ipv4Protocol', at), 6);
  assert.is(call('ipv4Source', at), 0x076433c6); // 198.51.100.7, first byte lowest
  assert.is(call('ipv4Destination', at), 0x500200c0); // 192.0.2.80
});

Ipv4('id, fragment offset, version and checksum; an id changes nothing else', () => {
  const at = lay(SYN);
  assert.is(call('ipv4Id', at), 0x1234);
  assert.is(call('ipv4IsVersion4', at), 1);
  assert.is(call('ipv4IsVersion4', lay(patch(SYN, 0, 0x60))), 0);
  assert.is(call('ipv4HeaderChecksum', lay(SYN)), 0x113c); // 3c 11 as it lies in memory
  call('ipv4SetId', at, 0xabcd);
  assert.equal(read(at, 20), patch(SYN, 4, 0xab, 0xcd).subarray(0, 20));
  const offset = (high: number, low: number): number => call('ipv4FragmentOffset', lay(patch(SYN, 6, high, low)));
  assert.equal([offset(0x40, 0), offset(0x20, 0), offset(0x20, 1), offset(0x1f, 0xff)], [0, 0, 1, 0x1fff]);
});

Ipv4('takes a header with options apart', () => {
  const at = lay(OPTIONS);
  assert.is(call('ipv4HeaderLen', at), 28);
  assert.is(call('ipv4Tos', at), 0xb9);
  assert.is(call('ipv4TotalLen', at), 39);
});

Ipv4('is not valid: too short, another version, a header that contradicts itself', () => {
  for (let length = 0; length < 20; length++) assert.is(call('ipv4IsValid', lay(SYN), length), 0, `${length} bytes`);
  assert.is(call('ipv4IsValid', lay(patch(SYN, 0, 0x65)), 40), 0, 'version 6');
  assert.is(call('ipv4IsValid', lay(patch(SYN, 0, 0x44)), 40), 0, 'header of 16 bytes');
  assert.is(call('ipv4IsValid', lay(patch(SYN, 0, 0x4b)), 40), 0, 'header of 44 bytes, packet of 40');
  assert.is(call('ipv4IsValid', lay(patch(SYN, 0, 0x4a)), 40), 1, 'header of 40 bytes, packet of 40');
});

Ipv4('is whole to its last byte', () => {
  assert.is(call('ipv4IsWhole', lay(SYN), 40), 1);
  assert.is(call('ipv4IsWhole', lay(SYN), 39), 0);
});

Ipv4("fragments: offset or more to come; the don't-fragment and the reserved flag are none", () => {
  const isFragment = (high: number, low: number): number => call('ipv4IsFragment', lay(patch(SYN, 6, high, low)));
  assert.is(isFragment(0x40, 0), 0, 'DF');
  assert.is(isFragment(0x80, 0), 0, 'reserved');
  assert.is(isFragment(0x20, 0), 1, 'MF');
  assert.is(isFragment(0x00, 1), 1, 'offset 1');
  assert.is(isFragment(0x1f, 0xff), 1, 'largest offset');
});

/** The word of TTL and protocol, and the checksum, are all that a router changes. */
function afterOneHop(header: Uint8Array): Uint8Array {
  const at = lay(header);
  call('ipv4DecrementTtl', at);
  return read(at, header.length);
}

Ipv4('takes one from the TTL: golden bytes', () => {
  assert.fixture(dump(afterOneHop(SYN)), dump(frames.SYN_L2.subarray(14)));
  assert.fixture(dump(afterOneHop(OPTIONS)), dump(frames.OPTIONS_L2.subarray(14)));
});

Ipv4('takes one from the TTL: every checksum a header can have, against one made anew', () => {
  // The identification runs through all values, and the checksum with it: all but 0xffff, which no header gives, as its
  // words would have to add up to nothing.
  const header = SYN.slice(0, 20);
  const view = new DataView(header.buffer);
  const seen = new Set<number>();
  for (let id = 0; id <= 0xffff; id++) {
    view.setUint16(4, id);
    view.setUint16(10, 0);
    view.setUint8(8, 64);
    const before = checksum(header);
    seen.add(before);
    view.setUint16(10, before);
    const after = afterOneHop(header);
    view.setUint16(10, 0);
    view.setUint8(8, 63);
    const wanted = checksum(header);
    const found = new DataView(after.buffer).getUint16(10);
    if (found !== wanted || after[8] !== 63) {
      assert.unreachable(`checksum ${before}: ${found} after TTL ${after[8]}, made anew ${wanted}`);
    }
  }
  assert.is(seen.size, 0xffff);
  assert.not(seen.has(0xffff));
});

Ipv4('RFC 1624, section 4: a sum that RFC 1141 would leave at 0xffff ends at 0', () => {
  // By hand: 0xfeff + 0x0100 = 0xffff, which is 0 in one's complement, and a full sum of words gives 0x0000.
  assert.equal(
    afterOneHop(hex`45 00 00 28 00 00 40 00 40 06 fe ff 00 00 00 00 00 00 00 00`).slice(8, 12),
    hex`3f 06 00 00`,
  );
});

Ipv4('RFC 1624: a checksum of 0xffff, as some senders make it of 0, goes on like 0', () => {
  assert.equal(
    afterOneHop(hex`45 00 00 28 00 00 40 00 40 06 ff ff 00 00 00 00 00 00 00 00`).slice(8, 12),
    hex`3f 06 01 00`,
  );
});

Ipv4('writes what it is told over 0xa5, and not a byte more', () => {
  const at = lay(new Uint8Array(0));
  call('ipv4SetTos', at, 0xb9);
  call('ipv4SetTotalLen', at, 0x1234);
  call('ipv4StoreChecksum', at, 0x6655); // as checksum.finish() gives it, in the order of memory
  assert.fixture(
    dump(read(at - 2, 24)),
    dump(hex`
      a5 a5
      a5 b9 12 34 a5 a5 a5 a5 a5 a5 55 66 a5 a5 a5 a5 a5 a5 a5 a5
      a5 a5
    `),
  );
});

Ipv4.run();
