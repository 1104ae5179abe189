// MurmurHash3 x64-128 against published answers and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { murmur3 } from '../model/hash64.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Murmur3 = suite('hash/murmur3');
const pieces = createPieces();

function hash(message: Uint8Array, seed: number): [bigint, bigint] {
  pieces.call('murmur3', pieces.lay(message), message.length, seed);
  return [pieces.readLong('murmur3First'), pieces.readLong('murmur3Second')];
}

function bytesOf([first, second]: [bigint, bigint]): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(first, 0);
  bytes.writeBigUInt64LE(second, 8);
  return bytes;
}

/** VerificationTest of SMHasher (Appleby): hashes of 0 to 255 bytes with seeds 256 to 1, hashed together; its first 32 bits. */
function verification(of: (message: Uint8Array, seed: number) => [bigint, bigint]): number {
  const hashes = Array.from({ length: 256 }, (_, length) =>
    bytesOf(
      of(
        Uint8Array.from({ length }, (_byte, i) => i),
        256 - length,
      ),
    ),
  );
  return Buffer.from(bytesOf(of(Buffer.concat(hashes), 0))).readUInt32LE();
}

Murmur3("SMHasher's verification value, and the model has it too", () => {
  assert.is(verification(hash), 0x6384ba69);
  assert.is(verification(murmur3), 0x6384ba69);
});

// Tests of github.com/spaolacci/murmur3, from which Cilium's package comes.
const TEXTS: [text: string, first: bigint, second: bigint][] = [
  ['', 0n, 0n],
  ['hello', 0xcbd8a7b341bd9b02n, 0x5b1e906a48ae1d19n],
  ['hello, world', 0x342fac623a5ebc8en, 0x4cdcbc079642414dn],
  ['19 Jan 2038 at 3:14:07 AM', 0xb89e5988b737affcn, 0x664fc2950231b2cbn],
  ['The quick brown fox jumps over the lazy dog.', 0xcd99481f9ee902c9n, 0x695da1a38987b6e7n],
];

Murmur3('published texts', () => {
  for (const [text, first, second] of TEXTS) assert.equal(hash(Buffer.from(text), 0), [first, second], text);
});

Murmur3('is the model on random messages, and reads no byte behind them', () =>
  withSeeds([1, 2, 3], ({ int, bytes }) => {
    for (let i = 0; i < 200; i++) {
      const message = bytes(int(70));
      const seed = Buffer.from(bytes(4)).readUInt32LE();
      assert.equal(hash(message, seed), murmur3(message, seed), `${message.length} bytes`);
    }
  }),
);

Murmur3('of two words is that of their bytes', () =>
  withSeeds([4], ({ bytes }) => {
    for (let i = 0; i < 50; i++) {
      const words = Buffer.from(bytes(16));
      const [a, b] = [words.readBigUInt64LE(0), words.readBigUInt64LE(8)];
      assert.is(pieces.callLong('murmur3Pair', a, b, 2307), murmur3(words, 2307)[0]);
    }
  }),
);

Murmur3.run();
