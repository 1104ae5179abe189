// Katran's way before real stacks: `compat: katran` in the configuration, an upload in super-frames and datagrams through its outer headers,
// taken off on the backend and received by Linux.
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
import { leaveRoom } from './support/tunnelPath.js';
import { echo, startEchoServers } from './support/udp.js';
import { WebServers } from './support/webServers.js';

const live = liveSuiteWith('live/katran', ['curl', 'nginx', ...DECAPSULATOR_PROGRAMS]);
const UPLOAD_BYTES = 8 * 1024 * 1024;

const ENDS: [end: TunnelEnd, outerBytes: number][] = [
  [{ type: 'ipip', outer: 4, inner: 4 }, 20],
  [{ type: 'gue', outer: 6, inner: 6 }, 48],
];

for (const [end, outerBytes] of ENDS) {
  const { type, inner } = end;
  live(`${type} over IPv${inner}: an upload in super-frames, and datagrams`, async () => {
    await withTopology('one-armed', { family: inner, backendCount: 1 }, async (topology) => {
      const { lab, client, clientAddresses, vip } = topology;
      const backend = topology.backends[0] as LabBackend;
      await leaveRoom(topology, backend, outerBytes);
      await startDecapsulator(backend.host, end);
      const content = randomFillSync(new Uint8Array(UPLOAD_BYTES));
      const file = join(lab.directory, 'content');
      await writeFile(file, content);
      const servers = await WebServers.start(topology);
      await startEchoServers(topology, { httpPort: 8080 });
      const record = { encap: { type }, tableSize: 65_537 };
      const members = [webVip(topology, record), echoVip(topology, record)];
      const balancer = await CommandBalancer.start(topology, { members, config: { compat: 'katran' } });

      const taker = await upload(client, vip, file, '/upload/content');
      assert.is(await servers.uploadSha256(taker, 'content'), createHash('sha256').update(content).digest('hex'));
      const sent = {
        address: vip,
        localAddress: clientAddresses[0] as string,
        flows: 10,
        packetsPerFlow: 10,
        bytes: 1001,
      };
      const outcome = await echo(client, sent);
      assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [100, 100, 0]);

      const { verdicts, events, katran } = await balancer.stats();
      assert.ok((events.segmentsSent ?? 0) > UPLOAD_BYTES / 3000, `${events.segmentsSent} segments: no super-frames`);
      assert.is(katran?.lru_miss[0], 1); // one SYN
      assert.is(katran?.lru[1], 11); // it, and ten flows of datagrams
      const dropped = Object.keys(verdicts).filter((name) => name.startsWith('DROP_') && verdicts[name] !== 0);
      assert.equal(
        dropped.filter((name) => name !== 'DROP_TX_RING_FULL' && name !== 'DROP_SEGMENTS_LOST'),
        [],
      );
      await balancer.stop();
    });
  });
}

live('a decapsulation destination that is an address of this host is refused by name', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const destinations = [{ address: topology.balancerAddress }];
    const config = { compat: 'katran', katran: { decap: { ipip: true, destinations } } };
    const members = [echoVip(topology, { tableSize: 65_537 })];
    try {
      await CommandBalancer.start(topology, { members, config });
      assert.unreachable();
    } catch (error) {
      assert.match(
        (error as Error).message,
        /katran\.decap\.destinations\[0\] ".*expected an address that is not this host's/,
      );
    }
  });
});

live.run();
