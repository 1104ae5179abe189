// IEEE 802.3 and 802.1Q: golden headers taken apart, then put together over 0xa5.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/forward4.js';
import { dump, hex } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Ethernet = suite('wire/ethernet');
const pieces = createPieces();
const { call, lay, read } = pieces;

// MAC addresses as the module takes them: the low 6 bytes of a u64, first byte lowest.
const OURS = 0x0100_0000_0002n;
const BACKEND = 0x090b_0000_0002n;
const CLIENT = 0x010c_0000_0002n;

Ethernet('takes an untagged header apart', () => {
  const at = lay(frames.SYN);
  assert.is(call('ethernetIsValid', at, frames.SYN.length), 1);
  assert.is(call('ethernetType', at), 0x0800);
  assert.is(pieces.callLong('ethernetSource', at), CLIENT);
});

Ethernet('takes a tagged header apart', () => {
  const at = lay(frames.DATA_TAGGED);
  assert.is(call('ethernetType', at), 0x8100);
  assert.is(call('ethernetTagTci', at), (5 << 13) | 42);
  assert.is(call('ethernetTaggedType', at), 0x0800);
});

Ethernet('is valid from 14 bytes on, with a tag from 18', () => {
  const valid = (frame: Uint8Array): number[] =>
    Array.from({ length: 20 }, (_, length) => length).filter((length) => call('ethernetIsValid', lay(frame), length));
  assert.is(valid(frames.SYN)[0], 14);
  assert.is(valid(frames.DATA_TAGGED)[0], 18);
});

Ethernet('writes an untagged header and not a byte more', () => {
  const at = lay(new Uint8Array(0));
  call('ethernetWrite', at, BACKEND, OURS, 0x0800);
  assert.fixture(
    dump(read(at - 2, 18)),
    dump(hex`
      a5 a5
      02 00 00 00 0b 09 02 00 00 00 00 01 08 00 // as in SYN_L2
      a5 a5
    `),
  );
});

Ethernet('writes a tagged header and not a byte more', () => {
  const at = lay(new Uint8Array(0));
  call('ethernetWriteTagged', at, BACKEND, OURS, (5 << 13) | 42, 0x0800);
  assert.fixture(
    dump(read(at - 2, 22)),
    dump(hex`
      a5 a5
      02 00 00 00 0b 09 02 00 00 00 00 01 81 00 a0 2a 08 00 // as in DATA_TAGGED_L2
      a5 a5
    `),
  );
});

Ethernet.run();
