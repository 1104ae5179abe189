// The decapsulator against its plain twin (test/model/decap.ts): golden frames, and frames made from them by chance and then spoiled.
// Each lies in a cell of guard bytes: nothing outside the frame may be written, and what is read there must not matter.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HEADROOM } from '../assembly/layout.js';
import type { DecapRules } from '../host/decap/decapMemory.js';
import * as golden from './golden/decap.js';
import * as v4 from './golden/forward4.js';
import * as tunnels from './golden/tunnel.js';
import { decapModel, type OuterFrame } from './model/decap.js';
import { DecapCells, NAMES, RULES, withOptions } from './support/decap.js';
import { dump } from './support/hex.js';
import { virtioHeader } from './support/hotpath.js';
import { type Random, withSeeds } from './support/random.js';

const Model = suite('decap/model');
const FRAMES = Object.values({ ...golden, ...tunnels } as Record<string, Uint8Array>).concat(
  v4.SYN,
  v4.UDP,
  withOptions(9),
);
const ROUNDS = Number(process.env.DECAP_ROUNDS ?? 60_000);
const GUARDS = [0xa5, 0x00, 0xff];

const RULE_SETS: DecapRules[] = [
  RULES,
  {
    ...RULES,
    zeroChecksum6: true,
    guePorts: [6080, 6081],
    sources: ['0.0.0.0/0', '::/0'],
    inners: ['0.0.0.0/0', '::/0'],
  },
  {
    ...RULES,
    types: ['gue', 'ipip'],
    locals: ['10.0.0.0/8', '2001:db8::/33'],
    inners: ['192.0.2.64/26', '2001:db8::/121'],
  },
  { ...RULES, types: ['gre'], sources: ['10.0.0.0/31', '2001:db8:4::/47'], inners: ['::/0'] },
];

const cells = RULE_SETS.map((rules) => new DecapCells({ ...rules, frameBytesMax: 1024 }));
const reached = new Set<string>();

/** Runs one frame through cells whose free bytes are `guard`, and holds it against the twin. */
function compare(frame: OuterFrame, set: number, guard: number): void {
  const on = cells[set] as DecapCells;
  const [from, to] = [on.frameAt() - HEADROOM, on.frameAt() - HEADROOM + on.cellBytes];
  on.memory.bytes.fill(guard, from, to);
  const { bytes, hasTag, packetType = 0, virtio } = frame;
  const before = on.counts();
  const outcome = on.decapsulate(bytes, { packetType, ...(hasTag && { vlanTci: 7 }), ...(virtio && { virtio }) });
  const expected = decapModel(frame, RULE_SETS[set] as DecapRules);
  const shown = `${dump(bytes)}\n${JSON.stringify({ set, packetType, hasTag, virtio: virtio && [...virtio] })}`;
  const first = expected.verdicts.find((verdict) => !verdict.startsWith('DECAP_')) ?? expected.verdicts[0];
  assert.is(outcome.verdict, first, shown);
  assert.equal(
    outcome.packets.map((packet) => [dump(packet.bytes), [...packet.virtio]]),
    expected.packets.map((packet) => [dump(packet.bytes), [...packet.virtio]]),
    shown,
  );
  for (const verdict of expected.verdicts) {
    before[verdict] = (before[verdict] ?? 0) + 1;
    reached.add(verdict);
  }
  assert.equal(on.counts(), before, shown);
  for (let at = from; at < to; at++) {
    if (at >= on.frameAt() && at < on.frameAt() + bytes.length) continue;
    if (on.memory.bytes[at] !== guard) assert.unreachable(`byte ${at - on.frameAt()} was written\n${shown}`);
  }
}

Model('all golden frames, under all sets of rules', () => {
  for (const bytes of FRAMES) for (const [set] of RULE_SETS.entries()) compare({ bytes }, set, 0xa5);
});

/** Writes over some bytes, cuts off some, or lets a length lie. */
function spoil(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const kind = random.int(8);
  if (kind === 0) return copy.subarray(0, random.int(copy.length + 1));
  if (kind === 1) return Uint8Array.from([...copy, ...random.bytes(random.int(20))]);
  const headers = Math.min(copy.length, 110);
  const times = 1 + random.int(3);
  for (let i = 0; i < times; i++)
    copy[14 + random.int(headers)] = kind < 5 ? random.int(256) : random.pick([0, 1, 4, 6, 0x40, 0x80, 0xff]);
  return copy;
}

