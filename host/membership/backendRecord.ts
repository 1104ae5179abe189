// host/membership/backendRecord.ts: writes the record of a backend (assembly/layout.ts, BACKENDS): its outer header ready
// made, so that the hot path only fills in what depends on the packet.
import {
  ADDRESS_BYTES,
  BACKEND_ADDRESS,
  BACKEND_BYTES,
  BACKEND_CAN_SERVE,
  BACKEND_ENCAP,
  BACKEND_NEXT_HOP,
  BACKEND_OUTER,
  BACKEND_OUTER_BYTES,
  BACKEND_OUTER_IS_V6,
  BACKEND_OUTER_SUM,
  BACKEND_VIP,
  ENCAP_IPIP,
  ENCAP_L2,
  REGION_BACKENDS,
} from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import { addressBytes, addressFamily } from './address.js';
import type { Encap } from './event.js';

/** What a record is made from. */
export interface BackendDescription {
  address: string;
  encap: Encap;
  /** Our own address of the same family, the source of outer headers; unspecified while it is not known. */
  source: string | undefined;
  vipNumber: number;
  nextHop: number;
}

type OuterEnds = Pick<BackendDescription, 'address' | 'source'>;

const OUTER_TTL = 64;
const PROTOCOL_IPIP = 4; // RFC 2003
const NEXT_HEADER_IPV6 = 41; // RFC 2473
const DONT_FRAGMENT = 0x4000;

/** Writes the whole record of backend `index`. It may not be live yet. */
export function writeBackend(memory: HotMemory, index: number, backend: BackendDescription): void {
  const at = recordAt(memory, index);
  const outer = backend.encap.type === 'ipip' ? outerHeader(backend) : new Uint8Array(0);
  const isV6 = addressFamily(backend.address) === 6;
  memory.bytes.fill(0, at, at + BACKEND_BYTES);
  memory.view.setUint8(at + BACKEND_ENCAP, backend.encap.type === 'ipip' ? ENCAP_IPIP : ENCAP_L2);
  memory.view.setUint8(at + BACKEND_OUTER_BYTES, outer.length);
  memory.view.setUint8(at + BACKEND_OUTER_IS_V6, isV6 ? 1 : 0);
  memory.view.setUint32(at + BACKEND_NEXT_HOP, backend.nextHop, true);
  memory.view.setUint32(at + BACKEND_OUTER_SUM, isV6 ? 0 : wordSum(outer), true);
  memory.view.setUint32(at + BACKEND_VIP, backend.vipNumber, true);
  memory.bytes.set(addressBytes(backend.address).subarray(0, ADDRESS_BYTES), at + BACKEND_ADDRESS);
  memory.bytes.set(outer, at + BACKEND_OUTER);
}

/** Replaces the outer header of a live backend by one with another source. */
export function setOuterSource(
  memory: HotMemory,
  index: number,
  backend: Pick<BackendDescription, 'address' | 'encap' | 'source'>,
): void {
  const at = recordAt(memory, index);
  const outer = outerHeader(backend);
  memory.bytes.set(outer, at + BACKEND_OUTER);
  if (addressFamily(backend.address) === 4) memory.view.setUint32(at + BACKEND_OUTER_SUM, wordSum(outer), true);
}

/** Says whether flows may stay on backend `index`: one byte, read by every packet of a tracked slot. */
export function setCanServe(memory: HotMemory, index: number, canServe: boolean): void {
  memory.view.setUint8(recordAt(memory, index) + BACKEND_CAN_SERVE, canServe ? 1 : 0);
}

export function getCanServe(memory: HotMemory, index: number): boolean {
  return memory.view.getUint8(recordAt(memory, index) + BACKEND_CAN_SERVE) !== 0;
}

function recordAt(memory: HotMemory, index: number): number {
  return memory.region(REGION_BACKENDS).base + index * BACKEND_BYTES;
}

function outerHeader(backend: OuterEnds): Uint8Array {
  return addressFamily(backend.address) === 6 ? outerIpv6(backend) : outerIpv4(backend);
}

/** RFC 791, with TOS, length and checksum left 0. */
function outerIpv4({ address, source }: OuterEnds): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(6, DONT_FRAGMENT);
  view.setUint8(8, OUTER_TTL);
  view.setUint8(9, PROTOCOL_IPIP);
  if (source !== undefined) header.set(addressBytes(source).subarray(12), 12);
  header.set(addressBytes(address).subarray(12), 16);
  return header;
}

/** RFC 8200, with traffic class, flow label and length left 0. */
function outerIpv6({ address, source }: OuterEnds): Uint8Array {
  const header = new Uint8Array(40);
  header[0] = 0x60;
  header[6] = NEXT_HEADER_IPV6;
  header[7] = OUTER_TTL;
  if (source !== undefined) header.set(addressBytes(source), 8);
  header.set(addressBytes(address), 24);
  return header;
}

/** Sum of the header's little-endian words, as assembly/wire/checksum.ts adds them. */
function wordSum(header: Uint8Array): number {
  const view = new DataView(header.buffer);
  let sum = 0;
  for (let offset = 0; offset < header.length; offset += 2) sum += view.getUint16(offset, true);
  return sum;
}
