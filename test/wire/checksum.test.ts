// The Internet checksum: RFC 1071's own example, every length and alignment against a slow twin, the edges of folding.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checksum, onesSum } from '../model/checksum.js';
import { hex } from '../support/hex.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Checksum = suite('wire/checksum');
const pieces = createPieces();

/** finish(add(0, ...)) comes as it lies in memory; people read it in network order. */
function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >> 8);
}

function computed(bytes: Uint8Array, offset = 64): number {
  const at = pieces.lay(bytes, offset);
  return swap(pieces.call('checksumFinish', pieces.callLong('checksumAdd', 0n, at, bytes.length)));
}

Checksum("RFC 1071, section 3: the example's sum is 0xddf2", () => {
  const example = hex`00 01 f2 03 f4 f5 f6 f7`;
  assert.is(onesSum(example), 0xddf2);
  assert.is(computed(example), 0xffff - 0xddf2);
});

Checksum('RFC 1071, section 3: the same an odd byte later, swapped', () => {
  // "Byte-by-byte, Swapped order" of the RFC's table: the groups begin one byte later, the sum comes out swapped.
  assert.is(computed(hex`00 00 01 f2 03 f4 f5 f6 f7`), 0xffff - 0xf2dd);
});

Checksum('the header checksum of a packet that scapy made', () => {
  const header = hex`45 00 00 28 12 34 40 00 40 06 00 00 c6 33 64 07 c0 00 02 50`;
  assert.is(computed(header), 0x3c11); // test/golden/forward4.ts, SYN
});

Checksum('every length from 0 to 80, odd ones padded with zero', () =>
  withSeeds([1], ({ bytes }) => {
    for (let length = 0; length <= 80; length++) {
      const data = bytes(length);
      assert.is(computed(data), checksum(data), `${length} bytes`);
    }
  }),
);

Checksum('every alignment, and lengths up to a super-frame', () =>
  withSeeds([2], ({ bytes, int }) => {
    for (let offset = 64; offset < 80; offset++) {
      const data = bytes(1 + int(4000));
      assert.is(computed(data, offset), checksum(data), `${data.length} bytes at ${offset}`);
    }
  }),
);

Checksum('a mended checksum is the one made anew, for every checksum there is and random words', () =>
  withSeeds([3], ({ bytes }) => {
    for (let old = 0; old < 65_536; old += 7) {
      const [before, after] = [bytes(2), bytes(2)];
      // The word that makes `old` the checksum of it and `before`.
      const rest = 0xffff - onesSum(Uint8Array.from([old >> 8, old & 255, ...before]));
      const anew = checksum(Uint8Array.from([rest >> 8, rest & 255, ...after]));
      const word = ([high = 0, low = 0]: Uint8Array): number => (low << 8) | high;
      const mended = swap(pieces.call('checksumReplaced', swap(old), word(before), word(after)));
      // 0 and 0xffff are the same number in one's complement; which of them old was, nobody can tell.
      assert.is(mended % 0xffff, anew % 0xffff, `${old} less ${before} plus ${after}`);
    }
  }),
);

Checksum('a sum of all ones stays all ones, and of nothing stays nothing', () => {
  assert.is(computed(new Uint8Array(4000).fill(0xff)), 0);
  assert.is(computed(new Uint8Array(4000)), 0xffff);
});

Checksum('folds carries of carries', () => {
  // By hand: 0xffff0001 + nothing: 0xffff + 0x0001 = 0x10000, whose carry comes round: 1.
  assert.is(pieces.call('checksumFold', 0xffff_0001n), 1);
  assert.is(pieces.call('checksumFold', 0xffff_ffff_ffff_ffffn), 0xffff);
  assert.is(pieces.call('checksumFold', 0x1_0000_0000n), 1);
  assert.is(pieces.call('checksumFold', 0xffff_ffff_0000_0001n), 1);
  assert.is(pieces.call('checksumFold', 0n), 0);
});

Checksum('adds to the sum it is given', () => {
  const at = pieces.lay(hex`00 01 f2 03`);
  const first = pieces.callLong('checksumAdd', 0n, at, 4);
  const second = pieces.callLong('checksumAdd', first, pieces.lay(hex`f4 f5 f6 f7`), 4);
  assert.is(swap(pieces.call('checksumFold', second)), 0xddf2);
});

Checksum.run();
