// host/demo/programs/proxy.ts: a plain TCP proxy as one writes it in Node: what the balancer is compared with.
import { connect, createServer, type Socket } from 'node:net';
import { onCommand, readConfig, report } from './parent.js';

/** What the proxy is started with. */
export interface ProxyConfig {
  address: string;
  port: number;
  /** Taken in turn. */
  backends: { address: string; port: number }[];
}

/** It tells when it listens. */
export type ProxyReport = { type: 'ready' };

const config = readConfig<ProxyConfig>();
let accepted = 0;

function join(client: Socket): void {
  const backend = config.backends[accepted++ % config.backends.length];
  if (backend === undefined) return void client.destroy();
  const server = connect({ host: backend.address, port: backend.port, noDelay: true });
  client.setNoDelay(true);
  // The client tells of a connection that broke; here only its other half has to go with it.
  client.on('error', () => server.destroy()).on('close', () => server.destroy());
  server.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.pipe(server).pipe(client);
}

onCommand(() => undefined);
createServer(join).listen({ host: config.address, port: config.port }, () => report<ProxyReport>({ type: 'ready' }));
