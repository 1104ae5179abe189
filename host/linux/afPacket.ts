// host/linux/afPacket.ts: the rings of a packet socket, mapped into the Wasm memory.
//
//   Wasm memory  ... | rx block 0 | rx block 1 ... | tx block 0 | tx block 1 ... | ...
//                    ^ rx.offset                   ^ tx.offset = rx.offset + ringBytes(rx.geometry)
//
// One mmap(2) maps both rings of a socket, receive first, with MAP_FIXED in the place of the memory that was there.
// Frames are TPACKET_V2 (one status word a frame; V3 hands over whole blocks, late), each with a virtio header before
// it, in both directions. Who walks the rings is the hot path; here they are only set up and taken down.

import { RING_ALIGN } from '../../assembly/layout.js';
import { MaglevError, optionError } from '../errors.js';
import { type BpfProgram, DROP_ALL, encodeProgram, fprog } from './bpf.js';
import { getOption, int32, libc, SO_ATTACH_FILTER, SO_DETACH_FILTER, SOL_SOCKET } from './libc.js';
import {
  bindPacketSocket,
  ETH_P_ALL,
  PACKET_IGNORE_OUTGOING,
  type PacketInterface,
  packetSocket,
  SOL_PACKET,
} from './packetSocket.js';
import { checkGeometry, type RingGeometry, ringBytes, ringFrames } from './ringGeometry.js';
import { syscallError } from './syscallError.js';

const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_TX_RING = 13;
const PACKET_LOSS = 14;
const PACKET_VNET_HDR = 15;
const PACKET_FANOUT = 18;
const PACKET_QDISC_BYPASS = 20;

const TPACKET_V2 = 1;
const TPACKET_STATS_BYTES = 8; // struct tpacket_stats: packets u32 at 0, drops u32 at 4
const TPACKET_REQ_BYTES = 16; // struct tpacket_req: block size, block count, frame size, frame count, each u32
const PACKET_FANOUT_HASH = 0;
const PACKET_MREQ_BYTES = 16; // struct packet_mreq: ifindex i32 at 0, type u16 at 4, address length u16 at 6, address at 8
const PACKET_MR_ALLMULTI = 2;

const PROT_READ = 0x1;
const PROT_WRITE = 0x2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;

/** A ring and where in the Wasm memory it goes. */
export interface RingPlace {
  /** A multiple of RING_ALIGN, bytes from the start of the memory. */
  readonly offset: number;
  readonly geometry: RingGeometry;
}

/** What openPacketRings() is to open; at least one of `rx` and `tx`. */
export interface PacketRingsOptions extends PacketInterface {
  /** Must never grow: the mapping stays where it is. */
  readonly memory: WebAssembly.Memory;
  readonly rx?: RingPlace;
  /** Directly behind `rx`, when there are both. */
  readonly tx?: RingPlace;
  /** EtherType to receive; default all of them with `rx`, none without. */
  readonly protocol?: number;
  /** Which frames to receive; without it, all. See buildFilter(). */
  readonly filter?: BpfProgram | undefined;
  /** Sockets of one group (0..65535, per network namespace) share the frames of an interface by flow hash. */
  readonly fanout?: { readonly group: number; readonly type: 'hash' };
  /** Have the interface take all multicast, for as long as the socket lives. Default false. */
  readonly allMulticast?: boolean;
  /** Send past the queueing discipline: 5 % faster, and frames the device has no room for are lost. Default false. */
  readonly qdiscBypass?: boolean;
}

/** What became of the frames the socket was to receive, since it was opened. */
interface PacketStatistics {
  /** Frames that passed the filter, those dropped included. */
  readonly packets: number;
  /** Of these, lost because the receive ring was full. */
  readonly drops: number;
}

/** A packet socket with its rings in the Wasm memory. Belongs to the thread that opened it. */
export class PacketRings {
  /** For poll(2) and ringSocket.ts, in any thread of the process. */
  readonly fd: number;
  readonly #name: string;
  readonly #base: bigint;
  readonly #bytes: number;
  #packets = 0;
  #drops = 0;
  #isOpen = true;

  /** Not for use outside this file: openPacketRings() opens one. */
  constructor(fd: number, name: string, base: bigint, bytes: number) {
    this.fd = fd;
    this.#name = name;
    this.#base = base;
    this.#bytes = bytes;
  }

