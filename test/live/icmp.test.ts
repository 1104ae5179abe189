// Real stacks as the judges: the VIP answers ping; a client learns a narrow way's MTU from us and its upload completes; datagrams in
// fragments reach one backend whole, and their echoes come back.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import type { Family } from '../../host/demo/lab/topology.js';
import { withTopology } from './lab.js';
import { CommandBalancer } from './support/commandBalancer.js';
import { upload } from './support/curl.js';
import { echoVip, webVip } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { echo, startEchoServers } from './support/udp.js';
import { WebServers } from './support/webServers.js';

const live = liveSuiteWith('live/icmp', ['python3', 'curl', 'nginx']);
const PINGS = 20;
const NARROW_MTU = 1300;

// ping(8) is not everywhere. The kernel makes the checksum of ICMPv6; that of ICMP is made, and checked, here.
const PING = `
import os, socket, struct, sys
address, count = sys.argv[1], int(sys.argv[2])
six = ":" in address
family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
s = socket.socket(family, socket.SOCK_RAW, protocol)
s.settimeout(2)
def total(data):
    data += b"\\0" * (len(data) % 2)
    t = sum(struct.unpack(f">{len(data) // 2}H", data))
    while t >> 16: t = (t & 0xffff) + (t >> 16)
    return t
answers = 0
for n in range(count):
    body = struct.pack(">HH", os.getpid() & 0xffff, n) + os.urandom(8 + n)
    head = struct.pack(">BBH", 128 if six else 8, 0, 0)
    if not six: head = struct.pack(">BBH", 8, 0, ~total(head + body) & 0xffff)
    s.sendto(head + body, (address, 0))
    while True:
        packet, source = s.recvfrom(2000)
        message = packet if six else packet[20:]
        if message[0] == (129 if six else 0) and message[4:] == body: break
    assert source[0] == address, source
    assert six or (total(message) == 0xffff and packet[8] == 64), packet.hex()
    answers += 1
print(answers)
`;

// Fragmentation needed, about an IPIP packet from argv[1] to argv[2].
const OUTER_ERROR = `
import socket, struct, sys
ours, backend = sys.argv[1:]
quote = struct.pack(">BBHHHBBH", 0x45, 0, 1500, 0, 0x4000, 60, 4, 0) + socket.inet_aton(ours) + socket.inet_aton(backend) + bytes(8)
message = struct.pack(">BBHHH", 3, 4, 0, 0, 1400) + quote
t = sum(struct.unpack(f">{len(message) // 2}H", message))
while t >> 16: t = (t & 0xffff) + (t >> 16)
message = message[:2] + struct.pack(">H", ~t & 0xffff) + message[4:]
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).sendto(message, (ours, 0))
`;

async function ping(client: LabHost, address: string, count: number): Promise<number> {
  const { stdout } = await client.exec('python3', ['-c', PING, address, `${count}`]);
  return Number(stdout.trim());
}

for (const family of [4, 6] as Family[]) {
  live(`IPv${family}: the VIP answers ping`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      assert.is(await ping(topology.client, topology.vip, PINGS), PINGS);
      assert.is((await balancer.stats()).verdicts.REPLY_ECHO, PINGS);
      await balancer.stop();
    });
  });

  live(`IPv${family}: datagrams of 4000 bytes, in fragments, meet one backend and come back`, async () => {
    await withTopology('one-armed', { family }, async (topology) => {
      const { client, clientAddresses, vip } = topology;
      await startEchoServers(topology);
      const balancer = await CommandBalancer.start(topology, { members: [echoVip(topology)] });
      const outcome = await echo(client, { address: vip, localAddress: clientAddresses[0] as string, bytes: 4000 });
      assert.equal([outcome.sent, outcome.echoed, outcome.wrong], [200, 200, 0]);
      assert.equal(outcome.backends, ['backend1', 'backend2']);
      assert.is(outcome.flows.filter(({ backends }) => backends.length !== 1).length, 0);
      const { verdicts, events } = await balancer.stats();
      assert.is((verdicts.FORWARD_L2 ?? 0) + (events.heldSent ?? 0), 200 * 3);
      await balancer.stop();
    });
  });

  live(`IPv${family}: an upload over a way of ${NARROW_MTU} bytes completes, for its sender is told`, async () => {
    await withTopology('one-armed', { family, backendCount: 1 }, async (topology) => {
      const { lab, client, vip, backends, balancer: host, balancerLinks } = topology;
      const backend = backends[0]?.address;
      const route = `route replace ${backend}/${family === 4 ? 32 : 128} dev ${balancerLinks[0]} mtu ${NARROW_MTU}`;
      await host.ip(route);
      const servers = await WebServers.start(topology);
      const content = new Uint8Array(300_000).map((_, i) => i * 7);
      const file = join(lab.directory, 'content');
      await writeFile(file, content);
      const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)] });
      const taker = await upload(client, vip, file, '/upload/content');
      assert.is(await servers.uploadSha256(taker, 'content'), createHash('sha256').update(content).digest('hex'));
      const { verdicts } = await balancer.stats();
      assert.ok((verdicts.REPLY_TOO_BIG ?? 0) > 0, 'nobody was told');
      assert.ok((verdicts.REPLY_TOO_BIG ?? 0) < 50, `${verdicts.REPLY_TOO_BIG} answers for one connection`);
      await balancer.stop();
    });
  });
}

live('an error about a tunnel packet of ours is counted, and left to the host', async () => {
  await withTopology('one-armed', { backendCount: 1 }, async (topology) => {
    const { client, balancerAddress, backends } = topology;
    const members = [echoVip(topology, { encap: { type: 'ipip' } })];
    const balancer = await CommandBalancer.start(topology, { members });
    await client.exec('python3', ['-c', OUTER_ERROR, balancerAddress, backends[0]?.address as string]);
    const { events, verdicts } = await balancer.stats();
    assert.equal([events.outerError, verdicts.IGNORE_NOT_VIP], [1, 1]);
    await balancer.stop();
  });
});

live.run();
