// IPv6 extension headers: walked as the plain model walks them, over chains of chance, cut anywhere.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as frames from '../golden/icmp.js';
import { walkExtensions } from '../model/extension.js';
import { assertKept, assertSent } from '../support/assertOutcome.js';
import { goldenHotPath } from '../support/hotpath.js';
import { createPieces } from '../support/module.js';
import { type Random, withSeeds } from '../support/random.js';

const Extension = suite('wire/extension');
const { call, lay, module } = createPieces();
const OUTCOMES = ['walked', 'short', 'too many'] as const;

function found(name: string): number {
  return (module as unknown as Record<string, WebAssembly.Global>)[name]?.value >>> 0;
}

function chain(random: Random): Uint8Array {
  const packet = random.bytes(40 + random.int(160));
  const types = [0, 43, 44, 51, 60, 60, 60, 6, 17];
  packet[6] = random.pick(types);
  // Headers that are short and follow each other, mostly; what is in them, chance.
  for (let at = 40, type = packet[6]; at + 8 <= packet.length; ) {
    packet[at] = random.pick(types);
    packet[at + 1] = random.int(5) === 0 ? random.int(256) : random.int(2);
    if (type === 44 && random.int(3) > 0) packet.set([0, random.int(2)], at + 2);
    at +=
      type === 44 ? 8 : type === 51 ? Math.max(8, 4 * ((packet[at + 1] ?? 0) + 2)) : 8 * ((packet[at + 1] ?? 0) + 1);
    type = packet[at] ?? 0;
  }
  return packet;
}

Extension('does what the model does', async () => {
  const seen = { walked: 0, short: 0, 'too many': 0 };
  await withSeeds([11, 12, 13], (random) => {
    for (let i = 0; i < 4000; i++) {
      const packet = chain(random);
      const outcome = OUTCOMES[call('extensionWalk', lay(packet), packet.length)] ?? 'walked';
      const expected = walkExtensions(packet);
      const got =
        outcome === 'walked'
          ? {
              outcome,
              protocol: found('extensionProtocol'),
              offset: found('extensionOffset'),
              fragment: found('extensionFragment'),
            }
          : { outcome };
      assert.equal(got, expected, Buffer.from(packet).toString('hex'));
      seen[outcome]++;
    }
  });
  for (const [outcome, count] of Object.entries(seen)) assert.ok(count > 100, `${outcome}: ${count}`);
});

const l2 = await goldenHotPath({ type: 'l2' });

Extension('packets behind extension headers find their VIP and leave as they came', () => {
  assertSent(l2, frames.EXTENSIONS6, 'FORWARD_L2', frames.EXTENSIONS6_L2);
  assertSent(l2, frames.ATOMIC6, 'FORWARD_L2', frames.ATOMIC6_L2);
});

Extension('eight headers are walked, nine are not; cut at every length nothing is forwarded', () => {
  assert.is(l2.forward(frames.EIGHT6).verdict, 'FORWARD_L2');
  assertKept(l2, frames.NINE6, 'DROP_EXTENSIONS');
  for (let length = 14; length < frames.EIGHT6.length; length++) {
    assertKept(l2, frames.EIGHT6.subarray(0, length), 'DROP_TRUNCATED');
  }
});

Extension.run();
