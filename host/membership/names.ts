// host/membership/names.ts: which backend of a VIP each server id and each source route names: a rule on the records alone.
//
//   a backend that is down names nothing        of two that have an id, that with the lower address is named; the other is told of

import { sortByAddress } from './effective.js';
import type { Backend, Vip, Way } from './event.js';
import { serverIdsOf } from './ways.js';

/** What an id or a prefix leads to: a backend of the VIP; undefined where it is down, or (a prefix) not there. */
export interface Name<K> {
  readonly name: K;
  readonly backend: string | undefined;
}

/** Two backends of a VIP that have the same server id, and neither is down. */
export interface ServerIdConflict {
  readonly serverId: number;
  /** The backend that is named. */
  readonly named: string;
  /** The one that is not. */
  readonly ignored: string;
}

/** The names of one VIP, in ascending order. */
export interface Names {
  readonly ways: readonly Way[];
  readonly serverIds: readonly Name<number>[];
  readonly sourceRoutes: readonly Name<string>[];
  readonly conflicts: readonly ServerIdConflict[];
}

/** No way before the table. */
export const NO_NAMES: Names = { ways: [], serverIds: [], sourceRoutes: [], conflicts: [] };

/** The names of a VIP with these backends. `canServe`: those that are not down. */
export function namesOf(vip: Vip, backends: readonly Backend[], canServe: ReadonlySet<string>): Names {
  const ways = vip.routeBy ?? [];
  if (ways.length === 0) return NO_NAMES;
  const usesIds = ways.some((way) => way !== 'source');
  const { serverIds, conflicts } = usesIds ? serverIdsOfAll(backends, canServe) : NO_NAMES;
  const sourceRoutes = Object.entries(vip.sourceRoutes ?? {}).map(([name, address]) => ({
    name,
    backend: canServe.has(address) ? address : undefined,
  }));
  return { ways, serverIds, sourceRoutes, conflicts };
}

/** True for a backend that packets can name. */
export function isNamed(names: Names, address: string): boolean {
  const isIts = ({ backend }: Name<unknown>): boolean => backend === address;
  return names.serverIds.some(isIts) || names.sourceRoutes.some(isIts);
}

/**
 * What decides where named packets go, in lines for a digest; empty for a VIP without ways. A function of the records:
 *   routeBy quic source
 *   serverId 1022 10.0.1.9          sourceRoute 198.51.100.0/24 10.0.1.9          (- for one that cannot serve)
 */
export function namesText({ ways, serverIds, sourceRoutes }: Names): string {
  if (ways.length === 0) return '';
  const line = (what: string) => (entry: Name<unknown>) => `${what} ${entry.name} ${entry.backend ?? '-'}`;
  return `${[`routeBy ${ways.join(' ')}`, ...serverIds.map(line('serverId')), ...sourceRoutes.map(line('sourceRoute'))].join('\n')}\n`;
}

function serverIdsOfAll(
  backends: readonly Backend[],
  canServe: ReadonlySet<string>,
): Pick<Names, 'serverIds' | 'conflicts'> {
  const found = new Map<number, string | undefined>();
  const conflicts: ServerIdConflict[] = [];
  for (const backend of sortByAddress(backends)) {
    const { address } = backend;
    for (const id of serverIdsOf(backend)) {
      const named = found.get(id);
      if (!canServe.has(address)) found.set(id, named);
      else if (named === undefined) found.set(id, address);
      else conflicts.push({ serverId: id, named, ignored: address });
    }
  }
  const serverIds = [...found].sort(([a], [b]) => a - b).map(([name, backend]) => ({ name, backend }));
  return { serverIds, conflicts: conflicts.sort((a, b) => a.serverId - b.serverId) };
}
