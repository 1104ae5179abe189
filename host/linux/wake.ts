// host/linux/wake.ts: eventfd(2): wakes a thread that sleeps in poll(2). worker.terminate() and postMessage() cannot.

import { EAGAIN, libc } from './libc.js';
import { syscallError } from './syscallError.js';

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const COUNTER_BYTES = 8;
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

/** A descriptor that is readable from wake() until drain(). Any thread of the process may use its number. */
export interface Wake {
  /** For poll(2), and for attachWake() in another thread. */
  readonly fd: number;
  /** Makes `fd` readable. */
  wake(): void;
  /** Makes `fd` unreadable again. True when somebody had called wake() since the last time. */
  drain(): boolean;
  /** Closes the descriptor, for all threads. Calling it twice is harmless. */
  close(): void;
}

/** A new eventfd. @throws MaglevError ERR_SYSCALL */
export function openWake(): Wake {
  const fd = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw syscallError('eventfd', 'the wake-up of a worker');
  return attachWake(fd);
}

/** The eventfd another thread of this process opened. One of them closes it, after the others have ended. */
export function attachWake(fd: number): Wake {
  let isOpen = true;
  const counter = new Uint8Array(COUNTER_BYTES);
  return {
    fd,
    wake() {
      if (!isOpen || libc().write(fd, ONE, COUNTER_BYTES) === COUNTER_BYTES) return;
      // EAGAIN: the counter is full, so it is readable, and that is all we want.
      if (libc().errno() !== EAGAIN) throw syscallError('write', `eventfd ${fd}`);
    },
    drain() {
      if (!isOpen) return false;
      if (libc().read(fd, counter, COUNTER_BYTES) === COUNTER_BYTES) return true;
      if (libc().errno() !== EAGAIN) throw syscallError('read', `eventfd ${fd}`);
      return false;
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      libc().close(fd);
    },
  };
}
