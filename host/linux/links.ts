// host/linux/links.ts: interfaces, as rtnetlink(7) tells of them.
//
//   struct ifinfomsg:  family u8 at 0 | ARPHRD_ type u16 at 2 | index i32 at 4 | IFF_ flags u32 at 8 | change u32 at 12

import { macText } from './address.js';
import { decodeAttributes, type Message, textOf, u32Bytes, u32Of, viewOf } from './netlinkWire.js';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;

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
