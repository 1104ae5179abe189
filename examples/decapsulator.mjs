// @ts-check
// examples/decapsulator.mjs: a backend that takes its packets out of the tunnel itself, in the same process as its service: an HTTP server
// at the VIP, which must be an address of this host (ip address add 192.0.2.80/32 dev lo).
// Needs root (or CAP_NET_RAW and CAP_NET_ADMIN), nft(8), /dev/net/tun and Linux.
//
//   node examples/decapsulator.mjs eth0 192.0.2.80 80 10.0.0.2 10.0.0.3
//
// The command does the same without the service: maglev-dsr decap --interface eth0 --source 10.0.0.2,10.0.0.3

import { createServer } from 'node:http';
import { createDecapsulator } from 'maglev-dsr';

const [interfaceName, vip, port, ...balancers] = process.argv.slice(2);
if (interfaceName === undefined || vip === undefined || balancers.length === 0) {
  throw new Error('usage: decapsulator.mjs INTERFACE VIP PORT BALANCER...');
}

const decapsulator = await createDecapsulator({ interface: interfaceName, sources: balancers, inners: [vip] });
decapsulator.on('error', (error) => console.error(error.message));

const server = createServer((request, response) => {
  response.end(`${request.method} ${request.url} from ${request.socket.remoteAddress}, through a tunnel\n`);
});
server.listen(Number(port), vip, () => console.log(`serving ${vip} port ${port} behind ${decapsulator.status().tun}`));

/** Counters of outer packets that are not 0. */
function counts() {
  return Object.entries(decapsulator.stats().verdicts).filter(([, count]) => count > 0);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    console.log(
      counts()
        .map(([verdict, count]) => `${verdict} ${count}`)
        .join(', '),
    );
    server.close();
    server.closeAllConnections();
    await decapsulator.close();
  });
}
