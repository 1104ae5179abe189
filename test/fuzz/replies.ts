// test/fuzz/replies.ts: what we answer ourselves: echo (RFC 792, RFC 4443), too big (RFC 1191, RFC 4443, section 3.2), neighbour
// advertisements (RFC 4861): to whom it goes, from whom, whether its checksum is right, and what it says.
import { REPLY_ECHO, REPLY_NEIGHBOUR, REPLY_TOO_BIG } from '../../assembly/verdict.js';
import type { Input } from './input.js';
import { sumOf } from './outer.js';
import { IPV4, type Reader } from './reader.js';
import type { Target } from './targets.js';

const ICMPV6 = 58;
const HEADER = 8;
const NEEDFRAG = 0x0304; // type and code
const V6_TOO_BIG = 0x0200;
const ADVERTISEMENT = 0x8800;
const MTU6_MIN = 1280;

/** The rule that the answer whose packet begins at `at` breaks, or undefined. `total` bytes long, in the memory of `view`. */
export function brokenReply(
  view: DataView,
  at: number,
  total: number,
  verdict: number,
  input: Input,
  reader: Reader,
  target: Target | undefined,
): string | undefined {
  if (verdict !== REPLY_ECHO && verdict !== REPLY_TOO_BIG && verdict !== REPLY_NEIGHBOUR) return undefined;
  const isV4 = view.getUint8(at) >> 4 === 4;
  const message = at + (isV4 ? 20 : 40);
  const bytes = at + total - message;
  const pseudo = isV4 ? 0 : sumOf(view, at + 8, 32) + bytes + ICMPV6;
  const isRight = (pseudo + sumOf(view, message, bytes)) % 0xffff === 0;
  if (verdict === REPLY_NEIGHBOUR) {
    return isRight && view.getUint16(message) === ADVERTISEMENT ? undefined : 'no advertisement, or a wrong checksum';
  }
  const toSender = isV4
    ? view.getUint32(at + 16) === input.view.getUint32(reader.packet + 12) &&
      view.getUint32(at + 12) === input.view.getUint32(reader.packet + 16)
    : isEqual(view, at + 24, input, reader.packet + 8, 16) && isEqual(view, at + 8, input, reader.packet + 24, 16);
  if (!toSender) return 'is not from the address asked to the one that asked';
  if (verdict === REPLY_ECHO) return brokenEcho(view, message, bytes, isRight, isV4, input, reader);
  if (!isRight) return 'a wrong ICMP checksum';
  return brokenTooBig(view, message, bytes, isV4, input, reader, target);
}

function brokenEcho(
  view: DataView,
  message: number,
  bytes: number,
  isRight: boolean,
  isV4: boolean,
  input: Input,
  reader: Reader,
): string | undefined {
  if (view.getUint16(message) !== (isV4 ? 0 : 0x8100)) return 'is no echo reply';
  const asked = reader.packet + reader.total - reader.transport;
  if (bytes !== asked) return `answers ${asked} bytes with ${bytes}`;
  if (!isEqual(view, message + 4, input, reader.transport + 4, bytes - 4)) return 'answers with other bytes';
  if (input.hasVirtio) return undefined;
  const from = reader.packet + (reader.kind === IPV4 ? 12 : 8);
  const pseudo = isV4 ? 0 : sumOf(input.view, from, 32) + asked + ICMPV6;
  const wasRight = (pseudo + sumOf(input.view, reader.transport, asked)) % 0xffff === 0;
  return isRight === wasRight ? undefined : 'a checksum that is not as right as that of the request';
}

function brokenTooBig(
  view: DataView,
  message: number,
  bytes: number,
  isV4: boolean,
  input: Input,
  reader: Reader,
  target: Target | undefined,
): string | undefined {
  if (view.getUint16(message) !== (isV4 ? NEEDFRAG : V6_TOO_BIG)) return 'is no too-big';
  const mtu = view.getUint32(message + 4);
  if (target !== undefined && mtu > target.mtu && mtu > MTU6_MIN) return `names an MTU of ${mtu}`;
  if (!isV4 && mtu < MTU6_MIN) return `names an MTU of ${mtu}, below what every link has`;
  const quoted = bytes - HEADER;
  const whole = Math.min(reader.total, (isV4 ? 576 - 20 : MTU6_MIN - 40) - HEADER);
  if (quoted !== whole) return `quotes ${quoted} bytes of ${reader.total}`;
  return isEqual(view, message + HEADER, input, reader.packet, quoted) ? undefined : 'quotes other bytes';
}

function isEqual(view: DataView, at: number, input: Input, from: number, count: number): boolean {
  for (let k = 0; k < count; k++) if (view.getUint8(at + k) !== input.bytes[from + k]) return false;
  return true;
}
