// host/linux/route.ts: which way the kernel would send a packet to an address.
//
//   struct rtmsg:  family u8 at 0 | destination prefix length u8 at 1 | source's u8 at 2 | tos u8 at 3 | table u8 at 4 |
//                  protocol u8 at 5 | scope u8 at 6 | RTN_ type u8 at 7 | flags u32 at 8

import { addressFamily, addressText, type Prefix } from './address.js';
import { AF_INET } from './libc.js';
import { type Attribute, addressOf, decodeAttributes, type Message, u32Of } from './netlinkWire.js';

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;

const RTMSG_BYTES = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_VIA = 18; // struct rtvia: family u16, then the address: IPv4 by an IPv6 gateway
const RTAX_MTU = 2;

const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
const KINDS: Readonly<Record<number, Route['kind']>> = { [RTN_UNICAST]: 'unicast', [RTN_LOCAL]: 'local' };

/** The way to one address. */
export interface Route {
  /** `local`: the address is the host's own. `other`: no way to send (blackhole, prohibit), or not to one (multicast). */
  readonly kind: 'unicast' | 'local' | 'other';
  /** Interface the packet leaves by; 0 when there is none. */
  readonly ifindex: number;
  /** Router on the way; undefined when the address is on the link itself. May be IPv6 for an IPv4 address. */
  readonly gateway: string | undefined;
  /** Address the kernel would send from. */
  readonly source: string | undefined;
  /** MTU of the route or of the path, where one is set, bytes; undefined: that of the interface. */
  readonly mtu: number | undefined;
}

/** The fixed part and attributes of RTM_GETROUTE for one address. */
export function routeRequest(address: Uint8Array): { fixed: Uint8Array; attributes: Attribute[] } {
  const fixed = new Uint8Array(RTMSG_BYTES);
  fixed[0] = addressFamily(address);
  fixed[1] = address.length * 8;
  return { fixed, attributes: [{ type: RTA_DST, value: address }] };
}

/** Reads the answer to routeRequest(); undefined when it is something else. */
export function parseRoute({ type, body }: Message): Route | undefined {
  if (type !== RTM_NEWROUTE || body.length < RTMSG_BYTES) return undefined;
  const attributes = decodeAttributes(body, RTMSG_BYTES);
  const gateway = addressOf(attributes.get(RTA_GATEWAY)) ?? addressOf(attributes.get(RTA_VIA)?.subarray(2));
  const source = addressOf(attributes.get(RTA_PREFSRC));
  const metrics = attributes.get(RTA_METRICS);
  return {
    kind: KINDS[body[7] ?? 0] ?? 'other',
    ifindex: u32Of(attributes.get(RTA_OIF)) ?? 0,
    gateway: gateway === undefined ? undefined : addressText(gateway),
    source: source === undefined ? undefined : addressText(source),
    mtu: metrics === undefined ? undefined : u32Of(decodeAttributes(metrics).get(RTAX_MTU)) || undefined,
  };
}

/** The destination a RTM_NEWROUTE or RTM_DELROUTE notice is about; undefined when it is something else. */
export function parseRouteChange({ type, body }: Message): Prefix | undefined {
  if ((type !== RTM_NEWROUTE && type !== RTM_DELROUTE) || body.length < RTMSG_BYTES) return undefined;
  const bits = body[1] ?? 0;
  const anyAddress = new Uint8Array(body[0] === AF_INET ? 4 : 16);
  // No RTA_DST: the default route.
  const bytes = addressOf(decodeAttributes(body, RTMSG_BYTES).get(RTA_DST)) ?? anyAddress;
  return bytes.length === anyAddress.length && bits <= bytes.length * 8 ? { bytes: bytes.slice(), bits } : undefined;
}
