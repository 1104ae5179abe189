// SipHash-2-4 against its authors' vectors and against a slow twin.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTROL_IDENTITY_KEY, REGION_CONTROL } from '../../assembly/layout.js';
import { sipHash24 } from '../model/siphash.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const SipHash = suite('hash/siphash');
const pieces = createPieces();

const count = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

function sipHash16(key: Uint8Array, message: Uint8Array): bigint {
  pieces.memory.bytes.set(key, pieces.memory.region(REGION_CONTROL).base + CONTROL_IDENTITY_KEY);
  return pieces.callLong('sipHash16', pieces.lay(message));
}

// vectors_sip64 of github.com/veorq/SipHash: key 00..0f, message 00..(length - 1); the 15-byte one is in the paper,
// appendix A, too.
const VECTORS: [length: number, hash: bigint][] = [
  [0, 0x726fdb47dd0e0e31n],
  [15, 0xa129ca6149be45e5n],
  [16, 0x3f2acc7f57c29bdbn],
];

SipHash('the model has the published vectors', () => {
  for (const [length, hash] of VECTORS) assert.is(sipHash24(count(16), count(length)), hash, `${length} bytes`);
});

SipHash('the published vector of 16 bytes', () => {
  assert.is(sipHash16(count(16), count(16)), 0x3f2acc7f57c29bdbn);
});

SipHash('is the model on random keys and messages', () =>
  withSeeds([1, 2, 3], ({ bytes }) => {
    for (let i = 0; i < 200; i++) {
      const key = bytes(16);
      const message = bytes(16);
      assert.is(sipHash16(key, message), sipHash24(key, message));
    }
  }),
);

SipHash.run();
