// host/membership/backendRecord.ts: writes the record of a backend (assembly/layout.ts, BACKENDS): its outer header ready
// made, so that the hot path only fills in what depends on the packet.
import {
  ADDRESS_BYTES,
  BACKEND_ADDRESS,
  BACKEND_BYTES,
  BACKEND_CAN_SERVE,
  BACKEND_DSCP,
  BACKEND_ENCAP,
  BACKEND_GUE_BYTES,
  BACKEND_KATRAN,
  BACKEND_NEXT_HOP,
  BACKEND_OUTER,
  BACKEND_OUTER_BYTES,
  BACKEND_OUTER_IS_V6,
  BACKEND_OUTER_SUM,
  BACKEND_UDP_SUM,
  BACKEND_VIP,
  ENCAP_GRE,
  ENCAP_GUE,
  ENCAP_IPIP,
  ENCAP_L2,
  ENCAP_L3DSR,
  REGION_BACKENDS,
} from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import { addressBytes, addressFamily } from './address.js';
import type { Encap } from './event.js';
import { type OuterEnds, outerHeader } from './outerHeader.js';

/** What a record is made from. */
interface BackendDescription extends OuterEnds {
  vipNumber: number;
  nextHop: number;
}

const ENCAP_NUMBERS: Record<Encap['type'], number> = {
  l2: ENCAP_L2,
  ipip: ENCAP_IPIP,
  gue: ENCAP_GUE,
  gre: ENCAP_GRE,
  l3dsr: ENCAP_L3DSR,
};

/** Writes the whole record of backend `index`. It may not be live yet. */
export function writeBackend(memory: HotMemory, index: number, backend: BackendDescription): void {
  const at = recordAt(memory, index);
  const { encap } = backend;
  memory.bytes.fill(0, at, at + BACKEND_BYTES);
  memory.view.setUint8(at + BACKEND_ENCAP, ENCAP_NUMBERS[encap.type]);
  memory.view.setUint8(at + BACKEND_OUTER_IS_V6, addressFamily(backend.address) === 6 ? 1 : 0);
  memory.view.setUint8(at + BACKEND_DSCP, encap.type === 'l3dsr' ? encap.dscp << 2 : 0);
  memory.view.setUint32(at + BACKEND_NEXT_HOP, backend.nextHop, true);
  memory.view.setUint32(at + BACKEND_VIP, backend.vipNumber, true);
  memory.bytes.set(addressBytes(backend.address).subarray(0, ADDRESS_BYTES), at + BACKEND_ADDRESS);
  writeOuter(memory, at, backend);
}

/** Replaces the outer header of a live backend by one with another source. */
export function setOuterSource(memory: HotMemory, index: number, ends: OuterEnds): void {
  writeOuter(memory, recordAt(memory, index), ends);
}

/** Says whether flows may stay on backend `index`: one byte, read by every packet of a tracked slot. */
export function setCanServe(memory: HotMemory, index: number, canServe: boolean): void {
  memory.view.setUint8(recordAt(memory, index) + BACKEND_CAN_SERVE, canServe ? 1 : 0);
}

/** Sets what compat 'katran' knows of backend `index`, KATRAN_REAL_ bits; it may be live. */
export function setKatranReal(memory: HotMemory, index: number, bits: number): void {
  memory.view.setUint8(recordAt(memory, index) + BACKEND_KATRAN, bits);
}

export function getCanServe(memory: HotMemory, index: number): boolean {
  return memory.view.getUint8(recordAt(memory, index) + BACKEND_CAN_SERVE) !== 0;
}

function recordAt(memory: HotMemory, index: number): number {
  return memory.region(REGION_BACKENDS).base + index * BACKEND_BYTES;
}

function writeOuter(memory: HotMemory, at: number, ends: OuterEnds): void {
  const { bytes, headerSum, udpSum, gueBytes } = outerHeader(ends);
  memory.view.setUint8(at + BACKEND_OUTER_BYTES, bytes.length);
  memory.view.setUint8(at + BACKEND_GUE_BYTES, gueBytes);
  memory.view.setUint32(at + BACKEND_OUTER_SUM, headerSum, true);
  memory.view.setUint32(at + BACKEND_UDP_SUM, udpSum, true);
  memory.bytes.set(bytes, at + BACKEND_OUTER);
}
