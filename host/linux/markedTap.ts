// host/linux/markedTap.ts: what this host is about to send by an interface, packet by packet, each with the mark of the socket it came from
// (SO_MARK of socket(7)). Reading a TUN device would give the same packets without their marks; a tap beside it is told them.
//
//   struct msghdr:   name u64 at 0 | its length u32 at 8 | iov u64 at 16 | their count u64 at 24 | control u64 at 32 | its length u64 at 40 |
//                    flags i32 at 48
//   struct iovec:    base u64 at 0 | length u64 at 8
//   struct cmsghdr:  length u64 at 0 | level i32 at 8 | type i32 at 12 | data at 16

import { int32, libc, MSG_DONTWAIT, SO_MARK, SO_RCVMARK, SOL_SOCKET } from './libc.js';
import { bindPacketSocket, ETH_P_ALL, type PacketInterface, packetSocket } from './packetSocket.js';
import { syscallError } from './syscallError.js';

const MSGHDR_BYTES = 56;
const CONTROL_BYTES = 64;
const CONTROL_LENGTH = 40;
const FLAGS = 48;
const MSG_TRUNC = 0x20;

/** A packet that lies where the tap was told to put it. */
interface MarkedPacket {
  readonly bytes: number;
  /** 0: none. */
  readonly mark: number;
}

/** Packets of one interface, with their marks. */
export interface MarkedTap {
  /** For onReadable(). */
  readonly fd: number;
  /** The next packet; undefined when there is none now. One that is longer than its place is left out. */
  next(): MarkedPacket | undefined;
  close(): void;
}

/**
 * Opens a tap on an interface without Ethernet headers (a TUN device). `at` is the address in this process of `room` bytes for a packet.
 * @throws MaglevError ERR_SYSCALL: ENOPROTOOPT before Linux 5.19, which tells no marks
 */
export function openMarkedTap(iface: PacketInterface, at: bigint, room: number): MarkedTap {
  const fd = packetSocket(iface.name);
  try {
    if (libc().setsockopt(fd, SOL_SOCKET, SO_RCVMARK, int32(1), 4) < 0) {
      throw syscallError('setsockopt SO_RCVMARK', iface.name, { ENOPROTOOPT: 'it needs Linux 5.19' });
    }
    bindPacketSocket(fd, iface, ETH_P_ALL);
  } catch (error) {
    libc().close(fd);
    throw error;
  }
  return new Tap(fd, at, room);
}

class Tap implements MarkedTap {
  readonly #message = new Uint8Array(MSGHDR_BYTES);
  readonly #vector = new Uint8Array(16);
  readonly #control = new Uint8Array(CONTROL_BYTES);
  readonly #view = new DataView(this.#message.buffer);
  readonly #controlView = new DataView(this.#control.buffer);

  constructor(
    readonly fd: number,
    at: bigint,
    room: number,
  ) {
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, at, true);
    vector.setBigUint64(8, BigInt(room), true);
    this.#view.setBigUint64(16, libc().address(this.#vector), true);
    this.#view.setBigUint64(24, 1n, true);
    this.#view.setBigUint64(32, libc().address(this.#control), true);
  }

  next(): MarkedPacket | undefined {
    for (;;) {
      this.#view.setBigUint64(CONTROL_LENGTH, BigInt(CONTROL_BYTES), true);
      const bytes = libc().recvmsg(this.fd, this.#message, MSG_DONTWAIT);
      if (bytes < 0) return undefined; // EAGAIN; ENETDOWN while the interface is down, which netlink tells
      if ((this.#view.getInt32(FLAGS, true) & MSG_TRUNC) === 0) return { bytes, mark: this.#mark() };
    }
  }

  close(): void {
    libc().close(this.fd);
  }

  #mark(): number {
    const isThere = this.#view.getBigUint64(CONTROL_LENGTH, true) >= 20n;
    const view = this.#controlView;
    const isMark = view.getInt32(8, true) === SOL_SOCKET && view.getInt32(12, true) === SO_MARK;
    return isThere && isMark ? view.getUint32(16, true) : 0;
  }
}
