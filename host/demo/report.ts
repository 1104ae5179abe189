// host/demo/report.ts: what a run was, told to people (lines) and to programs (figures).
import {
  formatBytes,
  formatMs,
  formatShare,
  formatTable,
  formatTime,
  type Percentiles,
  percentiles,
  sumOf,
} from './figures.js';
import type { PlayerReport } from './programs/gamingClient.js';
import { balancerShare, connectionsOf, describeFailure, type Promised, unexcused } from './promises.js';
import { type BulkRun, backendOf, type DemoRun } from './run.js';

/** Failures told one by one. */
const FAILURES_TOLD_MAX = 10;

/** The whole report, in lines. */
export function formatReport(run: DemoRun, promises: readonly Promised[]): string[] {
  const bad = unexcused(run, allConnections(run));
  const kept = promises.filter(({ isHeld }) => isHeld).length;
  return [
    ...heading('Backends: new connections, beside the slots of the lookup table'),
    ...formatTable(backendRows(run)),
    ...heading('Where the bytes went: 4 downloads of 75 MB, 100 requests a second beside them'),
    ...formatTable(bulkRows(run)),
    ...heading('Games: round trip of a UDP echo, 100 packets a second for each player'),
    ...formatTable(gamingRows(run)),
    ...heading('Web: from asking to the last byte (a visitor sent to the dead backend waits for its next SYN)'),
    ...formatTable(webRows(run)),
    ...heading('Promises'),
    ...promises.map(({ text, isHeld, detail }) => `${isHeld ? '✓' : '✗'} ${text}: ${detail}`),
    ...bad.slice(0, FAILURES_TOLD_MAX).map((connection) => `    ${describeFailure(run, connection)}`),
    ...(bad.length > FAILURES_TOLD_MAX ? [`    and ${bad.length - FAILURES_TOLD_MAX} more`] : []),
    '',
    `${kept} of ${promises.length} promises held${run.tracking === 'changed' ? '' : `, with tracking ${run.tracking}`}`,
  ];
}

function heading(text: string): string[] {
  return ['', text, '-'.repeat(text.length)];
}

function allConnections({ web, keepAlive, streams, bulk }: DemoRun): DemoRun['web'] {
  return [...web, ...keepAlive, ...streams, ...bulk.downloads, ...bulk.probes];
}

function backendNames({ phases }: DemoRun): string[] {
  return Object.keys(phases[0]?.slots ?? {});
}

/** A row a backend: requests and their share in all; then for each phase the share of connections beside the share of slots. */
function backendRows(run: DemoRun): string[][] {
  const requests = requestsByBackend(run);
  const total = sumOf(requests.values(), (count) => count);
  const shares = run.phases.map((phase) => {
    const counts = connectionsOf(run, phase);
    const connections = sumOf(counts.values(), (count) => count);
    const slots = sumOf(Object.values(phase.slots), (count) => count);
    return (name: string) =>
      `${formatShare((counts.get(name) ?? 0) / Math.max(1, connections))} / ${formatShare((phase.slots[name] ?? 0) / Math.max(1, slots))}`;
  });
  const slotsAtEnd = run.phases.at(-1)?.slots ?? {};
  return [
    ['', 'requests', 'share', 'slots at end', ...run.phases.map(({ name }) => name)],
    ...backendNames(run).map((name) => [
      name,
      String(requests.get(name) ?? 0),
      formatShare((requests.get(name) ?? 0) / Math.max(1, total)),
      String(slotsAtEnd[name] ?? 0),
      ...shares.map((share) => share(name)),
    ]),
  ];
}

function requestsByBackend(run: DemoRun): Map<string, number> {
  const requests = new Map<string, number>();
  for (const connection of run.web) {
    const name = backendOf(run, connection) ?? 'nobody';
    requests.set(name, (requests.get(name) ?? 0) + connection.requests);
  }
  return requests;
}

