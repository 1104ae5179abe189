// lookup3 against DPDK's published answers and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jhash, tuple6 } from '../model/jhash.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Jhash = suite('hash/jhash');
const pieces = createPieces();

// hash_values_jhash1 of DPDK's app/test/test_hash_functions.c: keys 00 01 02 ..., of these lengths, two initial values.
const LENGTHS = [4, 8, 16, 32, 48, 64, 9, 13, 37, 40];
const KNOWN: [seed: number, hashes: number[]][] = [
  [
    0,
    [
      0xe4cf1d42, 0xd4ccb93c, 0x5e84eafc, 0x21362cfe, 0x2f4775ab, 0x9ff036cc, 0xeca51474, 0xbc9d6816, 0x12926a31,
      0x1c9fa888,
    ],
  ],
  [
    0xdeadbeef,
    [
      0x8270ac65, 0x05fa6668, 0x762df861, 0xda088f2f, 0x59614cd4, 0x7a94f690, 0xdc1e4993, 0x30825494, 0x91d0e462,
      0x768087fc,
    ],
  ],
];

Jhash("DPDK's known answers, and the model has them too", () => {
  for (const [seed, hashes] of KNOWN) {
    LENGTHS.forEach((length, i) => {
      const key = Uint8Array.from({ length }, (_, byte) => byte);
      const what = `${length} bytes, initial value ${seed}`;
      assert.is(pieces.call('jhash', pieces.lay(key), length, seed), hashes[i], what);
      assert.is(jhash(key, seed), hashes[i], `the model, ${what}`);
      if (length % 4 === 0) assert.is(pieces.call('jhash2', pieces.lay(key), length / 4, seed), hashes[i], what);
    });
  }
});

Jhash('an empty key is the start value', () => {
  assert.is(pieces.call('jhash', pieces.scratch, 0, 1), 0xdeadbef0);
  assert.is(pieces.call('jhash2', pieces.scratch, 0, 1), 0xdeadbef0);
});

Jhash('is the model on random keys, and reads no byte behind them', () =>
  withSeeds([1, 2, 3], ({ int, bytes }) => {
    for (let i = 0; i < 300; i++) {
      const key = bytes(1 + int(50)); // followed by 0xa5, which must not count
      const seed = Buffer.from(bytes(4)).readUInt32LE();
      assert.is(pieces.call('jhash', pieces.lay(key, 64 + int(4)), key.length, seed), jhash(key, seed));
    }
  }),
);

Jhash('of words is that of their bytes', () =>
  withSeeds([4, 5], ({ int, bytes }) => {
    for (let i = 0; i < 200; i++) {
      const words = Buffer.from(bytes(12));
      const [a = 0, b = 0, c = 0] = [0, 4, 8].map((at) => words.readUInt32LE(at));
      const seed = Buffer.from(bytes(4)).readUInt32LE();
      assert.is(pieces.call('jhash2Words', a, b, seed), jhash(words.subarray(0, 8), seed));
      assert.is(pieces.call('jhash3Words', a, b, c, seed), jhash(words, seed));
      const many = bytes(4 * (1 + int(12)));
      assert.is(pieces.call('jhash2', pieces.lay(many), many.length / 4, seed), jhash(many, seed));
      const source = bytes(16);
      const hash = pieces.call('jhashTuple6', pieces.lay(source), a, 17, seed);
      assert.is(hash, tuple6(source, a, 17, seed));
    }
  }),
);

Jhash.run();
