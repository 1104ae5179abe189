// wire/virtio.ts: virtio_net_hdr (virtio 1.2, section 5.1.6), which PACKET_VNET_HDR puts before a frame: what the sender
// left for the device to do. Offsets are in layout.ts, because the host reads them too.
import {
  VIRTIO_CSUM_OFFSET,
  VIRTIO_CSUM_START,
  VIRTIO_DATA_VALID,
  VIRTIO_FLAGS,
  VIRTIO_GSO_NONE,
  VIRTIO_GSO_SIZE,
  VIRTIO_GSO_TYPE,
  VIRTIO_HDR_LEN,
  VIRTIO_NEEDS_CSUM,
} from '../layout';

// VIRTIO_NET_HDR_GSO_: what superFrameType() says; 3 is UDP fragmentation offload.
export const SUPER_TCP4: u32 = 1;
export const SUPER_TCP6: u32 = 4;
export const SUPER_UDP: u32 = 5;
const SUPER_ECN: u32 = 0x80; // flag beside a TCP type: CWR is on the first segment

const HDR_LEN_MAX: u32 = 0xffff;

/** The checksum field holds only the pseudo-header sum: whoever needs the whole must complete it. */
export function needsChecksum(p: usize): bool {
  return (load<u8>(p, VIRTIO_FLAGS) & VIRTIO_NEEDS_CSUM) != 0;
}

/** The device has looked at the outermost checksum, and found it right. */
export function isDataValid(p: usize): bool {
  return (load<u8>(p, VIRTIO_FLAGS) & VIRTIO_DATA_VALID) != 0;
}

/** Several segments in one frame, to be cut by the device. */
export function isSuperFrame(p: usize): bool {
  return load<u8>(p, VIRTIO_GSO_TYPE) != VIRTIO_GSO_NONE;
}

/** What a super-frame is to be cut into: SUPER_, or anything else. */
export function superFrameType(p: usize): u32 {
  return <u32>load<u8>(p, VIRTIO_GSO_TYPE) & ~SUPER_ECN;
}

/** Payload bytes of each segment of a super-frame. */
export function segmentBytes(p: usize): u32 {
  return load<u16>(p, VIRTIO_GSO_SIZE);
}

/** Where summing begins, from the start of the frame. */
export function checksumStart(p: usize): u32 {
  return load<u16>(p, VIRTIO_CSUM_START);
}

/** Where the checksum field is, from where summing begins. */
export function checksumOffset(p: usize): u32 {
  return load<u16>(p, VIRTIO_CSUM_OFFSET);
}

/** A header that asks for nothing. */
export function clear(p: usize): void {
  store<u64>(p, 0);
  store<u16>(p, 0, 8);
}

/** Copies the header at `from`; headers before the packet grew by `shift` bytes (or shrank). */
export function copyShifted(p: usize, from: usize, shift: i32): void {
  store<u64>(p, load<u64>(from));
  store<u16>(p, load<u16>(from, 8), 8);
  if (needsChecksum(p)) store<u16>(p, <u16>(<i32>checksumStart(p) + shift), VIRTIO_CSUM_START);
}

/** How much of the frame the kernel copies into the linear part of its buffer. */
export function setHeaderLen(p: usize, v: u32): void {
  store<u16>(p, <u16>min(v, HDR_LEN_MAX), VIRTIO_HDR_LEN);
}
