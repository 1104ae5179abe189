// RFC 4861: a golden solicitation taken apart, an advertisement put together over 0xa5.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/neighbour.js';
import { dump, hex, patch } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Neighbour = suite('wire/neighbour');
const { call, lay, read } = createPieces();

const SOLICITATION = frames.NS.subarray(54);

Neighbour('knows a solicitation, from 24 bytes on, type 135 and code 0', () => {
  const is = (message: Uint8Array, length = message.length): number =>
    call('neighbourIsSolicitation', lay(message), length);
  assert.is(is(SOLICITATION), 1);
  assert.is(is(SOLICITATION, 24), 1);
  assert.is(is(SOLICITATION, 23), 0);
  assert.is(is(patch(SOLICITATION, 0, 136)), 0, 'an advertisement');
  assert.is(is(patch(SOLICITATION, 1, 1)), 0, 'code 1');
});

Neighbour('writes an advertisement around the target', () => {
  const at = lay(new Uint8Array(0));
  call('neighbourWriteAdvertisement', at, 0x6000_0000, 0x0100_0000_0002n); // solicited, override
  assert.fixture(
    dump(read(at - 2, 36)),
    dump(hex`
      a5 a5
      88 00 00 00 60 00 00 00 // type 136, code 0, no checksum yet, flags S and O
      a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 a5 // the target is left as it was
      02 01 02 00 00 00 00 01 // option 2, one unit of eight bytes, our MAC address
      a5 a5
    `),
  );
});

Neighbour('stores a checksum in the order of memory', () => {
  const at = lay(new Uint8Array(0));
  call('neighbourStoreChecksum', at, 0x6655);
  assert.equal(read(at, 6), hex`a5 a5 55 66 a5 a5`);
});

Neighbour.run();
