// `maglev-dsr decap` against Linux: what our balancer sends through each tunnel, taken out by our own decapsulator, arrives in the
// kernel's TCP and UDP as the client sent it. tunnel.test.ts has the same with a decapsulator that knows nothing of our code.
import * as assert from 'uvu/assert';
import type { LabBackend } from '../../host/demo/lab/topology.js';
import type { Encap } from '../../host/membership/event.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { echoVip, webVip } from './support/members.js';
import { OwnDecap } from './support/ownDecap.js';
import { liveSuiteWith } from './support/suite.js';
import { addressOfOuter, leaveRoom } from './support/tunnelPath.js';
import { assertEchoesWhole, assertUploadsWhole, startServers } from './support/whole.js';

const live = liveSuiteWith('live/decap', ['curl', 'nginx', 'nft', 'ip']);
const UPLOAD_BYTES = 12 * 1024 * 1024;

const ENCAPS: { encap: Encap; verdict: string; bytes: Record<4 | 6, number> }[] = [
  { encap: { type: 'ipip' }, verdict: 'DECAP_IPIP', bytes: { 4: 20, 6: 40 } },
  { encap: { type: 'gre' }, verdict: 'DECAP_GRE', bytes: { 4: 24, 6: 44 } },
  { encap: { type: 'gue' }, verdict: 'DECAP_GUE', bytes: { 4: 28, 6: 48 } },
  { encap: { type: 'gue', variant: 0, private: 'c0ffee00' }, verdict: 'DECAP_GUE', bytes: { 4: 36, 6: 56 } },
];

for (const inner of [4, 6] as const) {
  for (const outer of [4, 6] as const) {
    live(
      `IPv${inner} in IPv${outer}: IPIP, GRE, GUE in both variants: uploads in super-frames and datagrams arrive whole`,
      async () => {
        await withTopology('one-armed', { family: inner, backendCount: 1 }, async (topology) => {
          const backend = topology.backends[0] as LabBackend;
          const ends = await addressOfOuter(topology, backend, outer);
          await leaveRoom(topology, backend, 56);
          // What a careful host has, and what a tunnel's packets, whose way back leads elsewhere, have to get past.
          await backend.host.sysctl({ 'net/ipv4/conf/all/rp_filter': 1 });
          const decap = await OwnDecap.start(backend.host, '--source', ends.balancer);
          const servers = await startServers(topology);
          let balancer: CommandBalancer | undefined;
          for (const [i, { encap, verdict }] of ENCAPS.entries()) {
            const record = { encap, backends: [{ address: ends.backend }] };
            const members = [webVip(topology, record), echoVip(topology, record)];
            if (balancer === undefined) balancer = await CommandBalancer.start(topology, { members });
            else await balancer.publish(members);
            const before = (await decap.counts())[verdict] ?? 0;

            await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
            await assertEchoesWhole(topology, { firstLocalPort: 20_000 + 100 * i });
            const after = (await decap.counts())[verdict] ?? 0;
            assert.ok(
              after - before > UPLOAD_BYTES / 1500,
              `${after - before} packets out of ${JSON.stringify(encap)}`,
            );
          }
          // Neighbour discovery has extension headers now and then, and is the host's; a ring that was full is TCP's business. Nothing else
          // was left or lost.
          const { DECAP_IPIP, DECAP_GRE, DECAP_GUE, IGNORE_OTHER_HOST, IGNORE_NOT_TUNNEL, ...others } =
            await decap.counts();
          assert.equal(others, {});
          await balancer?.stop();
          await decap.stop();
        });
      },
    );
  }
}

live.run();
