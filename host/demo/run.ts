// host/demo/run.ts: what a run of the demo was, in plain data: written by demo.ts, judged by promises.ts, told by report.ts.
import type { Tracking } from '../membership/event.js';
import type { LabMode } from './lab/holder.js';
import type { MembershipKind } from './membership.js';
import type { PlayerReport } from './programs/gamingClient.js';
import type { ConnectionReport } from './programs/httpClient.js';

/** Backends by what happens to them. */
export const DRAINED = 'backend1';
export const KILLED = 'backend2';
export const STEADY = 'backend3';
export const ADDED = 'backend4';
export const BACKEND_COUNT = 4;

/** Time between two changes of membership, in which nothing but traffic happens. Times are Unix time, ms. */
export interface Phase {
  name: string;
  from: number;
  until: number;
  /** Slots of the web VIP's lookup table by backend, at its end. */
  slots: Record<string, number>;
}

/** Downloads as fast as the servers give them, and requests beside them. */
export interface BulkRun {
  downloads: ConnectionReport[];
  probes: ConnectionReport[];
  seconds: number;
  /** Bytes of bodies that reached the client. */
  bodyBytes: number;
  /** What the client's interface received, headers included. */
  clientRxBytes: number;
  /** What the interfaces of the box in the middle received and sent. */
  boxRxBytes: number;
  boxTxBytes: number;
  /** CPU time of the process in the middle. */
  cpuSeconds: number;
}

/** All that was seen. */
export interface DemoRun {
  mode: LabMode;
  membership: MembershipKind;
  tracking: Tracking;
  family: 4 | 6;
  startedAt: number;
  phases: Phase[];
  /** When KILLED was killed, and when the balancer had applied that it is down. */
  killedAt: number;
  downAppliedAt: number;
  web: ConnectionReport[];
  keepAlive: ConnectionReport[];
  streams: ConnectionReport[];
  /** Backend that accepted a connection, by its client end. */
  acceptedBy: ReadonlyMap<string, string>;
  gaming: PlayerReport[];
  gamingDirect: PlayerReport[];
  bulk: BulkRun;
  bulkProxy: BulkRun;
  /** When the balancer said that no web flow holds on to DRAINED any more; undefined when it did not. */
  drainedAt: number | undefined;
  slotsMoved: number[];
  verdicts: Record<string, number>;
  /** Exit code of the balancer after SIGTERM; null when that did not end it. */
  balancerExit: number | null;
}

/** The backend a connection went to: who answered on it, else who accepted it. */
export function backendOf(
  { acceptedBy }: Pick<DemoRun, 'acceptedBy'>,
  connection: ConnectionReport,
): string | undefined {
  return connection.backends[0] ?? acceptedBy.get(connection.client);
}
