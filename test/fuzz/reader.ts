// test/fuzz/reader.ts: reads a frame again, from the RFCs and not from the hot path, so that its verdict can be judged.
import type { Input } from './input.js';
import { findIpv4, findIpv6 } from './places.js';

export const RUNT = 0;
export const ARP = 1;
export const IPV4 = 2;
export const IPV6 = 3;
/** Another ethertype, or two tags. */
export const OTHER = 4;

export const WHOLE = 0;
export const FIRST_FRAGMENT = 1;
const LATER_FRAGMENT = 2;

const HOP_BY_HOP = 0;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const AUTHENTICATION = 51;
const ROUTING = 43;
const FRAGMENT = 44;
const SCTP = 132;
const DESTINATION_OPTIONS = 60;

/** What the bytes of one frame say. The numbers hold until the next read(). */
export class Reader {
  kind = RUNT;
  /** 0 no tag, 1 one beside the frame, 2 one in the frame, 3 both. */
  tags = 0;
  /** Where the IP packet begins and how long it says it is; of other kinds, all that is there. */
  packet = 0;
  total = 0;
  /** Some header is not all there, or what it describes is not. */
  isShort = false;
  /** Some header contradicts itself. */
  isBad = false;
  /** The destination address can be read. */
  hasAddress = false;
  /** Where in PLACES the destination is (of ARP: what is asked for), the closest first: the first `placeCount` of these. */
  readonly places: number[] = [];
  placeCount = 0;
  ttl = 0;
  /** IPv4 options or IPv6 extension headers. */
  hasExtras = false;
  fragment = WHOLE;
  protocol = 0;
  transport = 0;
  /** 0 where there are none. */
  destinationPort = 0;
  isSyn = false;

  /** The destination is an address of some VIP, or lies in its prefix. */
  get isOurs(): boolean {
    return this.placeCount > 0;
  }

  read(input: Input): void {
    this.isShort = this.isBad = this.hasAddress = this.hasExtras = this.isSyn = false;
    this.placeCount = 0;
    this.fragment = WHOLE;
    this.ttl = this.protocol = this.transport = this.destinationPort = this.total = 0;
    this.tags = input.hasVlan ? 1 : 0;
    const length = input.held;
    this.packet = 14;
    this.kind = RUNT;
    if (length < 14) return;
    let type = input.view.getUint16(12);
    if (type === 0x8100) {
      this.tags += 2;
      this.packet = 18;
      if (length < 18) return;
      type = input.view.getUint16(16);
    }
    this.total = length - this.packet;
    this.kind =
      this.tags === 3 ? OTHER : type === 0x0800 ? IPV4 : type === 0x86dd ? IPV6 : type === 0x0806 ? ARP : OTHER;
    if (this.kind === IPV4) this.readIpv4(input, length);
    else if (this.kind === IPV6) this.readIpv6(input, length);
    else if (this.kind === ARP) this.readArp(input);
  }

  /** A whole request for IPv4 over Ethernet (RFC 826) has a destination, which is what it asks for. */
  private readArp({ view }: Input): void {
    const at = this.packet;
    if (this.total < 28 || view.getUint32(at) !== 0x0001_0800 || view.getUint32(at + 4) !== 0x0604_0001) return;
    this.hasAddress = true;
    this.placeCount = findIpv4(view, at + 24, this.places);
  }

  private readIpv4({ bytes, view }: Input, length: number): void {
    const at = this.packet;
    const left = length - at;
    if (left < 20) {
      this.isShort = true;
      return;
    }
    const header = ((bytes[at] as number) & 15) * 4;
    this.total = view.getUint16(at + 2);
    if ((bytes[at] as number) >> 4 !== 4 || header < 20 || this.total < header) {
      this.isBad = true;
      return;
    }
    this.hasAddress = true;
    this.placeCount = findIpv4(view, at + 16, this.places);
    if (this.total > left) this.isShort = true;
    this.hasExtras = header > 20;
    this.ttl = bytes[at + 8] as number;
    const offset = view.getUint16(at + 6) & 0x3fff;
    if (offset !== 0) this.fragment = (offset & 0x1fff) === 0 ? FIRST_FRAGMENT : LATER_FRAGMENT;
    this.readTransport(view, bytes[at + 9] as number, at + header, at + Math.min(this.total, left));
  }

  private readIpv6({ bytes, view }: Input, length: number): void {
    const at = this.packet;
    const left = length - at;
    if (left < 40) {
      this.isShort = true;
      return;
    }
    if ((bytes[at] as number) >> 4 !== 6) {
      this.isBad = true;
      return;
    }
    this.hasAddress = true;
    this.placeCount = findIpv6(view, at + 24, this.places);
    this.total = 40 + view.getUint16(at + 4);
    if (this.total > left) this.isShort = true;
    this.ttl = bytes[at + 7] as number;
    const end = at + Math.min(this.total, left);
    const type = this.walk(bytes, view, bytes[at + 6] as number, at + 40, end);
    if (type >= 0) this.readTransport(view, type, this.transport, end);
  }

  /** Walks extension headers (RFC 8200, section 4); returns the protocol behind them, -1 when they do not end. */
  private walk(bytes: Uint8Array, view: DataView, first: number, from: number, end: number): number {
    let type = first;
    let at = from;
    while (
      type === HOP_BY_HOP ||
      type === ROUTING ||
      type === FRAGMENT ||
      type === DESTINATION_OPTIONS ||
      type === AUTHENTICATION
    ) {
      this.hasExtras = true;
      const units = bytes[at + 1] ?? 0;
      const size = type === FRAGMENT ? 8 : type === AUTHENTICATION ? Math.max(8, 8 + 4 * units) : 8 + 8 * units;
      if (at + 8 > end || at + size > end) {
        this.isShort = true;
        return -1;
      }
      if (type === FRAGMENT) {
        const word = view.getUint16(at + 2);
        if (word >> 3 !== 0) this.fragment = LATER_FRAGMENT;
        else if (word & 1) this.fragment = FIRST_FRAGMENT;
      }
      type = bytes[at] as number;
      at += size;
      if (this.fragment === LATER_FRAGMENT) break;
    }
    this.transport = at;
    return type;
  }

  private readTransport(view: DataView, protocol: number, at: number, end: number): void {
    this.protocol = protocol;
    this.transport = at;
    if (this.fragment === LATER_FRAGMENT) return;
    const isIcmp = protocol === (this.kind === IPV4 ? ICMP : ICMPV6);
    const needed = protocol === TCP ? 20 : protocol === UDP || isIcmp ? 8 : protocol === SCTP ? 12 : 0;
    if (needed === 0) return;
    if (end - at < needed) {
      this.isShort = true;
      if (end - at < 8) return;
    }
    if (isIcmp) return;
    this.destinationPort = view.getUint16(at + 2);
    if (protocol === UDP) {
      const length = view.getUint16(at + 4);
      if (length < 8) this.isBad = true;
      if (length > end - at && this.fragment === WHOLE) this.isShort = true; // it is that of the whole packet
    }
    if (protocol !== TCP || end - at < 20) return;
    const header = (view.getUint8(at + 12) >> 4) * 4;
    if (header < 20) this.isBad = true;
    if (header > end - at) this.isShort = true;
    this.isSyn = (view.getUint8(at + 13) & 0x12) === 0x02;
  }
}
