// test/live/support/httpLoad.ts: HTTP connections of the demo's client, which checks every body and never retries.
import type { Topology } from '../../../host/demo/lab/topology.js';
import type { ConnectionReport } from '../../../host/demo/programs/httpClient.js';
import { HttpLoad } from '../../../host/demo/traffic.js';
import { HTTP_PORT } from './members.js';
import { until } from './until.js';

const PAGE = { name: 'page', bytes: 2000, rate: 0 };
const CONNECTIONS_PER_SECOND = 400;
const REQUEST_EVERY_MS = 100;
const DONE_TIMEOUT_MS = 20_000;

/** Opens connections that ask ten times a second until stop(); resolves when each has had two answers. */
export async function openKeepAlives(topology: Topology, count: number, firstLocalPort = 20_000): Promise<HttpLoad> {
  const load = new HttpLoad(topology, {
    ...{ address: topology.vip, port: HTTP_PORT, firstLocalPort, connectionsPerSecond: CONNECTIONS_PER_SECOND },
    ...{ connectionsMax: count, requestsPerConnection: 0, requestEveryMs: REQUEST_EVERY_MS, objects: [PAGE] },
  });
  await until('keep-alive connections', () => load.progress.open === count && load.progress.requests >= 2 * count);
  return load;
}

/** Opens connections with one request each; resolves with what became of them. */
export async function visit(topology: Topology, count: number, firstLocalPort: number): Promise<ConnectionReport[]> {
  const load = new HttpLoad(topology, {
    ...{ address: topology.vip, port: HTTP_PORT, firstLocalPort, connectionsPerSecond: CONNECTIONS_PER_SECOND },
    ...{ connectionsMax: count, requestsPerConnection: 1, requestEveryMs: 0, objects: [PAGE] },
  });
  await load.done(DONE_TIMEOUT_MS);
  return load.connections;
}

/** How many connections each backend answered, sorted by name; those that failed stand under what failed. */
export function countBackends(connections: readonly ConnectionReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const names = connections.map(({ failure, backends }) => failure ?? backends.join());
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The sum of all counts. */
export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
