// test/support/packets.ts: client packets in quantity, where only the flow matters: built by hand from RFC 791, 8200, 9293 and 768.
import { addressBytes } from '../../host/membership/address.js';

/** A flow's packets differ in these. */
interface FlowPacket {
  protocol: 'tcp' | 'udp';
  /** Last 16 bits of the client's address, 198.51.x.x. */
  client: number;
  sourcePort: number;
  destination?: [number, number, number, number];
  destinationPort?: number;
  isSyn?: boolean;
}

const TCP = 6;
const UDP = 17;
const SYN = 0x02;
const ACK = 0x10;

/** An Ethernet frame with an IPv4 packet of that flow. Checksums are left 0: the hot path does not look at them. */
export function flowFrame(packet: FlowPacket): Uint8Array {
  const isTcp = packet.protocol === 'tcp';
  const transportBytes = isTcp ? 20 : 8;
  const frame = new Uint8Array(34 + transportBytes);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1, 8, 0, 0x45]);
  view.setUint16(16, 20 + transportBytes);
  view.setUint8(22, 64);
  view.setUint8(23, isTcp ? TCP : UDP);
  frame.set([198, 51, packet.client >> 8, packet.client & 0xff], 26);
  frame.set(packet.destination ?? [192, 0, 2, 80], 30);
  view.setUint16(34, packet.sourcePort);
  view.setUint16(36, packet.destinationPort ?? 80);
  if (isTcp) view.setUint16(46, 0x5000 | (packet.isSyn ? SYN : ACK));
  else view.setUint16(38, 8);
  return frame;
}

/** The same with an IPv6 packet, from 2001:db8:c::client. */
export function flowFrame6({ destination6, ...packet }: FlowPacket & { destination6: string }): Uint8Array {
  const transport = flowFrame(packet).subarray(34);
  const frame = new Uint8Array(54 + transport.length);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1, 0x86, 0xdd, 0x60]);
  view.setUint16(18, transport.length);
  frame.set([packet.protocol === 'tcp' ? TCP : UDP, 64, 0x20, 1, 0x0d, 0xb8, 0, 0x0c], 20);
  view.setUint16(36, packet.client);
  frame.set(addressBytes(destination6), 38);
  frame.set(transport, 54);
  return frame;
}
