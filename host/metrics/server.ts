// host/metrics/server.ts: metrics over HTTP, on the one address that was asked for.
//
//   GET /metrics   for Prometheus      GET /healthz   200 while the process runs      GET /readyz   200 when the first state is live, else 503
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { MaglevError } from '../errors.js';
import { readAddress } from './address.js';
import { type BalancerMetrics, balancerMetrics, type Measured } from './metrics.js';

/** Where metrics are served. */
export interface MetricsOptions {
  /** `127.0.0.1:9464`, `[::1]:9464`; port 0: any. Nobody is asked who he is: an address that only the right ones reach. */
  listen: string;
}

/** A server of metrics, until closed. */
export interface MetricsServer extends AsyncDisposable {
  /** Where it listens, with its port: `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Stops listening. Resolves when no connection is left. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 32;
const REQUEST_MS_MAX = 5000;

/** Serves the metrics of a balancer. Rejects with ERR_OPTION for the address, ERR_SYSCALL when it cannot be listened on. */
export async function serveMetrics(balancer: Measured, { listen }: MetricsOptions): Promise<MetricsServer> {
  const { host, port } = readAddress(listen);
  const metrics = balancerMetrics(balancer);
  const server = createServer(
    { requestTimeout: REQUEST_MS_MAX, headersTimeout: REQUEST_MS_MAX, connectionsCheckingInterval: 1000 },
    (request, response) => void answer(request, response, metrics, balancer),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    metrics.close();
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MaglevError('ERR_SYSCALL', `metrics on ${listen}: ${errno}`, { errno, cause });
  }
  return {
    url: urlOf(server),
    close: () => close(server, metrics),
    [Symbol.asyncDispose]: () => close(server, metrics),
  };
}

async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  metrics: BalancerMetrics,
  balancer: Measured,
): Promise<void> {
  const plain = (status: number, text: string, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${text}\n`);
  };
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'GET only', { allow: 'GET, HEAD' });
  try {
    const path = url?.split('?', 1)[0];
    if (path === '/metrics') {
      const text = await metrics.text();
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    } else if (path === '/healthz') plain(200, 'ok');
    else if (path === '/readyz') {
      const { isReady, source } = balancer.status();
      plain(isReady ? 200 : 503, isReady ? 'ready' : `not ready: ${source.name} ${source.state}`);
    } else plain(404, 'there are /metrics, /healthz and /readyz');
  } catch (error) {
    plain(500, String(error));
  }
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

async function close(server: Server, metrics: BalancerMetrics): Promise<void> {
  metrics.close();
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
