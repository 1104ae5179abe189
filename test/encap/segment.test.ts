// Super-frames cut for encapsulation: against what Linux cuts, against the model, and at the limits of what there is room for.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SEGMENTS_MAX } from '../../assembly/layout.js';
import type { Encap, HotPath } from '../../host/hotpath.js';
import * as v4 from '../golden/forward4.js';
import * as v6 from '../golden/forward6.js';
import * as golden from '../golden/segment.js';
import * as tunnel from '../golden/tunnel.js';
import { onesSum } from '../model/checksum.js';
import { cut } from '../model/segment.js';
import { assertKept } from '../support/assertOutcome.js';
import { dump, patch } from '../support/hex.js';
import { type Offload, tunnelHotPath, virtioHeader } from '../support/hotpath.js';
import { type Random, withSeeds } from '../support/random.js';

const Segment = suite('encap/segment');
const WIDE = { mtu: 0, frameBytesMax: 65_550 };
const ipip4 = await tunnelHotPath({ type: 'ipip' }, 4, WIDE);
const narrow = await tunnelHotPath({ type: 'ipip' }, 4);

/** Copies of what leaves because of a super-frame. */
function sentBy(hotPath: HotPath, frame: Uint8Array, virtio: Offload, verdict = 'FORWARD_IPIP'): Uint8Array[] {
  const outcome = hotPath.forward(frame, { virtio: virtioHeader(virtio) });
  assert.is(outcome.verdict, verdict);
  return outcome.frames.map((sent) => sent.slice());
}

const { TCP4, TCP6, UDP4, UDP6 } = golden;
for (const [name, { frame, virtio, ipip4: expected }] of Object.entries({ TCP4, TCP6, UDP4, UDP6 })) {
  Segment(`${name}: cut as Linux cuts it`, () => {
    assert.equal(sentBy(ipip4, frame, virtio).map(dump), expected.map(dump));
  });
}

Segment('the ECN bit of the type changes nothing: CWR is on the first segment either way', () => {
  const { frame, virtio, ipip4: expected } = golden.TCP4;
  assert.equal(sentBy(ipip4, frame, { ...virtio, gsoType: 0x81 }).map(dump), expected.map(dump));
});

/** A joined packet in its frame with random fields, options and payload, and the virtio header that goes with it. */
function superFrame(random: Random): { frame: Uint8Array; virtio: Offload; size: number } {
  const [isV6, isTcp] = [random.int(2) === 1, random.int(2) === 1];
  const base = isTcp ? (isV6 ? v6.DATA_HALF : v4.DATA_HALF) : isV6 ? tunnel.UDP6 : v4.UDP;
  const ip = isV6 ? 40 : 20;
  const options = isTcp ? 4 * random.int(11) : 0;
  const head = 14 + ip + (isTcp ? 20 : 8) + options;
  const frame = new Uint8Array(head + random.int(random.pick([50, 9000, 60_000])));
  frame.set(base.subarray(0, Math.min(head - options, base.length)));
  frame.set(random.bytes(frame.length - (head - options)), head - options);
  const view = new DataView(frame.buffer);
  const bytes = frame.length - 14;
  view.setUint16(isV6 ? 18 : 16, isV6 ? bytes - 40 : bytes);
  if (!isV6) {
    frame.set(random.bytes(2), 18); // id
    view.setUint16(24, 0);
    view.setUint16(24, 0xffff - onesSum(frame.subarray(14, 34)));
  }
  if (isTcp) {
    frame.set(random.bytes(4), 14 + ip + 4); // sequence number
    frame[14 + ip + 12] = ((20 + options) / 4) << 4;
    frame[14 + ip + 13] = random.int(256) & ~0x02;
  } else view.setUint16(14 + ip + 4, bytes - ip);
  const size = Math.max(random.pick([1, 100, 536, 1448, 8948]), Math.ceil((frame.length - head) / 400));
  const gsoType = isTcp ? (isV6 ? 4 : 1) : 5;
  return { frame, size, virtio: { start: 14 + ip, offset: isTcp ? 16 : 6, gsoType, gsoSize: size } };
}

const TUNNELS: [encap: Encap, outer: 4 | 6, bytes: number, verdict: string][] = [
  [{ type: 'ipip' }, 4, 20, 'FORWARD_IPIP'],
  [{ type: 'ipip' }, 6, 40, 'FORWARD_IPIP'],
  [{ type: 'gre' }, 4, 24, 'FORWARD_GRE'],
  [{ type: 'gue' }, 6, 48, 'FORWARD_GUE'],
  [{ type: 'gue', variant: 0, private: '01020304' }, 4, 36, 'FORWARD_GUE'],
];
for (const [encap, outer, bytes, verdict] of TUNNELS) {
  Segment(`random super-frames through ${encap.type} over IPv${outer}: the packets of the model (seeded)`, async () => {
    const hotPath = await tunnelHotPath(encap, outer, { ...WIDE, segmentsMax: 2048 });
    await withSeeds([1, 2, 3], (random) => {
      for (let i = 0; i < 12; i++) {
        const { frame, virtio, size } = superFrame(random);
        const sent = sentBy(hotPath, frame, virtio, verdict);
        const inner = sent.map((one) => dump(one.subarray(14 + bytes)));
        assert.equal(inner, cut(frame.subarray(14), size).map(dump), `frame ${i}`);
        for (const one of sent) assertOuter(one.subarray(14), outer, encap.type === 'gue');
      }
    });
  });
}

