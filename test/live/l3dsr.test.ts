// L3DSR against Linux: the backend puts the VIP back where it finds the DSCP, with the nftables rule of docs/BACKENDS.md, and takes what
// comes: large uploads in super-frames, and datagrams.
import * as assert from 'uvu/assert';
import type { Family } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { assertEchoesWhole, assertUploadsWhole, dropsOf, startServers } from './support/whole.js';

const live = liveSuiteWith('live/l3dsr', ['curl', 'nginx', 'nft']);
const UPLOAD_BYTES = 16 * 1024 * 1024;
const DSCP = 10;
const ENCAP = { encap: { type: 'l3dsr', dscp: DSCP } } as const;

/** docs/BACKENDS.md, "With L3DSR". */
function rule(family: Family, address: string, vip: string): string {
  const ip = family === 4 ? 'ip' : 'ip6';
  return `table ${ip} l3dsr {
    chain prerouting {
      type filter hook prerouting priority raw
      ${ip} daddr ${address} ${ip} dscp ${DSCP} ${ip} daddr set ${vip}
    }
  }`;
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: uploads and datagrams arrive whole, by a rule on the backend`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { vip, backends } = topology;
      for (const { host, address } of backends)
        await host.exec('nft', ['-f', '-'], { input: rule(family, address, vip) });
      const servers = await startServers(topology);
      const members = [webVip(topology, ENCAP), echoVip(topology, ENCAP)];
      const balancer = await CommandBalancer.start(topology, { members });

      await assertUploadsWhole(topology, servers, UPLOAD_BYTES);
      await assertEchoesWhole(topology);
      const { verdicts, status } = await balancer.stats();
      assert.equal(
        [...new Set(status.vips.flatMap((vip) => vip.backends.map(({ encap }) => encap)))],
        [`l3dsr ${DSCP}`],
      );
      assert.equal(dropsOf(verdicts), []);
      assert.ok((verdicts.FORWARD_L3DSR ?? 0) >= 100);
      await balancer.stop();
    });
  });
}

live.run();
