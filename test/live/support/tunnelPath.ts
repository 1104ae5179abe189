// test/live/support/tunnelPath.ts: what tunnels need of the one-armed network: addresses of the outer family, and room.
import type { LabBackend, Topology } from '../../../host/demo/lab/topology.js';

const MTU = 1500;

/** Addresses of the other family on the segment, where the tunnel is of that: the balancer's and the backend's. */
export async function addressOfOuter(
  { family, balancer, balancerAddress }: Topology,
  backend: LabBackend,
  outer: 4 | 6,
): Promise<{ balancer: string; backend: string }> {
  if (outer === family) return { balancer: balancerAddress, backend: backend.address };
  const of = (number: number): string => (outer === 4 ? `10.9.0.${number}` : `2001:db8:9::${number}`);
  const bits = outer === 4 ? 24 : 64;
  await balancer.addAddress('eth0', `${of(2)}/${bits}`);
  await backend.host.addAddress('eth0', `${of(11)}/${bits}`);
  return { balancer: of(2), backend: of(11) };
}

/** docs/BACKENDS.md: the backend names a segment size that leaves room for the outer headers. */
export async function leaveRoom(
  { family, clientAddresses }: Topology,
  { host, address }: LabBackend,
  outerBytes: number,
): Promise<void> {
  const segmentBytes = MTU - outerBytes - (family === 4 ? 40 : 60);
  const bits = family === 4 ? 32 : 128;
  await host.ip(`route add ${clientAddresses[0]}/${bits} dev eth0 src ${address} advmss ${segmentBytes}`);
}