/** The outer header says how long the packet is, and its checksums are right. */
function assertOuter(packet: Uint8Array, family: 4 | 6, hasUdp: boolean): void {
  const view = new DataView(packet.buffer, packet.byteOffset);
  assert.is(family === 4 ? view.getUint16(2) : 40 + view.getUint16(4), packet.length);
  if (family === 4) assert.is(onesSum(packet.subarray(0, 20)), 0xffff);
  if (!hasUdp) return;
  const [ip, addresses] = family === 4 ? [20, packet.subarray(12, 20)] : [40, packet.subarray(8, 40)];
  const length = packet.length - ip;
  assert.is(onesSum(Uint8Array.from([...addresses, length >> 8, length & 255, 0, 17, ...packet.subarray(ip)])), 0xffff);
}

Segment('the longest segment must fit the MTU with its outer header, to the byte', () => {
  const frame = new Uint8Array(54 + 3000);
  frame.set(patch(v4.DATA_HALF.subarray(0, 54), 16, (40 + 3000) >> 8, (40 + 3000) & 0xff));
  const virtio = { start: 34, offset: 16, gsoType: 1 };
  const sent = sentBy(narrow, frame, { ...virtio, gsoSize: 1440 }); // 20 + 40 + 1440
  assert.equal(
    sent.map(({ length }) => length),
    [1514, 1514, 194],
  );
  assert.is(narrow.forward(frame, { virtio: virtioHeader({ ...virtio, gsoSize: 1441 }) }).verdict, 'REPLY_TOO_BIG');
});

Segment('a tag goes back onto every segment', () => {
  const { frame, virtio } = golden.TCP4;
  const { frames } = ipip4.forward(frame, { virtio: virtioHeader(virtio), vlanTci: 42 });
  assert.is(frames.length, 3);
  for (const sent of frames) assert.equal([...sent.subarray(12, 18)], [0x81, 0x00, 0, 42, 0x08, 0x00]);
});

Segment('segments are counted, sent and in all', async () => {
  const counted = await tunnelHotPath({ type: 'ipip' }, 4);
  sentBy(counted, golden.TCP4.frame, golden.TCP4.virtio);
  const { events, verdicts } = counted.stats();
  assert.is(verdicts.FORWARD_IPIP, 1);
  assert.is(events.segmentsSent, 3);
  assert.is(events.segmentsLost, 0);
});

const TCP = { start: 34, offset: 16, gsoType: 1, gsoSize: 10 };
const UNCUT: [what: string, frame: Uint8Array, virtio: Offload][] = [
  ['UDP fragmentation offload', v4.UDP_HALF, { start: 34, offset: 6, gsoType: 3, gsoSize: 8 }],
  ['a segment size of 0', v4.DATA_HALF, { ...TCP, gsoSize: 0 }],
  ['TCP over IPv6 that is TCP over IPv4', v4.DATA_HALF, { ...TCP, gsoType: 4 }],
  ['TCP that is UDP', v4.UDP_HALF, { ...TCP, offset: 6 }],
  ['UDP that is TCP', v4.DATA_HALF, { ...TCP, gsoType: 5 }],
  ['UDP with bytes behind its length', tunnel.SPARE, { start: 34, offset: 6, gsoType: 5, gsoSize: 3 }],
  ['a type nobody knows', v4.DATA_HALF, { ...TCP, gsoType: 7 }],
];
for (const [what, frame, virtio] of UNCUT) {
  Segment(`what cannot be cut has a verdict: ${what}`, () => {
    assertKept(ipip4, frame, 'DROP_SUPER_FRAME_ENCAP', { virtio: virtioHeader(virtio) });
  });
}

/** TCP over IPv4 with so many bytes behind its header. */
function ofPayload(payload: number): Uint8Array {
  const length = 40 + payload;
  const frame = new Uint8Array(14 + length);
  frame.set(patch(v4.DATA_HALF.subarray(0, 54), 16, length >> 8, length & 0xff));
  return frame;
}

Segment('SEGMENTS_MAX segments pass, one more is a verdict', () => {
  const virtio = virtioHeader(TCP);
  assert.is(ipip4.forward(ofPayload(10 * SEGMENTS_MAX), { virtio }).frames.length, SEGMENTS_MAX);
  assertKept(ipip4, ofPayload(10 * SEGMENTS_MAX + 1), 'DROP_SEGMENTS', { virtio });
});

Segment('no more segments than segmentsMax in one batch; none of a frame that does not fit whole', async () => {
  const few = await tunnelHotPath({ type: 'ipip' }, 4, { segmentsMax: 5, batchMax: 4 });
  const batch = few.batch(4);
  for (let i = 0; i < 4; i++) {
    const frame = i === 3 ? v4.SYN : golden.TCP4.frame; // 3 segments, 3, 3, and a plain one
    batch.input(i).set(frame);
    batch.setLength(i, frame.length);
    if (i < 3) batch.setMeta(i, { virtio: virtioHeader(golden.TCP4.virtio) });
  }
  batch.run();
  assert.equal(
    [0, 1, 2, 3].map((i) => batch.outputs(i)),
    [3, 0, 0, 1],
  );
  assert.is(few.stats().verdicts.DROP_SEGMENTS, 2);
  const at = batch.outputBase(3);
  assert.fixture(dump(batch.bytes.slice(at, at + batch.outputLength(3))), dump(v4.SYN_IPIP));
  // The next batch has all of its room again.
  assert.is(few.forward(golden.TCP4.frame, { virtio: virtioHeader(golden.TCP4.virtio) }).frames.length, 3);
});

Segment('a payload that fits one segment is one packet', () => {
  const [one, ...rest] = sentBy(ipip4, v4.DATA_HALF, { ...TCP, gsoSize: 1448 });
  assert.fixture(dump(one ?? v4.SYN), dump(v4.DATA_IPIP));
  assert.is(rest.length, 0);
});

Segment.run();
