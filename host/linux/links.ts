// host/linux/links.ts: interfaces, as rtnetlink(7) tells of them.
//
//   struct ifinfomsg:  family u8 at 0 | ARPHRD_ type u16 at 2 | index i32 at 4 | IFF_ flags u32 at 8 | change u32 at 12

import { macText } from './address.js';
import { AF_INET, AF_INET6 } from './libc.js';
import {
  type Attribute,
  decodeAttributes,
  type Message,
  nested,
  textOf,
  u32Bytes,
  u32Of,
  viewOf,
} from './netlinkWire.js';

const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;

const IFINFOMSG_BYTES = 16;
const ARPHRD_ETHER = 1;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_AF_SPEC = 26;
const IFLA_INET_CONF = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const ADDR_GEN_MODE_NONE = 1;
const DEVCONF_RP_FILTER = 8; // IPV4_DEVCONF_RP_FILTER of linux/ip.h
const RP_FILTER_LOOSE = 2;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;

/** An interface of this network namespace. */
export interface Link {
  /** 1.. */
  readonly ifindex: number;
  readonly name: string;
  /** Its Ethernet address; undefined when it has none (tun, tunnels). */
  readonly mac: string | undefined;
  /** Largest packet, without the Ethernet header, bytes. */
  readonly mtu: number;
  /** Set up by the administrator (IFF_UP). */
  readonly isUp: boolean;
  /** Up, and it has a carrier: frames get through (IFF_RUNNING). */
  readonly isRunning: boolean;
  readonly isLoopback: boolean;
  /** Frames begin with an Ethernet header. */
  readonly isEthernet: boolean;
  /** `veth`, `bridge`, `vlan`; undefined for hardware. */
  readonly kind: string | undefined;
}

/** The fixed part and attributes of RTM_GETLINK for all interfaces. */
export function linkRequest(): { fixed: Uint8Array; attributes: { type: number; value: Uint8Array }[] } {
  // Counters would double the size of every answer.
  return {
    fixed: new Uint8Array(IFINFOMSG_BYTES),
    attributes: [{ type: IFLA_EXT_MASK, value: u32Bytes(RTEXT_FILTER_SKIP_STATS) }],
  };
}

/**
 * RTM_SETLINK: what an interface of our own is given before it comes up. `mtu` in bytes. Loose reverse-path filtering, as packets out of
 * a tunnel have their way back elsewhere (the larger of this and `all` counts, and loose is larger than strict); and no link-local
 * address, as nobody is at the other end who could be asked by it.
 */
export function tunRequests(ifindex: number, mtu: number): { fixed: Uint8Array; attributes: Attribute[] }[] {
  const rpFilter = nested(
    AF_INET,
    nested(IFLA_INET_CONF, { type: DEVCONF_RP_FILTER, value: u32Bytes(RP_FILTER_LOOSE) }),
  );
  const addresses = nested(AF_INET6, { type: IFLA_INET6_ADDR_GEN_MODE, value: Uint8Array.of(ADDR_GEN_MODE_NONE) });
  return [
    { fixed: ifinfomsg(ifindex, 0), attributes: [{ type: IFLA_MTU, value: u32Bytes(mtu) }] },
    { fixed: ifinfomsg(ifindex, 0), attributes: [nested(IFLA_AF_SPEC, rpFilter)] },
    { fixed: ifinfomsg(ifindex, 0), attributes: [nested(IFLA_AF_SPEC, addresses)] },
  ];
}

/** RTM_SETLINK: up. */
export function upRequest(ifindex: number): { fixed: Uint8Array } {
  return { fixed: ifinfomsg(ifindex, IFF_UP) };
}

function ifinfomsg(ifindex: number, flags: number): Uint8Array {
  const fixed = new Uint8Array(IFINFOMSG_BYTES);
  const view = viewOf(fixed);
  view.setInt32(4, ifindex, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, flags, true); // change: only these
  return fixed;
}

/** Reads RTM_NEWLINK or RTM_DELLINK; undefined when it is something else, or about something else. */
export function parseLink({ type, body }: Message): Link | undefined {
  if ((type !== RTM_NEWLINK && type !== RTM_DELLINK) || body.length < IFINFOMSG_BYTES) return undefined;
  // AF_BRIDGE and others send the same types: DELLINK of family AF_BRIDGE is a port leaving its bridge, still there.
  if (body[0] !== 0) return undefined;
  const view = viewOf(body);
  const flags = view.getUint32(8, true);
  const attributes = decodeAttributes(body, IFINFOMSG_BYTES);
  const name = textOf(attributes.get(IFLA_IFNAME));
  const mtu = u32Of(attributes.get(IFLA_MTU));
  if (name === undefined || mtu === undefined) return undefined;
  const info = attributes.get(IFLA_LINKINFO);
  return {
    ifindex: view.getInt32(4, true),
    name,
    mac: macText(attributes.get(IFLA_ADDRESS) ?? new Uint8Array()),
    mtu,
    isUp: (flags & IFF_UP) !== 0,
    isRunning: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    isEthernet: view.getUint16(2, true) === ARPHRD_ETHER,
    kind: info === undefined ? undefined : textOf(decodeAttributes(info).get(IFLA_INFO_KIND)),
  };
}
