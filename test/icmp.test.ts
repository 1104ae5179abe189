// ICMP errors go where the flow goes that they quote; golden frames, and tracked slots.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHotPath, type HotPath } from '../host/hotpath.js';
import * as v4 from './golden/forward4.js';
import * as frames from './golden/icmp.js';
import { assertKept, assertSent } from './support/assertOutcome.js';
import { patch } from './support/hex.js';
import { FakeClock, GOLDEN, goldenHotPath, SMALL } from './support/hotpath.js';
import { flowFrame } from './support/packets.js';
import { random } from './support/random.js';
import { transportFrame } from './support/transport.js';

const Icmp = suite('icmp');
const l2 = await goldenHotPath({ type: 'l2' });
const ipip = await goldenHotPath({ type: 'ipip' });

Icmp('an error is forwarded as any packet of the flow', () => {
  const before = l2.stats().events.icmpError ?? Number.NaN;
  const outcome = assertSent(l2, frames.ERROR4, 'FORWARD_L2', frames.ERROR4_L2);
  assert.is(outcome.vip, 'tcp/192.0.2.80:80');
  assert.is(outcome.backend, GOLDEN.backend4);
  assert.is(l2.stats().events.icmpError, before + 1);
  assertSent(ipip, frames.ERROR4, 'FORWARD_IPIP', frames.ERROR4_IPIP);
  assertSent(l2, frames.ERROR6, 'FORWARD_L2', frames.ERROR6_L2);
  assertSent(l2, frames.ERROR6_LONG, 'FORWARD_L2', frames.ERROR6_LONG_L2);
});

Icmp('about UDP, and about a first fragment behind extension headers', () => {
  assert.is(l2.forward(frames.UNREACHABLE4).vip, 'udp/192.0.2.80:53');
  const six = l2.forward(frames.UNREACHABLE6);
  assert.is(six.vip, 'udp/[2001:db8::80]:53');
  assert.is(six.verdict, 'FORWARD_L2');
});

// Offsets in ERROR4: type at 34, the quote at 42, its fragment field at 48, protocol at 51, source at 54, ports at 62.
Icmp('types: unreachable, time exceeded, parameter problem; the others have no VIP', () => {
  for (const type of [3, 11, 12]) assert.is(l2.forward(patch(frames.ERROR4, 34, type)).verdict, 'FORWARD_L2');
  for (const type of [4, 5, 13]) assertKept(l2, patch(frames.ERROR4, 34, type), 'DROP_NO_VIP');
  for (const type of [1, 2, 3, 4]) assert.is(l2.forward(patch(frames.ERROR6, 54, type)).verdict, 'FORWARD_L2');
  for (const type of [0, 5, 127]) assertKept(l2, patch(frames.ERROR6, 54, type), 'DROP_NO_VIP');
});

Icmp('a quote that says nothing', () => {
  assertKept(l2, patch(frames.ERROR4, 42, 0x55), 'DROP_BAD_QUOTE');
  assertKept(l2, patch(frames.ERROR4, 42, 0x44), 'DROP_BAD_QUOTE');
  assertKept(l2, patch(frames.ERROR4, 48, 0, 1), 'DROP_BAD_QUOTE');
  assertKept(l2, patch(frames.ERROR4, 51, 1), 'DROP_BAD_QUOTE');
  assertKept(l2, patch(frames.ERROR4, 54, 10), 'DROP_BAD_QUOTE');
  assertKept(l2, patch(frames.ERROR4, 63, 81), 'DROP_NO_VIP');
  assertKept(l2, patch(frames.ERROR4, 22, 1), 'DROP_TTL_EXPIRED');
});

Icmp('cut to every length: only what holds the ports is forwarded', () => {
  for (let quoted = 0; quoted < 28; quoted++) {
    const total = 28 + quoted;
    const frame = patch(frames.ERROR4, 16, 0, total).subarray(0, 14 + total);
    const { verdict } = l2.forward(frame);
    assert.is(verdict, quoted < 24 ? 'DROP_BAD_QUOTE' : 'FORWARD_L2', `${quoted} bytes quoted`);
  }
});

Icmp('about our own outer packets: counted, and left to the host', () => {
  for (const frame of [frames.OUTER_ERROR4, frames.OUTER_ERROR6]) {
    const before = ipip.stats().events.outerError ?? Number.NaN;
    assertKept(ipip, frame, 'IGNORE_NOT_VIP');
    assert.is(ipip.stats().events.outerError, before + 1);
  }
  const before = ipip.stats().events.outerError;
  assertKept(ipip, patch(frames.OUTER_ERROR4, 54, 10, 0, 0, 2), 'IGNORE_NOT_VIP');
  assert.is(ipip.stats().events.outerError, before);
});

