// Health checks by mark: a socket of the balancer's host with SO_MARK reaches the backend of its mark, at the VIP, through the encapsulation
// that clients' packets have; the backend answers the host directly. The rules are those of docs/FORWARDING.md.
import * as assert from 'uvu/assert';
import type { LabBackend, Topology } from '../../host/demo/lab/topology.js';
import type { Encap } from '../../host/membership/event.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { HTTP_PORT, webVip } from './support/members.js';
import { OwnDecap } from './support/ownDecap.js';
import { liveSuiteWith } from './support/suite.js';
import { WebServers } from './support/webServers.js';

const live = liveSuiteWith('live/healthCheck', ['curl', 'nginx', 'nft', 'python3']);
const FIRST_MARK = 0x6d00_0001;

/** A client whose packets have a mark: what it read from /name, or why it did not. */
const SCRIPT = `
import socket, sys
mark, address, port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
end = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
if mark:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
end.settimeout(float(sys.argv[4]))
try:
    end.connect((address, port))
    end.sendall(b"GET /name HTTP/1.0\\r\\nHost: check\\r\\n\\r\\n")
    answer = b""
    while True:
        piece = end.recv(65536)
        if not piece:
            break
        answer += piece
    print(answer.split(b"\\r\\n\\r\\n", 1)[1].decode().strip())
except OSError as error:
    print(type(error).__name__)
`;

async function check({ balancer, vip }: Topology, mark: number, timeoutS = 5): Promise<string> {
  const args = ['-c', SCRIPT, `${mark}`, vip, `${HTTP_PORT}`, `${timeoutS}`];
  return (await balancer.exec('python3', args)).stdout.trim();
}

for (const family of [4, 6] as const) {
  const cases: Encap[] = family === 4 ? [{ type: 'ipip' }, { type: 'gue' }, { type: 'l2' }] : [{ type: 'gre' }];
  for (const encap of cases) {
    live(
      `IPv${family}, ${encap.type}: each backend answers for its mark, also while it is down; others do not`,
      async () => {
        await withTopology('one-armed', { family, backendCount: 2 }, async (topology) => {
          const { balancer: host, balancerAddress, backends } = topology;
          await WebServers.start(topology);
          const ends: OwnDecap[] = [];
          if (encap.type !== 'l2')
            for (const { host: at } of backends) ends.push(await OwnDecap.start(at, '--source', balancerAddress));
          const marks = backends.map((_, i) => FIRST_MARK + i);
          const members = (state: 'active' | 'down') => [
            webVip(topology, {
              encap,
              backends: backends.map(({ address }, i) => ({
                address,
                healthCheckMark: marks[i] as number,
                ...(i === 1 && { state }),
              })),
            }),
          ];
          const config = { healthChecks: { interface: 'hc0' } };
          const balancer = await CommandBalancer.start(topology, { members: members('active'), config });
          const six = family === 6 ? ['-6'] : [];
          await host.exec('ip', [...six, 'rule', 'add', 'fwmark', '0x6d000000/0xff000000', 'lookup', '109']);
          await host.exec('ip', [...six, 'route', 'add', 'default', 'dev', 'hc0', 'table', '109']);

          for (const [i, { name }] of (backends as LabBackend[]).entries()) {
            assert.is(await check(topology, marks[i] as number), name);
            assert.is(await check(topology, marks[i] as number), name);
          }
          const { events, vips, status } = await balancer.stats();
          assert.ok(
            (events.healthCheck ?? 0) >= 16,
            `${events.healthCheck} packets: SYN, ACK, request, FIN and more, four times`,
          );
          assert.is(Object.values(vips)[0]?.packets, 0); // no client's
          assert.equal(status.healthChecks, { interface: 'hc0', unsent: {}, conflicts: [] });

          await balancer.publish(members('down'));
          assert.is(await check(topology, marks[1] as number), backends[1]?.name);
          assert.is(await check(topology, FIRST_MARK + 77, 0.5), 'TimeoutError');
          assert.ok(((await balancer.stats()).verdicts.IGNORE_NO_MARK ?? 0) > 0);

          await balancer.stop('SIGKILL');
          const { stdout } = await host.exec('ip', ['-json', 'link', 'show']);
          assert.equal(
            (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname),
            ['lo', 'eth0'],
          );
          for (const end of ends) await end.stop();
        });
      },
    );
  }
}

live.run();
