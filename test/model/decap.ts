// test/model/decap.ts: the plain twin of assembly/decap.ts: what becomes of an outer frame, read from the RFCs and drafts once more, with
// a fresh array for everything. Prefixes are compared bit by bit.
import type { DecapRules } from '../../host/decap/decapMemory.js';
import { checksum, onesSum } from './checksum.js';
import { walkExtensions } from './extension.js';

/** A frame, and what its bytes do not say. */
export interface OuterFrame {
  bytes: Uint8Array;
  packetType?: number;
  /** A tag that was taken out of the frame. */
  hasTag?: boolean;
  /** virtio_net_hdr, 10 bytes. */
  virtio?: Uint8Array | undefined;
}

/** A packet with the virtio header that goes with it. */
interface ModelPacket {
  bytes: Uint8Array;
  virtio: Uint8Array;
}

/** Verdicts of the outer packets in a frame, one each; packets that come out. */
interface ModelOutcome {
  verdicts: string[];
  packets: ModelPacket[];
}

interface Ip {
  version: 4 | 6;
  bytes: Uint8Array; // without what lies behind its end
  protocol: number;
  payload: number; // where what is behind the headers begins
  fragment: 'whole' | 'first' | 'later';
}

interface Virtio {
  needsChecksum: boolean;
  isSeen: boolean;
  gso: number;
  size: number;
  start: number;
  offset: number;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const SEGMENTS_MAX = 512;
const OUTPUTS_MAX = 1024;

/** What becomes of a frame under these rules. */
export function decapModel(frame: OuterFrame, rules: DecapRules): ModelOutcome {
  const one = (verdict: string): ModelOutcome => ({ verdicts: [verdict], packets: [] });
  if ((frame.packetType ?? 0) !== 0) return one('IGNORE_OTHER_HOST');
  const { bytes } = frame;
  if (bytes.length < 14) return one('DROP_TRUNCATED');
  const isTagged = u16(bytes, 12) === 0x8100;
  if (isTagged && bytes.length < 18) return one('DROP_TRUNCATED');
  if (isTagged && frame.hasTag) return one('IGNORE_ETHERTYPE');
  const front = isTagged ? 18 : 14;
  const type = u16(bytes, front - 2);
  if (type === 0x0806) return one('IGNORE_NOT_TUNNEL');
  if (type !== 0x0800 && type !== 0x86dd) return one('IGNORE_ETHERTYPE');
  const packet = bytes.subarray(front);
  const version = type === 0x0800 ? 4 : 6;
  const ip = readIp(packet, version);
  const isOurs = hasAddress(packet, version) && isIn(destinationOf(packet, version), rules.locals);
  if (typeof ip === 'string') return one(!hasAddress(packet, version) ? ip : isOurs ? ip : 'IGNORE_NOT_TUNNEL');
  if (isMapped(destinationOf(packet, version))) return one('IGNORE_NOT_TUNNEL');
  const broken = brokenTransport(ip);
  if (broken !== undefined) return one(isOurs ? broken : 'IGNORE_NOT_TUNNEL');
  const tunnel = tunnelOf(ip, rules);
  if (tunnel === undefined || !isOurs) return one('IGNORE_NOT_TUNNEL');
  if (ip.fragment !== 'whole') return one('DROP_OUTER_FRAGMENT');
  const source = version === 4 ? packet.subarray(12, 16) : packet.subarray(8, 24);
  if (!isIn(source, rules.sources)) return one('DROP_OUTER_SOURCE');
  const virtio = frame.virtio && readVirtio(frame.virtio);
  if (!isIntact(ip, tunnel, virtio, rules)) return one('DROP_OUTER_CHECKSUM');
  return takeOut(ip, front, tunnel, virtio, rules);
}

/** The packet, or the verdict of its headers. */
function readIp(packet: Uint8Array, version: 4 | 6): Ip | string {
  if (version === 4) {
    if (packet.length < 20) return 'DROP_TRUNCATED';
    const header = ((packet[0] ?? 0) & 15) * 4;
    const total = u16(packet, 2);
    if ((packet[0] ?? 0) >> 4 !== 4 || header < 20 || total < header) return 'DROP_BAD_HEADER';
    if (total > packet.length) return 'DROP_TRUNCATED';
    const field = u16(packet, 6);
    const fragment = field & 0x1fff ? 'later' : field & 0x2000 ? 'first' : 'whole';
    return { version, bytes: packet.subarray(0, total), protocol: packet[9] ?? 0, payload: header, fragment };
  }
  if (packet.length < 40) return 'DROP_TRUNCATED';
  if ((packet[0] ?? 0) >> 4 !== 6) return 'DROP_BAD_HEADER';
  if (isMapped(packet.subarray(24, 40)))
    return { version, bytes: packet, protocol: -1, payload: 40, fragment: 'whole' };
  const total = 40 + u16(packet, 4);
  if (total > packet.length) return 'DROP_TRUNCATED';
  const bytes = packet.subarray(0, total);
  const walked = walkExtensions(bytes);
  if (walked.outcome === 'too many') return 'DROP_EXTENSIONS';
  const { fragment: at = 0 } = walked;
  const offset = at ? u16(bytes, at + 2) >> 3 : 0;
  const isFirst = at > 0 && ((bytes[at + 3] ?? 0) & 1) !== 0;
  const fragment = offset > 0 ? 'later' : isFirst ? 'first' : 'whole';
  if (walked.outcome === 'short') return firstShort(bytes);
  return { version, bytes, protocol: walked.protocol ?? 0, payload: walked.offset ?? 40, fragment };
}

/** Extension headers that do not end inside: of a first fragment that is an attack (RFC 1858), else bytes are missing. */
function firstShort(bytes: Uint8Array): string {
  let type = bytes[6] ?? 0;
  let offset = 40;
  while ([0, 43, 44, 51, 60].includes(type) && bytes.length >= offset + 8) {
    if (type === 44)
      return u16(bytes, offset + 2) >> 3 > 0 || ((bytes[offset + 3] ?? 0) & 1) !== 0
        ? 'DROP_TINY_FRAGMENT'
        : 'DROP_TRUNCATED';
    const units = bytes[offset + 1] ?? 0;
    const length = type === 51 ? Math.max(8, 4 * (units + 2)) : 8 * (units + 1);
    type = bytes[offset] ?? 0;
    offset += length;
  }
  return 'DROP_TRUNCATED';
}

/** True when the destination can be read. */
function hasAddress(packet: Uint8Array, version: 4 | 6): boolean {
  if (version === 6) return packet.length >= 40 && (packet[0] ?? 0) >> 4 === 6;
  const header = ((packet[0] ?? 0) & 15) * 4;
  return packet.length >= 20 && (packet[0] ?? 0) >> 4 === 4 && header >= 20 && u16(packet, 2) >= header;
}

function destinationOf(packet: Uint8Array, version: 4 | 6): Uint8Array {
  return version === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
}

/** The verdict of a transport header that is wrong: those of all protocols with ports are read, as for a balancer. */
function brokenTransport({ bytes, protocol, payload, fragment }: Ip): string | undefined {
  const length = bytes.length - payload;
  const short = fragment === 'whole' ? 'DROP_TRUNCATED' : 'DROP_TINY_FRAGMENT';
  if (fragment === 'later') return isOverlap(bytes, protocol) ? 'DROP_TINY_FRAGMENT' : undefined;
  if (protocol === 6) {
    if (length < 20) return short;
    const header = ((bytes[payload + 12] ?? 0) >> 4) * 4;
    return header < 20 ? 'DROP_BAD_HEADER' : header > length ? short : undefined;
  }
  if (protocol === 132) return length < 12 ? short : undefined;
  if (protocol !== 17) return undefined;
  if (length < 8) return short;
  const told = u16(bytes, payload + 4);
  if (told < 8) return 'DROP_BAD_HEADER';
  return told > length && fragment === 'whole' ? 'DROP_TRUNCATED' : undefined;
}

/** RFC 1858, section 4.2: a fragment of TCP 8 bytes in. */
function isOverlap(bytes: Uint8Array, protocol: number): boolean {
  if (protocol !== 6) return false;
  if ((bytes[0] ?? 0) >> 4 === 4) return (u16(bytes, 6) & 0x1fff) === 1;
  const { fragment = 0 } = walkExtensions(bytes);
  return u16(bytes, fragment + 2) >> 3 === 1;
}

type Tunnel = 'DECAP_IPIP' | 'DECAP_GUE' | 'DECAP_GRE';

function tunnelOf(ip: Ip, { types, guePorts }: DecapRules): Tunnel | undefined {
  const { protocol, bytes, payload, fragment } = ip;
  if (protocol === 4 || protocol === 41) return types.includes('ipip') ? 'DECAP_IPIP' : undefined;
  if (protocol === 47) return types.includes('gre') ? 'DECAP_GRE' : undefined;
  if (protocol !== 17 || !types.includes('gue') || fragment === 'later') return undefined;
  return guePorts.includes(u16(bytes, payload + 2)) ? 'DECAP_GUE' : undefined;
}

function isIntact(ip: Ip, tunnel: Tunnel, virtio: Virtio | undefined, rules: DecapRules): boolean {
  const { version, bytes, payload } = ip;
  const ipHeader = ((bytes[0] ?? 0) & 15) * 4;
  if (version === 4 && checksum(bytes.subarray(0, ipHeader)) !== 0) return false;
  if (virtio !== undefined && (virtio.needsChecksum || virtio.gso !== 0)) return true;
  if (tunnel === 'DECAP_GRE') {
    const gre = bytes.subarray(payload);
    return gre.length < 8 || !((gre[0] ?? 0) & 0x80) || checksum(gre) === 0;
  }
  if (tunnel !== 'DECAP_GUE') return true;
  const length = u16(bytes, payload + 4);
  if (u16(bytes, payload + 6) === 0) return version === 4 || rules.zeroChecksum6;
  if (virtio?.isSeen) return true;
  const addresses = version === 4 ? bytes.subarray(12, 20) : bytes.subarray(8, 40);
  const pseudo = [...addresses, 0, 17, length >> 8, length & 0xff];
  return onesSum(Uint8Array.from([...pseudo, ...bytes.subarray(payload, payload + length)])) === 0xffff;
}

function takeOut(ip: Ip, front: number, tunnel: Tunnel, virtio: Virtio | undefined, rules: DecapRules): ModelOutcome {
  const outcome: ModelOutcome = { verdicts: [], packets: [] };
  const isUdp = tunnel === 'DECAP_GUE';
  const at = isUdp ? ip.payload + 8 : ip.payload;
  const end = isUdp ? ip.payload + u16(ip.bytes, ip.payload + 4) : ip.bytes.length;
  const isJoined = isUdp && virtio !== undefined && (virtio.gso & 0x7f) === 5 && virtio.needsChecksum;
  if (!isJoined || front + ip.payload !== virtio.start) {
    take(ip, front, tunnel, at, end, virtio, rules, outcome);
    return outcome;
  }
  const count = virtio.size === 0 ? 0 : Math.ceil((end - at) / virtio.size);
  if (count === 0 || count > SEGMENTS_MAX || count > OUTPUTS_MAX) {
    outcome.verdicts.push(virtio.size === 0 ? 'DROP_OUTER_SUPER_FRAME' : 'DROP_SEGMENTS');
    return outcome;
  }
  for (let p = at; p < end; p += virtio.size) {
    take(ip, front, tunnel, p, Math.min(end, p + virtio.size), virtio, rules, outcome);
  }
  return outcome;
}

/** One packet, whose tunnel header begins at `at` of the outer packet. */
function take(
  ip: Ip,
  front: number,
  tunnel: Tunnel,
  at: number,
  end: number,
  virtio: Virtio | undefined,
  rules: DecapRules,
  outcome: ModelOutcome,
): void {
  const body = ip.bytes.subarray(at, end);
  const found = tunnel === 'DECAP_IPIP' ? { at: 0, version: ip.protocol === 4 ? 4 : 6 } : insideOf(tunnel, body);
  if (found === undefined) return void outcome.verdicts.push('DROP_OUTER_HEADER');
  const packet = wholePacket(body.subarray(found.at), found.version as 4 | 6);
  if (packet === undefined) return void outcome.verdicts.push('DROP_INNER');
  const destination = destinationOf(packet, found.version as 4 | 6);
  if (!isIn(destination, rules.inners)) return void outcome.verdicts.push('DROP_INNER_DESTINATION');
  const innerAt = front + at + found.at;
  const header = innerVirtio(packet, found.version as 4 | 6, innerAt, front + ip.payload, virtio);
  if (header === undefined) return void outcome.verdicts.push('DROP_OUTER_SUPER_FRAME');
  const marked = withEcn(packet, found.version as 4 | 6, tosOf(ip.bytes, ip.version) & 3);
  if (marked === undefined) return void outcome.verdicts.push('DROP_ECN');
  outcome.verdicts.push(tunnel);
  outcome.packets.push({ bytes: marked, virtio: header });
}

/** Where the packet begins behind a GUE or GRE header, and of which version it has to be; undefined: not a header that is taken. */
function insideOf(tunnel: Tunnel, body: Uint8Array): { at: number; version: number } | undefined {
  if (tunnel === 'DECAP_GRE') {
    if (body.length < 4) return undefined;
    const flags = u16(body, 0);
    const at = flags & 0x8000 ? 8 : 4;
    const version = { 2048: 4, 34525: 6 }[u16(body, 2)];
    return flags & 0x7c07 || body.length < at || version === undefined ? undefined : { at, version };
  }
  if (body.length === 0) return undefined;
  const variant = (body[0] ?? 0) >> 6;
  if (variant === 1) return { at: 0, version: (body[0] ?? 0) >> 4 === 4 ? 4 : 6 };
  const at = 4 + 4 * ((body[0] ?? 0) & 31);
  const version = { 4: 4, 41: 6 }[body[1] ?? 0];
  const isTaken =
    variant === 0 && !((body[0] ?? 0) & 0x20) && body.length >= at && body.length >= 4 && u16(body, 2) === 0;
  return isTaken && version !== undefined ? { at, version } : undefined;
}

function wholePacket(bytes: Uint8Array, version: 4 | 6): Uint8Array | undefined {
  if (!hasAddress(bytes, version)) return undefined;
  const total = version === 4 ? u16(bytes, 2) : 40 + u16(bytes, 4);
  return total > bytes.length ? undefined : bytes.subarray(0, total);
}

function tosOf(bytes: Uint8Array, version: 4 | 6): number {
  return version === 4 ? (bytes[1] ?? 0) : (u16(bytes, 0) >> 4) & 0xff;
}

/** RFC 6040, figure 4, by name. A copy with the mark; the header checksum changes by as much as the header. */
function withEcn(packet: Uint8Array, version: 4 | 6, outer: number): Uint8Array | undefined {
  const names = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'];
  const own = names[tosOf(packet, version) & 3] as string;
  const FIGURE: Record<string, Record<string, string | undefined>> = {
    'Not-ECT': { 'Not-ECT': 'Not-ECT', 'ECT(0)': 'Not-ECT', 'ECT(1)': 'Not-ECT', CE: undefined },
    'ECT(0)': { 'Not-ECT': 'ECT(0)', 'ECT(0)': 'ECT(0)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
    'ECT(1)': { 'Not-ECT': 'ECT(1)', 'ECT(0)': 'ECT(1)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
    CE: { 'Not-ECT': 'CE', 'ECT(0)': 'CE', 'ECT(1)': 'CE', CE: 'CE' },
  };
  const after = FIGURE[own]?.[names[outer] as string];
  if (after === undefined) return undefined;
  const copy = Uint8Array.from(packet);
  if (after === own) return copy;
  const ecn = names.indexOf(after);
  if (version === 6) {
    copy[1] = ((packet[1] ?? 0) & 0xcf) | (ecn << 4);
    return copy;
  }
  copy[1] = ((packet[1] ?? 0) & 0xfc) | ecn;
  // RFC 1624, equation 3: HC' = ~(~HC + ~m + m')
  let sum = 0xffff - u16(packet, 10) + (0xffff - u16(packet, 0)) + u16(copy, 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  copy[10] = (0xffff - sum) >> 8;
  copy[11] = (0xffff - sum) & 0xff;
  return copy;
}

function readVirtio(bytes: Uint8Array): Virtio {
  const little = (at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const flags = bytes[0] ?? 0;
  return {
    needsChecksum: (flags & 1) !== 0,
    isSeen: (flags & 2) !== 0,
    gso: bytes[1] ?? 0,
    size: little(4),
    start: little(6),
    offset: little(8),
  };
}

/** The virtio header of the packet inside, which begins at `at` of the frame; undefined when what is asked for cannot be done to it. */
function innerVirtio(
  packet: Uint8Array,
  version: 4 | 6,
  at: number,
  outerTransport: number,
  virtio: Virtio | undefined,
): Uint8Array | undefined {
  const made = new Uint8Array(10);
  if (virtio === undefined) return made;
  const { needsChecksum, gso, size, start, offset } = virtio;
  if (!needsChecksum) return gso === 0 ? made : undefined;
  if (start < at) return gso === 0 || start === outerTransport ? made : undefined;
  const inside = start - at;
  if (inside + offset + 2 > packet.length) return undefined;
  const view = new DataView(made.buffer);
  view.setUint8(0, 1);
  view.setUint16(4, size, true);
  view.setUint16(6, inside, true);
  view.setUint16(8, offset, true);
  view.setUint8(1, gso);
  if (gso === 0) return inside >= 20 ? made : undefined;
  const kind = gso & 0x7f;
  const protocol = kind === 5 ? 17 : 6;
  if (kind !== 5 && kind !== (version === 4 ? 1 : 4)) return undefined;
  if (size === 0 || offset !== (protocol === 17 ? 6 : 16)) return undefined;
  const front = headersBefore(packet, version, protocol);
  if (front !== inside) return undefined;
  const least = protocol === 17 ? 8 : 20;
  if (front + least > packet.length) return undefined;
  const header = protocol === 17 ? 8 : ((packet[front + 12] ?? 0) >> 4) * 4;
  if (header < least || front + header > packet.length) return undefined;
  view.setUint16(2, front + header, true);
  return made;
}

function headersBefore(packet: Uint8Array, version: 4 | 6, protocol: number): number | undefined {
  if (version === 4) {
    return packet[9] === protocol && !(u16(packet, 6) & 0x3fff) ? ((packet[0] ?? 0) & 15) * 4 : undefined;
  }
  const walked = walkExtensions(packet);
  return walked.outcome === 'walked' && walked.protocol === protocol && !walked.fragment ? walked.offset : undefined;
}

function isMapped(address: Uint8Array): boolean {
  return address.length === 16 && address.every((byte, i) => i >= 12 || byte === (i >= 10 ? 0xff : 0));
}

/** True when the address lies in one of the prefixes, bit by bit; of the other family, or mapped, it never does. */
function isIn(address: Uint8Array, prefixes: readonly string[]): boolean {
  if (isMapped(address)) return false;
  return prefixes.some((text) => {
    const [base = '', length] = text.split('/');
    const bytes = base.includes(':') ? ipv6Bytes(base) : Uint8Array.from(base.split('.').map(Number));
    if (bytes.length !== address.length) return false;
    const bits = length === undefined ? bytes.length * 8 : Number(length);
    const bit = (of: Uint8Array, i: number): number => ((of[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
    for (let i = 0; i < bits; i++) if (bit(bytes, i) !== bit(address, i)) return false;
    return true;
  });
}

/** RFC 4291, section 2.2, without an IPv4 address at its end. */
function ipv6Bytes(text: string): Uint8Array {
  const [before = '', after] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(before), groups(after ?? '')];
  const zeros = after === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array.from({ length: zeros }, () => 0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