/** Needfrag about what the backend of this client's packet answered, 8 bytes of its transport header quoted. */
function errorAbout(frame: Uint8Array): Uint8Array {
  const error = new Uint8Array(14 + 20 + 8 + 28);
  error.set(frame.subarray(0, 14));
  error.set([0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 203, 0, 113, 1], 14);
  error.set(frame.subarray(30, 34), 30);
  error.set([3, 4, 0, 0, 0, 0, 5, 120], 34);
  error.set([0x45, 0, 5, 220, 0, 0, 0x40, 0, 60, frame[23] as number, 0, 0], 42);
  error.set(frame.subarray(30, 34), 54);
  error.set(frame.subarray(26, 30), 58);
  error.set(frame.subarray(36, 38), 62);
  error.set(frame.subarray(34, 36), 64);
  return error;
}

async function fleet(options: { clock?: FakeClock } = {}): Promise<HotPath> {
  const nextHops = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`10.0.1.${i + 1}`, `02:00:00:00:0b:0${i + 1}`]),
  );
  const hotPath = await createHotPath({
    ...SMALL,
    nextHops,
    ...(options.clock && { nowMs: options.clock.nowMs }),
  });
  await hotPath.apply([
    ...(['tcp', 'udp', 'sctp'] as const).map((protocol) => ({
      put: { address: '192.0.2.80', protocol, port: 80, tableSize: 251 },
    })),
    ...(['tcp', 'udp', 'sctp'] as const).flatMap((protocol) =>
      Array.from({ length: 8 }, (_, i) => ({ put: { vip: `${protocol}/192.0.2.80:80`, address: `10.0.1.${i + 1}` } })),
    ),
  ]);
  return hotPath;
}

Icmp('of 300 flows of each protocol every error meets its flow’s backend', async () => {
  const hotPath = await fleet();
  const { int } = random(21);
  for (const protocol of [6, 17, 132]) {
    for (let i = 0; i < 300; i++) {
      const source = [198, 51, int(256), int(256)];
      const frame = transportFrame({
        ...{ destination: [192, 0, 2, 80], source, protocol },
        ...{ sourcePort: 1024 + int(60_000), destinationPort: 80 },
      });
      const { backend } = hotPath.forward(frame);
      assert.is(hotPath.forward(errorAbout(frame)).backend, backend);
    }
  }
});

Icmp('on tracked slots too: it follows the flow table and the previous backend, and enters nothing', async () => {
  const clock = new FakeClock();
  const hotPath = await fleet({ clock });
  const flows = Array.from({ length: 200 }, (_, client) => ({ protocol: 'tcp' as const, client, sourcePort: 4000 }));
  const before = flows.map((flow) => hotPath.forward(flowFrame({ ...flow, isSyn: true })).backend);
  await hotPath.apply([{ put: { vip: 'tcp/192.0.2.80:80', address: '10.0.1.9' } }]);
  const events = hotPath.stats().events;
  flows.forEach((flow, i) => {
    assert.is(hotPath.forward(errorAbout(flowFrame(flow))).backend, before[i]);
  });
  const after = hotPath.stats().events;
  for (const name of ['flowInsert', 'flowHit', 'flowMissNonSyn', 'previousTaken'])
    assert.is(after[name], events[name], name);
  // New flows of tracked slots go to the new backend; an error about one finds it in the flow table.
  let moved = 0;
  for (let client = 1000; client < 1400; client++) {
    const flow = { protocol: 'tcp' as const, client, sourcePort: 4000 };
    const { backend } = hotPath.forward(flowFrame({ ...flow, isSyn: true }));
    if (backend === '10.0.1.9') moved++;
    assert.is(hotPath.forward(errorAbout(flowFrame(flow))).backend, backend);
  }
  assert.ok(moved > 10, `${moved} flows on the new backend`);
});

Icmp('without a backend it is dropped by name', async () => {
  const hotPath = await goldenHotPath({ type: 'l2' });
  await hotPath.apply([{ remove: `tcp/${GOLDEN.vip4}:80/${GOLDEN.backend4}` }]);
  assertKept(hotPath, frames.ERROR4, 'DROP_NO_BACKEND');
  assert.is(hotPath.forward(v4.SYN).verdict, 'DROP_NO_BACKEND');
});

Icmp.run();
