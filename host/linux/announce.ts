// host/linux/announce.ts: tells the link, unasked, that VIPs are at our MAC address now: after a start or a takeover,
// neighbours still have the old one and would send there until their entries age.

import { setTimeout as sleep } from 'node:timers/promises';
import { macBytes } from '../mac.js';
import { addressBytes } from './address.js';
import { type PacketInterface, sendFrames } from './packetSocket.js';

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERNET_BYTES = 14;
const ARP_BYTES = 28;
const IPV6_BYTES = 40;
const ADVERTISEMENT_BYTES = 32;
const PROTOCOL_ICMPV6 = 58;

const BROADCAST = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
// RFC 2464, section 7: 33:33 and the last four bytes of the group.
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
const ALL_NODES = addressBytes('ff02::1');

/** Who says it, and how often. */
interface Announcement extends PacketInterface {
  /** MAC address of the interface, which the VIPs are announced to be at. */
  readonly mac: string;
  /** VIP addresses, IPv4 and IPv6. Prefixes are left out: an advertisement names one address, and who asks is answered. */
  readonly vips: Iterable<string>;
  /** How many times. Default 3 (RFC 4861, MAX_NEIGHBOR_ADVERTISEMENT; RFC 5227 wants 2). */
  readonly count?: number;
  /** Between two of them. Default 1000 (RFC 4861, RetransTimer). */
  readonly intervalMs?: number;
  /** Ends it early, without an error. */
  readonly signal?: AbortSignal;
}

/**
 * Announces VIPs on one interface. Resolves when the last announcement is sent; the first one is sent at once.
 * Does not keep the process alive.
 * @throws MaglevError ERR_OPTION for what is not an address; ERR_SYSCALL
 */
export async function announceVips(announcement: Announcement): Promise<void> {
  const { mac, vips, count = 3, intervalMs = 1000, signal } = announcement;
  const frames = [...vips].filter((vip) => !vip.includes('/')).map((vip) => announcementFrame(mac, vip));
  for (let i = 0; i < count && frames.length > 0 && !signal?.aborted; i++) {
    if (i > 0 && !(await waited(intervalMs, signal))) return;
    sendFrames(announcement, frames);
  }
}

/** False when the signal came first. */
async function waited(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(ms, undefined, { ref: false, ...(signal && { signal }) });
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** The frame that announces `vip` at `mac`: gratuitous ARP for IPv4, a neighbour advertisement for IPv6. */
export function announcementFrame(mac: string, vip: string): Uint8Array {
  const address = addressBytes(vip);
  return address.length === 4 ? gratuitousArp(macBytes(mac), address) : neighbourAdvertisement(macBytes(mac), address);
}

/**
 * RFC 5227, section 2.3: an ARP request for our own address from our own address, to everybody.
 *
 *   |    Hardware type: Ethernet    |      Protocol type: IPv4      |  0
 *   | HW len: 6     | Proto len: 4  |      Operation: request       |  4
 *   |       Sender MAC (6 bytes), then sender address (4)           |  8, 14
 *   |       Target MAC (6 bytes, zero), then target address (4)     |  18, 24
 */
function gratuitousArp(mac: Uint8Array, address: Uint8Array): Uint8Array {
  const frame = ethernet(BROADCAST, mac, ETHERTYPE_ARP, ARP_BYTES);
  const arp = frame.subarray(ETHERNET_BYTES);
  arp.set([0, 1, ETHERTYPE_IPV4 >> 8, ETHERTYPE_IPV4 & 0xff, 6, 4, 0, 1]);
  arp.set(mac, 8);
  arp.set(address, 14);
  arp.set(address, 24);
  return frame;
}

/**
 * RFC 4861, section 4.4: a neighbour advertisement nobody asked for, from the VIP to all nodes.
 *
 *   |   Type: 136   |    Code: 0    |           Checksum            |  0
 *   |R|S|O|                     Reserved                            |  4, O: replaces what a neighbour has
 *   |                  Target address (16 bytes)                    |  8
 *   | Option: 2     | Length: 1 * 8 |  Target MAC (6 bytes)         |  24
 */
function neighbourAdvertisement(mac: Uint8Array, address: Uint8Array): Uint8Array {
  const frame = ethernet(ALL_NODES_MAC, mac, ETHERTYPE_IPV6, IPV6_BYTES + ADVERTISEMENT_BYTES);
  const ipv6 = frame.subarray(ETHERNET_BYTES);
  ipv6[0] = 0x60;
  ipv6[5] = ADVERTISEMENT_BYTES;
  ipv6[6] = PROTOCOL_ICMPV6;
  ipv6[7] = 255; // hop limit; RFC 4861, 7.1.2: any other is not from this link, and ignored
  ipv6.set(address, 8);
  ipv6.set(ALL_NODES, 24);
  const icmp = ipv6.subarray(IPV6_BYTES);
  icmp[0] = 136;
  icmp[4] = 0x20;
  icmp.set(address, 8);
  icmp.set([2, 1], 24);
  icmp.set(mac, 26);
  const checksum = icmpv6Checksum(ipv6);
  icmp.set([checksum >> 8, checksum & 0xff], 2);
  return frame;
}

function ethernet(to: Uint8Array, from: Uint8Array, etherType: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES + payloadBytes);
  frame.set(to, 0);
  frame.set(from, 6);
  frame.set([etherType >> 8, etherType & 0xff], 12);
  return frame;
}

/** RFC 8200, section 8.1: over both addresses, the length and the next header, then the message; its checksum still 0. */
function icmpv6Checksum(ipv6: Uint8Array): number {
  let sum = ipv6.length - IPV6_BYTES + PROTOCOL_ICMPV6;
  for (let i = 8; i < ipv6.length; i += 2) sum += ((ipv6[i] ?? 0) << 8) | (ipv6[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
