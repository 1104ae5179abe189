// host/decap/decapMemory.ts: the memory of a decapsulator: that of a balancer with all limits at their least, and the region DECAP
// (assembly/layout.ts), which says what is taken. What is live is never written to: a change goes into the other half, which is then
// made live as a published state is (membership/root.ts).
//
//   half   | settings | our addresses | those of balancers | those that packets inside may be to |
import {
  CONTROL_GENERATION,
  DECAP_HALF_BYTES,
  DECAP_INNERS,
  DECAP_LISTS,
  DECAP_LOCALS,
  DECAP_MEMORY,
  DECAP_OUTPUT_BYTES,
  DECAP_OUTPUTS,
  DECAP_OUTPUTS_MAX,
  DECAP_PORT_COUNT,
  DECAP_PORTS,
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
  REGION_CONTROL,
  REGION_DECAP,
} from '../../assembly/layout.js';
import { parsePrefix } from '../linux/address.js';
import { createMemory, type HotMemory } from '../memory.js';
import { readCore } from '../options.js';
import type { TunnelType } from './decapStatus.js';

/** What of outer packets is taken. */
export interface DecapRules {
  types: readonly TunnelType[];
  guePorts: readonly number[];
  zeroChecksum6: boolean;
  /** Addresses or prefixes: where outer packets are to, where they are from, where packets inside are to. */
  locals: readonly string[];
  sources: readonly string[];
  inners: readonly string[];
}

const LISTS = [
  { name: 'locals', record: DECAP_LOCALS },
  { name: 'sources', record: DECAP_SOURCES },
  { name: 'inners', record: DECAP_INNERS },
] as const;
const TAKES: Record<TunnelType, number> = { ipip: DECAP_TAKES_IPIP, gue: DECAP_TAKES_GUE, gre: DECAP_TAKES_GRE };
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]; // RFC 4291, section 2.5.5.2

/** Makes the memory of one worker, with these rings or cells. */
export function createDecapMemory(shape: { ringsBytes: number; cells: number; cellBytes: number }): HotMemory {
  const least = { vipsMax: 1, backendsMax: 1, flowsMax: 64, tablesMiB: 1, fragmentsMax: 4, fragmentsHeldMax: 0 };
  const decapBytes = DECAP_OUTPUTS + DECAP_OUTPUTS_MAX * DECAP_OUTPUT_BYTES;
  return createMemory(readCore(least), { ...shape, workers: 1, decapBytes });
}

/** Writes what is taken into the half that is not live. `base`: where the memory is in the process, 0 when no kernel reads from it. */
export function writeRules(memory: HotMemory, rules: DecapRules, base: bigint): void {
  const { view } = memory;
  const generation = view.getUint32(memory.region(REGION_CONTROL).base + CONTROL_GENERATION, true);
  const half = memory.region(REGION_DECAP).base + ((generation + 1) & 1) * DECAP_HALF_BYTES;
  view.setBigUint64(half + DECAP_MEMORY, base, true);
  const types = rules.types.reduce((bits, type) => bits | TAKES[type], 0);
  view.setUint32(half + DECAP_TYPES, types, true);
  view.setUint32(half + DECAP_ZERO_CHECKSUM6, rules.zeroChecksum6 ? 1 : 0, true);
  view.setUint32(half + DECAP_PORT_COUNT, rules.guePorts.length, true);
  for (const [i, port] of rules.guePorts.entries()) view.setUint16(half + DECAP_PORTS + 2 * i, port, true);
  for (const [place, { name, record }] of LISTS.entries()) {
    writeList(memory, half + record, half + DECAP_LISTS + place * PREFIXES_MAX * PREFIX_BYTES, rules[name]);
  }
}

/** A list of at most PREFIXES_MAX prefixes; those of IPv4 come first. */
function writeList({ view, bytes }: HotMemory, record: number, base: number, texts: readonly string[]): void {
  const prefixes = texts.map(parsePrefix).sort((a, b) => a.bytes.length - b.bytes.length);
  for (const [i, prefix] of prefixes.entries()) {
    const isV4 = prefix.bytes.length === 4;
    bytes.set(isV4 ? [...MAPPED, ...prefix.bytes] : prefix.bytes, base + i * PREFIX_BYTES + PREFIX_ADDRESS);
    bytes.set(maskOf(isV4 ? 96 + prefix.bits : prefix.bits), base + i * PREFIX_BYTES + PREFIX_MASK);
  }
  const count4 = prefixes.filter((prefix) => prefix.bytes.length === 4).length;
  view.setUint32(record + PREFIX_LIST_BASE, base, true);
  view.setUint32(record + PREFIX_LIST_COUNT4, count4, true);
  view.setUint32(record + PREFIX_LIST_COUNT6, prefixes.length - count4, true);
}

/** 16 bytes whose first `bits` bits are set. */
function maskOf(bits: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => 0xff << (8 - Math.min(8, Math.max(0, bits - 8 * i))));
}
