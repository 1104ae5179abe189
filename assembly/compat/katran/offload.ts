// compat/katran/offload.ts: what a sender left to the device. Katran meets packets as they were on the wire; here half checksums come from
// senders on the same host, and super-frames from the kernel's receive offload. Both are undone: a checksum is completed where the
// frame lies, a super-frame leaves as the packets it was joined from.
import * as segment from '../../encap/segment';
import { EVENT_CHECKSUM_COMPLETED, META_FLAGS, META_HAS_VIRTIO, META_VIRTIO } from '../../layout';
import { countEvent } from '../../memory';
import * as parsed from '../../parse';
import { DROP_BAD_HEADER, NO_VERDICT } from '../../verdict';
import * as checksum from '../../wire/checksum';
import * as ethernet from '../../wire/ethernet';
import * as l4 from '../../wire/l4';
import * as virtio from '../../wire/virtio';
import { inside } from './outer';
import * as packet from './packet';

/** The frame in hand is a super-frame. */
export let isSuperFrame: bool = false;

let header: usize = 0;
let meta: usize = 0;

/** For a new frame. */
export function begin(about: usize): void {
  meta = about;
  header = <u32>load<u16>(about, META_FLAGS) & META_HAS_VIRTIO ? about + META_VIRTIO : 0;
  isSuperFrame = header != 0 && virtio.isSuperFrame(header);
}

/** Completes a half checksum of the packet in hand, whose IP header was read. Of a super-frame that is for its segments. */
export function complete(): u32 {
  if (!header || isSuperFrame || !virtio.needsChecksum(header)) return NO_VERDICT;
  const start = virtio.checksumStart(header);
  const field = start + virtio.checksumOffset(header);
  const end = min(packet.bytes, ethernet.HEADER_BYTES + inside());
  if (start < packet.transport || field + 2 > end) return DROP_BAD_HEADER;
  countEvent(EVENT_CHECKSUM_COMPLETED);
  const sum = checksum.finish(checksum.add(0, packet.frame + start, end - start));
  const isUdp = packet.protocol == l4.PROTOCOL_UDP;
  store<u16>(packet.frame + field, <u16>(sum == 0 && isUdp ? 0xffff : sum));
  header = 0;
  return NO_VERDICT;
}

/** Measures the super-frame in hand (segment.ts): its longest packet is what must not be too long. */
export function measure(): u32 {
  const broken = parsed.parse(packet.frame, packet.bytes, meta);
  return broken == NO_VERDICT ? segment.prepare() : broken;
}

/** Bytes of the frame in hand, or of the longest that it is cut into. */
export function longestFrame(): u32 {
  return isSuperFrame ? ethernet.HEADER_BYTES + segment.longest : packet.bytes;
}