/** Makes the outer header's checksum right again, so that chance gets past it. */
function mend(bytes: Uint8Array): Uint8Array {
  if (bytes[12] !== 8 || bytes[13] !== 0 || bytes.length < 34) return bytes;
  const header = ((bytes[14] ?? 0) & 15) * 4;
  if (header < 20 || bytes.length < 14 + header) return bytes;
  const copy = Uint8Array.from(bytes);
  copy.fill(0, 24, 26);
  let sum = 0;
  for (let i = 14; i < 14 + header; i += 2) sum += ((copy[i] ?? 0) << 8) | (copy[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  copy.set([(0xffff - sum) >> 8, (0xffff - sum) & 0xff], 24);
  return copy;
}

function someVirtio(random: Random): Uint8Array {
  const header = virtioHeader({
    ...(random.int(4) > 0 && { start: random.pick([14, 34, 42, 46, 54, 62, 74, 82, 94, 102]) }),
    offset: random.pick([6, 6, 16, 16, random.int(60)]),
    gsoType: random.pick([0, 0, 0, 1, 4, 5, 5, 3, 0x81]),
    gsoSize: random.pick([0, 1, 20, 43, 63, random.int(200)]),
  });
  if (random.int(4) === 0) header[0] = (header[0] ?? 0) | 2; // DATA_VALID
  return header;
}

Model('frames by chance, spoiled', async () => {
  await withSeeds([1, 2, 3, 4], (random) => {
    for (let round = 0; round < ROUNDS / 4; round++) {
      let bytes = random.pick(FRAMES);
      for (let i = random.int(3); i > 0; i--) bytes = spoil(bytes, random);
      if (random.int(3) > 0) bytes = mend(bytes);
      const frame: OuterFrame = { bytes };
      if (random.int(16) === 0) frame.packetType = random.int(5);
      if (random.int(8) === 0) frame.hasTag = true;
      if (random.int(2) === 0) frame.virtio = someVirtio(random);
      compare(frame, random.int(RULE_SETS.length), random.pick(GUARDS));
    }
  });
});

/** Datagrams of one length under one outer UDP header, as UDP GRO joins them: the packets of GUE frames, one behind the other. */
function joined(count: number, last: number): OuterFrame {
  const inside = golden.GUE4_4.slice(42);
  const payload = new Uint8Array((count - 1) * inside.length + last);
  for (let i = 0; i < count; i++)
    payload.set(inside.subarray(0, i === count - 1 ? last : undefined), i * inside.length);
  const bytes = Uint8Array.from([...golden.GUE4_4.slice(0, 42), ...payload]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 28 + payload.length);
  view.setUint16(38, 8 + payload.length);
  return { bytes: mend(bytes), virtio: virtioHeader({ start: 34, offset: 6, gsoType: 5, gsoSize: inside.length }) };
}

Model('outer datagrams that were joined: each packet comes out where it lies, each with its own verdict', () => {
  const whole = golden.GUE4_4.length - 42;
  for (const count of [1, 2, 3, 9]) for (const last of [whole, whole - 1]) compare(joined(count, last), 0, 0xa5);
  const { packets, verdict } = (cells[0] as DecapCells).decapsulate(joined(9, whole).bytes, {
    virtio: joined(9, whole).virtio as Uint8Array,
  });
  assert.is(verdict, 'DECAP_GUE');
  assert.is(packets.length, 9);
  for (const { bytes } of packets) assert.fixture(dump(bytes), dump(golden.INSIDE4.subarray(14)));
});

Model('a super-frame of one outer header goes on in one piece, its virtio header moved to the packet inside', () => {
  const virtio = virtioHeader({ start: 54, offset: 16, gsoType: 1, gsoSize: 2 });
  const { verdict, packets } = (cells[0] as DecapCells).decapsulate(golden.IPIP4_4, { virtio });
  assert.is(verdict, 'DECAP_IPIP');
  // flags NEEDS_CSUM, type TCPV4, hdr_len 40, gso_size 2, csum_start 20, csum_offset 16
  assert.equal([...(packets[0]?.virtio ?? [])], [1, 1, 40, 0, 2, 0, 20, 0, 16, 0]);
  const half = (cells[0] as DecapCells).decapsulate(golden.GUE6_6, {
    virtio: virtioHeader({ start: 102, offset: 16 }),
  });
  assert.equal([...(half.packets[0]?.virtio ?? [])], [1, 0, 0, 0, 0, 0, 40, 0, 16, 0]);
});

Model('more segments than one may have, or than there is room for, are dropped by name', () => {
  const tiny = joined(20, 63);
  const sized = (gsoSize: number): Uint8Array => virtioHeader({ start: 34, offset: 6, gsoType: 5, gsoSize });
  const on = new DecapCells({ frameBytesMax: 2048, cells: 64 });
  assert.is(on.decapsulate(tiny.bytes, { virtio: sized(1) }).verdict, 'DROP_SEGMENTS'); // 860 of them
  assert.is(on.decapsulate(tiny.bytes, { virtio: sized(0) }).verdict, 'DROP_OUTER_SUPER_FRAME');
  // 64 frames of 20 packets each: 1024 records hold 51 whole frames.
  for (let i = 0; i < 64; i++) on.lay(tiny.bytes, { virtio: tiny.virtio as Uint8Array }, i);
  const before = on.counts();
  assert.is(on.hot.runDecapBatch(64), 51 * 20);
  assert.is((on.counts().DECAP_GUE ?? 0) - (before.DECAP_GUE ?? 0), 51 * 20);
  assert.is((on.counts().DROP_SEGMENTS ?? 0) - (before.DROP_SEGMENTS ?? 0), 13);
});

Model('chance came by every verdict, but for that of a frame longer than its cell', () => {
  const missing = NAMES.filter((name) => !reached.has(name));
  assert.equal(missing, ['DROP_SNAPPED']);
});

Model.run();
