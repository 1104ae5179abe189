// host/linux/lock.ts: one balancer, and one decapsulator, per interface. Two taps for the same frames would forward each twice.
//
// The lock is a unix(7) socket with an abstract name. Such names belong to the network namespace, as interface indexes
// do, and the kernel frees the name when the holder is gone, however it went. No file, so nothing to clean up.

import { MaglevError } from '../errors.js';
import { AF_UNIX, getOption, libc, SO_PEERCRED, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET } from './libc.js';
import { syscallError } from './syscallError.js';

const UCRED_BYTES = 12; // struct ucred: pid i32 at 0, uid u32 at 4, gid u32 at 8
const BACKLOG = 4096; // who asks for our pid stays in the queue, which nobody empties
const ATTEMPTS = 3;

/** Held until close() or until the process is gone. */
export interface InterfaceLock {
  close(): void;
}

/** What an interface is taken for. The two look at different frames and may have one interface together. */
type LockUse = 'balanced' | 'decapsulated';

const NAMES: Record<LockUse, string> = { balanced: 'interface', decapsulated: 'decap' };

/**
 * Makes this process the only one that an interface is balanced, or decapsulated, by.
 * @throws MaglevError ERR_BUSY `eth0 is already balanced by pid 4711`; ERR_SYSCALL
 */
export function lockInterface(iface: { name: string; ifindex: number }, use: LockUse = 'balanced'): InterfaceLock {
  const c = libc();
  const fd = openSocket(iface.name);
  const address = abstractAddress(`maglev-dsr/${NAMES[use]}/${iface.ifindex}`);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (c.bind(fd, address, address.length) === 0) {
      // connect(2) to us must work: SO_PEERCRED tells the other who called listen(2).
      if (c.listen(fd, BACKLOG) === 0) return heldLock(fd);
      throw closing(fd, syscallError('listen', iface.name));
    }
    if (c.errnoName(c.errno()) !== 'EADDRINUSE') throw closing(fd, syscallError('bind', iface.name));
    const pid = holderPid(address, iface.name);
    if (pid !== 'gone') throw closing(fd, busyError(iface.name, use, pid));
  }
  throw closing(fd, busyError(iface.name, use, undefined));
}

function heldLock(fd: number): InterfaceLock {
  let isOpen = true;
  return {
    close() {
      if (isOpen) libc().close(fd);
      isOpen = false;
    },
  };
}

function busyError(name: string, use: LockUse, pid: number | undefined): MaglevError {
  const holder =
    pid === undefined ? 'another process' : pid === process.pid ? `this process (pid ${pid})` : `pid ${pid}`;
  return new MaglevError('ERR_BUSY', `${name} is already ${use} by ${holder}`);
}

/** The pid of who listens there; undefined when it cannot be told; 'gone' when nobody listens (any more, or yet). */
function holderPid(address: Uint8Array, name: string): number | undefined | 'gone' {
  const c = libc();
  const fd = openSocket(name);
  try {
    if (c.connect(fd, address, address.length) < 0) {
      return c.errnoName(c.errno()) === 'ECONNREFUSED' ? 'gone' : undefined;
    }
    const credentials = getOption(fd, SOL_SOCKET, SO_PEERCRED, UCRED_BYTES);
    if (credentials === undefined) return undefined;
    // 0: a process of another pid namespace, which has no number in ours.
    return new DataView(credentials.buffer).getInt32(0, true) || undefined;
  } finally {
    c.close(fd);
  }
}

function openSocket(name: string): number {
  const fd = libc().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw syscallError('socket', name);
  return fd;
}

function closing(fd: number, error: MaglevError): MaglevError {
  libc().close(fd);
  return error;
}

/** unix(7): "an abstract socket address is distinguished (...) by the fact that sun_path[0] is a null byte". */
function abstractAddress(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const address = new Uint8Array(2 + 1 + text.length); // sun_family u16, a null byte, the name; no null at its end
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(text, 3);
  return address;
}
