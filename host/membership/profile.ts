// host/membership/profile.ts: the profiles (assembly/profiles/) as the builder uses them: what a backend is called, where it
// stands in line, and which table is filled.
import {
  BUILD_BYTES,
  BUILD_RANK,
  FIELDS_5_TUPLE,
  FIELDS_PORT,
  FIELDS_SOURCE,
  HASH_CILIUM,
  HASH_ENVOY,
  HASH_KATRAN_V1,
  HASH_KATRAN_V2,
  HASH_NATIVE,
  REGION_BUILD,
} from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { addressFamily } from './address.js';
import type { HashFields, HashName, Protocol, Vip } from './event.js';

/** How the table of a VIP is made. */
export interface Profile {
  name: HashName;
  /** HASH_ */
  hash: number;
  /** FIELDS_ */
  fields: number;
  /** Of the VIP: with direct server return that is the port of its backends. */
  port: number;
  protocol: Protocol;
}

const HASH_NUMBERS: Record<HashName, number> = {
  native: HASH_NATIVE,
  'katran-v1': HASH_KATRAN_V1,
  'katran-v2': HASH_KATRAN_V2,
  cilium: HASH_CILIUM,
  envoy: HASH_ENVOY,
};

const FIELDS_NUMBERS: Record<HashFields, number> = {
  '5-tuple': FIELDS_5_TUPLE,
  source: FIELDS_SOURCE,
  port: FIELDS_PORT,
};

/** Profile of a VIP, from its record. */
export function profileOf({ hash: name = 'native', hashOn = '5-tuple', port, protocol }: Vip): Profile {
  return { name, hash: HASH_NUMBERS[name], fields: FIELDS_NUMBERS[hashOn], port, protocol };
}

/**
 * What Cilium and Envoy hash of a backend, and sort by; undefined for profiles that take its 16 bytes instead. Cilium's says
 * its state, which is active for every backend in a table.
 */
function identityText(profile: Profile, address: string): string | undefined {
  const place = `${addressFamily(address) === 6 ? `[${address}]` : address}:${profile.port}`;
  if (profile.name === 'envoy') return place;
  if (profile.name === 'cilium') return `[${place}/${profile.protocol.toUpperCase()},State:active]`;
  return undefined;
}

/** The backends in the order in which they take turns: by address, or by the text that stands for them. */
export function inLine<T extends { address: string }>(profile: Profile, entries: readonly T[]): T[] {
  if (profile.name !== 'cilium' && profile.name !== 'envoy') return [...entries]; // no texts: the order stays
  const named = entries.map((entry) => ({ entry, text: Buffer.from(identityText(profile, entry.address) ?? '') }));
  named.sort((a, b) => Buffer.compare(a.text, b.text));
  return named.map(({ entry }) => entry);
}

/** Sets the permutations of build records 0 to `entries.length` - 1, which say index, weight and target. */
export function place(
  profile: Profile,
  builder: HotPathModule,
  memory: HotMemory,
  entries: readonly { address: string }[],
  slotCount: number,
): void {
  if (profile.name === 'native') builder.placeAll(entries.length, slotCount);
  else if (profile.name === 'cilium' || profile.name === 'envoy')
    placeByText(profile, builder, memory, entries, slotCount);
  else {
    builder.placeKatran(entries.length, slotCount);
    sortByRank(memory, entries.length);
  }
}

/** Fills the table from build records that are placed. */
export function fill({ name }: Profile, builder: HotPathModule, table: number, slotCount: number, count: number): void {
  if (name === 'native') builder.fillTable(table, slotCount, count);
  else if (name === 'katran-v1') builder.fillKatranV1(table, slotCount, count);
  else if (name === 'katran-v2') builder.fillKatranV2(table, slotCount, count);
  else if (name === 'cilium') builder.fillCilium(table, slotCount, count);
  else builder.fillEnvoy(table, slotCount, count);
}

function placeByText(
  profile: Profile,
  builder: HotPathModule,
  memory: HotMemory,
  entries: readonly { address: string }[],
  slotCount: number,
): void {
  const { base } = memory.region(REGION_BUILD);
  const at = base + memory.backendRecords * BUILD_BYTES; // BUILD_TEXT_BYTES, behind the records
  const placeOne = profile.name === 'cilium' ? builder.placeCilium : builder.placeEnvoy;
  entries.forEach(({ address }, order) => {
    const text = Buffer.from(identityText(profile, address) ?? '');
    memory.bytes.set(text, at);
    placeOne(order, at, text.length, slotCount);
  });
}

/** Katran's backends stand in line by the hash of their address, which is known once they are placed. */
function sortByRank(memory: HotMemory, count: number): void {
  const { base } = memory.region(REGION_BUILD);
  const ranked = Array.from({ length: count }, (_, order) => {
    const at = base + order * BUILD_BYTES;
    return { rank: memory.view.getBigUint64(at + BUILD_RANK, true), bytes: memory.bytes.slice(at, at + BUILD_BYTES) };
  });
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  ranked.forEach(({ bytes }, order) => {
    memory.bytes.set(bytes, base + order * BUILD_BYTES);
  });
}
