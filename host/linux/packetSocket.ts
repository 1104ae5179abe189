// host/linux/packetSocket.ts: packet(7) sockets: opened without receiving anything, bound, and for single frames.
//
//   struct sockaddr_ll:  family u16 at 0 | protocol u16 at 2, network order | index i32 at 4 | hatype u16 at 8 |
//                        pkttype u8 at 10 | halen u8 at 11 | address 8 bytes at 12

import { libc, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './libc.js';
import { syscallError } from './syscallError.js';

const AF_PACKET = 17;
const SOCKADDR_LL_BYTES = 20;

export const SOL_PACKET = 263;
export const ETH_P_ALL = 0x0003;
export const PACKET_IGNORE_OUTGOING = 23;

/** An interface by index, with its name for messages. */
export interface PacketInterface {
  readonly ifindex: number;
  readonly name: string;
}

/** A packet socket that receives nothing yet. @throws MaglevError ERR_SYSCALL */
export function packetSocket(name: string): number {
  // Protocol 0 until bind(2): otherwise frames of every interface queue up between the two calls.
  const fd = libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    throw syscallError('socket', name, {
      EPERM: 'AF_PACKET needs CAP_NET_RAW',
      EAFNOSUPPORT: 'this kernel has no AF_PACKET (CONFIG_PACKET)',
    });
  }
  return fd;
}

/** Binds a packet socket: from now on it receives `protocol` frames of the interface; 0: none, it only sends. */
export function bindPacketSocket(fd: number, { ifindex, name }: PacketInterface, protocol: number): void {
  const address = sockaddrLl(ifindex, protocol);
  if (libc().bind(fd, address, address.length) < 0) throw syscallError('bind', name);
}

/** Sends a few frames, each complete with its Ethernet header. Not for the hot path. @throws MaglevError ERR_SYSCALL */
export function sendFrames({ ifindex, name }: PacketInterface, frames: readonly Uint8Array[]): void {
  const fd = packetSocket(name);
  try {
    const address = sockaddrLl(ifindex, 0);
    for (const frame of frames) {
      if (libc().sendto(fd, frame, frame.length, 0, address, address.length) < 0) throw syscallError('sendto', name);
    }
  } finally {
    libc().close(fd);
  }
}

/** Sends single frames by any interface. Not for the hot path. */
export interface PacketSender {
  /** Sends `bytes` of a frame, complete with its Ethernet header; the name of the errno when the kernel does not take it. */
  send(ifindex: number, frame: Uint8Array): string | undefined;
  close(): void;
}

/** Opens a socket for single frames. @throws MaglevError ERR_SYSCALL */
export function openPacketSender(name: string): PacketSender {
  const fd = packetSocket(name);
  return {
    send(ifindex, frame) {
      const address = sockaddrLl(ifindex, 0);
      const isSent = libc().sendto(fd, frame, frame.length, 0, address, address.length) >= 0;
      return isSent ? undefined : libc().errnoName(libc().errno());
    },
    close: () => void libc().close(fd),
  };
}

function sockaddrLl(ifindex: number, protocol: number): Uint8Array {
  const address = new Uint8Array(SOCKADDR_LL_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, false);
  view.setInt32(4, ifindex, true);
  return address;
}
