// host/membership/namesRecord.ts: writes the names of a VIP as the hot path reads them (assembly/layout.ts, NAMES_): in free memory, as
// lookup tables are, so that a frame sees all of the old or all of the new.
import {
  ID_BYTES,
  NAMES_HEADER_BYTES,
  NAMES_ID_MASK,
  NAMES_PREFIXES,
  NAMES_ROUTE_MASK,
  NAMES_ROUTES,
  NO_BACKEND,
  REGION_BUILD,
  ROUTE_BYTES,
  WAY_QUIC,
  WAY_SOURCE,
  WAY_STABLE_UDP,
  WAY_TCP_OPTION,
} from '../../assembly/layout.js';
import { alignUp, type HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { powerOfTwo } from '../options.js';
import type { Way } from './event.js';
import type { Names } from './names.js';
import { readPrefix } from './prefix.js';

/** WAY_ of each way. */
export const WAY_BITS: Readonly<Record<Way, number>> = {
  quic: WAY_QUIC,
  'stable-udp': WAY_STABLE_UDP,
  'tcp-option': WAY_TCP_OPTION,
  source: WAY_SOURCE,
};

/** WAY_ bits of a VIP. */
export function waysBits({ ways }: Names): number {
  return ways.reduce((bits, way) => bits | WAY_BITS[way], 0);
}

/** Bytes that writeNames() writes to. */
export function namesBytes(names: Names): number {
  return routesAt(names) + entriesFor(names.sourceRoutes) * ROUTE_BYTES;
}

/** Writes names to `base`, where all is 0. `indexOf`: index of the backend at an address. */
export function writeNames(
  builder: HotPathModule,
  memory: HotMemory,
  base: number,
  names: Names,
  indexOf: (address: string) => number,
): void {
  const { view, bytes } = memory;
  view.setUint32(base + NAMES_ID_MASK, entriesFor(names.serverIds) - 1, true);
  view.setUint32(base + NAMES_ROUTES, base + routesAt(names), true);
  view.setUint32(base + NAMES_ROUTE_MASK, entriesFor(names.sourceRoutes) - 1, true);
  const index = (backend: string | undefined): number => (backend === undefined ? NO_BACKEND : indexOf(backend));
  for (const { name, backend } of names.serverIds) builder.enterServerId(base, name, index(backend));
  const lengths = new Set<number>();
  const address = memory.region(REGION_BUILD).base; // no build is under way
  for (const { name, backend } of names.sourceRoutes) {
    const prefix = readPrefix(name);
    bytes.set(prefix.bytes, address);
    builder.enterRoute(base, address, prefix.bits, index(backend));
    lengths.add(prefix.bits);
  }
  bytes.set([lengths.size, ...[...lengths].sort((a, b) => b - a)], base + NAMES_PREFIXES);
}

function routesAt({ serverIds }: Names): number {
  return alignUp(NAMES_HEADER_BYTES + entriesFor(serverIds) * ID_BYTES, 8);
}

/** At most half full, so that probing ends soon. */
function entriesFor(list: readonly unknown[]): number {
  return powerOfTwo(2 * list.length + 2);
}
