// test/fuzz/claims.ts: what a verdict claims of its frame, held against what reader.ts reads in it. Each claim is a rule that
// must hold for every frame, whatever was done to it; and a frame that nothing is wrong with must be forwarded.
import * as verdicts from '../../assembly/verdict.js';
import { VERDICTS } from '../../host/stats.js';
import type { Input } from './input.js';
import { NOT_NAMED, named, namedBy, readNames } from './names.js';
import { ARP, IPV4, IPV6, OTHER, type Reader, RUNT, WHOLE } from './reader.js';
import { NARROW_MTU, type SceneVip, WIDE_MTU } from './scene.js';
import { isSuperFrame } from './segments.js';
import type { Subject } from './subject.js';
import type { Target, Targets } from './targets.js';

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const ICMP = 1;
const ICMPV6 = 58;
const MULTICAST = 2;

/** The egress where VIPs are announced, and which is up. */
const ANNOUNCING = 0;

export const FORWARD = 1;
export const REPLY = 2;
export const IGNORE = 3;
const DROP = 4;
/** Class of a verdict by its number; 0 for a number that is none. */
export const CLASS: Uint8Array = new Uint8Array(256);
for (const { number, name } of VERDICTS) {
  CLASS[number] = ['', 'FORWARD', 'REPLY', 'IGNORE', 'DROP', 'HOLD'].indexOf(name.split('_')[0] as string);
}

/** The rule that the verdict of frame `i` breaks, or undefined. */
export function brokenClaim(
  input: Input,
  reader: Reader,
  subject: Subject,
  targets: Targets,
  i: number,
): string | undefined {
  const verdict = subject.verdict(i);
  const kind = CLASS[verdict];
  if (!kind) return `verdict ${verdict} is none`;
  if (kind <= REPLY !== subject.outputs(i) > 0) return `${subject.outputs(i)} frames left`;
  const isMarked = input.mark !== undefined;
  const hasBackend = subject.backend(i) !== 0 && subject.vip(i) === 0 && !isMarked;
  if (kind !== FORWARD && verdict !== verdicts.DROP_NO_BACKEND && hasBackend) {
    return 'a backend without a VIP';
  }
  if (input.length > input.capacity) {
    return verdict === verdicts.DROP_SNAPPED ? undefined : 'a frame that was cut on its way in';
  }
  if (verdict === verdicts.DROP_SNAPPED) return 'a frame that is all there';
  if (isMarked) return brokenMarked(input, reader, subject, targets, i);
  if (input.packetType > MULTICAST !== (verdict === verdicts.IGNORE_OTHER_HOST && input.packetType > MULTICAST)) {
    return `packet type ${input.packetType}`;
  }
  if (kind === FORWARD) return brokenForward(input, reader, subject, targets, i);
  return brokenOther(input, reader, verdict, kind) ?? brokenPromise(input, reader, targets, verdict);
}

/** What is forwarded is whole, for a VIP, and for a backend of it. */
function brokenForward(
  input: Input,
  reader: Reader,
  subject: Subject,
  targets: Targets,
  i: number,
): string | undefined {
  if (reader.kind !== IPV4 && reader.kind !== IPV6) return 'no IP packet';
  if (input.packetType !== 0) return `packet type ${input.packetType}`;
  if (reader.isShort || reader.isBad) return 'a header that is short or bad';
  if (!reader.isOurs) return 'the address is none of ours';
  if (reader.ttl <= 1) return `TTL ${reader.ttl}`;
  const target = targets.backend(subject.backend(i));
  if (target === undefined) return `backend ${subject.backend(i)} is none`;
  if (subject.vip(i) !== target.vipNumber) return `VIP ${subject.vip(i)} does not have this backend`;
  if (reader.protocol === ICMP || reader.protocol === ICMPV6 || reader.fragment !== WHOLE) return undefined;
  const vip = targets.find(reader);
  return vip === target.vip ? brokenName(input, reader, target) : 'another VIP than its destination';
}

