// host/cli/surfaces.ts: what `maglev-dsr run` opens beside its balancer: the control socket, metrics, reports to the fleet.
import { unlinkSync } from 'node:fs';
import type { Logger } from '../balancerOptions.js';
import { askControl } from '../control/client.js';
import { controlPaths, defaultControlPath } from '../control/path.js';
import { type ControlOptions, type ControlSocket, serveControl } from '../control/server.js';
import { MaglevError } from '../errors.js';
import type { Reporter } from '../fleet/reporter.js';
import type { LoadBalancer } from '../loadBalancer.js';
import type { Surfaces } from './config.js';

const PROBE_MS_MAX = 1000;

/** What is open. */
export interface OpenSurfaces {
  /** Takes back what the fleet was told, while the balancer stops. */
  sayGoodbye(): Promise<void>;
  /** Closes the rest. */
  close(): Promise<void>;
}

/** Opens what the configuration asks for. Rejects with ERR_BUSY, ERR_SYSCALL or ERR_OPTION; then nothing stays open. */
export async function openSurfaces(balancer: LoadBalancer, surfaces: Surfaces, logger: Logger): Promise<OpenSurfaces> {
  const open: { close(): Promise<void> }[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((surface) => surface.close()));
  };
  try {
    const reporter = await openReporter(balancer, surfaces, logger);
    if (reporter !== undefined) open.push(reporter);
    const control = await openControl(balancer, surfaces, { logger, ...(reporter && { reporter }) });
    if (control !== undefined) open.push(control);
    if (surfaces.metrics !== undefined) {
      const { serveMetrics } = await import('../metrics/server.js');
      const metrics = await serveMetrics(balancer, surfaces.metrics);
      open.push(metrics);
      logger.info({ url: metrics.url }, `metrics at ${metrics.url}/metrics`);
    }
    return { sayGoodbye: async () => reporter?.close(), close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openReporter(
  balancer: LoadBalancer,
  { fleet }: Surfaces,
  logger: Logger,
): Promise<Reporter | undefined> {
  if (fleet === undefined) return undefined;
  const { reportStatus } = await import('../fleet/reporter.js');
  return reportStatus(balancer, { ...fleet, logger });
}

/** One that was asked for must be there; without the one that nobody asked for, forwarding goes on. */
async function openControl(
  balancer: LoadBalancer,
  { control }: Surfaces,
  { logger, ...rest }: Omit<ControlOptions, 'socket'> & { logger: Logger },
): Promise<ControlSocket | undefined> {
  if (control === undefined) return undefined;
  try {
    const socket = control === 'default' ? await freeDefaultPath(balancer) : control;
    const opened = await serveControl(balancer, { socket, ...rest });
    logger.debug({ path: opened.path }, 'control socket');
    return opened;
  } catch (error) {
    if (control !== 'default' || !(error instanceof MaglevError)) throw error;
    logger.warn({ code: error.code }, `no control socket: ${error.message}; forwarding goes on`);
    return undefined;
  }
}

/** By the names of our interfaces; a balancer of another network namespace may have the same, and then the pid is added. */
async function freeDefaultPath(balancer: LoadBalancer): Promise<string> {
  const names = balancer.status().interfaces.map(({ name }) => name);
  const path = defaultControlPath(names);
  for (const other of controlPaths()) await removeDead(other);
  return controlPaths().includes(path) ? defaultControlPath(names, `-${process.pid}`) : path;
}

/** The socket of a balancer that was killed. */
async function removeDead(path: string): Promise<void> {
  const error = await askControl(path, 'hello', PROBE_MS_MAX).then(
    () => undefined,
    (reason: MaglevError) => reason,
  );
  if (error?.errno !== 'ECONNREFUSED') return;
  try {
    unlinkSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause; // another start was faster
  }
}
