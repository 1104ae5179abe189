// host/linux/readable.ts: be called back, on the main thread, when a descriptor has something to read.

import { libc } from './libc.js';

/** Ends the callbacks. Afterwards, and not before, the descriptor may be closed. Calling it twice is harmless. */
export interface Readable {
  close(): void;
}

/**
 * Calls `ready` when `fd` is readable, and again as long as it stays so. Does not keep the process alive.
 *
 * The event loop watches the descriptor itself (uv_poll of libuv, epoll(7) below it). The other way, poll(2) in the
 * thread pool, would take one of its four threads for good, and process.exit() would wait for that thread for ever.
 */
export function onReadable(fd: number, ready: () => void): Readable {
  let isOpen = true;
  // libuv calls us outside of any callback scope of Node: neither promises nor exceptions work there. setImmediate()
  // runs right after, in the same turn of the loop, where both do.
  const handle = libc().pollHandle(fd, () => {
    setImmediate(() => {
      if (isOpen) ready();
    });
  });
  handle.unref();
  return {
    close() {
      if (!isOpen) return;
      isOpen = false;
      handle.close();
    },
  };
}
