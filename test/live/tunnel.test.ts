// Tunnels against Linux: a large upload in super-frames, cut and encapsulated by the balancer, taken out on the backend and
// received by its TCP; and datagrams. Outer and inner headers are looked at by the kernel; what is wrong does not arrive.
import * as assert from 'uvu/assert';
import type { LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { DECAPSULATOR_PROGRAMS, startDecapsulator, type TunnelEnd } from './support/decapsulator.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { addressOfOuter, leaveRoom } from './support/tunnelPath.js';
import { assertEchoesWhole, assertUploadsWhole, dropsButOfRings, startServers } from './support/whole.js';

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
      const backend = topology.backends[0] as LabBackend;
      const { backend: address } = await addressOfOuter(topology, backend, outer);
      await leaveRoom(topology, backend, outerBytes);
      await startDecapsulator(backend.host, end);
      const servers = await startServers(topology);
      const record = { encap: { type }, backends: [{ address }] };
      const members = [webVip(topology, record), echoVip(topology, record)];
      const balancer = await CommandBalancer.start(topology, { members });

      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      const { events } = await balancer.stats();
      assert.ok((events.segmentsSent ?? 0) > UPLOAD_BYTES / 3000, `${events.segmentsSent} segments: no super-frames`);
      await assertEchoesWhole(topology);
      const { verdicts } = await balancer.stats();
      assert.equal(dropsButOfRings(verdicts), []);
      await balancer.stop();
    });
  });
}

live.run();