/** What names its backend goes there; of a VIP that keeps no state, what does not goes to one of the table. */
function brokenName(input: Input, reader: Reader, { vip, number }: Target): string | undefined {
  if (vip.names === undefined) return undefined;
  readNames(vip, reader, input);
  if (number === vip.names.down) return 'to a backend that is down';
  if (namedBy !== NOT_NAMED) return number === named ? undefined : `names backend ${named}, went to ${number}`;
  if (vip.tracking !== 'none' || !vip.names.spare.includes(number)) return undefined;
  return 'names nobody, and went to a backend that is in no table';
}

/** A marked packet goes to the backend of its mark, whatever its address, or nowhere; one that nothing is wrong with goes. */
function brokenMarked(input: Input, reader: Reader, subject: Subject, targets: Targets, i: number): string | undefined {
  const verdict = subject.verdict(i);
  if (subject.vip(i) !== 0) return 'a VIP counts it';
  if (reader.kind !== IPV4 && reader.kind !== IPV6) return CLASS[verdict] === FORWARD ? 'no IP packet' : undefined;
  const index = targets.marked(input.mark ?? 0);
  const target = targets.backend(index);
  const isNamed = target !== undefined && target.vip.address.includes(':') === (reader.kind === IPV6);
  if (verdict === verdicts.IGNORE_NOT_VIP)
    return isMapped(input, reader) ? undefined : 'its address can be that of a packet';
  if (verdict === verdicts.IGNORE_NO_MARK) return isNamed ? 'a backend has this mark' : undefined;
  if (CLASS[verdict] === FORWARD) {
    if (!isNamed || subject.backend(i) !== index) return 'not the backend of its mark';
    const isBroken = (reader.isShort || reader.isBad) && !isIcmp(reader); // what an ICMP message says is its reader's business
    return isBroken || reader.ttl <= 1 ? 'there is something wrong with it' : undefined;
  }
  if (CLASS[verdict] === REPLY) return 'it is no client that could be answered';
  const isPlain = !reader.isShort && !reader.isBad && reader.ttl > 1 && reader.fragment === WHOLE && !input.hasVirtio;
  if (!isPlain || !isNamed || reader.hasExtras) return undefined;
  if (verdict === verdicts.DROP_TOO_BIG)
    return reader.total + OUTER_BYTES_MAX > target.mtu ? undefined : 'it fits the MTU';
  return target.vip.fate === 'forward' ? 'nothing is wrong with it' : undefined;
}

/** To an address of the form ::ffff:a.b.c.d, which no packet has. */
function isMapped({ view }: Input, { kind, packet }: Reader): boolean {
  if (kind !== IPV6) return false;
  return view.getBigUint64(packet + 24) === 0n && view.getUint32(packet + 32) === 0xffff;
}

