// RFC 826: a golden request taken apart, and turned into its answer.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/neighbour.js';
import { dump, hex, patch } from '../support/hex.js';
import { createPieces } from '../support/module.js';

const Arp = suite('wire/arp');
const { call, callLong, lay, read } = createPieces();

const REQUEST = frames.ARP_REQUEST.subarray(14, 42);

Arp('takes a request apart', () => {
  const at = lay(REQUEST);
  assert.is(call('arpIsRequest', at, REQUEST.length), 1);
  assert.is(call('arpTarget', at), 0x500200c0); // 192.0.2.80, first byte lowest
  assert.is(callLong('arpSenderMac', at), 0x010c_0000_0002n);
});

Arp('is a request only when whole', () => {
  assert.is(call('arpIsRequest', lay(REQUEST), 28), 1);
  for (let length = 0; length < 28; length++) assert.is(call('arpIsRequest', lay(REQUEST), length), 0, `${length}`);
});

// RFC 826: hardware, protocol, their lengths and the operation must be ours to understand.
const OTHERS: [what: string, at: number, value: number][] = [
  ['hardware 2', 1, 2],
  ['protocol 0x0801', 3, 1],
  ['hardware addresses of 7 bytes', 4, 7],
  ['protocol addresses of 16 bytes', 5, 16],
  ['a reply', 7, 2],
  ['operation 3', 7, 3],
];
for (const [what, at, value] of OTHERS) {
  Arp(`is no request: ${what}`, () => {
    assert.is(call('arpIsRequest', lay(patch(REQUEST, at, value)), 28), 0);
  });
}

Arp('turns the request into its answer, in place, and touches nothing else', () => {
  const at = lay(REQUEST);
  call('arpIntoReply', at, 0x0100_0000_0002n);
  assert.fixture(
    dump(read(at - 2, 32)),
    dump(hex`
      a5 a5
      ${frames.ARP_REPLY.subarray(14)}
      a5 a5
    `),
  );
});

Arp.run();
