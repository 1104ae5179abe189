// bench/frames.ts: frames of random flows to the VIPs of a scene. TCP with ACK set, as most packets are; UDP where a frame is
// too short for TCP over IPv6 (74 bytes).
import { addressBytes } from '../host/membership/address.js';
import { randomSource } from './random.js';
import type { Shape } from './shape.js';

const ETHERNET_BYTES = 14;
const IP_BYTES = { 4: 20, 6: 40 } as const;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const TTL = 64;
const PROTOCOL = { tcp: 6, udp: 17 } as const;
const TCP_ACK = 0x5010; // data offset 5, flag ACK
/** Port of every VIP. */
export const VIP_PORT_NUMBER = 80;

/** Where clients send their frames. */
export const BALANCER_MAC = '02:00:00:00:00:01';
const MACS = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2); // to the balancer, from the router before it

/** Transport protocol of a scene's frames and VIPs. */
export function protocolOf({ family, frameBytes }: Pick<Shape, 'family' | 'frameBytes'>): 'tcp' | 'udp' {
  return frameBytes >= ETHERNET_BYTES + IP_BYTES[family] + TCP_BYTES ? 'tcp' : 'udp';
}

/** Address of VIP `index`, from 0: in the benchmark network (RFC 2544, appendix C.2.2) or the documentation prefix. */
export function vipAddress(family: 4 | 6, index: number): string {
  const number = index + 1;
  return family === 4 ? `198.18.${number >> 8}.${number & 0xff}` : `2001:db8:1::${number.toString(16)}`;
}

/** Makes frames one after the other, each of another random flow. The array is the same every time. */
export function frameSource(shape: Shape): () => Uint8Array {
  const random = randomSource(shape.seed);
  const vips = Array.from({ length: shape.vips }, (_, index) => vipAddressBytes(shape.family, index));
  const frame = new Uint8Array(shape.frameBytes);
  const view = new DataView(frame.buffer);
  const transport = ETHERNET_BYTES + IP_BYTES[shape.family];
  frame.set(MACS);
  if (shape.family === 4) writeIpv4(view, shape);
  else writeIpv6(view, shape);
  const ofFlow = shape.traffic === 'zipf' ? zipfSource(shape, random) : () => random;
  return () => {
    const next = ofFlow();
    const vip = vips[next() % vips.length] as Uint8Array;
    writeAddresses(frame, view, vip, next);
    view.setUint16(transport, 1024 + (next() % 64_512));
    view.setUint16(transport + 2, VIP_PORT_NUMBER);
    return frame;
  };
}

const ZIPF_EXPONENT = 1.1;

/** Draws a flow, the k-th most popular with weight k^-1.1, and gives the random numbers that make it: the same every time. */
function zipfSource({ flows, seed }: Shape, random: () => number): () => () => number {
  const sums = new Float64Array(flows);
  let sum = 0;
  for (let rank = 0; rank < flows; rank++) {
    sum += (rank + 1) ** -ZIPF_EXPONENT;
    sums[rank] = sum;
  }
  return () => {
    const wanted = (random() / 2 ** 32) * sum;
    let [low, high] = [0, flows - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return randomSource(seed + Math.imul(low + 1, 0x9e37_79b1));
  };
}

function vipAddressBytes(family: 4 | 6, index: number): Uint8Array {
  const bytes = addressBytes(vipAddress(family, index));
  return family === 4 ? bytes.subarray(12) : bytes;
}

function writeAddresses(frame: Uint8Array, view: DataView, vip: Uint8Array, random: () => number): void {
  const packet = ETHERNET_BYTES;
  if (vip.length === 4) {
    view.setUint32(packet + 12, random());
    frame.set(vip, packet + 16);
    view.setUint16(packet + 10, 0);
    view.setUint16(packet + 10, internetChecksum(frame.subarray(packet, packet + IP_BYTES[4])));
    return;
  }
  view.setUint32(packet + 8, 0x2001_0db8);
  for (let word = 12; word < 24; word += 4) view.setUint32(packet + word, random());
  frame.set(vip, packet + 24);
}

/** RFC 791, all but addresses and checksum, and the transport header behind it. */
function writeIpv4(view: DataView, shape: Shape): void {
  const packet = ETHERNET_BYTES;
  const bytes = shape.frameBytes - ETHERNET_BYTES;
  view.setUint16(12, 0x0800);
  view.setUint16(packet, 0x4500);
  view.setUint16(packet + 2, bytes);
  view.setUint16(packet + 6, 0x4000); // don't fragment
  view.setUint8(packet + 8, TTL);
  view.setUint8(packet + 9, PROTOCOL[protocolOf(shape)]);
  writeTransport(view, packet + IP_BYTES[4], shape);
}

/** RFC 8200, all but addresses, and the transport header behind it. */
function writeIpv6(view: DataView, shape: Shape): void {
  const packet = ETHERNET_BYTES;
  view.setUint16(12, 0x86dd);
  view.setUint32(packet, 0x6000_0000);
  view.setUint16(packet + 4, shape.frameBytes - ETHERNET_BYTES - IP_BYTES[6]);
  view.setUint8(packet + 6, PROTOCOL[protocolOf(shape)]);
  view.setUint8(packet + 7, TTL);
  writeTransport(view, packet + IP_BYTES[6], shape);
}

/** All but the ports; the checksum stays 0, as nobody on the way looks at it. */
function writeTransport(view: DataView, at: number, shape: Shape): void {
  if (protocolOf(shape) === 'tcp') view.setUint16(at + 12, TCP_ACK);
  else view.setUint16(at + 4, Math.max(UDP_BYTES, shape.frameBytes - at));
}

/** RFC 1071, over whole words. */
function internetChecksum(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += ((header[at] ?? 0) << 8) | (header[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
