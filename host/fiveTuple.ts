// host/fiveTuple.ts: the shortest frame of a flow, for who knows a flow and has no frame of it.

import { optionError } from './errors.js';
import { addressBytes } from './membership/address.js';

/** A flow: who sends what to whom. */
export interface FiveTuple {
  /** Client, IPv4 or IPv6, of the same family as `destination`. */
  source: string;
  /** The VIP. */
  destination: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  /** 0..65535 */
  sourcePort: number;
  /** 0..65535 */
  destinationPort: number;
  /** The first packet of a TCP connection. Default false: one of its middle. */
  isSyn?: boolean;
}

const NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const; // IANA
const TRANSPORT_BYTES = { tcp: 20, udp: 8, sctp: 16 } as const;

/** An Ethernet frame of the flow without payload; transport checksums are left 0. Throws ERR_OPTION naming the field. */
export function frameOfFlow(flow: FiveTuple): Uint8Array {
  const [source, destination] = [readAddress('source', flow.source), readAddress('destination', flow.destination)];
  if (source.length !== destination.length)
    throw optionError('source', flow.source, `must be of the family of ${flow.destination}`);
  if (!(flow.protocol in NUMBERS)) throw optionError('protocol', flow.protocol, 'must be tcp, udp or sctp');
  const isV6 = source.length === 16;
  const transport = isV6 ? 54 : 34;
  const frame = new Uint8Array(transport + TRANSPORT_BYTES[flow.protocol]);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
  view.setUint16(12, isV6 ? 0x86dd : 0x0800);
  if (isV6) writeIpv6(view, NUMBERS[flow.protocol]);
  else writeIpv4(view, NUMBERS[flow.protocol]);
  frame.set([...source, ...destination], isV6 ? 22 : 26);
  if (!isV6) view.setUint16(24, headerChecksum(view));
  view.setUint16(transport, readPort('sourcePort', flow.sourcePort));
  view.setUint16(transport + 2, readPort('destinationPort', flow.destinationPort));
  if (flow.protocol === 'tcp') view.setUint16(transport + 12, flow.isSyn ? 0x5002 : 0x5010);
  if (flow.protocol === 'udp') view.setUint16(transport + 4, TRANSPORT_BYTES.udp);
  if (flow.protocol === 'sctp') view.setUint16(transport + 14, 4); // a chunk of its header alone
  return frame;
}

function writeIpv4(view: DataView, protocol: number): void {
  view.setUint8(14, 0x45);
  view.setUint16(16, view.byteLength - 14);
  view.setUint16(20, 0x4000);
  view.setUint8(22, 64);
  view.setUint8(23, protocol);
}

function writeIpv6(view: DataView, protocol: number): void {
  view.setUint8(14, 0x60);
  view.setUint16(18, view.byteLength - 54);
  view.setUint8(20, protocol);
  view.setUint8(21, 64);
}

/** RFC 1071, of a header of 20 bytes behind Ethernet's. */
function headerChecksum(view: DataView): number {
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
}

function readAddress(field: string, text: string): Uint8Array {
  try {
    const bytes = addressBytes(text);
    return text.includes(':') ? bytes : bytes.subarray(12);
  } catch {
    throw optionError(field, text, 'must be an IPv4 or IPv6 address');
  }
}

function readPort(field: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw optionError(field, value, 'must be an integer of 0..65535');
}
