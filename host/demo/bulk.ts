// host/demo/bulk.ts: the same bulk downloads through whatever is in the middle, and what they cost it.

import { sumOf } from './figures.js';
import type { LabHost, LinkCounters } from './lab/labHost.js';
import type { Topology } from './lab/topology.js';
import type { BulkRun } from './run.js';
import { HttpLoad } from './traffic.js';

const DOWNLOAD_COUNT = 4;
const DOWNLOAD_BYTES = 75_000_000;
/** Of each download, bytes a second: what both can carry, so that the same load takes the same time. */
const DOWNLOAD_RATE = 25_000_000;
const PROBES_PER_SECOND = 100;
const PROBE = { name: 'probe', bytes: 1000, rate: 0 };
const TIMEOUT_MS = 25_000;

/** Both runs use other local ports: the port of a connection that has just ended cannot be used again towards the same server. */
let nextLocalPort = 27_000;

/**
 * Downloads 300 MB over 4 connections from `target`, 100 requests a second beside them, and takes the difference of the
 * interface counters and of the CPU time of the process in the middle.
 */
export async function measureBulk(
  topology: Topology,
  target: { address: string; port: number },
  cpuSeconds: () => number,
): Promise<BulkRun> {
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds();
  const [clientBefore, ...boxBefore] = await countersOf(topology);
  const downloads = new HttpLoad(topology, {
    ...{ ...target, firstLocalPort: nextLocalPort, connectionsPerSecond: 1000, connectionsMax: DOWNLOAD_COUNT },
    ...{ requestsPerConnection: 1, requestEveryMs: 0 },
    objects: [{ name: 'image', bytes: DOWNLOAD_BYTES, rate: DOWNLOAD_RATE }],
  });
  const probes = new HttpLoad(topology, {
    ...{ ...target, firstLocalPort: nextLocalPort + 100, connectionsPerSecond: PROBES_PER_SECOND, connectionsMax: 0 },
    ...{ requestsPerConnection: 1, requestEveryMs: 0, objects: [PROBE] },
  });
  nextLocalPort += 2000;
  await downloads.done(TIMEOUT_MS);
  await probes.stop();
  const [clientAfter, ...boxAfter] = await countersOf(topology);
  const difference = (field: keyof LinkCounters): number =>
    sumOf(boxAfter, (counters) => counters[field]) - sumOf(boxBefore, (counters) => counters[field]);
  return {
    downloads: downloads.connections,
    probes: probes.connections,
    seconds: (performance.now() - startedAt) / 1000,
    bodyBytes: sumOf(downloads.connections, ({ bytes }) => bytes),
    clientRxBytes: (clientAfter?.rxBytes ?? 0) - (clientBefore?.rxBytes ?? 0),
    boxRxBytes: difference('rxBytes'),
    boxTxBytes: difference('txBytes'),
    cpuSeconds: cpuSeconds() - cpuBefore,
  };
}

/** Counters of the client's interface, then of each of the balancer's. */
function countersOf({ client, balancer, balancerLinks }: Topology): Promise<LinkCounters[]> {
  const links: [LabHost, string][] = [
    [client, 'eth0'],
    ...balancerLinks.map((link): [LabHost, string] => [balancer, link]),
  ];
  return Promise.all(links.map(([host, link]) => host.counters(link)));
}
