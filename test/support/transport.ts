// test/support/transport.ts: frames of any transport protocol and family, built by hand from the RFCs; checksums are left 0.

/** What matters of such a packet; `destination` has 4 or 16 bytes. */
interface TransportPacket {
  destination: readonly number[];
  source?: readonly number[];
  /** IANA number: 6, 17 or 132. */
  protocol: number;
  sourcePort?: number;
  destinationPort: number;
}

const TRANSPORT_BYTES: Record<number, number> = { 6: 20, 17: 8, 132: 12 };
const CLIENT4 = [198, 51, 100, 7];
const CLIENT6 = [0x20, 1, 0x0d, 0xb8, 0, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];

/** An Ethernet frame with that packet, without payload. */
export function transportFrame(packet: TransportPacket): Uint8Array {
  const isV6 = packet.destination.length === 16;
  const bytes = TRANSPORT_BYTES[packet.protocol] ?? 0;
  const transport = isV6 ? 54 : 34;
  const frame = new Uint8Array(transport + bytes);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1]);
  view.setUint16(12, isV6 ? 0x86dd : 0x0800);
  if (isV6) {
    frame.set([0x60, 0, 0, 0, 0, bytes, packet.protocol, 64, ...(packet.source ?? CLIENT6), ...packet.destination], 14);
  } else {
    frame.set([0x45, 0, 0, 20 + bytes, 0, 0, 0, 0, 64, packet.protocol, 0, 0], 14);
    frame.set([...(packet.source ?? CLIENT4), ...packet.destination], 26);
  }
  view.setUint16(transport, packet.sourcePort ?? 40_000);
  view.setUint16(transport + 2, packet.destinationPort);
  if (packet.protocol === 6) view.setUint16(transport + 12, 0x5002);
  if (packet.protocol === 17) view.setUint16(transport + 4, 8);
  return frame;
}

export function ipv4Text(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.');
}

/** In groups, not shortened. */
export function ipv6Text(address: bigint): string {
  return Array.from({ length: 8 }, (_, i) => ((address >> BigInt(16 * (7 - i))) & 0xffffn).toString(16)).join(':');
}
