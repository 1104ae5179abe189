// IP fragments: golden frames in every order, limits and timeouts, and chance against the plain model.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HotPath } from '../host/hotpath.js';
import * as frames from './golden/fragment.js';
import * as icmp from './golden/icmp.js';
import { FragmentModel } from './model/fragments.js';
import { assertKept, assertSent } from './support/assertOutcome.js';
import { dump, patch } from './support/hex.js';
import { FakeClock, GOLDEN, goldenHotPath, virtioHeader } from './support/hotpath.js';
import { type Random, withSeeds } from './support/random.js';

const Fragment = suite('fragment');

/** Forwards and asserts that exactly these frames leave, in order. */
function assertAll(hotPath: HotPath, frame: Uint8Array, verdict: string, expected: readonly Uint8Array[]): void {
  const outcome = hotPath.forward(frame);
  assert.is(outcome.verdict, verdict);
  assert.is(outcome.frames.map(dump).join('\n'), expected.map(dump).join('\n'));
}

/** Frames held by now, as the counters say it. */
function heldNow(hotPath: HotPath): number {
  const { verdicts, events } = hotPath.stats();
  return (verdicts.HOLD_FRAGMENT ?? 0) - (events.heldSent ?? 0) - (events.heldLost ?? 0);
}

Fragment('in order: the others follow the first, IPv4 and IPv6 behind extension headers', async () => {
  const l2 = await goldenHotPath({ type: 'l2' });
  assertSent(l2, frames.PIECE4_1, 'FORWARD_L2', frames.PIECE4_1_L2);
  const outcome = assertSent(l2, frames.PIECE4_2, 'FORWARD_L2', frames.PIECE4_2_L2);
  assert.is(outcome.vip, 'udp/192.0.2.80:53');
  assert.is(outcome.backend, GOLDEN.backend4);
  assertSent(l2, frames.PIECE4_3, 'FORWARD_L2', frames.PIECE4_3_L2);
  assertSent(l2, frames.PIECE6_1, 'FORWARD_L2', frames.PIECE6_1_L2);
  assertSent(l2, frames.PIECE6_2, 'FORWARD_L2', frames.PIECE6_2_L2);
  assertSent(l2, frames.PIECE6_3, 'FORWARD_L2', frames.PIECE6_3_L2);
  assert.is(l2.stats().vips['udp/192.0.2.80:53']?.packets, 3);
});

Fragment('the first one last: the others are held and leave behind it, in the order they came', async () => {
  const l2 = await goldenHotPath({ type: 'l2' });
  assertKept(l2, frames.PIECE4_3, 'HOLD_FRAGMENT');
  assertKept(l2, frames.PIECE6_2, 'HOLD_FRAGMENT');
  assertKept(l2, frames.PIECE4_2, 'HOLD_FRAGMENT');
  assert.is(heldNow(l2), 3);
  assertAll(l2, frames.PIECE4_1, 'FORWARD_L2', [frames.PIECE4_1_L2, frames.PIECE4_3_L2, frames.PIECE4_2_L2]);
  assertAll(l2, frames.PIECE6_1, 'FORWARD_L2', [frames.PIECE6_1_L2, frames.PIECE6_2_L2]);
  assertSent(l2, frames.PIECE6_3, 'FORWARD_L2', frames.PIECE6_3_L2);
  assert.is(heldNow(l2), 0);
  assert.is(l2.stats().vips['udp/192.0.2.80:53']?.packets, 3);
  assert.is(
    l2.stats().vips['udp/192.0.2.80:53']?.octets,
    [1, 2, 3].reduce((sum, i) => sum + piece(i).length, 0),
  );
});

function piece(i: number): Uint8Array {
  return [frames.PIECE4_1, frames.PIECE4_2, frames.PIECE4_3][i - 1] as Uint8Array;
}

Fragment('in a tunnel each has its own outer header', async () => {
  const ipip = await goldenHotPath({ type: 'ipip' });
  assertKept(ipip, frames.PIECE4_3, 'HOLD_FRAGMENT');
  assertAll(ipip, frames.PIECE4_1, 'FORWARD_IPIP', [frames.PIECE4_1_IPIP, frames.PIECE4_3_IPIP]);
  assertSent(ipip, frames.PIECE4_2, 'FORWARD_IPIP', frames.PIECE4_2_IPIP);
});

Fragment('all in one batch: places are free as soon as their frames left', async () => {
  const l2 = await goldenHotPath({ type: 'l2' }, { fragmentsHeldMax: 2 });
  const input = [frames.PIECE4_3, frames.PIECE4_2, frames.PIECE4_1, frames.PIECE6_3, frames.PIECE6_2, frames.PIECE6_1];
  const batch = l2.batch(input.length);
  input.forEach((frame, i) => {
    batch.input(i).set(frame);
    batch.setLength(i, frame.length);
  });
  batch.run();
  const sent = input.flatMap((_, i) =>
    Array.from({ length: batch.outputs(i) }, (_, k) => {
      const base = batch.outputBase(i, k);
      return dump(batch.bytes.subarray(base, base + batch.outputLength(i, k)));
    }),
  );
  const four = [frames.PIECE4_1_L2, frames.PIECE4_3_L2, frames.PIECE4_2_L2];
  const expected = [...four, frames.PIECE6_1_L2, frames.PIECE6_3_L2, frames.PIECE6_2_L2];
  assert.equal(sent, expected.map(dump));
  assert.is(l2.stats().events.heldSent, 4);
});

