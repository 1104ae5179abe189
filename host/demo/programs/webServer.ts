// host/demo/programs/webServer.ts: what runs on a backend: HTTP for web and streaming, a UDP echo for games.
//
//   GET /NAME?bytes=N&rate=R    N bytes of the body NAME (content.ts), at most R bytes a second; header x-backend says who answers
//   UDP                         the packet, followed by the backend's name
import { createSocket } from 'node:dgram';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTENT_PIECE_BYTES, openContent } from './content.js';
import { onCommand, readConfig, report } from './parent.js';

/** What the server is started with. */
export interface WebServerConfig {
  /** Goes into `x-backend` and into every echo. */
  name: string;
  /** Where games are echoed: the VIP and the backend's own address. Each has a socket: a wildcard one would answer from the wrong one. */
  addresses: string[];
  httpPort: number;
  echoPort: number;
}

/** What the server tells: that it serves; and who connected, so that a failed connection can be told where it had gone. */
export type WebServerReport = { type: 'ready' } | { type: 'accepted'; client: string };

/** Between two pieces of a body with a rate, ms. */
const PACE_MS = 10;
const REQUEST_BYTES_MAX = 1 << 30;

const config = readConfig<WebServerConfig>();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://vip');
  const bytes = Math.min(Number(url.searchParams.get('bytes') ?? 0), REQUEST_BYTES_MAX);
  const rate = Number(url.searchParams.get('rate') ?? 0);
  response.writeHead(200, { 'content-length': bytes, 'x-backend': config.name });
  const content = openContent(url.pathname.slice(1));
  const startedAt = performance.now();
  for (let sent = 0; sent < bytes && !response.destroyed; ) {
    const due = rate === 0 ? bytes : Math.min(bytes, (rate * (performance.now() - startedAt + PACE_MS)) / 1000);
    while (sent < Math.floor(due) && !response.destroyed) {
      const piece = content.next(Math.min(CONTENT_PIECE_BYTES, Math.floor(due) - sent));
      sent += piece.length;
      if (!response.write(piece)) await drained(response);
    }
    if (sent < bytes) await sleep(PACE_MS);
  }
  response.end();
}

/** Resolves when more can be written, or when there is nobody left to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function listenHttp(): Promise<void> {
  const server = createServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 0; // clients close
  server.on('connection', (socket) => {
    report<WebServerReport>({ type: 'accepted', client: `${socket.remoteAddress} ${socket.remotePort}` });
    socket.on('error', () => socket.destroy()); // a reset is the client's to tell
  });
  const wildcard = config.addresses.some(isIPv6) ? '::' : '0.0.0.0';
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: wildcard, port: config.httpPort, backlog: 1024 }, resolve);
  });
}

function listenEcho(address: string): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const name = Buffer.from(config.name);
  socket.on('message', (packet, from) => socket.send([packet, name], from.port, from.address));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(config.echoPort, address, resolve);
  });
}

onCommand(() => undefined);
await Promise.all([listenHttp(), ...config.addresses.map(listenEcho)]);
report<WebServerReport>({ type: 'ready' });
