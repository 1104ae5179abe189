// host/linux/poller.ts: poll(2) over a fixed list of descriptors: what a packet worker sleeps in.
//
//   struct pollfd:  fd i32 at 0, events i16 at 4, revents i16 at 6

import { EINTR, libc } from './libc.js';
import { syscallError } from './syscallError.js';

export const POLLIN = 0x1;
export const POLLERR = 0x8;

const POLLFD_BYTES = 8;
const POLLFD_EVENTS = 4;
const POLLFD_REVENTS = 6;

/** A fixed set of descriptors to sleep on. Allocates once; wait() and ready() allocate nothing. */
export class Poller {
  readonly #fds: Uint8Array;
  readonly #view: DataView;
  readonly #count: number;

  /** @param fds Descriptors, each with the events to wait for, such as POLLIN. Errors are always reported. */
  constructor(fds: readonly { fd: number; events: number }[]) {
    this.#fds = new Uint8Array(fds.length * POLLFD_BYTES);
    this.#view = new DataView(this.#fds.buffer);
    this.#count = fds.length;
    fds.forEach(({ fd, events }, i) => {
      this.#view.setInt32(i * POLLFD_BYTES, fd, true);
      this.#view.setInt16(i * POLLFD_BYTES + POLLFD_EVENTS, events, true);
    });
  }

  /**
   * Sleeps until a descriptor is ready. Blocks the thread.
   * @param timeoutMs 0: only look; -1: no limit.
   * @returns how many are ready; 0 after the timeout or when a signal came in between.
   * @throws MaglevError ERR_SYSCALL
   */
  wait(timeoutMs: number): number {
    const ready = libc().poll(this.#fds, this.#count, timeoutMs);
    if (ready >= 0) return ready;
    if (libc().errno() === EINTR) return 0;
    throw syscallError('poll', `${this.#count} descriptors`);
  }

  /** What the last wait() found for descriptor `i` of the list: POLLIN, POLLERR and so on, 0 for nothing. */
  ready(i: number): number {
    return this.#view.getInt16(i * POLLFD_BYTES + POLLFD_REVENTS, true);
  }
}
