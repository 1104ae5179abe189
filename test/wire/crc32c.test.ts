// CRC32c: the vectors of RFC 3720, section B.4, and the check value of the catalogue of parametrised CRC algorithms.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPieces } from '../support/module.js';

const Crc = suite('wire/crc32c');
const { call, lay } = createPieces();
const VECTORS: [what: string, bytes: Uint8Array, crc: number][] = [
  ['123456789', new TextEncoder().encode('123456789'), 0xe306_9283],
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a91_36aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ['32 bytes of incrementing 00..1f', new Uint8Array(32).map((_, i) => i), 0x46dd_794e],
  ['32 bytes of decrementing 1f..00', new Uint8Array(32).map((_, i) => 31 - i), 0x113f_db5c],
  ['nothing', new Uint8Array(0), 0],
];
for (const [what, bytes, crc] of VECTORS) {
  Crc(what, () => assert.is(call('crc32c', lay(bytes), bytes.length), crc));
}
Crc.run();
