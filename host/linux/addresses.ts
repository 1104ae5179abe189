// host/linux/addresses.ts: the host's own addresses. A VIP that is one of them is refused, unless it is on loopback.
//
//   struct ifaddrmsg:  family u8 at 0 | prefix length u8 at 1 | flags u8 at 2 | scope u8 at 3 | index u32 at 4

import { addressText } from './address.js';
import { AF_INET } from './libc.js';
import { type Attribute, addressOf, decodeAttributes, type Message, viewOf } from './netlinkWire.js';

export const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

const IFADDRMSG_BYTES = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RT_SCOPE_HOST = 254;
const DUMMY_ADDRESS = Uint8Array.of(192, 0, 0, 8);

/** An address of this host. */
export interface HostAddress {
  /** Interface it is on. */
  readonly ifindex: number;
  /** IPv4, or IPv6 as RFC 5952 writes it. */
  readonly address: string;
  /** Length of the network prefix, 0..32 or 0..128. */
  readonly prefixBits: number;
}

/** The fixed part of RTM_GETADDR for all addresses of both families. */
export function addressRequest(): Uint8Array {
  return new Uint8Array(IFADDRMSG_BYTES);
}

/**
 * RTM_NEWADDR: an IPv4 address for an interface that needs one and has none of its own: without any, loose reverse-path filtering
 * (ip-sysctl, rp_filter 2) drops all that comes in by it. 192.0.0.8 is IANA's dummy (RFC 7600), and of scope host it is never chosen as a
 * source.
 */
export function dummyAddressRequest(ifindex: number): { fixed: Uint8Array; attributes: Attribute[] } {
  const fixed = new Uint8Array(IFADDRMSG_BYTES);
  fixed.set([AF_INET, DUMMY_ADDRESS.length * 8, 0, RT_SCOPE_HOST]);
  viewOf(fixed).setUint32(4, ifindex, true);
  return {
    fixed,
    attributes: [
      { type: IFA_LOCAL, value: DUMMY_ADDRESS },
      { type: IFA_ADDRESS, value: DUMMY_ADDRESS },
    ],
  };
}

/** Reads RTM_NEWADDR or RTM_DELADDR; undefined when it is something else. */
export function parseAddress({ type, body }: Message): HostAddress | undefined {
  if ((type !== RTM_NEWADDR && type !== RTM_DELADDR) || body.length < IFADDRMSG_BYTES) return undefined;
  const attributes = decodeAttributes(body, IFADDRMSG_BYTES);
  // On point-to-point interfaces IFA_ADDRESS is the other end; IFA_LOCAL, where there is one, is ours.
  const bytes = addressOf(attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS));
  if (bytes === undefined) return undefined;
  return { ifindex: viewOf(body).getUint32(4, true), address: addressText(bytes), prefixBits: body[1] ?? 0 };
}
