// host/linux/ringGeometry.ts: how a packet ring is cut into blocks and frames (packet_mmap.rst of the kernel).
//
//   | frame 0 | frame 1 | ... | rest | frame n | ...      a block holds whole frames only, its rest is unused
//   |<------------ block 0 --------->|<--- block 1 ...    blocks lie behind one another in our memory

import { RING_ALIGN } from '../../assembly/layout.js';
import { MaglevError, optionError } from '../errors.js';

/**
 * Bytes of a frame that holds a super-frame: 65535 bytes of IP packet, Ethernet header, VLAN tag, virtio header and the
 * kernel's own header of at most 96 bytes. 64 * 1033: an odd number of cache lines, so that the heads of successive
 * frames fall into different cache sets; 65536 + 1024 would put all of them into a few.
 */
export const SUPER_FRAME_BYTES = 66112;

/** Bytes of a frame that holds an Ethernet frame of 1500 bytes, outer headers included. */
export const PLAIN_FRAME_BYTES = 2048;

const TPACKET_ALIGNMENT = 16;
const FRAME_BYTES_MIN = 256;
const FRAMES_MAX = 1 << 16;
const BLOCK_BYTES_MIN = 1 << 16; // the largest page of any machine we run on, so a multiple of every page size
const BLOCK_BYTES_MAX = 1 << 20; // a block is one piece of physical memory: larger ones are hard to come by

/** The shape of one ring: the fields of struct tpacket_req and of a RING_ record in layout.ts. */
export interface RingGeometry {
  /** A power of two, 64 KiB..1 MiB. */
  readonly blockBytes: number;
  readonly blockCount: number;
  /** A multiple of 16. */
  readonly frameBytes: number;
  readonly framesPerBlock: number;
}

/**
 * Cuts a ring of at least `frames` frames so that it takes the least memory.
 * @param frames 1..65536
 * @param frameBytes Room for a frame with the kernel's header, 256..1 MiB, a multiple of 16. Default SUPER_FRAME_BYTES.
 * @throws MaglevError ERR_OPTION
 */
export function ringGeometry({
  frames,
  frameBytes = SUPER_FRAME_BYTES,
}: {
  frames: number;
  frameBytes?: number;
}): RingGeometry {
  if (!Number.isInteger(frames) || frames < 1 || frames > FRAMES_MAX) {
    throw optionError('ring frames', frames, `must be 1..${FRAMES_MAX}`);
  }
  const isAligned = Number.isInteger(frameBytes) && frameBytes % TPACKET_ALIGNMENT === 0;
  if (!isAligned || frameBytes < FRAME_BYTES_MIN || frameBytes > BLOCK_BYTES_MAX) {
    const rule = `must be a multiple of ${TPACKET_ALIGNMENT}, ${FRAME_BYTES_MIN}..${BLOCK_BYTES_MAX}`;
    throw optionError('ring frameBytes', frameBytes, rule);
  }
  let best: RingGeometry | undefined;
  for (let blockBytes = BLOCK_BYTES_MIN; blockBytes <= BLOCK_BYTES_MAX; blockBytes *= 2) {
    const framesPerBlock = Math.floor(blockBytes / frameBytes);
    if (framesPerBlock === 0) continue;
    const geometry = { blockBytes, blockCount: Math.ceil(frames / framesPerBlock), frameBytes, framesPerBlock };
    if (best === undefined || ringBytes(geometry) < ringBytes(best)) best = geometry;
  }
  if (best === undefined) throw new MaglevError('ERR_INTERNAL', `no block size holds a frame of ${frameBytes} bytes`);
  return best;
}

/** Memory a ring takes, bytes: a multiple of RING_ALIGN. */
export function ringBytes({ blockBytes, blockCount }: RingGeometry): number {
  return blockBytes * blockCount;
}

/** Frames a ring holds. */
export function ringFrames({ framesPerBlock, blockCount }: RingGeometry): number {
  return framesPerBlock * blockCount;
}

/** Checks a geometry that came from elsewhere (a worker's message) before the kernel sees it. @throws MaglevError ERR_OPTION */
export function checkGeometry(name: string, geometry: RingGeometry): void {
  const { blockBytes, blockCount, frameBytes, framesPerBlock } = geometry;
  if (blockBytes < 1 || blockBytes % RING_ALIGN !== 0) {
    throw optionError(`${name}.blockBytes`, blockBytes, `must be a multiple of the page size, ${RING_ALIGN}`);
  }
  if (!Number.isInteger(blockCount) || blockCount < 1)
    throw optionError(`${name}.blockCount`, blockCount, 'must be 1..');
  if (frameBytes % TPACKET_ALIGNMENT !== 0) {
    throw optionError(`${name}.frameBytes`, frameBytes, `must be a multiple of ${TPACKET_ALIGNMENT}`);
  }
  if (framesPerBlock !== Math.floor(blockBytes / frameBytes) || framesPerBlock < 1) {
    throw optionError(`${name}.framesPerBlock`, framesPerBlock, 'must be blockBytes / frameBytes, rounded down');
  }
}