function brokenOther(input: Input, reader: Reader, verdict: number, kind: number): string | undefined {
  const { isOurs } = reader;
  switch (verdict) {
    case verdicts.REPLY_ECHO:
    case verdicts.DROP_BAD_SOURCE:
    case verdicts.DROP_BAD_QUOTE:
      if (!isIcmp(reader) || !isOurs) return 'no ICMP message to a VIP';
      break;
    case verdicts.DROP_EXTENSIONS:
      if (reader.kind !== IPV6 || !reader.hasExtras) return 'no extension headers';
      break;
    case verdicts.DROP_TOO_BIG_DF_CLEAR:
      if (reader.kind !== IPV4) return 'no IPv4 packet';
      break;
    case verdicts.DROP_TINY_FRAGMENT:
      if (reader.fragment === WHOLE) return 'no fragment';
      break;
    case verdicts.REPLY_ARP:
      return reader.kind === ARP && isOurs && input.ingress === ANNOUNCING ? undefined : 'no request for a VIP';
    case verdicts.IGNORE_ARP:
      if (reader.kind !== ARP) return 'no ARP frame';
      return isOurs && input.ingress === ANNOUNCING ? 'a request for a VIP' : undefined;
    case verdicts.IGNORE_OTHER_HOST:
      return input.packetType !== 0 ? undefined : 'sent to us';
    case verdicts.IGNORE_ETHERTYPE:
      return reader.kind === OTHER ? undefined : 'IP or ARP';
    case verdicts.IGNORE_NOT_VIP:
      return reader.hasAddress && !isOurs ? undefined : 'the address is ours, or not there';
    case verdicts.DROP_TRUNCATED:
      if (!reader.isShort && reader.kind !== RUNT) return 'nothing is missing';
      break;
    case verdicts.DROP_BAD_HEADER:
      if (!reader.isBad && !input.hasVirtio) return 'no header contradicts itself';
      break;
    case verdicts.DROP_SUPER_FRAME_ENCAP:
      if (!isSuperFrame(input)) return 'no super-frame';
      break;
    case verdicts.DROP_TTL_EXPIRED:
      if (reader.ttl > 1) return `TTL ${reader.ttl}`;
      break;
    case verdicts.DROP_FRAGMENT:
      if (reader.fragment === WHOLE && !reader.hasExtras) return 'no fragment';
      break;
    default:
  }
  // A solicitation is sent to a multicast address, and may find the way back closed.
  if (kind !== DROP || !reader.hasAddress || isOurs || reader.protocol === ICMPV6) return undefined;
  return 'dropped, and not ours';
}

/** A TCP, UDP or SCTP packet that nothing is wrong with, to a VIP whose ways are open, is forwarded. */
function brokenPromise(input: Input, reader: Reader, targets: Targets, verdict: number): string | undefined {
  if (reader.kind !== IPV4 && reader.kind !== IPV6) return undefined;
  if (input.packetType !== 0 || reader.isShort || reader.isBad || reader.ttl <= 1) return undefined;
  if (reader.fragment !== WHOLE || (reader.kind === IPV6 && reader.hasExtras) || input.hasVirtio) return undefined;
  if (![TCP, UDP, SCTP].includes(reader.protocol)) return undefined;
  const vip = targets.find(reader);
  if (vip === undefined) return verdict === verdicts.DROP_NO_VIP || !reader.isOurs ? undefined : 'no VIP is meant';
  if (TOO_BIG.includes(verdict) && (vip.fate === 'forward' || vip.fate === 'narrow')) {
    const mtu = vip.fate === 'narrow' ? NARROW_MTU : WIDE_MTU;
    return reader.total + outerBytesMax(vip) > mtu ? undefined : 'it fits the MTU';
  }
  return vip.fate === 'forward' ? 'nothing is wrong with it' : brokenFate(vip.fate, verdict);
}

/** Bytes of the outer headers that a VIP of the scene puts before a packet; at most, where its backends differ. */
function outerBytesMax({ address, encap, fate }: SceneVip): number {
  if (encap.type === 'l2' || encap.type === 'l3dsr') return 0;
  return fate === 'narrow' ? (address.includes(':') ? 40 : 20) : OUTER_BYTES_MAX;
}

/** IPv6, UDP and the GUE header of the scene. */
const OUTER_BYTES_MAX = 40 + 8 + 12;
const TOO_BIG = VERDICTS.filter(({ name }) => name.includes('_TOO_BIG')).map(({ number }) => number);
function isIcmp({ kind, protocol }: Reader): boolean {
  return kind === IPV4 ? protocol === ICMP : kind === IPV6 && protocol === ICMPV6;
}

const FATES: Record<string, readonly number[]> = {
  empty: [verdicts.DROP_NO_BACKEND],
  unresolved: [verdicts.DROP_NEXT_HOP_UNRESOLVED],
  down: [verdicts.DROP_EGRESS_DOWN],
  narrow: [],
};

function brokenFate(fate: string, verdict: number): string | undefined {
  const right = FATES[fate];
  return right === undefined || right.includes(verdict) ? undefined : `what is for a VIP that is ${fate}`;
}
