// host/demo/promises.ts: what must have held in a run, one promise after the other. The same run with tracking `none` must break some:
// that is how we know that this can fail.
import { countBy, formatBytes, formatMs, formatShare, formatTime, sumOf } from './figures.js';
import type { PlayerReport } from './programs/gamingClient.js';
import type { ConnectionReport } from './programs/httpClient.js';
import { ADDED, backendOf, type DemoRun, DRAINED, KILLED, type Phase } from './run.js';

/** Something promised, whether it held, and by how much. */
export interface Promised {
  text: string;
  isHeld: boolean;
  detail: string;
}

const REQUESTS_MIN = 2000;
const CONNECTIONS_MIN = 1000;
const BULK_BYTES_MIN = 200_000_000;
const BALANCER_SHARE_MAX = 0.05;
const GAMING_LOSS_MAX = 0.01;
/** A share of n flows strays from its slots' share by chance; by more than five standard deviations once in two million times. */
const DEVIATIONS_MAX = 5;
/** An echo that was on its way when a backend died, or when its successor took over, ms. */
const IN_FLIGHT_MS = 200;

/** Judges a run. */
export function checkPromises(run: DemoRun): Promised[] {
  return [
    checkLoad(run),
    checkFailures(run),
    checkKeepAlive(run),
    checkStreams(run),
    checkNewConnections(run),
    ...run.phases.map((phase) => checkShares(run, phase)),
    checkBulk(run),
    checkDsr(run),
    checkGaming(run),
    checkPlayers(run),
    checkDrained(run),
    { text: 'the balancer ends when asked', isHeld: run.balancerExit === 0, detail: `exit code ${run.balancerExit}` },
  ];
}

function checkLoad({ web }: DemoRun): Promised {
  const requests = sumOf(web, (connection) => connection.requests);
  return {
    text: `at least ${REQUESTS_MIN} requests over ${CONNECTIONS_MIN} connections, the SHA-256 of every body right`,
    isHeld: requests >= REQUESTS_MIN && web.length >= CONNECTIONS_MIN,
    detail: `${requests} requests over ${web.length} connections`,
  };
}

/**
 * True for a failure that no balancer can prevent: the connection was opened before the balancer knew that KILLED is down, and had gone
 * there, or was not accepted by anybody else before it ended, which was after the death.
 */
export function isExcused(run: DemoRun, connection: ConnectionReport): boolean {
  if (connection.failure === undefined || connection.openedAt >= run.downAppliedAt) return false;
  const backend = backendOf(run, connection);
  return backend === KILLED || (backend === undefined && connection.endedAt >= run.killedAt);
}

/** Connections that failed though they need not have. */
export function unexcused(run: DemoRun, connections: readonly ConnectionReport[]): ConnectionReport[] {
  return connections.filter((connection) => connection.failure !== undefined && !isExcused(run, connection));
}

/** One line about a connection that should not have failed. */
export function describeFailure(run: DemoRun, connection: ConnectionReport): string {
  const { client, openedAt, endedAt, failure, requests } = connection;
  return (
    `${client} to ${backendOf(run, connection) ?? 'nobody'}, opened ${formatTime(openedAt)}, failed ${formatTime(endedAt)} ` +
    `after ${requests} requests: ${failure}`
  );
}

function checkFailures(run: DemoRun): Promised {
  const all = [...run.web, ...run.bulk.downloads, ...run.bulk.probes];
  const failed = all.filter(({ failure }) => failure !== undefined);
  const bad = unexcused(run, all);
  return {
    text: `no request failed, but on connections opened to ${KILLED} before its "down" was applied at ${formatTime(run.downAppliedAt)}`,
    isHeld: bad.length === 0,
    detail: `${failed.length - bad.length} of those, ${bad.length} others`,
  };
}

function checkKeepAlive(run: DemoRun): Promised {
  const failed = run.keepAlive.filter(({ failure }) => failure !== undefined);
  const bad = unexcused(run, run.keepAlive);
  const requests = sumOf(run.keepAlive, (connection) => connection.requests);
  return {
    text: `every keep-alive connection that was not on ${KILLED} survived all changes`,
    isHeld: run.keepAlive.length >= 20 && bad.length === 0,
    detail:
      `${run.keepAlive.length - failed.length} of ${run.keepAlive.length} survived, ${failed.length - bad.length} were on ${KILLED}, ` +
      `${bad.length} broke; ${requests} requests`,
  };
}

function checkStreams(run: DemoRun): Promised {
  const failed = run.streams.filter(({ failure }) => failure !== undefined);
  const bad = unexcused(run, run.streams);
  return {
    text: `every stream that was not on ${KILLED} went through to its end, through all changes`,
    isHeld: run.streams.length > 0 && bad.length === 0,
    detail: `${run.streams.length - failed.length} whole, ${failed.length - bad.length} on ${KILLED}, ${bad.length} broken`,
  };
}

/** Web connections opened in a phase, by backend. */
export function connectionsOf(run: DemoRun, { from, until }: Phase): Map<string, number> {
  const opened = run.web.filter(({ openedAt }) => openedAt >= from && openedAt < until);
  return countBy(opened, (connection) => backendOf(run, connection) ?? 'nobody');
}

