// test/package/nameServers.ts: HTTP servers that answer with the name of their backend: who served a request is then in
// its answer. Plain Node, so that nothing has to be installed.
import type { LabBackend, Topology } from '../../host/demo/lab/topology.js';
import { Talker } from './talker.js';

const SERVER = `
  const [name] = process.argv.slice(1);
  const answer = (request, response) => response.writeHead(200, { connection: 'close' }).end(name);
  require('node:http').createServer(answer).listen(80, '::', () => console.log('listening'));
`;

/** Requests one after the other, each on a connection of its own. */
const CLIENT = `
  const [url, count] = process.argv.slice(1);
  const ask = () => new Promise((resolve, reject) => {
    const request = require('node:http').get(url, { agent: false, timeout: 3000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => resolve(body));
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer for 3 s')));
  });
  (async () => {
    const names = [];
    for (let i = 0; i < Number(count); i++) names.push(await ask());
    console.log(JSON.stringify(names));
  })();
`;

/** Starts a server on port 80 of every backend; resolves when all listen. They end with the lab. */
export async function startNameServers({ backends }: Topology): Promise<void> {
  await Promise.all(backends.map(startNameServer));
}

/** The same on one backend. */
export async function startNameServer({ name, host }: LabBackend): Promise<Talker> {
  const args = ['-e', SERVER, name];
  const server = new Talker(host.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  await server.hear(/listening/);
  return server;
}

/** Asks the VIP `count` times from the client, each time on a new connection; resolves with the names, in order. */
export async function askNames({ client, vip, family }: Topology, count: number): Promise<string[]> {
  const url = `http://${family === 6 ? `[${vip}]` : vip}/`;
  const { stdout } = await client.exec(process.execPath, ['-e', CLIENT, url, `${count}`], { timeoutMs: 20_000 });
  return JSON.parse(stdout) as string[];
}
