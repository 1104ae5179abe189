// Tunnels against Linux: a large upload in super-frames, cut and encapsulated by the balancer, taken out on the backend and
// received by its TCP; and datagrams. Outer and inner headers are looked at by the kernel; what is wrong does not arrive.
import { createHash, randomFillSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { upload } from './support/curl.js';
import { DECAPSULATOR_PROGRAMS, startDecapsulator, type TunnelEnd } from './support/decapsulator.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { addressOfOuter, leaveRoom } from './support/tunnelPath.js';
import { echo, startEchoServers } from './support/udp.js';
import { WebServers } from './support/webServers.js';

const live = liveSuiteWith('live/tunnel', ['curl', 'nginx', ...DECAPSULATOR_PROGRAMS]);
const UPLOAD_BYTES = 24 * 1024 * 1024;

const ENDS: [end: TunnelEnd, outerBytes: number][] = [
  [{ type: 'ipip', outer: 4, inner: 4 }, 20],
  [{ type: 'ipip', outer: 6, inner: 6 }, 40],
  [{ type: 'ipip', outer: 6, inner: 4 }, 40],
  [{ type: 'ipip', outer: 4, inner: 6 }, 20],
  [{ type: 'gue', outer: 4, inner: 4 }, 28],
  [{ type: 'gue', outer: 6, inner: 6 }, 48],
  [{ type: 'gue', outer: 4, inner: 6 }, 28],
  [{ type: 'gre', outer: 4, inner: 4 }, 24],
  [{ type: 'gre', outer: 6, inner: 4 }, 44],
];

for (const [end, outerBytes] of ENDS) {
  const { type, outer, inner } = end;
  live(`${type}, IPv${inner} in IPv${outer}: an upload in super-frames and datagrams arrive whole`, async () => {
    await withTopology('one-armed', { family: inner, backendCount: 1 }, async (topology) => {
      const { lab, client, clientAddresses, vip } = topology;
      const backend = topology.backends[0] as LabBackend;
      const { backend: address } = await addressOfOuter(topology, backend, outer);
      await leaveRoom(topology, backend, outerBytes);
      await startDecapsulator(backend.host, end);
      const content = randomFillSync(new Uint8Array(UPLOAD_BYTES));
      const file = join(lab.directory, 'content');
      await writeFile(file, content);
      const servers = await WebServers.start(topology);
      await startEchoServers(topology, { httpPort: 8080 });
      const record = { encap: { type }, backends: [{ address }] };
      const members = [webVip(topology, record), echoVip(topology, record)];
      const balancer = await CommandBalancer.start(topology, { members });

      const taker = await upload(client, vip, file, '/upload/content');
      assert.is(await servers.uploadSha256(taker, 'content'), createHash('sha256').update(content).digest('hex'));
      const { events } = await balancer.stats();
      assert.ok((events.segmentsSent ?? 0) > UPLOAD_BYTES / 3000, `${events.segmentsSent} segments: no super-frames`);

      const sent = {
        address: vip,
        localAddress: clientAddresses[0] as string,
        flows: 10,
        packetsPerFlow: 10,
        bytes: 1001,
      };
      const outcome = await echo(client, sent);
      assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [100, 100, 0]);
      const { verdicts } = await balancer.stats();
      // A ring that is full while a burst is sent is TCP's business; anything else that is dropped is ours.
      const dropped = Object.keys(verdicts).filter((name) => name.startsWith('DROP_') && verdicts[name] !== 0);
      assert.equal(
        dropped.filter((name) => name !== 'DROP_TX_RING_FULL' && name !== 'DROP_SEGMENTS_LOST'),
        [],
      );
      await balancer.stop();
    });
  });
}

live.run();