function checkNewConnections(run: DemoRun): Promised {
  const counts = run.phases.map((phase) => connectionsOf(run, phase));
  const [steady, added, drained, down] = counts.map((count) => (name: string) => count.get(name) ?? 0);
  const joined = added?.(ADDED) ?? 0;
  const early = steady?.(ADDED) ?? 0;
  const afterDrain = (drained?.(DRAINED) ?? 0) + (down?.(DRAINED) ?? 0);
  const afterDown = down?.(KILLED) ?? 0;
  return {
    text: `new connections go to ${ADDED} once it joined, not to ${DRAINED} once it drains, not to ${KILLED} once it is down`,
    isHeld: joined > 0 && early === 0 && afterDrain === 0 && afterDown === 0,
    detail: `${joined}, ${afterDrain}, ${afterDown}`,
  };
}

function checkShares(run: DemoRun, phase: Phase): Promised {
  const counts = connectionsOf(run, phase);
  const total = sumOf(counts.values(), (count) => count);
  const slotTotal = sumOf(Object.values(phase.slots), (slots) => slots);
  const worst = Object.entries(phase.slots).map(([name, slots]) => {
    const expected = slotTotal === 0 ? 0 : slots / slotTotal;
    const deviation = Math.sqrt((expected * (1 - expected)) / Math.max(1, total));
    const off = Math.abs((counts.get(name) ?? 0) / Math.max(1, total) - expected);
    return { name, off, allowed: DEVIATIONS_MAX * deviation };
  });
  const shown = worst.reduce((most, each) => (each.off > most.off ? each : most), { name: '', off: 0, allowed: 0 });
  return {
    text: `${phase.name}: new connections are spread as the slots are`,
    isHeld: total > 0 && slotTotal > 0 && worst.every(({ off, allowed }) => off <= allowed),
    detail: `${total} connections; ${shown.name || 'all'} furthest off, by ${formatShare(shown.off)} of ${formatShare(shown.allowed)} allowed`,
  };
}

function checkBulk({ bulk }: DemoRun): Promised {
  const broken = bulk.downloads.filter(({ failure }) => failure !== undefined);
  return {
    text: `at least ${formatBytes(BULK_BYTES_MIN)} came down through the VIP, the SHA-256 right`,
    isHeld: broken.length === 0 && bulk.bodyBytes >= BULK_BYTES_MIN,
    detail: `${formatBytes(bulk.bodyBytes)} over ${bulk.downloads.length} connections, ${broken.length} broken`,
  };
}

/** What crossed the balancer's interfaces, in and out, as a share of what the client received. */
export function balancerShare({ boxRxBytes, boxTxBytes, clientRxBytes }: DemoRun['bulk']): number {
  return clientRxBytes === 0 ? 0 : (boxRxBytes + boxTxBytes) / clientRxBytes;
}

function checkDsr({ bulk }: DemoRun): Promised {
  const share = balancerShare(bulk);
  const crossed = bulk.boxRxBytes + bulk.boxTxBytes;
  return {
    text: `answers do not cross the balancer: more than 0 and less than ${formatShare(BALANCER_SHARE_MAX)} of the bytes do`,
    isHeld: bulk.boxTxBytes > 0 && share > 0 && share < BALANCER_SHARE_MAX,
    detail: `${formatBytes(crossed)} crossed it, ${formatBytes(bulk.clientRxBytes)} reached the client: ${(share * 100).toFixed(2)} %`,
  };
}

/** Packets of a player that were lost, but for those sent to the dead backend before the balancer knew. */
export function lossesOf({ killedAt, downAppliedAt }: DemoRun, player: PlayerReport): number {
  const isOnKilled = player.backends.some(({ name }) => name === KILLED);
  const from = killedAt - IN_FLIGHT_MS;
  const until = downAppliedAt + IN_FLIGHT_MS;
  return player.lostAt.filter((at) => !isOnKilled || at < from || at > until).length;
}

function checkGaming(run: DemoRun): Promised {
  const sent = sumOf(run.gaming, (player) => player.sent);
  const lost = sumOf(run.gaming, (player) => lossesOf(run, player));
  return {
    text: `at most ${formatShare(GAMING_LOSS_MAX)} of the game packets to living backends were lost`,
    isHeld: sent > 0 && lost <= sent * GAMING_LOSS_MAX,
    detail: `${lost} of ${sent}`,
  };
}

function checkPlayers({ gaming, killedAt }: DemoRun): Promised {
  const isMoved = ({ backends }: PlayerReport): boolean =>
    backends.some((next, index) => index > 0 && (backends[index - 1]?.name !== KILLED || next.sinceMs < killedAt));
  const moved = gaming.filter(isMoved);
  return {
    text: `every player stayed with its backend, but for those on ${KILLED}`,
    isHeld: moved.length === 0,
    detail: gaming.map(({ backends }) => backends.map(({ name }) => name).join(' then ')).join('; '),
  };
}

/** The last of its flows is over when its connections have ended; to be reported before would cut somebody off. */
function checkDrained(run: DemoRun): Promised {
  const all = [...run.web, ...run.keepAlive, ...run.streams];
  const own = all.filter((connection) => connection.backends[0] === DRAINED);
  const lastEndedAt = own.reduce((last, { endedAt }) => Math.max(last, endedAt), 0);
  const afterMs = run.drainedAt === undefined ? undefined : run.drainedAt - lastEndedAt;
  return {
    text: `${DRAINED} was reported drained, and only when its last connection had ended`,
    isHeld: own.length > 0 && afterMs !== undefined && afterMs >= 0,
    detail:
      afterMs === undefined
        ? 'it was not reported'
        : `${formatMs(Math.abs(afterMs))} ${afterMs < 0 ? 'before' : 'after'} that`,
  };
}
