// host/linux/libc.ts: the C library, called through koffi. Thin: a call here is the call of the same name in section 2
// of the manual, and returns what it returns; who calls looks at the result and throws syscallError().
//
// Loaded on first use, so that importing this file costs nothing on a system that has no AF_PACKET. Every thread that
// uses it loads koffi for itself; errno is per thread, too.

import { createRequire } from 'node:module';
import { MaglevError } from '../errors.js';

type Koffi = typeof import('koffi');

/** Bytes handed to a call, an address inside a shared memory, or NULL. */
type Pointer = Uint8Array | bigint | null;

/** The calls we make. Each returns -1 when it failed; then `errno()`, before any other call, says why. */
interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, addressBytes: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Uint8Array, addressBytes: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, valueBytes: number): number;
  /** `valueBytes` is a socklen_t in native order: size of `value` before, bytes written after. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, valueBytes: Uint8Array): number;
  sendto(fd: number, bytes: Pointer, length: number, flags: number, address: Pointer, addressBytes: number): number;
  /** `addressBytes` is a socklen_t in native order, or null when `address` is. */
  recvfrom(
    fd: number,
    bytes: Pointer,
    length: number,
    flags: number,
    address: Uint8Array | null,
    addressBytes: Uint8Array | null,
  ): number;
  /** `message` is a struct msghdr. */
  recvmsg(fd: number, message: Uint8Array, flags: number): number;
  /** `fds` is an array of struct pollfd, see Poller. `timeoutMs` -1: no limit. */
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, bytes: Uint8Array, length: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  /** `vectors` is the address of `count` struct iovec: a number, as one made of a bigint would cost as much as the call. */
  writev(fd: number, vectors: number, count: number): number;
  open(path: string, flags: number): number;
  /** `argument` is what the request reads or writes. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** Index of an interface, 0 when there is none. */
  if_nametoindex(name: string): number;
  /** Returns the address, or -1 (MAP_FAILED). */
  mmap(address: bigint, bytes: number, protection: number, flags: number, fd: number, offset: number): number | bigint;
  madvise(address: bigint, bytes: number, advice: number): number;
  getpagesize(): number;
  /** errno of the call just made by this thread. */
  errno(): number;
  /** Address of the first byte of `bytes`. Stays right only while `bytes` is kept, or lies in a WebAssembly.Memory. */
  address(bytes: Uint8Array): bigint;
  /** Name of an errno: 1 is EPERM. */
  errnoName(errno: number): string;
  /** See onReadable(). */
  pollHandle(fd: number, ready: () => void): { close(): void; unref(): void };
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_RCVBUF = 8;
export const SO_PEERCRED = 17;
export const SO_RCVTIMEO = 20;
export const SO_ATTACH_FILTER = 26;
export const SO_DETACH_FILTER = 27;
export const SO_RCVBUFFORCE = 33;
export const SO_MARK = 36; // and the type of a control message that has one
export const SO_RCVMARK = 75;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

export const MADV_HUGEPAGE = 14;

export const EINTR = 4;
export const EAGAIN = 11;

const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

let loaded: Libc | undefined;

/**
 * The C library, loaded on the first call.
 * @throws MaglevError ERR_MISSING when this is not Linux on a 64-bit little-endian machine, or koffi cannot be loaded.
 */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  if (process.platform !== 'linux') {
    throw new MaglevError('ERR_MISSING', `live forwarding needs Linux (AF_PACKET), this is ${process.platform}`);
  }
  // Wasm memory is little-endian; the kernel's ring headers inside it have the byte order of the machine. And struct
  // layouts and the numbers of socket options, as written in this folder, are those of these machines.
  if (!ARCHITECTURES.includes(process.arch)) {
    throw new MaglevError('ERR_MISSING', `live forwarding needs one of ${ARCHITECTURES}, this is ${process.arch}`);
  }
  const koffi = loadKoffi();
  const c = koffi.load(null);
  const names = errnoNames(koffi.os.errno);
  return {
    socket: c.func('socket', 'int', ['int', 'int', 'int']),
    bind: c.func('bind', 'int', ['int', 'void *', 'uint']),
    listen: c.func('listen', 'int', ['int', 'int']),
    connect: c.func('connect', 'int', ['int', 'void *', 'uint']),
    close: c.func('close', 'int', ['int']),
    setsockopt: c.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint']),
    getsockopt: c.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']),
    sendto: c.func('sendto', 'intptr_t', ['int', 'void *', 'size_t', 'int', 'void *', 'uint']),
    recvfrom: c.func('recvfrom', 'intptr_t', ['int', 'void *', 'size_t', 'int', 'void *', 'void *']),
    recvmsg: c.func('recvmsg', 'intptr_t', ['int', 'void *', 'int']),
    poll: c.func('poll', 'int', ['void *', 'ulong', 'int']),
    eventfd: c.func('eventfd', 'int', ['uint', 'int']),
    read: c.func('read', 'intptr_t', ['int', 'void *', 'size_t']),
    write: c.func('write', 'intptr_t', ['int', 'void *', 'size_t']),
    writev: c.func('writev', 'intptr_t', ['int', 'uintptr_t', 'int']),
    open: c.func('open', 'int', ['str', 'int']),
    ioctl: c.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    if_nametoindex: c.func('if_nametoindex', 'uint', ['str']),
    mmap: c.func('mmap', 'intptr_t', ['void *', 'size_t', 'int', 'int', 'int', 'long']),
    madvise: c.func('madvise', 'int', ['void *', 'size_t', 'int']),
    getpagesize: c.func('getpagesize', 'int', []),
    errno: () => koffi.errno(),
    address: (bytes) => koffi.address(bytes),
    errnoName: (errno) => names.get(errno) ?? `errno ${errno}`,
    pollHandle: (fd, ready) => koffi.node.poll(fd, ready),
  };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new MaglevError('ERR_MISSING', `koffi, which calls the C library for us, cannot be loaded: ${reason}`, {
      cause,
    });
  }
}

/** Where one number has two names, the one the manual pages use. */
function errnoNames(numbers: Record<string, number>): Map<number, string> {
  const names = new Map(Object.entries(numbers).map(([name, errno]) => [errno, name]));
  for (const name of ['EAGAIN', 'EOPNOTSUPP', 'EDEADLK']) {
    const errno = numbers[name];
    if (errno !== undefined) names.set(errno, name);
  }
  return names;
}

/** A signed 32-bit integer as the kernel wants it: the value of most socket options. */
export function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** getsockopt(2) into `valueBytes` fresh bytes; undefined when it failed (see errno). */
export function getOption(fd: number, level: number, option: number, valueBytes: number): Uint8Array | undefined {
  const value = new Uint8Array(valueBytes);
  return libc().getsockopt(fd, level, option, value, int32(valueBytes)) < 0 ? undefined : value;
}
