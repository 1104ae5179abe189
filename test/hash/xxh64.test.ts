// XXH64 against published answers and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { xxh64 } from '../model/hash64.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Xxh64 = suite('hash/xxh64');
const pieces = createPieces();
const hash = (message: Uint8Array, seed: bigint): bigint =>
  pieces.callLong('xxh64', pieces.lay(message), message.length, seed);

// The buffer and the answers of xxHash's own sanity test (cli/xsum_sanity_check.c): lengths 0, 1, 4, 14, 222, two seeds.
const PRIME32 = 2654435761n;
function sanityBuffer(length: number): Uint8Array {
  let generator = PRIME32;
  return Uint8Array.from({ length }, () => {
    const byte = Number(generator >> 56n);
    generator = (generator * 11400714785074694797n) & (2n ** 64n - 1n);
    return byte;
  });
}
const SANITY: [length: number, seed: bigint, hash: bigint][] = [
  [0, 0n, 0xef46db3751d8e999n],
  [0, PRIME32, 0xac75fda2929b17efn],
  [1, 0n, 0xe934a84adb052768n],
  [1, PRIME32, 0x5014607643a9b4c3n],
  [4, 0n, 0x9136a0dca57457een],
  [14, 0n, 0x8282dcc4994e35c8n],
  [14, PRIME32, 0xc3bd6bf63deb6df0n],
  [222, 0n, 0xb641ae8cb691c174n],
  [222, PRIME32, 0x20cb8ab7ae10c14an],
];
// Tests of github.com/cespare/xxhash.
const TEXTS: [text: string, hash: bigint][] = [
  ['a', 0xd24ec4f1a98c6e5bn],
  ['as', 0x1c330fb2d66be179n],
  ['asd', 0x631c37ce72a97393n],
  ['asdf', 0x415872f599cea71en],
  ['Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2e85470d6fd96n],
];

Xxh64("the authors' sanity test, and the model has it too", () => {
  for (const [length, seed, expected] of SANITY) {
    assert.is(hash(sanityBuffer(length), seed), expected, `${length} bytes, seed ${seed}`);
    assert.is(xxh64(sanityBuffer(length), seed), expected, `the model, ${length} bytes, seed ${seed}`);
  }
});

Xxh64('published texts', () => {
  for (const [text, expected] of TEXTS) assert.is(hash(Buffer.from(text), 0n), expected, text);
});

Xxh64('is the model on random messages, and reads no byte behind them', () =>
  withSeeds([1, 2, 3], ({ int, bytes }) => {
    for (let i = 0; i < 200; i++) {
      const message = bytes(int(140));
      const seed = Buffer.from(bytes(8)).readBigUInt64LE();
      assert.is(hash(message, seed), xxh64(message, seed), `${message.length} bytes`);
    }
  }),
);

Xxh64.run();
