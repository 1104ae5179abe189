// host/demo/lab/topology.ts: the two networks that demo and live tests run on. In both the answers miss the balancer.
//
//   one-armed   client ---+--- balancer         one segment: the balancer sends a frame out of the port it came from,
//                         +--- backend1..N      the backend answers straight to the client
//
//   two-armed   client ---+--- balancer ---+--- backend1..N      two segments: requests cross the balancer,
//                         +---- router ----+                     answers go back through the router
//
// IPv4: clients' segment 10.0.0.0/24, backends' 10.0.1.0/24. IPv6: 2001:db8::/64 and 2001:db8:0:1::/64.
// The VIP is in the clients' segment, so whoever answers ARP for it (the balancer, with `announce: arp`) gets its frames.
import type { Lab } from './lab.js';
import type { LabHost } from './labHost.js';

/** Version of the Internet Protocol that a topology speaks. */
export type Family = 4 | 6;

/** What a topology is made of. */
export interface TopologyOptions {
  family: Family;
  /** 1..50. */
  backendCount: number;
  /** Addresses the client can call from, 1..50. Default 1. */
  clientAddressCount?: number;
  /** Bytes, default 1500. */
  mtu?: number;
}

/** A backend: the host `backend1` and so on, with the VIP on its loopback. */
export interface LabBackend {
  name: string;
  host: LabHost;
  /** Its own address, by which the balancer reaches it; clients can too, for comparison. */
  address: string;
}

/** A network that is up; `lab.close()` ends it. */
export interface Topology {
  lab: Lab;
  family: Family;
  vip: string;
  client: LabHost;
  clientAddresses: string[];
  balancer: LabHost;
  /** The balancer's interfaces: one, or clients' side and backends' side. */
  balancerLinks: string[];
  /** Its address on the clients' side. */
  balancerAddress: string;
  backends: LabBackend[];
  /** In the two-armed network: what the answers go through. */
  router?: LabHost;
}

const CLIENT_SEGMENT = 'clients';
const BACKEND_SEGMENT = 'backends';
const BALANCER_HOST = 2;
const BACKEND_HOST = 11; // .11 is backend1
const VIP_HOST = 80;
const CLIENT_HOST = 101;
const ROUTER_HOST = 254;

/** A backend that has the VIP must neither answer who asks for it nor name it when it asks itself. */
const BACKEND_SYSCTLS = {
  // ip-sysctl: "1 - reply only if the target IP address is local address configured on the incoming interface": not for lo
  'net/ipv4/conf/all/arp_ignore': 1,
  // ip-sysctl: "2 - Always use the best local address for this target": never the VIP as sender of a request
  'net/ipv4/conf/all/arp_announce': 2,
};

/** Address of host number `number` in segment 0 (clients) or 1 (backends), as the kernel writes it. */
function addressOf(family: Family, segment: 0 | 1, number: number): string {
  if (family === 4) return `10.0.${segment}.${number}`;
  return segment === 0 ? `2001:db8::${number}` : `2001:db8:0:1::${number}`;
}

function withPrefix(family: Family, address: string): string {
  return `${address}/${family === 4 ? 24 : 64}`;
}

/** Puts the VIP on a host's loopback, with the sysctls that keep it silent there. */
export async function holdVip(host: LabHost, vip: string): Promise<void> {
  await host.sysctl(BACKEND_SYSCTLS);
  await host.addAddress('lo', `${vip}/${vip.includes(':') ? 128 : 32}`);
}

function clientAddresses({ family, clientAddressCount = 1 }: TopologyOptions): string[] {
  return Array.from({ length: clientAddressCount }, (_, index) => addressOf(family, 0, CLIENT_HOST + index));
}

async function addClient(lab: Lab, options: TopologyOptions): Promise<LabHost> {
  const client = await lab.addHost('client');
  const addresses = clientAddresses(options).map((address) => withPrefix(options.family, address));
  await lab.connect(client, CLIENT_SEGMENT, { addresses, ...mtuOf(options) });
  return client;
}

async function addBackends(lab: Lab, options: TopologyOptions, segment: 0 | 1): Promise<LabBackend[]> {
  const vip = addressOf(options.family, 0, VIP_HOST);
  const names = Array.from({ length: options.backendCount }, (_, index) => `backend${index + 1}`);
  const backends: LabBackend[] = [];
  for (const [index, name] of names.entries()) {
    const host = await lab.addHost(name);
    const address = addressOf(options.family, segment, BACKEND_HOST + index);
    const addresses = [withPrefix(options.family, address)];
    await lab.connect(host, segment === 0 ? CLIENT_SEGMENT : BACKEND_SEGMENT, { addresses, ...mtuOf(options) });
    await holdVip(host, vip);
    backends.push({ name, host, address });
  }
  return backends;
}

function mtuOf({ mtu }: TopologyOptions): { mtu?: number } {
  return mtu === undefined ? {} : { mtu };
}

/** Builds the one-armed network: everybody on one segment. */
export async function oneArmed(lab: Lab, options: TopologyOptions): Promise<Topology> {
  const { family } = options;
  await lab.addSegment(CLIENT_SEGMENT);
  const client = await addClient(lab, options);
  const balancer = await lab.addHost('balancer');
  const balancerAddress = addressOf(family, 0, BALANCER_HOST);
  const link = await lab.connect(balancer, CLIENT_SEGMENT, {
    addresses: [withPrefix(family, balancerAddress)],
    ...mtuOf(options),
  });
  return {
    lab,
    family,
    vip: addressOf(family, 0, VIP_HOST),
    client,
    clientAddresses: clientAddresses(options),
    balancer,
    balancerLinks: [link],
    balancerAddress,
    backends: await addBackends(lab, options, 0),
  };
}

/** Builds the two-armed network: clients and backends on a segment each, answers through the router between them. */
export async function twoArmed(lab: Lab, options: TopologyOptions): Promise<Topology> {
  const { family } = options;
  await lab.addSegment(CLIENT_SEGMENT);
  await lab.addSegment(BACKEND_SEGMENT);
  const client = await addClient(lab, options);
  const balancer = await addBetween(lab, 'balancer', BALANCER_HOST, options);
  const router = await addBetween(lab, 'router', ROUTER_HOST, options);
  await router.sysctl({ 'net/ipv4/ip_forward': 1, 'net/ipv6/conf/all/forwarding': 1 });
  const backends = await addBackends(lab, options, 1);
  const toBackends = family === 4 ? '10.0.1.0/24' : '2001:db8:0:1::/64';
  await client.ip(`route add ${toBackends} via ${addressOf(family, 0, ROUTER_HOST)}`);
  for (const { host } of backends) await host.ip(`route add default via ${addressOf(family, 1, ROUTER_HOST)}`);
  return {
    lab,
    family,
    vip: addressOf(family, 0, VIP_HOST),
    client,
    clientAddresses: clientAddresses(options),
    balancer,
    balancerLinks: ['eth0', 'eth1'],
    balancerAddress: addressOf(family, 0, BALANCER_HOST),
    backends,
    router,
  };
}

/** Adds a host with eth0 on the clients' segment and eth1 on the backends'. */
async function addBetween(lab: Lab, name: string, number: number, options: TopologyOptions): Promise<LabHost> {
  const host = await lab.addHost(name);
  for (const [segment, segmentName] of [CLIENT_SEGMENT, BACKEND_SEGMENT].entries()) {
    const address = addressOf(options.family, segment === 0 ? 0 : 1, number);
    await lab.connect(host, segmentName, { addresses: [withPrefix(options.family, address)], ...mtuOf(options) });
  }
  return host;
}
