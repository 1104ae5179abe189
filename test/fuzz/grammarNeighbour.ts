// test/fuzz/grammarNeighbour.ts: who has this address? ARP requests (RFC 826) and neighbour solicitations (RFC 4861).
import type { Dice } from './dice.js';
import { someAddress, writeEthernet } from './grammar.js';
import type { Input } from './input.js';

const TYPE_ARP = 0x0806;
const TYPE_IPV6 = 0x86dd;
const BROADCAST = 1;
const MULTICAST = 2;

/** An ARP frame: mostly a request for a VIP. */
export function writeArp(input: Input, dice: Dice): void {
  const { bytes, view } = input;
  const at = writeEthernet(input, dice, TYPE_ARP);
  if (!dice.oneIn(4)) input.packetType = BROADCAST;
  view.setUint32(at, 0x0001_0800);
  view.setUint16(at + 4, 0x0604);
  view.setUint16(at + 6, dice.oneIn(4) ? dice.below(4) : 1);
  view.setUint32(at + 8, 0x0200_0000);
  view.setUint16(at + 12, 0x0c01);
  view.setUint32(at + 14, 0xc633_6407);
  bytes.fill(0, at + 18, at + 24);
  bytes.set(someAddress(dice).subarray(12), at + 24);
  input.length = at + 28 + (dice.oneIn(2) ? 18 : 0); // an Ethernet frame is padded to 60 bytes
}

/** A neighbour solicitation: mostly for a VIP. */
export function writeSolicitation(input: Input, dice: Dice): void {
  const { bytes, view } = input;
  const at = writeEthernet(input, dice, TYPE_IPV6);
  if (!dice.oneIn(4)) input.packetType = MULTICAST;
  const options = dice.oneIn(2) ? 8 : 0;
  view.setUint32(at, 0x6000_0000);
  view.setUint32(at + 4, ((24 + options) << 16) | (58 << 8) | (dice.oneIn(8) ? 64 : 255));
  bytes.fill(0, at + 8, at + 72 + 8);
  if (!dice.oneIn(4)) bytes.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], at + 8);
  const target = someAddress(dice);
  bytes.set([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff], at + 24);
  bytes.set(target.subarray(13), at + 37);
  if (dice.oneIn(4)) bytes.set(target, at + 24);
  bytes[at + 40] = 135;
  bytes.set(target, at + 48);
  if (options) bytes.set([1, 1, 2, 0, 0, 0, 0x0c, 1], at + 64);
  input.length = at + 64 + options;
}
