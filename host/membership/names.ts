// host/membership/names.ts: which backend of a VIP each server id and each source route names: a rule on the records alone.
//
//   a backend that is down names nothing        of two that have an id, that with the lower address is named; the other is told of

import { sortByAddress } from './effective.js';
import type { Backend, Vip, Way } from './event.js';
import { serverIdsOf } from './ways.js';

/** What an id or a prefix leads to: a backend of the VIP; undefined where it is down, or (a prefix) not there. */
interface Name<K> {
  readonly name: K;
  readonly backend: string | undefined;
}

/** Two backends of a VIP that have the same server id, and neither is down. */
export interface ServerIdConflict {
  /** 1..16777213. */
  readonly serverId: number;
  /** The backend that is named. */
  readonly named: string;
  /** The one that is not. */
  readonly ignored: string;
}

/** A conflict in a sentence. */
export function formatConflict({ serverId, named, ignored }: ServerIdConflict): string {
  return `server id ${serverId} of backend ${ignored}, expected once in a VIP: that of ${named}, whose address is lower; ${ignored} is not named by it`;
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

/** How many names lead elsewhere, or are asked for in another way, in the one than in the other. */
export function countMovedNames(before: Names, after: Names): number {
  return (
    countMoved(before.serverIds, after.serverIds, isSameList(before.ways, after.ways)) +
    countMoved(before.sourceRoutes, after.sourceRoutes, true)
  );
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

function countMoved<K>(before: readonly Name<K>[], after: readonly Name<K>[], isSameWay: boolean): number {
  const old = new Map(before.map(({ name, backend }) => [name, backend]));
  const now = new Map(after.map(({ name, backend }) => [name, backend]));
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.filter((name) => !isSameWay || old.get(name) !== now.get(name)).length;
}

function isSameList(a: readonly Way[], b: readonly Way[]): boolean {
  const withoutSource = (ways: readonly Way[]): string => ways.filter((way) => way !== 'source').join();
  return withoutSource(a) === withoutSource(b);
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
