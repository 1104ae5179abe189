// host/linux/neighbours.ts: the kernel's table of who has which MAC address, for IPv4 (ARP) and IPv6 (NDP) alike.
//
//   struct ndmsg:  family u8 at 0 | index i32 at 4 | NUD_ state u16 at 8 | NTF_ flags u8 at 10 | type u8 at 11

import { addressFamily, addressText, macText } from './address.js';
import { AF_INET, AF_INET6 } from './libc.js';
import { type Attribute, addressOf, decodeAttributes, type Message, viewOf } from './netlinkWire.js';

export const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;

const NDMSG_BYTES = 12;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NTF_USE = 0x01;

const NUD_REACHABLE = 0x02;
const NUD_STALE = 0x04;
const NUD_DELAY = 0x08;
const NUD_PROBE = 0x10;
const NUD_FAILED = 0x20;
const NUD_NOARP = 0x40;
const NUD_PERMANENT = 0x80;
/** States in which the kernel itself would send to the address it has (NUD_VALID in net/neighbour.h). */
const NUD_VALID = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

/** An entry of the neighbour table. */
export interface Neighbour {
  readonly ifindex: number;
  readonly address: string;
  /** MAC address to send to; undefined while it is being asked for, after nobody answered, and where there is none. */
  readonly mac: string | undefined;
  /** Asked for, and nobody answered. */
  readonly isFailed: boolean;
  /** The entry is gone from the table. */
  readonly isRemoved: boolean;
  /** Set by the administrator, or needing no resolution: never asked for. */
  readonly isPermanent: boolean;
}

/** The fixed part and attributes of RTM_GETNEIGH for one entry. */
export function neighbourRequest(ifindex: number, address: Uint8Array): { fixed: Uint8Array; attributes: Attribute[] } {
  const fixed = new Uint8Array(NDMSG_BYTES);
  fixed[0] = addressFamily(address);
  viewOf(fixed).setInt32(4, ifindex, true);
  return { fixed, attributes: [{ type: NDA_DST, value: address }] };
}

/** The same for RTM_NEWNEIGH that makes the kernel use the entry as a packet would: it asks for a missing address, checks a stale one. */
export function solicitRequest(ifindex: number, address: Uint8Array): ReturnType<typeof neighbourRequest> {
  const request = neighbourRequest(ifindex, address);
  request.fixed[10] = NTF_USE;
  return request;
}

/** Reads RTM_NEWNEIGH or RTM_DELNEIGH; undefined when it is something else, or a bridge's forwarding entry. */
export function parseNeighbour({ type, body }: Message): Neighbour | undefined {
  if ((type !== RTM_NEWNEIGH && type !== RTM_DELNEIGH) || body.length < NDMSG_BYTES) return undefined;
  if (body[0] !== AF_INET && body[0] !== AF_INET6) return undefined;
  const attributes = decodeAttributes(body, NDMSG_BYTES);
  const address = addressOf(attributes.get(NDA_DST));
  if (address === undefined) return undefined;
  const view = viewOf(body);
  const state = view.getUint16(8, true);
  const isValid = type === RTM_NEWNEIGH && (state & NUD_VALID) !== 0;
  return {
    ifindex: view.getInt32(4, true),
    address: addressText(address),
    mac: isValid ? macText(attributes.get(NDA_LLADDR) ?? new Uint8Array()) : undefined,
    isFailed: (state & NUD_FAILED) !== 0,
    isRemoved: type === RTM_DELNEIGH,
    isPermanent: (state & (NUD_PERMANENT | NUD_NOARP)) !== 0,
  };
}
