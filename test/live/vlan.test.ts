// VLAN tags: the kernel takes them out of the frame and into the ring header; on the way out they are in the frame again.
// Sent as raw frames, for this needs no VLAN interface.
import * as assert from 'uvu/assert';
import type { Family, LabBackend } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { Capture } from './support/capture.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { sendFrames, udpFrame } from './support/frames.js';
import { ECHO_PORT, echoVip } from './support/members.js';
import { CAPTURE_PROGRAMS, liveSuiteWith } from './support/suite.js';

const live = liveSuiteWith('live/vlan', CAPTURE_PROGRAMS);
const TIMES = 10;
const VLAN = 42;
const PRIORITY = 5;

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: a tagged frame leaves with its tag`, async () => {
    await withTopology('one-armed', { family, backendCount: 1 }, async (topology) => {
      const { lab, balancer: host, client, clientAddresses, vip, backends } = topology;
      const backend = backends[0] as LabBackend;
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      const [sourceMac, destinationMac, backendMac] = (await Promise.all(
        [client, host, backend.host].map((machine) => machine.mac('eth0')),
      )) as [string, string, string];
      const capture = await Capture.start(lab, backend.host, { direction: 'in', filter: 'vlan' });
      const ends = { sourceMac, destinationMac, source: clientAddresses[0] as string, destination: vip };
      const data = Buffer.from('tagged');
      const frame = udpFrame({ ...ends, vlanTci: (PRIORITY << 13) | VLAN }, 20_000, ECHO_PORT, data);
      await sendFrames(client, [frame], { times: TIMES });

      const { verdicts } = await balancer.stats();
      assert.is(verdicts.FORWARD_L2, TIMES);
      await capture.stop();
      const ttl = family === 4 ? 'ip.ttl' : 'ipv6.hlim';
      const fields = ['eth.src', 'eth.dst', 'vlan.id', 'vlan.priority', ttl, 'udp.payload', 'udp.checksum.status'];
      const rows = await capture.rows(fields, { options: ['-o', 'udp.check_checksum:TRUE'] });
      const expected = [destinationMac, backendMac, `${VLAN}`, `${PRIORITY}`, '63', data.toString('hex'), '1'];
      assert.equal(rows, new Array(TIMES).fill(expected));
      await balancer.stop();
    });
  });
}

live.run();
