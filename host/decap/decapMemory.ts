// host/decap/decapMemory.ts: the memory of a decapsulator: that of a balancer with all limits at their least, and the region DECAP
// (assembly/layout.ts), which says what is taken.
//
//   DECAP   | settings | output records | prefixes of our addresses | of balancers | of those let in |
import {
  DECAP_INNERS,
  DECAP_LOCALS,
  DECAP_MEMORY,
  DECAP_OUTPUT_BYTES,
  DECAP_OUTPUTS_MAX,
  DECAP_PORT_COUNT,
  DECAP_PORTS,
  DECAP_SETTINGS_BYTES,
  DECAP_SOURCES,
  DECAP_TAKES_GRE,
  DECAP_TAKES_GUE,
  DECAP_TAKES_IPIP,
  DECAP_TYPES,
  DECAP_ZERO_CHECKSUM6,
  PREFIX_ADDRESS,
  PREFIX_BYTES,
  PREFIX_LIST_BASE,
  PREFIX_LIST_COUNT4,
  PREFIX_LIST_COUNT6,
  PREFIX_MASK,
  PREFIXES_MAX,
  REGION_DECAP,
} from '../../assembly/layout.js';
import { parsePrefix } from '../linux/address.js';
import { createMemory, type HotMemory } from '../memory.js';
import { readCore } from '../options.js';

/** The kinds of tunnels that end here. */
export type TunnelType = 'ipip' | 'gue' | 'gre';

/** What of outer packets is taken, addresses excepted. */
export interface DecapTypes {
  types: readonly TunnelType[];
  guePorts: readonly number[];
  zeroChecksum6: boolean;
}

/** The lists of prefixes: our own addresses, those of balancers, those that packets inside may be to. */
export type DecapList = 'locals' | 'sources' | 'inners';

const LISTS: Record<DecapList, { record: number; place: number }> = {
  locals: { record: DECAP_LOCALS, place: 0 },
  sources: { record: DECAP_SOURCES, place: 1 },
  inners: { record: DECAP_INNERS, place: 2 },
};
const TAKES: Record<TunnelType, number> = { ipip: DECAP_TAKES_IPIP, gue: DECAP_TAKES_GUE, gre: DECAP_TAKES_GRE };
const LISTS_AT = DECAP_SETTINGS_BYTES + DECAP_OUTPUTS_MAX * DECAP_OUTPUT_BYTES;
const LIST_BYTES = PREFIXES_MAX * PREFIX_BYTES;

/** Makes the memory of one worker, with these rings or cells. */
export function createDecapMemory(shape: { ringsBytes: number; cells: number; cellBytes: number }): HotMemory {
  const least = { vipsMax: 1, backendsMax: 1, flowsMax: 64, tablesMiB: 1, fragmentsMax: 4, fragmentsHeldMax: 0 };
  return createMemory(readCore(least), { ...shape, workers: 1, decapBytes: LISTS_AT + 3 * LIST_BYTES });
}

/** Writes what is taken, and where in the process the memory lies. All lists are empty: nothing is taken yet. */
export function writeDecapTypes(
  { memory, at, base }: DecapPlace,
  { types, guePorts, zeroChecksum6 }: DecapTypes,
): void {
  memory.view.setBigUint64(at + DECAP_MEMORY, base, true);
  memory.view.setUint32(
    at + DECAP_TYPES,
    types.reduce((bits, type) => bits | TAKES[type], 0),
    true,
  );
  memory.view.setUint32(at + DECAP_ZERO_CHECKSUM6, zeroChecksum6 ? 1 : 0, true);
  memory.view.setUint32(at + DECAP_PORT_COUNT, guePorts.length, true);
  for (const [i, port] of guePorts.entries()) memory.view.setUint16(at + DECAP_PORTS + 2 * i, port, true);
}

/** Where the region is, and the memory in the process: 0 when no kernel is to read from it. */
export interface DecapPlace {
  memory: HotMemory;
  at: number;
  base: bigint;
}

export function decapPlace(memory: HotMemory, base: bigint): DecapPlace {
  return { memory, at: memory.region(REGION_DECAP).base, base };
}

/** Replaces a list. Not while the worker runs a batch. At most PREFIXES_MAX prefixes, such as `10.0.0.0/24`. */
export function writePrefixes({ memory, at }: DecapPlace, list: DecapList, texts: readonly string[]): void {
  const { record, place } = LISTS[list];
  const base = at + LISTS_AT + place * LIST_BYTES;
  const prefixes = texts.map(parsePrefix).sort((a, b) => a.bytes.length - b.bytes.length); // those of IPv4 first
  for (const [i, { bytes, bits }] of prefixes.entries()) {
    const isV4 = bytes.length === 4;
    memory.bytes.set(isV4 ? [...MAPPED, ...bytes] : bytes, base + i * PREFIX_BYTES + PREFIX_ADDRESS);
    memory.bytes.set(maskOf(isV4 ? 96 + bits : bits), base + i * PREFIX_BYTES + PREFIX_MASK);
  }
  const count4 = prefixes.filter(({ bytes }) => bytes.length === 4).length;
  memory.view.setUint32(at + record + PREFIX_LIST_BASE, base, true);
  memory.view.setUint32(at + record + PREFIX_LIST_COUNT4, count4, true);
  memory.view.setUint32(at + record + PREFIX_LIST_COUNT6, prefixes.length - count4, true);
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]; // RFC 4291, section 2.5.5.2

/** 16 bytes whose first `bits` bits are set. */
function maskOf(bits: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => 0xff << (8 - Math.min(8, Math.max(0, bits - 8 * i))));
}
