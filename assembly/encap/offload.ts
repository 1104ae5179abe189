// encap/offload.ts: half checksums. A sender with checksum offload leaves only the pseudo-header sum in the field and the
// rest to the device (virtio: NEEDS_CSUM). Who sends the packet on without telling must finish it, or the receiver drops it.
import { EVENT_CHECKSUM_COMPLETED } from '../layout';
import { countEvent } from '../memory';
import * as parsed from '../parse';
import * as sink from '../sink';
import * as checksum from '../wire/checksum';
import { crc32c } from '../wire/crc32c';
import * as l4 from '../wire/l4';
import * as virtio from '../wire/virtio';

/** True when the frame in hand has a half checksum. */
export function isHalf(): bool {
  const header = parsed.virtioHeader();
  return header != 0 && virtio.needsChecksum(header);
}

/**
 * True when the half checksum of the frame in hand is the one `offset` bytes into its transport header, and not that of a packet
 * further inside, as in a tunnel to a VIP: the sender has made the outer one whole.
 */
export function isHalfAt(offset: usize): bool {
  const header = parsed.virtioHeader();
  if (!header || !virtio.needsChecksum(header)) return false;
  const field = virtio.checksumStart(header) + virtio.checksumOffset(header);
  return field == <u32>(parsed.transport - parsed.frame) + <u32>offset;
}

/**
 * True when the receiver of the frame in hand is to be told of its half checksum or its segments. Not of SCTP's: virtio has no word for
 * CRC32c, and the kernel we tell would put the Internet checksum into that field.
 */
export function isTold(): bool {
  return sink.tellsOffload() && !isHalfSctp();
}

/** There are no super-frames of SCTP that virtio could name. */
function isHalfSctp(): bool {
  const isSctp = parsed.protocol == l4.PROTOCOL_SCTP && isHalfAt(l4.SCTP_CHECKSUM);
  return isSctp && !virtio.isSuperFrame(parsed.virtioHeader());
}

/** False when the virtio header points outside the packet: such a frame cannot be mended, and must not be tried. */
export function isSane(): bool {
  const header = parsed.virtioHeader();
  if (!header || !virtio.needsChecksum(header)) return true;
  const start = virtio.checksumStart(header);
  const end = <u32>(parsed.packet - parsed.frame) + parsed.packetBytes;
  return start >= <u32>(parsed.transport - parsed.frame) && start + virtio.checksumOffset(header) + 2 <= end;
}

/** Completes the checksum of the packet in hand, which now stands at `packet`. */
export function complete(packet: usize): void {
  countEvent(EVENT_CHECKSUM_COMPLETED);
  if (isHalfSctp()) {
    completeSctp(packet + (parsed.transport - parsed.packet));
    return;
  }
  const header = parsed.virtioHeader();
  const start = packet + virtio.checksumStart(header) - (parsed.packet - parsed.frame);
  const field = start + virtio.checksumOffset(header);
  // The field holds the pseudo-header sum, so summing over it, as it stands, gives the whole.
  const sum = checksum.finish(checksum.add(0, start, parsed.packetBytes - <u32>(start - packet)));
  // RFC 768: a UDP checksum that comes out as 0 is sent as all ones; 0 says there is none.
  store<u16>(field, <u16>(sum == 0 && parsed.protocol == l4.PROTOCOL_UDP ? 0xffff : sum));
}

/** RFC 9260, section 6.8: over the whole SCTP packet, with 0 in the field. */
function completeSctp(transport: usize): void {
  store<u32>(transport, 0, l4.SCTP_CHECKSUM);
  store<u32>(transport, crc32c(transport, parsed.transportBytes), l4.SCTP_CHECKSUM);
}

/** What must fit the MTU where super-frames pass as they are: the packet, or one segment of it. */
export function largestPacket(): u32 {
  const header = parsed.virtioHeader();
  if (!header || !virtio.isSuperFrame(header)) return parsed.packetBytes;
  const transportHeader = parsed.protocol == l4.PROTOCOL_TCP ? l4.tcpHeaderLen(parsed.transport) : l4.UDP_LEN;
  const headers = <u32>(parsed.transport - parsed.packet) + transportHeader;
  return min(parsed.packetBytes, headers + virtio.segmentBytes(header));
}
