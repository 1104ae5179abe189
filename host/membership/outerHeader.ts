// host/membership/outerHeader.ts: outer headers of a backend, ready made (assembly/encap/ says what the hot path fills in).
import { addressBytes, addressFamily } from './address.js';
import type { Encap } from './event.js';

/** What an outer header is made from. */
export interface OuterEnds {
  /** The backend's. */
  address: string;
  /** Our own address of the same family; unspecified while it is not known. */
  source: string | undefined;
  encap: Encap;
  /** Family of the packets inside, which is that of the VIP. */
  inner: 4 | 6;
}

/** Outer headers and the sums that go with them. */
interface OuterHeader {
  /** Between Ethernet header and packet. */
  bytes: Uint8Array;
  /** BACKEND_OUTER_SUM: sum of the IPv4 header, 0 for IPv6. */
  headerSum: number;
  /** BACKEND_UDP_SUM: sum of what the UDP checksum of GUE covers before the packet; 0 without UDP. */
  udpSum: number;
  /** Bytes of the GUE header, 0 for variant 1. */
  gueBytes: number;
}

/** Destination port of GUE: assigned by IANA. */
export const GUE_PORT_DEFAULT = 6080;
/** Bytes of the private field of a GUE header: what fits the record behind an IPv6 header. */
export const GUE_PRIVATE_BYTES_MAX = 36;

const OUTER_TTL = 64;
const PROTOCOL_UDP = 17;
const PROTOCOL_GRE = 47;
const PROTOCOL_OF_INNER = { 4: 4, 6: 41 } as const; // RFC 2003; RFC 4213, RFC 2473
const ETHERTYPE_OF_INNER = { 4: 0x0800, 6: 0x86dd } as const;
const DONT_FRAGMENT = 0x4000;
const NOTHING: OuterHeader = { bytes: new Uint8Array(0), headerSum: 0, udpSum: 0, gueBytes: 0 };

/** The outer headers towards a backend; none for encapsulations that rewrite the packet instead. */
export function outerHeader(ends: OuterEnds): OuterHeader {
  const { encap, inner } = ends;
  if (encap.type === 'ipip') return behindIp(ends, PROTOCOL_OF_INNER[inner], new Uint8Array(0));
  if (encap.type === 'gre') return behindIp(ends, PROTOCOL_GRE, greHeader(inner));
  if (encap.type !== 'gue') return NOTHING;
  const gue = encap.variant === 0 ? gueHeader(inner, encap.private) : new Uint8Array(0);
  const made = behindIp(ends, PROTOCOL_UDP, Buffer.concat([udpHeader(encap.port ?? GUE_PORT_DEFAULT), gue]));
  return { ...made, udpSum: pseudoSum(ends) + wordSum(made.bytes.subarray(ipBytes(ends))), gueBytes: gue.length };
}

function behindIp(ends: OuterEnds, protocol: number, rest: Uint8Array): OuterHeader {
  const isV6 = addressFamily(ends.address) === 6;
  const ip = isV6 ? outerIpv6(ends, protocol) : outerIpv4(ends, protocol);
  return { bytes: Buffer.concat([ip, rest]), headerSum: isV6 ? 0 : wordSum(ip), udpSum: 0, gueBytes: 0 };
}

/** RFC 791, with TOS, length and checksum left 0. */
function outerIpv4({ address, source }: OuterEnds, protocol: number): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(6, DONT_FRAGMENT);
  view.setUint8(8, OUTER_TTL);
  view.setUint8(9, protocol);
  if (source !== undefined) header.set(addressBytes(source).subarray(12), 12);
  header.set(addressBytes(address).subarray(12), 16);
  return header;
}

/** RFC 8200, with traffic class, flow label and length left 0. */
function outerIpv6({ address, source }: OuterEnds, protocol: number): Uint8Array {
  const header = new Uint8Array(40);
  header[0] = 0x60;
  header[6] = protocol;
  header[7] = OUTER_TTL;
  if (source !== undefined) header.set(addressBytes(source), 8);
  header.set(addressBytes(address), 24);
  return header;
}

/** RFC 768, with source port, length and checksum left 0. */
function udpHeader(port: number): Uint8Array {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint16(2, port);
  return header;
}

/** RFC 2784, section 2.1: no checksum, version 0. */
function greHeader(inner: 4 | 6): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint16(2, ETHERTYPE_OF_INNER[inner]);
  return header;
}

/** Variant 0: the length counts 32-bit words behind the first four bytes; no flags; `hex` is the private field. */
function gueHeader(inner: 4 | 6, hex = ''): Uint8Array {
  const field = Buffer.from(hex, 'hex');
  return Uint8Array.from([field.length / 4, PROTOCOL_OF_INNER[inner], 0, 0, ...field]);
}

function ipBytes({ address }: OuterEnds): number {
  return addressFamily(address) === 6 ? 40 : 20;
}

/** Pseudo header of UDP but for the length: both addresses and the protocol. */
function pseudoSum({ address, source }: OuterEnds): number {
  const first = addressFamily(address) === 6 ? 0 : 12;
  const ends = [address, ...(source === undefined ? [] : [source])];
  return ends.reduce((sum, end) => sum + wordSum(addressBytes(end).subarray(first)), PROTOCOL_UDP << 8);
}

/** Sum of little-endian words, as assembly/wire/checksum.ts adds them. */
function wordSum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += view.getUint16(offset, true);
  return sum;
}
