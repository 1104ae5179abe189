// Katran's way before real stacks: `compat: katran` in the configuration, an upload in super-frames and datagrams through its outer headers,
// taken off on the backend and received by Linux.
import * as assert from 'uvu/assert';
import type { LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { DECAPSULATOR_PROGRAMS, startDecapsulator, type TunnelEnd } from './support/decapsulator.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { leaveRoom } from './support/tunnelPath.js';
import { assertEchoesWhole, assertUploadsWhole, dropsButOfRings, startServers } from './support/whole.js';

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
      const backend = topology.backends[0] as LabBackend;
      await leaveRoom(topology, backend, outerBytes);
      await startDecapsulator(backend.host, end);
      const servers = await startServers(topology);
      const record = { encap: { type }, tableSize: 65_537 };
      const members = [webVip(topology, record), echoVip(topology, record)];
      const balancer = await CommandBalancer.start(topology, { members, config: { compat: 'katran' } });

      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      await assertEchoesWhole(topology);

      const { verdicts, events, katran } = await balancer.stats();
      assert.ok((events.segmentsSent ?? 0) > UPLOAD_BYTES / 3000, `${events.segmentsSent} segments: no super-frames`);
      assert.is(katran?.lru_miss[0], 1); // one SYN
      assert.is(katran?.lru[1], 11); // it, and ten flows of datagrams
      assert.equal(dropsButOfRings(verdicts), []);
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
