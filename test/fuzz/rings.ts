// test/fuzz/rings.ts: the same frames through rings and through cells: the same verdicts, and the same frames leave. What a
// ring may do and a cell may not: hand on a half checksum with its virtio header, and be full.
import { VIRTIO_BYTES } from '../../assembly/layout.js';
import { DROP_SEGMENTS_LOST, DROP_TX_RING_FULL, FORWARD_L3DSR } from '../../assembly/verdict.js';
import { verdictName } from '../../host/stats.js';
import { CLASS, REPLY } from './claims.js';
import { Dice } from './dice.js';
import { CAPACITY, Finding } from './fuzzer.js';
import { writeFrame } from './grammar.js';
import { Input } from './input.js';
import { mutate } from './mutate.js';
import { Reader } from './reader.js';
import { RingTwin, type Sent } from './ringTwin.js';
import { openScene } from './scene.js';
import { Subject } from './subject.js';

const TICK_MS = 512;
const NEEDS_CHECKSUM = 1;
const VIRTIO_GSO_TYPE = 1;
const INGRESSES = 3;
const UDP = 17;

/** Fuzzes rings beside cells. Returns how often each verdict came. Throws a Finding. */
export async function fuzzRings(seed: number, frames: number): Promise<Map<string, number>> {
  const clock = { tick: 1000 };
  const options = { frameBytesMax: CAPACITY, batchMax: 1, segmentsMax: 1024, nowMs: () => clock.tick * TICK_MS };
  const cells = new Subject(await openScene(options), CAPACITY);
  const rings = await RingTwin.open(() => clock.tick);
  const dice = new Dice(seed);
  const [input, other] = [new Input(CAPACITY), new Input(CAPACITY)];
  const reader = new Reader();
  const verdicts = new Map<string, number>();
  let isWaiting = false;
  for (let frame = 0; frame < frames; frame++) {
    clock.tick += dice.oneIn(256) ? 1 : 0;
    makeInput(input, other, dice);
    reader.read(input);
    cells.put(0, input);
    cells.run(1, clock.tick);
    const verdict = rings.take(input, clock.tick);
    const name = verdictName(verdict);
    verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
    // Now and then the kernel is slow: what waits fills the rings, and is not looked at.
    const isSlow = dice.oneIn(16);
    const isJudged = !isWaiting && !isSlow && !isNonsense(input, reader, verdict);
    const rule = isJudged ? brokenFrame(cells, verdict, rings.send()) : brokenVerdict(cells, verdict);
    if (rule !== undefined) throw new Finding(`rings, ${name}: ${rule}`, frame, seed, input, CAPACITY);
    if (!isSlow) rings.send();
    isWaiting = isSlow;
  }
  return verdicts;
}

/** A frame as a ring can hold it: it always has a virtio header, and comes from an interface that there is. */
function makeInput(input: Input, other: Input, dice: Dice): void {
  writeFrame(input, dice);
  if (dice.oneIn(3)) mutate(input, dice, other);
  if (dice.oneIn(2)) other.copyFrom(input);
  if (!input.hasVirtio) input.setVirtio(0, 0, 0, 0, 0);
  input.ingress = input.ingress % INGRESSES;
  input.mark = undefined;
}

function brokenVerdict(cells: Subject, verdict: number): string | undefined {
  if (verdict === cells.verdict(0)) return undefined;
  const isFull = verdict === DROP_TX_RING_FULL || verdict === DROP_SEGMENTS_LOST;
  // What would have left a cell may find a ring full.
  return isFull && (CLASS[cells.verdict(0)] as number) <= REPLY
    ? undefined
    : `in cells ${verdictName(cells.verdict(0))}`;
}

/**
 * L3DSR mends the transport checksum; a half checksum that covers it and is another one is nonsense, and what comes of it depends
 * on which is done first.
 */
function isNonsense(input: Input, reader: Reader, verdict: number): boolean {
  if (verdict !== FORWARD_L3DSR || !(input.virtio8(0) & NEEDS_CHECKSUM)) return false;
  const [ownOffset, headerBytes] = reader.protocol === UDP ? [6, 8] : [16, 20];
  const start = input.virtio16(6) - reader.transport;
  const isOwn = start === 0 && input.virtio16(8) === ownOffset;
  return !isOwn && start < headerBytes;
}

function brokenFrame(cells: Subject, verdict: number, sent: readonly Sent[]): string | undefined {
  const rule = brokenVerdict(cells, verdict);
  if (rule !== undefined || verdict !== cells.verdict(0)) return rule;
  if (sent.length !== cells.outputs(0)) return `${sent.length} frames left, of a cell ${cells.outputs(0)}`;
  for (const [o, { egress, frame, virtio }] of sent.entries()) {
    if (egress !== cells.egress(o)) return `left by egress ${egress}, of a cell by ${cells.egress(o)}`;
    const expected = cells.memory.subarray(cells.base(o), cells.base(o) + cells.length(o));
    if (virtio.readUInt16LE(2) !== frame.length) return 'hdr_len is not the whole frame';
    const isSuper = virtio[VIRTIO_GSO_TYPE] !== 0;
    const isSame = isSuper ? isSameVirtio(virtio, cells, o) : complete(frame, virtio);
    if (!isSame) return 'another virtio header';
    if (frame.compare(expected) !== 0)
      return `other bytes leave:\n${frame.toString('hex')}\n${expected.toString('hex')}`;
  }
  return undefined;
}

/** All but hdr_len. */
function isSameVirtio(virtio: Buffer, cells: Subject, o: number): boolean {
  const at = cells.virtioAt(o);
  const there = cells.memory.subarray(at, at + VIRTIO_BYTES);
  return virtio.subarray(0, 2).equals(there.subarray(0, 2)) && virtio.subarray(4).equals(there.subarray(4));
}

/** Does what a network card does with a half checksum (virtio 1.2, section 5.1.6.2). False for a header that points outside. */
function complete(frame: Buffer, virtio: Buffer): boolean {
  if (!((virtio[0] as number) & NEEDS_CHECKSUM)) return true;
  const start = virtio.readUInt16LE(6);
  const field = start + virtio.readUInt16LE(8);
  if (field + 2 > frame.length) return false;
  let sum = 0;
  for (let k = start; k < frame.length; k++) sum += ((k - start) & 1 ? 1 : 256) * (frame[k] as number);
  const checksum = 0xffff - (sum === 0 ? 0 : ((sum - 1) % 0xffff) + 1);
  frame.writeUInt16BE(checksum === 0 && isUdp(frame) ? 0xffff : checksum, field);
  return true;
}

function isUdp(frame: Buffer): boolean {
  const packet = frame.readUInt16BE(12) === 0x8100 ? 18 : 14;
  return (frame[packet] as number) >> 4 === 4 ? frame[packet + 9] === UDP : frame[packet + 6] === UDP;
}
