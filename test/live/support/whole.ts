// test/live/support/whole.ts: traffic that has to arrive whole: a large upload, and datagrams that come back.
import { createHash, randomFillSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Topology } from '../../../host/demo/lab/topology.js';
import { upload } from './curl.js';
import { echo, startEchoServers } from './udp.js';
import { WebServers } from './webServers.js';

/** Where the echo servers have their HTTP, beside nginx. */
const OTHER_HTTP_PORT = 8080;

/** nginx and UDP echo on every backend; resolves when all serve. */
export async function startServers(topology: Topology): Promise<WebServers> {
  const servers = await WebServers.start(topology);
  await startEchoServers(topology, { httpPort: OTHER_HTTP_PORT });
  return servers;
}

/** Random bytes put to the VIP are what the backend that took them has. */
export async function assertUploadsWhole(
  { lab, client, vip }: Topology,
  servers: WebServers,
  bytes: number,
): Promise<void> {
  const content = randomFillSync(new Uint8Array(bytes));
  const file = join(lab.directory, 'content');
  await writeFile(file, content);
  const taker = await upload(client, vip, file, '/upload/content');
  assert.is(await servers.uploadSha256(taker, 'content'), createHash('sha256').update(content).digest('hex'));
}

/** Datagrams of ten flows, ten each, come back from the VIP once each and as they were sent. `firstLocalPort`: of the ten. */
export async function assertEchoesWhole(
  { client, clientAddresses, vip }: Topology,
  { bytes = 1001, firstLocalPort = 20_000 } = {},
): Promise<void> {
  const flows = { flows: 10, packetsPerFlow: 10, bytes, firstLocalPort };
  const outcome = await echo(client, { address: vip, localAddress: clientAddresses[0] as string, ...flows });
  assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [100, 100, 0]);
}

/** Verdicts that dropped frames, and how many: `DROP_NO_VIP 3`. */
export function dropsOf(verdicts: Readonly<Record<string, number>>): string[] {
  const drops = Object.entries(verdicts).filter(([name, count]) => name.startsWith('DROP_') && count > 0);
  return drops.map(([name, count]) => `${name} ${count}`);
}

/** The same without frames for which a transmit ring was full, as in a burst: those are TCP's business. */
export function dropsButOfRings(verdicts: Readonly<Record<string, number>>): string[] {
  return dropsOf(verdicts).filter((drop) => !/^DROP_(TX_RING_FULL|SEGMENTS_LOST) /.test(drop));
}
