// test/live/support/frames.ts: frames built by hand, for what no ordinary client sends. Checksums as RFC 1071 says.
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { LabProgram } from '../../../host/demo/lab/program.js';
import { addressBytes } from '../../../host/linux/index.js';
import { macBytes } from '../../../host/mac.js';
import type { SendFramesConfig, SendFramesReport } from '../programs/sendFrames.js';

const SCRIPT = new URL('../programs/sendFrames.js', import.meta.url);
const SENT_TIMEOUT_MS = 30_000;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const PROTOCOL_UDP = 17;
const HOP_LIMIT = 64;

/** Who sends to whom. */
export interface Ends {
  sourceMac: string;
  destinationMac: string;
  source: string;
  destination: string;
  /** 802.1Q tag, TCI: priority, DEI and VLAN number. */
  vlanTci?: number;
}

/** A frame with an IP packet of that protocol, IPv4 or IPv6 as the addresses are. */
export function ipFrame(ends: Ends, protocol: number, payload: Uint8Array): Uint8Array {
  const source = addressBytes(ends.source);
  const destination = addressBytes(ends.destination);
  const isV6 = source.length === 16;
  const header = isV6 ? ipv6Header(protocol, payload.length) : ipv4Header(protocol, payload.length);
  header.set(source, isV6 ? 8 : 12);
  header.set(destination, isV6 ? 24 : 16);
  if (!isV6) header.set(bigEndian(checksum(header)), 10);
  const tag = ends.vlanTci === undefined ? [] : [...bigEndian(ETHERTYPE_VLAN), ...bigEndian(ends.vlanTci)];
  const etherType = bigEndian(isV6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
  const macs = [...macBytes(ends.destinationMac), ...macBytes(ends.sourceMac)];
  return Uint8Array.from([...macs, ...tag, ...etherType, ...header, ...payload]);
}

/** A UDP datagram in a frame. */
export function udpFrame(ends: Ends, sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const bytes = 8 + data.length;
  const head = [...bigEndian(sourcePort), ...bigEndian(destinationPort), ...bigEndian(bytes), 0, 0];
  const datagram = Uint8Array.from([...head, ...data]);
  // RFC 768: a sum of zero is sent as all ones.
  datagram.set(bigEndian(checksum(pseudoHeader(ends, PROTOCOL_UDP, bytes), datagram) || 0xffff), 6);
  return ipFrame(ends, PROTOCOL_UDP, datagram);
}

/** An echo request, ICMP or ICMPv6 as the addresses are. */
export function pingFrame(ends: Ends, sequence: number): Uint8Array {
  const isV6 = ends.source.includes(':');
  const message = Uint8Array.from([isV6 ? 128 : 8, 0, 0, 0, 0x12, 0x34, ...bigEndian(sequence), 1, 2, 3, 4]);
  const protocol = isV6 ? 58 : 1;
  // RFC 4443, section 2.3: over a pseudo-header, too; RFC 792: over the message alone.
  const pseudo = isV6 ? pseudoHeader(ends, protocol, message.length) : new Uint8Array(0);
  message.set(bigEndian(checksum(pseudo, message)), 2);
  return ipFrame(ends, protocol, message);
}

/** Sends frames from an interface of a host, all of them `times` times; resolves when they are sent. */
export async function sendFrames(
  host: LabHost,
  frames: readonly Uint8Array[],
  { link = 'eth0', times = 1 } = {},
): Promise<void> {
  const config: SendFramesConfig = {
    link,
    frames: frames.map((frame) => Buffer.from(frame).toString('base64')),
    times,
  };
  const program = new LabProgram<never, SendFramesReport>(host, SCRIPT, config, () => undefined);
  await program.first('done', SENT_TIMEOUT_MS);
}

function ipv4Header(protocol: number, payloadBytes: number): Uint8Array {
  const dontFragment = 0x40;
  return Uint8Array.from([
    ...[0x45, 0, ...bigEndian(20 + payloadBytes)],
    ...[0, 0, dontFragment, 0, HOP_LIMIT, protocol, 0, 0],
    ...new Array<number>(8).fill(0),
  ]);
}

function ipv6Header(protocol: number, payloadBytes: number): Uint8Array {
  return Uint8Array.from([
    0x60,
    0,
    0,
    0,
    ...bigEndian(payloadBytes),
    protocol,
    HOP_LIMIT,
    ...new Array<number>(32).fill(0),
  ]);
}

/** RFC 768 and RFC 8200, section 8.1: the same sum for both, zeros do not count. */
function pseudoHeader({ source, destination }: Ends, protocol: number, bytes: number): Uint8Array {
  return Uint8Array.from([...addressBytes(source), ...addressBytes(destination), ...bigEndian(bytes), 0, protocol]);
}

/** RFC 1071. */
function checksum(...parts: Uint8Array[]): number {
  const bytes = Buffer.concat([...parts, new Uint8Array(1)]); // a last odd byte has a zero behind it
  let sum = 0;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function bigEndian(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}
