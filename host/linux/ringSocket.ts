// host/linux/ringSocket.ts: what a packet worker does with a descriptor that another thread opened (afPacket.ts).

import { getOption, libc, MSG_DONTWAIT, SO_ERROR, SOL_SOCKET } from './libc.js';

/**
 * Makes the kernel send what the transmit ring of `fd` holds. Does not wait and never throws.
 * @returns true when the device is full for now and the rest must be asked for again. Any other failure (ENETDOWN, ENXIO:
 * the interface is down or gone) is told by netlink; the frames are the kernel's to drop.
 */
export function sendRing(fd: number): boolean {
  if (libc().sendto(fd, null, 0, MSG_DONTWAIT, null, 0) >= 0) return false;
  const errno = libc().errnoName(libc().errno());
  return errno === 'EAGAIN' || errno === 'ENOBUFS';
}

/** Takes the error that makes poll(2) return POLLERR: its name, such as ENETDOWN; undefined when there is none. */
export function takeSocketError(fd: number): string | undefined {
  const value = getOption(fd, SOL_SOCKET, SO_ERROR, 4);
  const errno = value === undefined ? 0 : new DataView(value.buffer).getInt32(0, true);
  return errno === 0 ? undefined : libc().errnoName(errno);
}
