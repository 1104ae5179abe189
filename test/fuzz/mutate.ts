// test/fuzz/mutate.ts: what goes wrong with frames: bits, lengths that lie, ends that are missing, halves of two frames.
import { META_HAS_VLAN, META_VIRTIO, VIRTIO_BYTES } from '../../assembly/layout.js';
import type { Dice } from './dice.js';
import { mendIpv4 } from './grammar.js';
import type { Input } from './input.js';
import { MARKS_MAX } from './scene.js';

const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;
const HEADERS = 80; // bytes from the start of a frame where most of its headers are
/** A cell has a little more room than its longest frame (options.ts, cellBytesFor); beyond this it has not. */
const SPARE = 144;
const INTERESTING = [0, 1, 2, 4, 5, 6, 7, 15, 16, 17, 20, 31, 32, 40, 43, 44, 58, 60, 64, 127, 128, 132, 254, 255];

/** Changes one to four things about `input`. `other` is another frame, to take a part from. */
export function mutate(input: Input, dice: Dice, other: Input): void {
  for (let left = 1 + (dice.next() & dice.next() & 3); left > 0; left--) mutateOnce(input, dice, other);
  // A frame with a wrong header checksum is not told from a right one here; but what leaves can then be judged.
  if (!dice.oneIn(4)) mendChecksum(input);
}

/** Another packet of the same flow: a SYN where there was none, or the other way round; a tag beside it, which makes it another kind. */
export function continueFlow(input: Input, dice: Dice): void {
  const { bytes, view } = input;
  if (input.held < 54) return;
  const packet = view.getUint16(12) === 0x8100 ? 18 : 14;
  const isV6 = view.getUint8(packet) >> 4 === 6;
  const protocol = view.getUint8(packet + (isV6 ? 6 : 9));
  const flags = packet + (isV6 ? 40 : 4 * (view.getUint8(packet) & 15)) + 13;
  if (protocol === TCP && !dice.oneIn(3) && flags < input.held) bytes[flags] = dice.pick([SYN, ACK, ACK]);
  if (dice.oneIn(3) && packet === 14) {
    if (input.hasVlan) input.flags = input.flags ^ META_HAS_VLAN;
    else input.setVlan(dice.next() & 0xffff);
  }
}

function mutateOnce(input: Input, dice: Dice, other: Input): void {
  const { bytes } = input;
  const length = input.held;
  const inHeaders = dice.below(Math.max(1, Math.min(length, HEADERS)));
  switch (dice.below(12)) {
    case 0:
    case 1:
      bytes[inHeaders] = (bytes[inHeaders] as number) ^ (1 << dice.below(8));
      break;
    case 2:
      bytes[inHeaders] = dice.next();
      break;
    case 3:
    case 4:
      bytes[inHeaders] = dice.pick(INTERESTING);
      break;
    case 5:
      input.length = dice.below(length + 1); // cut
      break;
    case 6:
      lengthen(input, dice, length);
      break;
    case 7:
      lie(input, dice);
      break;
    case 8:
      splice(input, dice, other, length);
      break;
    case 9:
      about(input, dice);
      break;
    case 10:
      cutAtEnd(input, dice, length);
      break;
    default:
      shift(input, dice, length);
  }
}

/** Longer by what stands behind it; now and then longer than a cell, which means that it was cut. */
function lengthen(input: Input, dice: Dice, length: number): void {
  input.length = dice.oneIn(4)
    ? input.capacity + SPARE + dice.below(2000)
    : length + dice.below(input.capacity - length + 1);
}

/** A packet that ends a byte or two before or behind its frame, where most mistakes are. */
function cutAtEnd(input: Input, dice: Dice, length: number): void {
  input.length = Math.max(0, length - 1 - dice.below(4));
}

/** A length field says something near what is true. */
function lie(input: Input, dice: Dice): void {
  const { view } = input;
  const packet = view.getUint16(12) === 0x8100 ? 18 : 14;
  const isV6 = view.getUint8(packet) >> 4 === 6;
  const transport = packet + (isV6 ? 40 : 4 * (view.getUint8(packet) & 15));
  const [field, unit] = dice.pick([
    [packet + (isV6 ? 4 : 2), 1],
    [transport + 4, 1], // UDP
    [transport + 12, 0x1000], // TCP data offset
    [packet, 0x100], // IHL
  ] as const);
  const near = view.getUint16(field) + unit * (dice.below(9) - 4);
  view.setUint16(field, dice.oneIn(8) ? dice.next() & 0xffff : near & 0xffff);
}

/** The end of another frame behind the beginning of this one. */
function splice(input: Input, dice: Dice, other: Input, length: number): void {
  const at = dice.below(Math.min(length, HEADERS) + 1);
  const from = dice.oneIn(2) ? at : dice.below(HEADERS);
  const count = Math.min(input.capacity - Math.max(at, from), dice.below(64) + 1);
  for (let i = 0; i < count; i++) input.bytes[at + i] = other.bytes[from + i] as number;
}

/** What is said of the frame changes. */
function about(input: Input, dice: Dice): void {
  const kind = dice.below(7);
  if (kind === 0) input.packetType = dice.below(6);
  else if (kind === 1) input.setVlan(dice.next() & 0xffff);
  else if (kind === 2) input.ingress = dice.below(4);
  else if (kind === 3) input.flags = input.flags ^ 2;
  else if (kind === 4) input.meta[META_VIRTIO + dice.below(VIRTIO_BYTES)] = dice.pick(INTERESTING);
  else if (kind === 5) input.mark = input.mark === undefined ? dice.below(MARKS_MAX + 3) : undefined;
  else input.setVirtio(1, dice.below(8), dice.below(100), dice.below(100), dice.below(40));
}

/** Four bytes come in or go out: a tag, an option. */
function shift(input: Input, dice: Dice, length: number): void {
  const at = dice.oneIn(2) ? 12 : dice.below(Math.min(HEADERS, length) + 1);
  if (dice.oneIn(2)) input.bytes.copyWithin(at, at + 4, length);
  else {
    input.bytes.copyWithin(at + 4, at, Math.min(length, input.capacity - 4));
    if (at === 12) input.view.setUint32(12, 0x8100_0007);
    input.length = Math.min(length + 4, input.capacity);
  }
}

function mendChecksum({ view }: Input): void {
  const type = view.getUint16(12);
  const packet = type === 0x8100 ? 18 : 14;
  if (view.getUint16(packet - 2) === 0x0800) mendIpv4(view, packet);
}
