// test/live/support/webServers.ts: nginx on every backend: at the VIP and at the backend's own address.
//
//   GET /name         the backend's name, a line      GET /body     BODY_BYTES bytes, the same on every backend
//   PUT /upload/X     kept in its directory, to be looked at
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Lab } from '../../../host/demo/lab/lab.js';
import type { LabBackend, Topology } from '../../../host/demo/lab/topology.js';
import { HTTP_PORT } from './members.js';
import { until } from './until.js';

/** Size of /body. */
export const BODY_BYTES = 4_000_000;
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The servers of a topology. */
export class WebServers {
  /** SHA-256 of /body, hex. */
  readonly bodySha256: string;
  readonly #lab: Lab;

  private constructor(lab: Lab, bodySha256: string) {
    this.#lab = lab;
    this.bodySha256 = bodySha256;
  }

  /** Starts nginx on every backend, or those given; resolves when all of them serve. */
  static async start({ lab, vip, backends }: Topology): Promise<WebServers> {
    const body = randomBytes(BODY_BYTES);
    const servers = new WebServers(lab, createHash('sha256').update(body).digest('hex'));
    await Promise.all(backends.map((backend) => servers.#start(vip, backend, body)));
    return servers;
  }

  async #start(vip: string, { name, host, address }: LabBackend, body: Uint8Array): Promise<void> {
    const root = this.#root(name);
    await mkdir(join(root, 'upload'), { recursive: true });
    await writeFile(join(root, 'body'), body);
    await writeFile(join(root, 'nginx.conf'), nginxConfig(name, root, [vip, address]));
    const child = host.spawn('nginx', ['-c', join(root, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const args = ['-sS', '--max-time', '1', urlOf(address, '/name')];
    await until(`nginx on ${name}`, async () => {
      if (child.exitCode !== null) throw new Error(`nginx on ${name}: ${said}`);
      return (await host.exec('curl', args, { anyExitCode: true })).stdout === `${name}\n`;
    });
  }

  /** SHA-256 of what was put to /upload/`file` of a backend, hex. */
  async uploadSha256(backend: string, file: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const piece of createReadStream(join(this.#root(backend), 'upload', file))) hash.update(piece as Buffer);
    return hash.digest('hex');
  }

  #root(name: string): string {
    return join(this.#lab.directory, `www-${name}`);
  }
}

/** An HTTP URL; IPv6 addresses go into brackets. */
export function urlOf(address: string, path: string): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}${path}`;
}

function nginxConfig(name: string, root: string, addresses: string[]): string {
  const listens = addresses.map((address) => `listen ${isIPv6(address) ? `[${address}]` : address}:${HTTP_PORT};`);
  return `
    daemon off; master_process off; user root; pid ${root}/nginx.pid; error_log stderr warn;
    events { worker_connections 512; }
    http {
      access_log off; client_max_body_size 0; keepalive_requests 1000000; default_type text/plain;
      ${TEMPORARY.map((kind) => `${kind}_temp_path ${root}/${kind};`).join(' ')}
      server {
        ${listens.join(' ')}
        root ${root};
        add_header x-backend ${name};
        location = /name { return 200 "${name}\\n"; }
        location /upload/ { dav_methods PUT; client_body_buffer_size 1m; }
      }
    }
  `;
}
