// SpookyHash, FNV-1 and what folly makes of both for an address, against published answers and against a slow twin. More
// addresses with their hashes are in Katran's vectors (test/profiles/katran.test.ts).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fnv1Signed, hashAddress } from '../model/address.js';
import { spooky16 } from '../model/hash64.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const FollyAddress = suite('hash/follyAddress');
const pieces = createPieces();
const mapped = (v4: Uint8Array): Uint8Array => Uint8Array.from([...new Uint8Array(10), 0xff, 0xff, ...v4]);

function spooky(message: Uint8Array): [bigint, bigint] {
  pieces.call('spooky16', pieces.lay(message));
  return [pieces.readLong('spookyFirst'), pieces.readLong('spookySecond')];
}

FollyAddress("SpookyHash V2: its author's answer for 16 bytes", () => {
  // TestSpookyV2.cpp, TestResults: bytes 80, 81, ..., 8f with seed 0, the low 32 bits.
  const message = Uint8Array.from({ length: 16 }, (_, i) => 0x80 + i);
  assert.is(spooky(message)[0] & 0xffffffffn, 0xf274736cn);
  assert.is(spooky16(message)[0] & 0xffffffffn, 0xf274736cn);
});

FollyAddress('FNV-1: the published answer for "foob", and signed bytes', () => {
  // FNV-1 in 32 bits, Landon Curt Noll's test vectors (test_fnv.c): no byte above 0x7f, so signs make no difference.
  assert.is(pieces.call('fnv1Signed4', pieces.lay(Buffer.from('foob'))), 0xb4b1178b);
  assert.is(fnv1Signed(Buffer.from('foob')), 0xb4b1178b);
});

FollyAddress('is the model on random addresses', () =>
  withSeeds([1, 2, 3], ({ bytes }) => {
    for (let i = 0; i < 200; i++) {
      const v6 = bytes(16);
      const v4 = bytes(4);
      assert.equal(spooky(v6), spooky16(v6));
      assert.is(pieces.call('fnv1Signed4', pieces.lay(v4)), fnv1Signed(v4));
      assert.is(pieces.callLong('follyHashAddress', pieces.lay(v6)), hashAddress(v6));
      assert.is(pieces.callLong('follyHashAddress', pieces.lay(mapped(v4))), hashAddress(v4));
    }
  }),
);

FollyAddress.run();
