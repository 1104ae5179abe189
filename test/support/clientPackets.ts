// test/support/clientPackets.ts: client packets whose payload and TCP options count, built by hand from RFC 791, 8200, 9293 and 768.
import { addressBytes } from '../../host/membership/address.js';

/** A packet; what is left out is of no interest. */
export interface ClientPacket {
  source: string;
  destination: string;
  protocol: 'tcp' | 'udp';
  sourcePort?: number;
  destinationPort: number;
  /** Behind the UDP header, or behind TCP's options. */
  payload?: Uint8Array;
  /** A multiple of 4 bytes, 40 at most. */
  options?: Uint8Array;
  isSyn?: boolean;
}

const NUMBERS = { tcp: 6, udp: 17 } as const;

/** An Ethernet frame with that packet. Checksums are left 0: the hot path does not look at them. */
export function clientFrame(packet: ClientPacket): Uint8Array {
  const { source, destination, protocol } = packet;
  const isV6 = destination.includes(':');
  const transport = protocol === 'tcp' ? tcpSegment(packet) : udpDatagram(packet);
  const header = new Uint8Array(isV6 ? 40 : 20);
  const view = new DataView(header.buffer);
  if (isV6) {
    header.set([0x60]);
    view.setUint16(4, transport.length);
    header.set([NUMBERS[protocol], 64], 6);
    header.set([...addressBytes(source), ...addressBytes(destination)], 8);
  } else {
    header.set([0x45]);
    view.setUint16(2, 20 + transport.length);
    header.set([64, NUMBERS[protocol]], 8);
    header.set([...addressBytes(source).subarray(12), ...addressBytes(destination).subarray(12)], 12);
  }
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1, ...(isV6 ? [0x86, 0xdd] : [8, 0])];
  return Uint8Array.from([...ethernet, ...header, ...transport]);
}

function udpDatagram({ sourcePort = 40_000, destinationPort, payload = new Uint8Array(0) }: ClientPacket): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, 8 + payload.length);
  return Uint8Array.from([...new Uint8Array(view.buffer), ...payload]);
}

function tcpSegment(packet: ClientPacket): Uint8Array {
  const { sourcePort = 40_000, destinationPort, payload = [], options = new Uint8Array(0), isSyn = false } = packet;
  const view = new DataView(new ArrayBuffer(20));
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(12, ((5 + options.length / 4) << 12) | (isSyn ? 0x02 : 0x10));
  return Uint8Array.from([...new Uint8Array(view.buffer), ...options, ...payload]);
}
