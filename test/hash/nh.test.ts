// The packet hash against a BigInt model: NH from RFC 4418, the finalizer from MurmurHash3.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTROL_FINAL_KEY, CONTROL_NH_KEY, NH_KEY_WORDS, REGION_CONTROL } from '../../assembly/layout.js';
import { finalize, flowHash, nh } from '../model/nh.js';
import { createPieces } from '../support/module.js';
import { type Random, withSeeds } from '../support/random.js';

const Nh = suite('hash/nh');
const pieces = createPieces();

function setKeys(words: readonly number[], finalizer: bigint): void {
  const { view } = pieces.memory;
  const { base } = pieces.memory.region(REGION_CONTROL);
  words.forEach((word, i) => {
    view.setUint32(base + CONTROL_NH_KEY + 4 * i, word, true);
  });
  view.setBigUint64(base + CONTROL_FINAL_KEY, finalizer, true);
}

function randomKeys({ int, bytes }: Random): { nh: number[]; finalizer: bigint } {
  // Words near 2^32 too: there the sum of message and key comes round.
  const word = (): number => (int(4) === 0 ? 2 ** 32 - 1 - int(3) : Buffer.from(bytes(4)).readUInt32LE());
  return { nh: Array.from({ length: NH_KEY_WORDS }, word), finalizer: Buffer.from(bytes(8)).readBigUInt64LE() };
}

Nh('the model: a product that comes round in both factors, and a sum that does', () => {
  // By hand: (1 + 0xffffffff) mod 2^32 = 0, so the first product is 0; 0xffffffff * 0xffffffff = 0xfffffffe00000001, twice,
  // mod 2^64 = 0xfffffffc00000002.
  assert.is(nh([0xffffffff, 5], [1, 9]), 0n);
  assert.is(nh([0, 0, 0, 0], [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]), 0xfffffffc00000002n);
});

Nh('the model: the finalizer is fmix64', () => {
  // MurmurHash3's fmix64 of 0 and 1; the latter from a C program of five lines.
  assert.is(finalize(0n, 0n), 0n);
  assert.is(finalize(1n, 0n), 0xb456bcfc34c2cb2cn);
});

Nh('IPv4 is the model on random keys and flows', () =>
  withSeeds([1, 2, 3], (chance) => {
    for (let i = 0; i < 300; i++) {
      const keys = randomKeys(chance);
      setKeys(keys.nh, keys.finalizer);
      const packet = chance.bytes(40);
      const ports = packet.slice(20, 24);
      const protocol = chance.int(256);
      const at = pieces.lay(packet);
      const hash = pieces.callLong('nhHashIpv4', at, Buffer.from(ports).readUInt32LE(), protocol);
      const flow = { source: packet.slice(12, 16), destination: packet.slice(16, 20), ports, protocol };
      assert.is(hash, flowHash(keys, flow));
    }
  }),
);

Nh('IPv6 is the model on random keys and flows', () =>
  withSeeds([4, 5, 6], (chance) => {
    for (let i = 0; i < 300; i++) {
      const keys = randomKeys(chance);
      setKeys(keys.nh, keys.finalizer);
      const packet = chance.bytes(60);
      const ports = packet.slice(40, 44);
      const protocol = chance.int(256);
      const at = pieces.lay(packet);
      const hash = pieces.callLong('nhHashIpv6', at, Buffer.from(ports).readUInt32LE(), protocol);
      const flow = { source: packet.slice(8, 24), destination: packet.slice(24, 40), ports, protocol };
      assert.is(hash, flowHash(keys, flow));
    }
  }),
);

Nh('of a source or a port alone is the model: pairs of words that are not there are left out', () =>
  withSeeds([7, 8], (chance) => {
    for (let i = 0; i < 100; i++) {
      const keys = randomKeys(chance);
      setKeys(keys.nh, keys.finalizer);
      const source = Buffer.from(chance.bytes(16));
      const at = pieces.lay(source);
      const [a = 0, b = 0, c = 0, d = 0] = [0, 4, 8, 12].map((byte) => source.readUInt32LE(byte));
      const ports = Buffer.from(chance.bytes(4)).readUInt32LE();
      const of4 = finalize(nh(keys.nh, [a, 0, 0, 4 << 8]), keys.finalizer);
      assert.is(pieces.callLong('nhHashSource', 0, at), of4);
      const pairs = [...keys.nh.slice(0, 4), ...keys.nh.slice(8, 10)];
      assert.is(pieces.callLong('nhHashSource', 1, at), finalize(nh(pairs, [a, b, c, d, 0, 6 << 8]), keys.finalizer));
      const ofPort = finalize(nh(keys.nh, [ports >>> 16, 1 << 8]), keys.finalizer);
      assert.is(pieces.callLong('nhHashPort', ports), ofPort);
    }
  }),
);

Nh('slots are the high bits of the low half: first, last and middle', () => {
  assert.is(pieces.call('nativeSlotOf', 0n, 65537), 0);
  assert.is(pieces.call('nativeSlotOf', 0xffffffffn, 65537), 65536);
  assert.is(pieces.call('nativeSlotOf', 0xffffffff_80000000n, 65537), 32768); // the high half has no say
  assert.is(pieces.call('nativeSlotOf', 0xffffffffn, 5000011), 5000010);
});

Nh.run();
