// ring/tpacket.ts: walks AF_PACKET rings, TPACKET_V2 with PACKET_VNET_HDR, where the kernel mapped them into our memory
// (packet(7); Documentation/networking/packet_mmap.rst). A ring is blocks of whole frames; a frame begins with
//   tpacket2_hdr                                            then
//   |  tp_status  |   tp_len   | tp_snaplen |               receive:  sockaddr_ll at 32; virtio_net_hdr just before tp_mac;
//   |tp_mac|tp_net|   tp_sec   |  tp_nsec   |                         the frame at tp_mac
//   |tci |tpid | padding |                                  transmit: virtio_net_hdr at 32, the frame behind it
// tp_status says whose the frame is; every change of hands is an atomic access.
import { enter, leave } from '../epoch';
import { runGenerally, runSteps } from '../fast/steps';
import {
  META_BYTES,
  META_FLAGS,
  META_HAS_VIRTIO,
  META_HAS_VLAN,
  META_INGRESS,
  META_PACKET_TYPE,
  META_VIRTIO,
  META_VLAN_TCI,
  RING_AT,
  RING_BASE,
  RING_BLOCK,
  RING_BLOCK_BYTES,
  RING_BLOCK_COUNT,
  RING_BYTES,
  RING_FRAME_BYTES,
  RING_FRAMES_PER_BLOCK,
  RING_IN_BLOCK,
  RING_QUEUED,
  STEP_BYTES,
  STEP_FRAME,
  STEP_LENGTH,
  STEP_META,
  STEP_RING_FRAME,
  STEPS_MAX,
  VIRTIO_BYTES,
  WORKER_INGRESS,
  WORKER_RX_RING,
  WORKER_TX_RINGS,
} from '../layout';
import { compat, stepMetas, steps, worker } from '../memory';
import * as sink from '../sink';
import { copy } from '../wire/copy';
import * as virtio from '../wire/virtio';

// struct tpacket2_hdr
const STATUS: usize = 0; // u32
const LEN: usize = 4; // u32: bytes on the wire
const SNAPLEN: usize = 8; // u32: bytes that are here
const MAC: usize = 12; // u16: where the frame begins
const VLAN_TCI: usize = 24; // u16
// struct sockaddr_ll behind it: family 2, protocol 2, ifindex 4, hatype 2, then
const PACKET_TYPE: usize = 32 + 10; // u8: sll_pkttype
const TX_DATA: u32 = 32; // TPACKET2_HDRLEN - sizeof(struct sockaddr_ll), tpacket_snd() in the kernel

const STATUS_KERNEL: u32 = 0; // receive: the kernel may fill it; transmit: TP_STATUS_AVAILABLE, ours to fill
const STATUS_USER: u32 = 1; // TP_STATUS_USER; transmit: TP_STATUS_SEND_REQUEST
const STATUS_VLAN_VALID: u32 = 1 << 4;
const STATUS_WRONG_FORMAT: u32 = 1 << 2; // transmit: the kernel did not like it (and with PACKET_LOSS goes on)

const COPY_SLACK: u32 = 16; // copy() may write this far past the end

let isCrowded: bool = false; // a transmit ring should be sent before more is received

/**
 * Forwards up to `budget` received frames and returns how many there were: 0 means the ring is empty, fewer than `budget` that
 * it is, or that a transmit ring is half full.
 */
export function runRing(budget: u32, tick: u32): u32 {
  sink.useRings(true);
  const root = enter();
  let done: u32 = 0;
  isCrowded = false;
  while (done < budget && !isCrowded) {
    const count = openFrames(min<u32>(budget - done, STEPS_MAX));
    if (!count) break;
    if (compat) runGenerally(count, root, tick);
    else runSteps<sink.Rings>(count, root, tick);
    giveBack(count);
    done += count;
  }
  leave();
  return done;
}

/**
 * Makes steps of received frames, `most` at most, and returns how many. A super-frame is the last of them: its segments may be a
 * tenth of a transmit ring. Never more than the ring has: frames are given back together, so behind its end the first one would
 * still look new.
 */
export function openFrames(most: u32): u32 {
  const ring = worker + WORKER_RX_RING;
  most = min(most, framesOf(ring));
  let count: u32 = 0;
  let isLast: bool = false;
  for (; count < most && !isLast; count++) {
    const slot = <usize>load<u32>(ring, RING_AT);
    const status = atomic.load<u32>(slot + STATUS);
    if (!(status & STATUS_USER)) break;
    const meta = stepMetas + count * META_BYTES;
    open(steps + count * STEP_BYTES, meta, slot, status);
    isLast = virtio.isSuperFrame(meta + META_VIRTIO);
    advance(ring);
  }
  return count;
}

