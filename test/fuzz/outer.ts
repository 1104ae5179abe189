// test/fuzz/outer.ts: outer headers, read from their RFCs: IPIP (2003, 2473), GRE (2784), GUE (draft-ietf-intarea-gue-09).
import type { Encap } from '../../host/membership/event.js';
import { IPV4, type Reader, WHOLE } from './reader.js';
import type { Target } from './targets.js';

const ICMP = 1;
const IPIP = 4;
const TCP = 6;
const UDP = 17;
const IPV6_IN_IP = 41;
const GRE = 47;
const ICMPV6 = 58;
const TTL = 64;
const GUE_PORT = 6080;

/** Sum of `bytes` bytes at `at` as 16-bit words in network order; an odd last byte counts as if a zero followed. Not folded. */
export function sumOf(view: DataView, at: number, bytes: number): number {
  let sum = 0;
  const even = bytes & ~1;
  for (let k = 0; k < even; k += 2) sum += view.getUint16(at + k);
  return bytes & 1 ? sum + (view.getUint8(at + even) << 8) : sum;
}

/** The rule that the headers between `at` and the client's packet at `inner` break, or undefined. Lengths have been looked at. */
export function brokenOuter(
  view: DataView,
  at: number,
  inner: number,
  reader: Reader,
  target: Target,
): string | undefined {
  const { encap } = target;
  if (encap.type === 'l2' || encap.type === 'l3dsr') return inner === at ? undefined : 'has outer headers';
  const isV4 = view.getUint8(at) >> 4 === 4;
  const behind = at + (isV4 ? 20 : 40);
  if (behind > inner) return 'has no room for an outer header';
  if (view.getUint8(at + (isV4 ? 8 : 7)) !== TTL) return 'outer TTL is not 64';
  const isSame = isV4
    ? view.getUint8(at + 1) === innerTos(view, inner, reader)
    : ((view.getUint16(at) >> 4) & 0xff) === innerTos(view, inner, reader);
  if (!isSame) return 'outer TOS is not that of the packet';
  const from = isV4 ? 12 : 0;
  for (let k = from; k < 16; k++) {
    if (view.getUint8(at + (isV4 ? 16 : 24) + k - from) !== target.address[k]) return 'is not for its backend';
  }
  const protocol = view.getUint8(at + (isV4 ? 9 : 6));
  return brokenTunnel(view, at, behind, inner, reader, encap, protocol);
}

function brokenTunnel(
  view: DataView,
  at: number,
  behind: number,
  inner: number,
  reader: Reader,
  encap: Encap,
  protocol: number,
): string | undefined {
  const packetProtocol = reader.kind === IPV4 ? IPIP : IPV6_IN_IP;
  if (encap.type === 'ipip') {
    return protocol === packetProtocol && behind === inner ? undefined : `is no IPIP: protocol ${protocol}`;
  }
  if (encap.type === 'gre') {
    const type = reader.kind === IPV4 ? 0x0800 : 0x86dd;
    return protocol === GRE && behind + 4 === inner && view.getUint32(behind) === type ? undefined : 'is no GRE';
  }
  if (encap.type !== 'gue') return undefined;
  if (protocol !== UDP || view.getUint16(behind + 2) !== (encap.port ?? GUE_PORT)) return 'is no GUE';
  const bytes = inner - behind + reader.total;
  if (view.getUint16(behind + 4) !== bytes) return 'a wrong UDP length';
  const addresses = view.getUint8(at) >> 4 === 4 ? sumOf(view, at + 12, 8) : sumOf(view, at + 8, 32);
  const sum = addresses + UDP + bytes + sumOf(view, behind, bytes);
  // Where the packet's own checksum is wrong, the outer one may be wrong by as much (encap/innerSum.ts).
  const isAsWrong = hasChecksum(view, inner, reader) && (sum - segmentSum(view, inner, reader)) % 0xffff === 0;
  const isRight = sum % 0xffff === 0 || isAsWrong;
  if (view.getUint16(behind + 6) === 0 || !isRight) return 'a wrong outer UDP checksum';
  return brokenGue(view, behind + 8, inner, encap, packetProtocol);
}

function brokenGue(
  view: DataView,
  at: number,
  inner: number,
  { variant = 1, private: text = '' }: Extract<Encap, { type: 'gue' }>,
  protocol: number,
): string | undefined {
  if (variant === 1) return at === inner ? undefined : 'has something between UDP and the packet';
  const words = text.length / 8;
  if (at + 4 + 4 * words !== inner) return `has ${inner - at} bytes of GUE header`;
  if (view.getUint32(at) !== ((words << 24) | (protocol << 16)) >>> 0) return 'a wrong GUE header';
  for (let k = 0; k < 4 * words; k++) {
    if (view.getUint8(at + 4 + k) !== Number.parseInt(text.slice(2 * k, 2 * k + 2), 16)) return 'a wrong private field';
  }
  return undefined;
}

/** True for a packet with a checksum over all that follows its IP header, which is a plain one. */
function hasChecksum(
  view: DataView,
  inner: number,
  { protocol, total, packet, transport, ...reader }: Reader,
): boolean {
  if (reader.fragment !== WHOLE || reader.hasExtras) return false;
  const at = inner + transport - packet;
  if (protocol !== UDP) return protocol === TCP || protocol === (reader.kind === IPV4 ? ICMP : ICMPV6);
  return view.getUint16(at + 6) !== 0 && view.getUint16(at + 4) === inner + total - at;
}

/** Sum that the checksum of the packet's transport header covers, pseudo header and checksum with it. */
function segmentSum(view: DataView, inner: number, reader: Reader): number {
  const at = inner + reader.transport - reader.packet;
  const bytes = inner + reader.total - at;
  const sum = sumOf(view, at, bytes);
  if (reader.kind === IPV4 && reader.protocol === 1) return sum; // ICMP has no pseudo header
  const addresses = reader.kind === IPV4 ? sumOf(view, inner + 12, 8) : sumOf(view, inner + 8, 32);
  return sum + addresses + reader.protocol + bytes;
}

function innerTos(view: DataView, inner: number, reader: Reader): number {
  return reader.kind === IPV4 ? view.getUint8(inner + 1) : (view.getUint16(inner) >> 4) & 0xff;
}