function bulkRows({ bulk, bulkProxy }: DemoRun): string[][] {
  const row = (name: string, value: (of: BulkRun) => string): string[] => [name, value(bulk), value(bulkProxy)];
  const latency = (of: BulkRun): Percentiles => percentiles(of.probes.flatMap(({ latenciesMs }) => latenciesMs));
  return [
    ['', 'maglev-dsr', 'plain Node TCP proxy'],
    row('bytes that reached the client', ({ clientRxBytes }) => formatBytes(clientRxBytes)),
    row('bytes into the box in the middle', ({ boxRxBytes }) => formatBytes(boxRxBytes)),
    row('bytes out of it', ({ boxTxBytes }) => formatBytes(boxTxBytes)),
    row('through it, of what reached the client', (of) => `${(balancerShare(of) * 100).toFixed(2)} %`),
    row('CPU time of its process', ({ cpuSeconds }) => `${cpuSeconds.toFixed(2)} s`),
    row('a request meanwhile, p50', (of) => formatMs(latency(of).p50)),
    row('a request meanwhile, p99', (of) => formatMs(latency(of).p99)),
    row('time taken', ({ seconds }) => `${seconds.toFixed(1)} s`),
  ];
}

function roundTrips(players: readonly PlayerReport[]): Percentiles {
  return percentiles(players.flatMap(({ rttsMs }) => rttsMs));
}

function gamingRows({ gaming, gamingDirect }: DemoRun): string[][] {
  const row = (name: string, players: readonly PlayerReport[]): string[] => {
    const { p50, p90, p99, max } = roundTrips(players);
    const sent = sumOf(players, (player) => player.sent);
    const lost = sent - sumOf(players, (player) => player.received);
    return [name, ...[p50, p90, p99, max].map(formatMs), String(sent), String(lost)];
  };
  return [
    ['', 'p50', 'p90', 'p99', 'max', 'packets', 'lost'],
    row('through the balancer', gaming),
    row('direct to a backend', gamingDirect),
  ];
}

function webRows({ web, keepAlive }: DemoRun): string[][] {
  const row = (name: string, connections: DemoRun['web']): string[] => {
    const { count, p50, p90, p99, max } = percentiles(connections.flatMap(({ latenciesMs }) => latenciesMs));
    return [name, ...[p50, p90, p99, max].map(formatMs), String(count), String(connections.length)];
  };
  return [
    ['', 'p50', 'p90', 'p99', 'max', 'requests', 'connections'],
    row('visitors', web),
    row('keep-alive', keepAlive),
  ];
}

/** The figures, for `--json`. Times are Unix time in ms, bytes are bytes. */
export function figuresOf(run: DemoRun, promises: readonly Promised[]): object {
  const { mode, membership, tracking, family, startedAt, killedAt, downAppliedAt, drainedAt } = run;
  const latency = (connections: DemoRun['web']): Percentiles =>
    percentiles(connections.flatMap(({ latenciesMs }) => latenciesMs));
  const load = (connections: DemoRun['web']): object => ({
    connections: connections.length,
    requests: sumOf(connections, ({ requests }) => requests),
    bytes: sumOf(connections, ({ bytes }) => bytes),
    failed: connections.filter(({ failure }) => failure !== undefined).length,
    failedUnexcused: unexcused(run, connections).length,
    latencyMs: latency(connections),
  });
  const bulk = ({ downloads, probes, ...figures }: BulkRun): object => ({
    ...figures,
    share: balancerShare({ downloads, probes, ...figures }),
    requestMs: latency(probes),
  });
  return {
    ...{
      mode,
      membership,
      tracking,
      family,
      startedAt,
      killedAt,
      downAppliedAt,
      drainedAt: drainedAt ?? null,
    },
    isEveryPromiseHeld: promises.every(({ isHeld }) => isHeld),
    promises,
    phases: run.phases.map((phase) => ({ ...phase, connections: Object.fromEntries(connectionsOf(run, phase)) })),
    requestsByBackend: Object.fromEntries(requestsByBackend(run)),
    slotsMoved: run.slotsMoved,
    ...{ web: load(run.web), keepAlive: load(run.keepAlive), streams: load(run.streams) },
    gaming: { balancer: roundTrips(run.gaming), direct: roundTrips(run.gamingDirect) },
    bulk: { balancer: bulk(run.bulk), proxy: bulk(run.bulkProxy) },
    verdicts: run.verdicts,
    failures: unexcused(run, allConnections(run)).map((connection) => describeFailure(run, connection)),
    downApplied: formatTime(downAppliedAt),
  };
}
