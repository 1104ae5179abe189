// encap/innerOffload.ts: what the sender of an outer frame left to the device (its virtio header), said of the packet inside: a half
// checksum, or a super-frame whose segments shared one outer header. Whoever gets the packet is told, so that nothing is summed or
// cut here: the kernel takes a super-frame of 64 KiB in one piece.
import { VIRTIO_FLAGS, VIRTIO_NEEDS_CSUM } from '../layout';
import * as parsed from '../parse';
import * as extension from '../wire/extension';
import * as ipv4 from '../wire/ipv4';
import * as l4 from '../wire/l4';
import * as virtio from '../wire/virtio';
import * as inner from './inner';

let isHalf: bool = false; // the packet in hand has a half checksum
let headerBytes: u32 = 0; // of the packet in hand before its payload, if it is a super-frame; else 0

/** True when the checksum that the frame in hand lacks is that of the transport header at `p`. */
export function startsAt(p: usize): bool {
  const header = parsed.virtioHeader();
  return header != 0 && virtio.needsChecksum(header) && parsed.frame + virtio.checksumStart(header) == p;
}

/** Reads what is left to do of the packet in hand (inner.ts). False when it cannot be done to it. */
export function isSane(): bool {
  isHalf = false;
  headerBytes = 0;
  const header = parsed.virtioHeader();
  if (!header) return true;
  const isSuperFrame = virtio.isSuperFrame(header);
  if (!virtio.needsChecksum(header)) return !isSuperFrame;
  const start = parsed.frame + virtio.checksumStart(header);
  // That of the outer UDP header, which nobody needs any more: decap.ts has cut its datagrams apart.
  if (start < inner.packet) return !isSuperFrame || start == parsed.transport;
  isHalf = true;
  if (start + virtio.checksumOffset(header) + 2 > inner.packet + inner.bytes) return false;
  return isSuperFrame ? isCuttable(header, start) : start >= inner.packet + ipv4.MIN_LEN;
}

/** Writes the virtio header of the packet in hand to `p`. */
export function write(p: usize): void {
  if (!isHalf) {
    virtio.clear(p);
    return;
  }
  virtio.copyShifted(p, parsed.virtioHeader(), <i32>parsed.frame - <i32>inner.packet);
  store<u8>(p, VIRTIO_NEEDS_CSUM, VIRTIO_FLAGS);
  virtio.setHeaderLen(p, headerBytes);
}

/** True for a super-frame of the kind its header names, whose transport header begins at `start`. */
function isCuttable(header: usize, start: usize): bool {
  const type = virtio.superFrameType(header);
  if (type != virtio.SUPER_UDP && type != (inner.isV6 ? virtio.SUPER_TCP6 : virtio.SUPER_TCP4)) return false;
  const isTcp = type != virtio.SUPER_UDP;
  const field = <u32>(isTcp ? l4.TCP_CHECKSUM : l4.UDP_CHECKSUM);
  if (!virtio.segmentBytes(header) || virtio.checksumOffset(header) != field) return false;
  const front = frontOf(isTcp ? l4.PROTOCOL_TCP : l4.PROTOCOL_UDP);
  if (!front || inner.packet + front != start) return false;
  const least = isTcp ? l4.TCP_MIN_LEN : l4.UDP_LEN;
  if (front + least > inner.bytes) return false;
  headerBytes = front + (isTcp ? l4.tcpHeaderLen(start) : least);
  return headerBytes >= front + least && headerBytes <= inner.bytes;
}

/** Bytes of the packet in hand before a transport header of `protocol`; 0 when it has none. */
function frontOf(protocol: u32): u32 {
  const p = inner.packet;
  if (!inner.isV6) return ipv4.protocol(p) == protocol && !ipv4.isFragment(p) ? ipv4.headerLen(p) : 0;
  const walked = extension.walk(p, inner.bytes);
  if (walked != extension.WALKED || extension.protocol != protocol || extension.fragment) return 0;
  return extension.offset;
}