Fragment('what is held is lost when its first does not come in time, or does not get through', async () => {
  const clock = new FakeClock();
  const l2 = await goldenHotPath({ type: 'l2' }, { nowMs: clock.nowMs, fragmentTimeoutMs: 1024 });
  assertKept(l2, frames.PIECE4_2, 'HOLD_FRAGMENT');
  clock.tick += 3;
  assertSent(l2, frames.PIECE4_1, 'FORWARD_L2', frames.PIECE4_1_L2);
  assert.is(l2.stats().events.heldLost, 1);
  // Identification again, after the timeout: another packet.
  clock.tick += 3;
  assertKept(l2, frames.PIECE4_2, 'HOLD_FRAGMENT');
  assertKept(l2, patch(frames.PIECE4_1, 22, 1), 'DROP_TTL_EXPIRED');
  assert.is(heldNow(l2), 1);
  await l2.apply([{ remove: `udp/${GOLDEN.vip4}:53/${GOLDEN.backend4}` }]);
  assertKept(l2, frames.PIECE4_1, 'DROP_NO_BACKEND');
  assert.is(heldNow(l2), 0);
  assertKept(l2, frames.PIECE4_3, 'DROP_FRAGMENT');
});

Fragment('a backend that went down gets no more fragments', async () => {
  const l2 = await goldenHotPath({ type: 'l2' });
  assertSent(l2, frames.PIECE4_1, 'FORWARD_L2', frames.PIECE4_1_L2);
  await l2.apply([{ remove: `udp/${GOLDEN.vip4}:53/${GOLDEN.backend4}` }]);
  assertKept(l2, frames.PIECE4_2, 'DROP_FRAGMENT');
});

Fragment('no more are held than there are places, and none that is longer than a place', async () => {
  const l2 = await goldenHotPath({ type: 'l2' }, { fragmentsHeldMax: 2 });
  for (let id = 0; id < 4; id++) {
    assertKept(l2, patch(frames.PIECE4_2, 18, 0, id), id < 2 ? 'HOLD_FRAGMENT' : 'DROP_FRAGMENT');
  }
  const none = await goldenHotPath({ type: 'l2' }, { fragmentsHeldMax: 0 });
  assertKept(none, frames.PIECE4_2, 'DROP_FRAGMENT');
  assertSent(none, frames.PIECE4_1, 'FORWARD_L2', frames.PIECE4_1_L2);
  assertSent(none, frames.PIECE4_2, 'FORWARD_L2', frames.PIECE4_2_L2);
  const long = new Uint8Array(2049);
  long.set(frames.PIECE4_2);
  long.set([(2049 - 14) >> 8, (2049 - 14) & 255], 16);
  const wide = await goldenHotPath({ type: 'l2' }, { mtu: 9000 });
  assertKept(wide, long, 'DROP_FRAGMENT');
  assertKept(wide, patch(long.subarray(0, 2048), 16, (2048 - 14) >> 8, (2048 - 14) & 255), 'HOLD_FRAGMENT');
});

Fragment('a full table gives up the oldest, waiting ones first', async () => {
  const l2 = await goldenHotPath({ type: 'l2' }, { fragmentsMax: 4 });
  const first = (id: number): string => l2.forward(patch(frames.PIECE4_1, 18, 1, id)).verdict;
  const later = (id: number): string => l2.forward(patch(frames.PIECE4_2, 18, 1, id)).verdict;
  for (const id of [0, 1, 2]) assert.is(first(id), 'FORWARD_L2');
  assert.is(later(3), 'HOLD_FRAGMENT');
  assert.is(later(4), 'DROP_FRAGMENT'); // pushes out nothing
  assert.is(first(5), 'FORWARD_L2'); // in the place of 3
  assert.is(l2.stats().events.heldLost, 1);
  for (const id of [0, 1, 2, 5]) assert.is(later(id), 'FORWARD_L2');
});

