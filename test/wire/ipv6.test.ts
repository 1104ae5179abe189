// RFC 8200: golden headers taken apart and changed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/forward6.js';
import { dump, hex, patch } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Ipv6 = suite('wire/ipv6');
const { call, lay, read } = createPieces();

const SYN = frames.SYN.subarray(14);

Ipv6('takes a header apart', () => {
  const at = lay(SYN);
  assert.is(call('ipv6IsValid', at, SYN.length), 1);
  assert.is(call('ipv6IsWhole', at, SYN.length), 1);
  assert.is(call('ipv6TotalLen', at), 60);
  assert.is(call('ipv6TrafficClass', at), 0x2a);
  assert.is(call('ipv6NextHeader', at), 6);
  assert.is(call('ipv6HopLimit', at), 64);
});

Ipv6('is not valid: too short, another version', () => {
  for (let length = 0; length < 40; length++) assert.is(call('ipv6IsValid', lay(SYN), length), 0, `${length} bytes`);
  assert.is(call('ipv6IsValid', lay(SYN), 40), 1);
  assert.is(call('ipv6IsValid', lay(patch(SYN, 0, 0x42)), 60), 0, 'version 4');
});

Ipv6('is whole to its last byte', () => {
  assert.is(call('ipv6IsWhole', lay(SYN), 60), 1);
  assert.is(call('ipv6IsWhole', lay(SYN), 59), 0);
});

Ipv6('the longest payload', () => {
  assert.is(call('ipv6TotalLen', lay(patch(SYN, 4, 0xff, 0xff))), 65575);
});

Ipv6('a traffic class leaves version and flow label', () => {
  for (const value of [0, 0x2a, 0xb9, 0xff]) {
    const at = lay(SYN);
    call('ipv6SetTrafficClass', at, value);
    assert.is(call('ipv6TrafficClass', at), value);
    assert.equal(read(at, SYN.length), patch(SYN, 0, 0x60 | (value >> 4), ((value & 15) << 4) | 0x01));
  }
});

Ipv6('takes one from the hop limit and nothing else', () => {
  const at = lay(SYN);
  call('ipv6DecrementHopLimit', at);
  assert.fixture(dump(read(at, SYN.length)), dump(frames.SYN_L2.subarray(14)));
});

Ipv6('writes what it is told over 0xa5, and not a byte more', () => {
  const at = lay(new Uint8Array(0));
  call('ipv6SetFirstWord', at, 0x2a, 0x12345);
  call('ipv6SetPayloadLen', at, 0x1234);
  assert.fixture(
    dump(read(at - 2, 10)),
    dump(hex`
      a5 a5
      62 a1 23 45 12 34
      a5 a5
    `),
  );
});

Ipv6.run();
