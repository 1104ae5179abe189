// @ts-check
// examples/daemon.mjs: a plain Node HTTP daemon that embeds the balancer and steers it through its own API.
// Needs root (or CAP_NET_RAW and CAP_NET_ADMIN), nft(8) and Linux.
//
//   node examples/daemon.mjs --interface eth0 [--interface eth1] [--announce] [--host 127.0.0.1] [--port 8080]
//
//   curl localhost:8080/status                  what it does: VIPs, backends, shares, next hops, interfaces
//   curl localhost:8080/stats                   what it counted, since its start
//   curl localhost:8080/changes -H 'content-type: application/json' -d '[
//     { "put": { "address": "192.0.2.80", "protocol": "tcp", "port": 80 } },
//     { "put": { "vip": "tcp/192.0.2.80:80", "address": "10.0.1.9" } } ]'
//
// POST /changes answers when every packet worker has seen the new table, or with 400 and the rule that was broken. Whoever
// reaches this port moves traffic, so it listens on 127.0.0.1 unless told otherwise; put your own authentication before it.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createLoadBalancer, MaglevError, memorySource } from 'maglev-dsr';

const BODY_BYTES_MAX = 1024 * 1024;
const GRACE_MS = 500;

const { values: args } = parseArgs({
  options: {
    interface: { type: 'string', multiple: true, default: [] },
    announce: { type: 'boolean', default: false },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
  },
});

const source = memorySource(); // told by POST /changes; a real daemon would begin with what it had on disk
const balancer = await createLoadBalancer({
  interfaces: (args.interface ?? []).map((name) => ({ name })),
  announce: args.announce ? 'arp' : 'none',
  source,
  logger: {
    debug: () => undefined,
    info: (_fields, message) => console.error(message),
    warn: (_fields, message) => console.error(message),
    error: (_fields, message) => console.error(message),
  },
});

const server = createServer((request, response) => {
  answer(request, response).catch((error) => reply(response, ...describe(error)));
});
server.listen(Number(args.port), args.host, () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : args.port;
  console.log(`listening on http://${args.host}:${port}, balancing ${args.interface?.join(', ')}`);
});

// The library installs no signal handlers: when to stop is this program's business.
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

async function stop() {
  server.close();
  server.closeIdleConnections();
  await balancer.close({ graceMs: GRACE_MS }); // what is under way is still forwarded
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(request, response) {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  switch (`${request.method} ${pathname}`) {
    case 'GET /status':
      return reply(response, 200, balancer.status());
    case 'GET /stats':
      return reply(response, 200, balancer.stats());
    case 'POST /changes':
      // A web page may make a browser post text to this port, but not JSON: that takes our consent (CORS).
      if (request.headers['content-type'] !== 'application/json') {
        return reply(response, 415, { error: 'expected content-type: application/json' });
      }
      return reply(response, 200, await source.apply(await readChanges(request)));
    default:
      return reply(response, 404, { error: 'there is GET /status, GET /stats and POST /changes' });
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<import('maglev-dsr').Change[]>}
 */
async function readChanges(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new BadRequest(413, `expected at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let changes;
  try {
    changes = JSON.parse(text);
  } catch {
    throw new BadRequest(400, 'expected JSON');
  }
  if (!Array.isArray(changes)) throw new BadRequest(400, 'expected a list of changes');
  return changes; // apply() checks each of them, whatever it is
}

/** What is wrong with a request, with its HTTP status. */
class BadRequest extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Status and body for an error: 400 for a record that breaks a rule, 507 where a limit claimed at start is reached.
 * @param {unknown} error
 * @returns {[number, object]}
 */
function describe(error) {
  if (error instanceof BadRequest) return [error.status, { error: error.message }];
  if (!(error instanceof MaglevError)) return [500, { error: String(error) }];
  const status = { ERR_RECORD: 400, ERR_LIMIT: 507, ERR_CLOSED: 503 }[/** @type {string} */ (error.code)] ?? 500;
  return [status, { error: error.message, code: error.code, field: error.option, rule: error.rule }];
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {object} body
 */
function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