Fragment('tricks: tiny first fragments, later ones over the TCP flags, ICMP, offloaded ones', async () => {
  const l2 = await goldenHotPath({ type: 'l2' });
  const tcp = (frame: Uint8Array): Uint8Array => patch(frame, 23, 6);
  assertKept(l2, tcp(patch(frames.PIECE4_1, 16, 0, 36)), 'DROP_TINY_FRAGMENT');
  assertKept(l2, patch(frames.PIECE4_1, 16, 0, 27), 'DROP_TINY_FRAGMENT');
  assertKept(l2, tcp(patch(frames.PIECE4_2, 20, 0x20, 1)), 'DROP_TINY_FRAGMENT');
  assertKept(l2, patch(icmp.PING4, 20, 0x20), 'DROP_FRAGMENT');
  assertKept(l2, patch(frames.PIECE4_2, 23, 1), 'DROP_FRAGMENT');
  assertKept(l2, frames.PIECE4_2, 'DROP_BAD_HEADER', { virtio: virtioHeader({ start: 34, offset: 6 }) });
  assertKept(l2, patch(frames.PIECE4_2, 33, 81), 'IGNORE_NOT_VIP');
  assertKept(l2, patch(frames.PIECE4_2, 22, 1), 'DROP_TTL_EXPIRED');
  // Identification is not enough: another source, another protocol is another packet.
  assertSent(l2, frames.PIECE4_1, 'FORWARD_L2', frames.PIECE4_1_L2);
  assertKept(l2, patch(frames.PIECE4_2, 29, 8), 'HOLD_FRAGMENT');
  assertKept(l2, patch(frames.PIECE4_2, 23, 132), 'HOLD_FRAGMENT');
});

Fragment('L3DSR: later fragments have no checksum to mend', async () => {
  const l3dsr = await goldenHotPath({ type: 'l3dsr', dscp: 1 });
  for (const [head, pieces] of [
    [34, [frames.PIECE4_1, frames.PIECE4_2]],
    [54, [frames.PIECE6_1, frames.PIECE6_2]],
  ] as const) {
    const [, second] = pieces.map((frame) => l3dsr.forward(frame).frames[0]?.slice() as Uint8Array);
    assert.is(dump(second?.subarray(head) as Uint8Array), dump(pieces[1].subarray(head)));
  }
});

const HELD_MAX = 8;
const TIMEOUT_TICKS = 4;

/** A fragment of a UDP datagram to a VIP; the bytes behind its headers name it. */
function makeFragment(random: Random, id: number): { frame: Uint8Array; key: string; isFirst: boolean; port: number } {
  const isV6 = random.int(2) === 1;
  const isFirst = random.int(4) === 0;
  const [number, client] = [random.int(6), random.int(2)];
  const port = random.int(8) === 0 ? 54 : 53; // 54: no VIP
  const from = isV6 ? (isFirst ? frames.PIECE6_1 : frames.PIECE6_2) : isFirst ? frames.PIECE4_1 : frames.PIECE4_2;
  const frame = Uint8Array.from(from);
  const end = isV6 ? frame.length : 14 + ((frame[16] as number) << 8) + (frame[17] as number);
  frame[isV6 ? 14 + 40 + 8 + 7 : 19] = number;
  frame[isV6 ? 37 : 29] = client;
  if (isFirst) frame[isV6 ? 14 + 40 + 8 + 8 + 8 + 3 : 37] = port;
  frame.set([id >> 8, id & 255], end - 2);
  return { frame, key: `${isV6} ${number} ${client}`, isFirst, port: isFirst ? port : 53 };
}

Fragment('chance: what the model says, in every order, with losses, duplicates and timeouts', async () => {
  const seen = { forward: 0, hold: 0, drop: 0 };
  await withSeeds([31, 32, 33, 34], async (random) => {
    const clock = new FakeClock();
    const hotPath = await goldenHotPath(
      { type: 'l2' },
      { nowMs: clock.nowMs, fragmentsHeldMax: HELD_MAX, fragmentTimeoutMs: TIMEOUT_TICKS * 512 },
    );
    const model = new FragmentModel(HELD_MAX, TIMEOUT_TICKS);
    for (let id = 0; id < 3000; id++) {
      clock.tick += random.int(6) === 0 ? random.int(7) : 0;
      const { frame, key, isFirst, port } = makeFragment(random, id);
      const backend = frame[12] === 0x86 ? GOLDEN.backend6 : GOLDEN.backend4;
      // A first one to no VIP is dropped before anything is noted.
      if (port !== 53) {
        assertKept(hotPath, frame, 'DROP_NO_VIP');
        continue;
      }
      const expected = model.arrive({ key, isFirst, id, backend }, clock.tick);
      const outcome = hotPath.forward(frame);
      const what = `frame ${id}, ${key}, ${isFirst ? 'first' : 'later'}`;
      assert.is(
        outcome.verdict,
        { forward: 'FORWARD_L2', hold: 'HOLD_FRAGMENT', drop: 'DROP_FRAGMENT' }[expected.kind],
        what,
      );
      assert.equal(
        outcome.frames.map((out) => ((out.at(-2) as number) << 8) | (out.at(-1) as number)),
        expected.sent,
        what,
      );
      if (expected.kind === 'forward') assert.is(outcome.backend, expected.backend, what);
      const { heldSent, heldLost } = hotPath.stats().events;
      assert.equal({ heldSent, heldLost }, { heldSent: model.heldSent, heldLost: model.heldLost }, what);
      assert.is(heldNow(hotPath), model.heldNow, what);
      seen[expected.kind]++;
    }
    assert.ok(model.heldSent > 50 && model.heldLost > 50, `${model.heldSent} sent, ${model.heldLost} lost`);
  });
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 100, `${kind}: ${count}`);
});

Fragment.run();
