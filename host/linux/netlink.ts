// host/linux/netlink.ts: what the kernel knows about interfaces, addresses, routes and neighbours: asked, and followed.
// /sys/class/net would show another network namespace than ours after unshare(1); netlink cannot.

import { addressBytes } from './address.js';
import {
  addressRequest,
  dummyAddressRequest,
  type HostAddress,
  parseAddress,
  RTM_GETADDR,
  RTM_NEWADDR,
} from './addresses.js';
import { type Link, linkRequest, parseLink, RTM_GETLINK, RTM_SETLINK, tunRequests, upRequest } from './links.js';
import {
  type Neighbour,
  neighbourRequest,
  parseNeighbour,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
  solicitRequest,
} from './neighbours.js';
import { NetlinkSocket } from './netlinkSocket.js';
import { type NetlinkListener, watchNetlink } from './netlinkWatch.js';
import { NLM_F_CREATE } from './netlinkWire.js';
import type { Readable } from './readable.js';
import { parseRoute, type Route, RTM_GETROUTE, routeRequest } from './route.js';

/** rtnetlink(7) of the network namespace it was opened in. Calls are synchronous and take microseconds. */
export interface Netlink {
  /** All interfaces. */
  links(): Link[];
  /** All addresses of this host. */
  addresses(): HostAddress[];
  /** The ways to addresses, in their order; undefined where there is none. */
  routes(addresses: readonly string[]): (Route | undefined)[];
  /** An entry of the neighbour table; undefined when there is none. */
  neighbour(ifindex: number, address: string): Neighbour | undefined;
  /**
   * Makes the kernel use a neighbour as a packet to it would: a missing or failed entry is asked for, a stale one
   * checked, and none in use is forgotten. The answer comes as an event of watch().
   */
  solicit(ifindex: number, address: string): void;
  /** Gives a TUN device of ours its MTU, loose reverse-path filtering (with the address that needs) and no link-local address; up. */
  raiseTun(ifindex: number, mtu: number): void;
  /** Follows changes, on the main thread, until the handle is closed. */
  watch(listener: NetlinkListener): Readable;
  /** Closes the socket for questions; watches end by their own handles. Calling it twice is harmless. */
  close(): void;
}

/** Opens rtnetlink. Every call may throw MaglevError ERR_SYSCALL; asking needs no rights, solicit() CAP_NET_ADMIN. */
export function openNetlink(): Netlink {
  const socket = new NetlinkSocket();
  return {
    links: () => socket.dump({ type: RTM_GETLINK, ...linkRequest() }, 'interfaces', parseLink),
    addresses: () => socket.dump({ type: RTM_GETADDR, fixed: addressRequest() }, 'addresses', parseAddress),
    routes: (addresses) => askRoutes(socket, addresses),
    neighbour: (ifindex, address) => {
      const request = { type: RTM_GETNEIGH, ...neighbourRequest(ifindex, addressBytes(address)) };
      const answer = socket.ask(request, `neighbour ${address}`, ['ENOENT', 'ENODEV']);
      return answer && parseNeighbour(answer);
    },
    solicit: (ifindex, address) => {
      const request = solicitRequest(ifindex, addressBytes(address));
      socket.ask({ type: RTM_NEWNEIGH, flags: NLM_F_CREATE, ...request }, `neighbour ${address}`);
    },
    raiseTun: (ifindex, mtu) => raiseTun(socket, ifindex, mtu),
    watch: watchNetlink,
    close: () => socket.close(),
  };
}

function raiseTun(socket: NetlinkSocket, ifindex: number, mtu: number): void {
  const on = `interface ${ifindex}`;
  // A kernel without IPv6, or with it switched off, knows no address generation; then nothing is generated.
  const absent = ['EAFNOSUPPORT', 'EOPNOTSUPP'];
  for (const request of tunRequests(ifindex, mtu)) socket.ask({ type: RTM_SETLINK, ...request }, on, absent);
  socket.ask({ type: RTM_NEWADDR, flags: NLM_F_CREATE, ...dummyAddressRequest(ifindex) }, on);
  socket.ask({ type: RTM_SETLINK, ...upRequest(ifindex) }, on);
}

function askRoutes(socket: NetlinkSocket, addresses: readonly string[]): (Route | undefined)[] {
  // IPv4 says "unreachable" by an errno: that of the route (ip route add unreachable, prohibit, blackhole) or of none.
  const absent = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL'];
  const questions = addresses.map((address) => {
    const request = { type: RTM_GETROUTE, ...routeRequest(addressBytes(address)) };
    return { request, on: `route to ${address}` };
  });
  return socket.askAll(questions, absent, parseRoute);
}