  /** Frames received and lost so far. @throws MaglevError ERR_SYSCALL */
  statistics(): PacketStatistics {
    if (this.#isOpen) {
      // packet(7): "Receiving statistics resets the internal counters."
      const value = getOption(this.fd, SOL_PACKET, PACKET_STATISTICS, TPACKET_STATS_BYTES);
      if (value === undefined) throw syscallError('getsockopt PACKET_STATISTICS', this.#name);
      const view = new DataView(value.buffer);
      this.#packets += view.getUint32(0, true);
      this.#drops += view.getUint32(4, true);
    }
    return { packets: this.#packets, drops: this.#drops };
  }

  /** Replaces the filter in one step; undefined: no filter, every frame is received. @throws MaglevError ERR_SYSCALL */
  setFilter(program: BpfProgram | undefined): void {
    if (!this.#isOpen) throw new MaglevError('ERR_CLOSED', `setFilter on ${this.#name} after close()`);
    attachFilter(this.fd, this.#name, program);
  }

  /**
   * Gives the memory back and closes the socket, which leaves its fanout group at once. What was in the rings is gone;
   * the range reads as zeros. Nobody may walk the rings any more. Calling it twice is harmless.
   * @throws MaglevError ERR_SYSCALL when the range cannot be unmapped; the socket is then closed, but lives on with it
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeRings(this.fd, this.#name, this.#base, this.#bytes);
  }
}

/**
 * Opens a packet socket and puts its rings into the Wasm memory.
 * @throws MaglevError ERR_OPTION for a ring that does not fit; ERR_SYSCALL `socket(2) on eth0: EPERM; ...`
 */
export function openPacketRings(options: PacketRingsOptions): PacketRings {
  const { offset, bytes } = checkPlaces(options);
  const base = memoryAddress(options.memory) + BigInt(offset);
  const fd = packetSocket(options.name);
  let isMapped = false;
  try {
    setUpRings(fd, options);
    mapRings(fd, options.name, base, bytes);
    isMapped = true;
    startReceiving(fd, options);
  } catch (error) {
    if (isMapped) closeRings(fd, options.name, base, bytes);
    else libc().close(fd);
    throw error;
  }
  return new PacketRings(fd, options.name, base, bytes);
}

/** Where a Wasm memory is in this process. It stays: a shared memory that cannot grow is never moved. */
export function memoryAddress(memory: WebAssembly.Memory): bigint {
  return libc().address(new Uint8Array(memory.buffer));
}

/** The one range both rings take, inside the memory. */
function checkPlaces({ memory, rx, tx }: PacketRingsOptions): { offset: number; bytes: number } {
  const first = rx ?? tx;
  if (first === undefined) throw optionError('rings', 'none', 'must be rx, tx or both');
  let bytes = 0;
  for (const [name, place] of [['rx', rx] as const, ['tx', tx] as const]) {
    if (place === undefined) continue;
    checkGeometry(name, place.geometry);
    const expected = first.offset + bytes;
    if (place.offset !== expected) throw optionError(`${name}.offset`, place.offset, `must be ${expected}, behind rx`);
    bytes += ringBytes(place.geometry);
  }
  const bytesMax = memory.buffer.byteLength - bytes;
  if (first.offset % RING_ALIGN !== 0 || first.offset < RING_ALIGN || first.offset > bytesMax) {
    throw optionError('ring offset', first.offset, `must be a multiple of ${RING_ALIGN} in ${RING_ALIGN}..${bytesMax}`);
  }
  return { offset: first.offset, bytes };
}

function setUpRings(fd: number, { name, rx, tx, qdiscBypass }: PacketRingsOptions): void {
  // All of these before the rings: afterwards the first three give EBUSY.
  setPacketOption(fd, name, 'PACKET_VERSION', PACKET_VERSION, int32(TPACKET_V2));
  setPacketOption(fd, name, 'PACKET_VNET_HDR', PACKET_VNET_HDR, int32(1));
  // packet(7): "if PACKET_LOSS is set, any malformed packet will be skipped"; else it "blocks itself and subsequently
  // enqueued packets from being sent".
  setPacketOption(fd, name, 'PACKET_LOSS', PACKET_LOSS, int32(1));
  setPacketOption(fd, name, 'PACKET_IGNORE_OUTGOING', PACKET_IGNORE_OUTGOING, int32(1));
  if (qdiscBypass) setPacketOption(fd, name, 'PACKET_QDISC_BYPASS', PACKET_QDISC_BYPASS, int32(1));
  if (rx !== undefined) setPacketOption(fd, name, 'PACKET_RX_RING', PACKET_RX_RING, tpacketReq(rx.geometry));
  if (tx !== undefined) setPacketOption(fd, name, 'PACKET_TX_RING', PACKET_TX_RING, tpacketReq(tx.geometry));
}

function setPacketOption(fd: number, name: string, optionName: string, option: number, value: Uint8Array): void {
  if (libc().setsockopt(fd, SOL_PACKET, option, value, value.length) === 0) return;
  throw syscallError(`setsockopt ${optionName}`, name, {
    ENOMEM: 'the kernel has no memory for the ring: fewer frames',
  });
}

function tpacketReq(geometry: RingGeometry): Uint8Array {
  const request = new Uint8Array(TPACKET_REQ_BYTES);
  const view = new DataView(request.buffer);
  view.setUint32(0, geometry.blockBytes, true);
  view.setUint32(4, geometry.blockCount, true);
  view.setUint32(8, geometry.frameBytes, true);
  view.setUint32(12, ringFrames(geometry), true);
  return request;
}

function mapRings(fd: number, name: string, base: bigint, bytes: number): void {
  const at = libc().mmap(base, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  if (BigInt(at) !== base) throw syscallError(`mmap of ${bytes} ring bytes`, name);
}

/**
 * A socket that joins a fanout group is on its own between bind(2) and PACKET_FANOUT, and would get frames that the
 * group gets as well. So it starts with a filter that drops everything.
 */
function startReceiving(fd: number, options: PacketRingsOptions): void {
  const { name, rx, filter, fanout } = options;
  if (rx === undefined) {
    bindPacketSocket(fd, options, 0);
    return;
  }
  if (fanout !== undefined) attachFilter(fd, name, DROP_ALL);
  else if (filter !== undefined) attachFilter(fd, name, filter);
  if (options.allMulticast) takeAllMulticast(fd, options);
  bindPacketSocket(fd, options, options.protocol ?? ETH_P_ALL);
  if (fanout === undefined) return;
  if (!Number.isInteger(fanout.group) || fanout.group < 0 || fanout.group > 0xffff) {
    throw optionError('fanout.group', fanout.group, 'must be 0..65535');
  }
  // Group in the lower 16 bits, type in the upper ones.
  setPacketOption(fd, name, 'PACKET_FANOUT', PACKET_FANOUT, int32(fanout.group | (PACKET_FANOUT_HASH << 16)));
  attachFilter(fd, name, filter);
}

/**
 * Neighbour solicitations for a VIP go to a multicast group that the host is not in, because the VIP is no address of the
 * interface: a network card would leave them out. packet(7): the kernel takes the membership back with the socket.
 */
function takeAllMulticast(fd: number, { name, ifindex }: PacketInterface): void {
  const request = new Uint8Array(PACKET_MREQ_BYTES);
  const view = new DataView(request.buffer);
  view.setInt32(0, ifindex, true);
  view.setUint16(4, PACKET_MR_ALLMULTI, true);
  setPacketOption(fd, name, 'PACKET_ADD_MEMBERSHIP', PACKET_ADD_MEMBERSHIP, request);
}

function attachFilter(fd: number, name: string, program: BpfProgram | undefined): void {
  const c = libc();
  if (program === undefined) {
    const isDetached = c.setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, int32(0), 4) === 0;
    // ENOENT: there was none.
    if (!isDetached && c.errnoName(c.errno()) !== 'ENOENT') throw syscallError('setsockopt SO_DETACH_FILTER', name);
    return;
  }
  const instructions = encodeProgram(program);
  const value = fprog(instructions);
  if (c.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value, value.length) < 0) {
    const tooLong = 'the filter is longer than net.core.optmem_max allows: raise it';
    throw syscallError(`setsockopt SO_ATTACH_FILTER of ${program.length} instructions`, name, { ENOMEM: tooLong });
  }
}

/**
 * The mapping holds the socket as the descriptor does: closing only that would leave a dead socket in the fanout group,
 * and its share of the frames lost. So first ordinary memory goes over the range, which must stay valid for Wasm.
 */
function closeRings(fd: number, name: string, base: bigint, bytes: number): void {
  const flags = MAP_FIXED | MAP_ANONYMOUS | MAP_PRIVATE;
  const at = libc().mmap(base, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  const error = BigInt(at) === base ? undefined : syscallError(`mmap over ${bytes} ring bytes`, name);
  libc().close(fd);
  if (error !== undefined) throw error;
}