/** A frame longer than its slot was cut by the kernel: its step has no frame. */
function open(step: usize, meta: usize, slot: usize, status: u32): void {
  const len = load<u32>(slot, LEN);
  const frame = slot + <usize>load<u16>(slot, MAC);
  store<u32>(step, load<u32>(slot, SNAPLEN) < len ? 0 : <u32>frame, STEP_FRAME);
  store<u32>(step, len, STEP_LENGTH);
  store<u64>(step, <u64>meta, STEP_META); // and STEP_VIP behind it: 0, none yet
  store<u32>(step, <u32>slot, STEP_RING_FRAME);
  store<u8>(meta, load<u8>(slot, PACKET_TYPE), META_PACKET_TYPE);
  store<u16>(meta, <u16>load<u32>(worker, WORKER_INGRESS), META_INGRESS);
  store<u16>(meta, load<u16>(slot, VLAN_TCI), META_VLAN_TCI);
  const hasVlan = status & STATUS_VLAN_VALID ? META_HAS_VLAN : 0;
  store<u16>(meta, <u16>(META_HAS_VIRTIO | hasVlan), META_FLAGS);
  store<u64>(meta, load<u64>(frame - VIRTIO_BYTES), META_VIRTIO);
  store<u16>(meta, load<u16>(frame - 2), META_VIRTIO + 8);
}

/** The kernel may fill the frames of `count` steps again. */
export function giveBack(count: u32): void {
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) {
    atomic.store<u32>(<usize>load<u32>(step, STEP_RING_FRAME) + STATUS, STATUS_KERNEL);
  }
}

/** Bit e is set when frames wait in the transmit ring of egress e for a sendto(2). Asking starts the count again. */
export function takeQueued(): u32 {
  let mask: u32 = 0;
  for (let egress: u32 = 0; egress < 16; egress++) {
    const ring = txRing(egress);
    if (!load<u32>(ring, RING_QUEUED)) continue;
    store<u32>(ring, 0, RING_QUEUED);
    mask |= 1 << egress;
  }
  return mask;
}

/** Moves a ring to its next frame. A block may end with bytes that hold no whole frame. */
function advance(ring: usize): void {
  const inBlock = load<u32>(ring, RING_IN_BLOCK) + 1;
  if (inBlock < load<u32>(ring, RING_FRAMES_PER_BLOCK)) {
    store<u32>(ring, inBlock, RING_IN_BLOCK);
    store<u32>(ring, load<u32>(ring, RING_AT) + load<u32>(ring, RING_FRAME_BYTES), RING_AT);
    return;
  }
  const next = load<u32>(ring, RING_BLOCK) + 1;
  const block = next < load<u32>(ring, RING_BLOCK_COUNT) ? next : 0;
  store<u32>(ring, 0, RING_IN_BLOCK);
  store<u32>(ring, block, RING_BLOCK);
  store<u32>(ring, load<u32>(ring, RING_BASE) + block * load<u32>(ring, RING_BLOCK_BYTES), RING_AT);
}

function txRing(egress: u32): usize {
  return worker + WORKER_TX_RINGS + egress * RING_BYTES;
}

/** True when the next frame of the transmit ring is still the kernel's, or there is no such ring. */
export function isFull(egress: u32): bool {
  const ring = txRing(egress);
  if (!load<u32>(ring, RING_BASE)) return true;
  const status = atomic.load<u32>(<usize>load<u32>(ring, RING_AT) + STATUS);
  return status != STATUS_KERNEL && status != STATUS_WRONG_FORMAT;
}

/** Copies `bytes` bytes into the next frame of the transmit ring, `front` bytes behind where the frame will start. */
export function place(front: u32, from: usize, bytes: u32, egress: u32): usize {
  const at = room(front, bytes, egress);
  if (at) copy(at, from, bytes);
  return at;
}

/** Room for `bytes` bytes in the next frame of the transmit ring, `front` bytes behind where the frame will start. */
export function room(front: u32, bytes: u32, egress: u32): usize {
  if (isFull(egress)) return 0;
  const ring = txRing(egress);
  const head = TX_DATA + VIRTIO_BYTES + front;
  if (head + bytes + COPY_SLACK > load<u32>(ring, RING_FRAME_BYTES)) return 0;
  return <usize>load<u32>(ring, RING_AT) + head;
}

/** Ends the batch early when half of a transmit ring waits: the segments of one super-frame may be a tenth of it. */
export function noteBurst(egress: u32): void {
  const ring = txRing(egress);
  if (load<u32>(ring, RING_QUEUED) > framesOf(ring) >> 1) isCrowded = true;
}

function framesOf(ring: usize): u32 {
  return load<u32>(ring, RING_BLOCK_COUNT) * load<u32>(ring, RING_FRAMES_PER_BLOCK);
}

/** Fills in the ring header and gives the frame to the kernel, which looks at it at the next sendto(2). */
export function commit(start: usize, bytes: u32, egress: u32, offload: usize, shift: i32): void {
  const ring = txRing(egress);
  const header = start - VIRTIO_BYTES;
  if (offload) virtio.copyShifted(header, offload, shift);
  else virtio.clear(header);
  // All of the frame goes into the linear part: nothing of it stays in the ring, where the next frame would overwrite
  // what a receiver on this host has not read yet; and it is a third cheaper.
  virtio.setHeaderLen(header, bytes);
  const slot = header - TX_DATA;
  store<u32>(slot, bytes + VIRTIO_BYTES, LEN);
  atomic.store<u32>(slot + STATUS, STATUS_USER);
  store<u32>(ring, load<u32>(ring, RING_QUEUED) + 1, RING_QUEUED);
  advance(ring);
}
