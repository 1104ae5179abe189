// test/model/segment.ts: cutting a super-frame, as RFC 9293, RFC 768 and the virtio specification have it: every segment built
// from its fields, every checksum made over all bytes.
import { checksum } from './checksum.js';

/** What of a joined packet its bytes do not say. */
interface Joined {
  /** Where TCP or UDP begins. Default: behind an IP header without IPv6 extension headers. */
  ipBytes?: number;
  isTcp?: boolean;
  /** False for UDP without a checksum. Default true. */
  hasChecksum?: boolean;
}

/** The packets of a joined IP packet (TCP or UDP) with `size` payload bytes each, one hop further. */
export function cut(packet: Uint8Array, size: number, joined: Joined = {}): Uint8Array[] {
  const isV6 = (packet[0] as number) >> 4 === 6;
  const headerLength = ((packet[0] as number) & 15) * 4;
  const { ipBytes = isV6 ? 40 : headerLength, isTcp = packet[isV6 ? 6 : 9] === 6, hasChecksum = true } = joined;
  const headerBytes = ipBytes + (isTcp ? ((packet[ipBytes + 12] as number) >> 4) * 4 : 8);
  const payload = packet.subarray(headerBytes);
  const count = Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: count }, (_, i) => {
    const part = payload.subarray(i * size, (i + 1) * size);
    const segment = Uint8Array.from([...packet.subarray(0, headerBytes), ...part]);
    const view = new DataView(segment.buffer);
    const transportBytes = segment.length - ipBytes;
    if (isTcp) cutTcp(view, ipBytes, i * size, i === 0, i === count - 1);
    else view.setUint16(ipBytes + 4, transportBytes);
    if (hasChecksum) makeChecksum(segment, view, isV6, isTcp, ipBytes);
    if (isV6) {
      view.setUint16(4, segment.length - 40);
      view.setUint8(7, view.getUint8(7) - 1);
      return segment;
    }
    view.setUint16(2, segment.length);
    view.setUint16(4, (view.getUint16(4) + i) & 0xffff);
    view.setUint8(8, view.getUint8(8) - 1);
    view.setUint16(10, 0);
    view.setUint16(10, checksum(segment.subarray(0, headerLength)));
    return segment;
  });
}

function cutTcp(view: DataView, at: number, offset: number, isFirst: boolean, isLast: boolean): void {
  view.setUint32(at + 4, (view.getUint32(at + 4) + offset) >>> 0);
  let flags = view.getUint8(at + 13);
  if (!isLast) flags &= ~0x09; // FIN, PSH
  if (!isFirst) flags &= ~0x80; // CWR
  view.setUint8(at + 13, flags);
}

function makeChecksum(segment: Uint8Array, view: DataView, isV6: boolean, isTcp: boolean, ipBytes: number): void {
  const field = ipBytes + (isTcp ? 16 : 6);
  const length = segment.length - ipBytes;
  const addresses = isV6 ? segment.subarray(8, 40) : segment.subarray(12, 20);
  view.setUint16(field, 0);
  const pseudo = [...addresses, length >> 8, length & 0xff, 0, isTcp ? 6 : 17];
  const sum = checksum(Uint8Array.from([...pseudo, ...segment.subarray(ipBytes)]));
  view.setUint16(field, isTcp ? sum : sum || 0xffff);
}
