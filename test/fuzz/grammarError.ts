// test/fuzz/grammarError.ts: an ICMP error about a flow that is there: what a router on the way from a backend to the client sends to the
// VIP when it cannot pass a packet on (RFC 792, RFC 4443). It must reach the backend that the flow's packets reach.
import type { Dice } from './dice.js';
import { mendIpv4 } from './grammar.js';
import type { Input } from './input.js';
import { sumOf } from './outer.js';

const ICMP = 1;
const ICMPV6 = 58;
const UNREACHABLE_TOO_BIG = 0x0304; // type and code
const V6_TOO_BIG = 0x0200;
const HEADER = 8;
/** Of the quoted packet's transport header: as little as is promised, or more. */
const QUOTED = [8, 8, 20];

/**
 * Makes an error of the frame in `input`, untagged and with ports, about a packet of the other direction. False when it is no such
 * frame, or has options.
 */
export function becomeError(input: Input, dice: Dice): boolean {
  const { view, bytes } = input;
  const type = view.getUint16(12);
  const isV4 = type === 0x0800 && bytes[14] === 0x45 && (view.getUint16(20) & 0x3fff) === 0;
  const isV6 = type === 0x86dd && bytes[14] !== undefined && bytes[14] >> 4 === 6;
  const protocol = isV4 ? (bytes[23] as number) : (bytes[20] as number);
  if ((!isV4 && !isV6) || ![6, 17, 132].includes(protocol) || input.held < 14 + (isV4 ? 20 : 40) + 20) return false;
  const length = isV4 ? writeIpv4(input, dice) : writeIpv6(input, dice);
  input.length = length;
  input.flags = input.flags & ~2; // nothing is left to the device
  return true;
}

function writeIpv4(input: Input, dice: Dice): number {
  const { view, bytes } = input;
  const [packet, message, quote] = [14, 34, 34 + HEADER];
  const quoted = dice.pick(QUOTED);
  bytes.copyWithin(quote, packet, packet + 20 + quoted);
  bytes.copyWithin(quote + 12, packet + 16, packet + 20); // from the VIP
  bytes.copyWithin(quote + 16, packet + 12, packet + 16); // to the client
  swapPorts(view, quote + 20);
  const bytesOfMessage = HEADER + 20 + quoted;
  view.setUint16(packet + 2, 20 + bytesOfMessage);
  bytes[packet + 9] = ICMP;
  view.setUint32(packet + 12, 0xcb00_7109); // a router, 203.0.113.9
  mendIpv4(view, packet);
  view.setUint32(message, UNREACHABLE_TOO_BIG << 16);
  view.setUint32(message + 4, 1400);
  view.setUint16(message + 2, 0xffff - (sumOf(view, message, bytesOfMessage) % 0xffff));
  return message + bytesOfMessage;
}

function writeIpv6(input: Input, dice: Dice): number {
  const { view, bytes } = input;
  const [packet, message, quote] = [14, 54, 54 + HEADER];
  const quoted = dice.pick(QUOTED);
  bytes.copyWithin(quote, packet, packet + 40 + quoted);
  bytes.copyWithin(quote + 8, packet + 24, packet + 40);
  bytes.copyWithin(quote + 24, packet + 8, packet + 24);
  swapPorts(view, quote + 40);
  const bytesOfMessage = HEADER + 40 + quoted;
  view.setUint16(packet + 4, bytesOfMessage);
  bytes[packet + 6] = ICMPV6;
  bytes.set([0x20, 1, 0x0d, 0xb8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], packet + 8); // a router
  view.setUint32(message, V6_TOO_BIG << 16);
  view.setUint32(message + 4, 1400);
  const pseudo = sumOf(view, packet + 8, 32) + bytesOfMessage + ICMPV6;
  view.setUint16(message + 2, 0xffff - ((pseudo + sumOf(view, message, bytesOfMessage)) % 0xffff));
  return message + bytesOfMessage;
}

function swapPorts(view: DataView, at: number): void {
  const ports = view.getUint32(at);
  view.setUint32(at, (ports << 16) | (ports >>> 16));
}
