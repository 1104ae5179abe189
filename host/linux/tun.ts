// host/linux/tun.ts: TUN devices (Documentation/networking/tuntap.rst): an interface whose packets this process writes, as if they came
// in by it. The device is ours alone and goes with its descriptor, however we end.
//
//   struct ifreq:  name 16 bytes | flags u16 at 16 | 22 more

import { optionError } from '../errors.js';
import { checkInterfaceName } from './interfaceName.js';
import { libc } from './libc.js';
import type { Netlink } from './netlink.js';
import { syscallError } from './syscallError.js';

const DEVICE = '/dev/net/tun';
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000; // no header of the device's own before a packet
const IFF_VNET_HDR = 0x4000; // but a virtio header of 10 bytes
const IFF_TUN_EXCL = 0x8000; // or we would share one that somebody else made, and that stays
const IFREQ_BYTES = 40;
const PACKET_BYTES_MAX = 65_536;
const DISCARDED_MAX = 256;
const MTU_MIN = 1280; // RFC 8200, section 5: below it there is no IPv6 on the device

/** What a device is to be. */
interface TunOptions {
  name: string;
  /** What to call `name` in a message. */
  option: string;
  /** Bytes; at least 1280 is taken. */
  mtu: number;
  /** Each packet has a virtio header before it: half checksums and super-frames may be written. */
  hasVirtio: boolean;
}

/** A device of ours, which is up. */
export interface Tun {
  readonly name: string;
  readonly ifindex: number;
  /** For read(2) and write(2), a packet each, in any thread of the process. Does not block. */
  readonly fd: number;
  /** Throws away what this host has sent by the device, which is in nobody's way then. */
  discard(): void;
  /** The device is gone when this returns. Calling it twice is harmless. */
  close(): void;
}

/**
 * Makes a TUN device and brings it up.
 * @throws MaglevError ERR_OPTION for a name that is none, or taken; ERR_SYSCALL: EPERM without CAP_NET_ADMIN, ENOENT without /dev/net/tun
 */
export function openTun(netlink: Netlink, { name, option, mtu, hasVirtio }: TunOptions): Tun {
  checkInterfaceName(name, option);
  if (name.includes('%')) throw optionError(option, name, 'must not have a %: the kernel would put a number there');
  const fd = libc().open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    const none = `there is no ${DEVICE} here: a container has to be given it (docker run --device ${DEVICE})`;
    throw syscallError(`open ${DEVICE}`, name, { ENOENT: none, ENODEV: 'this kernel has no TUN devices (CONFIG_TUN)' });
  }
  try {
    attach(fd, name, option, hasVirtio);
    const ifindex = libc().if_nametoindex(name);
    if (ifindex === 0) throw syscallError('if_nametoindex', name);
    netlink.raiseTun(ifindex, Math.max(mtu, MTU_MIN));
    return new OpenTun(name, ifindex, fd);
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

function attach(fd: number, name: string, option: string, hasVirtio: boolean): void {
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(new TextEncoder().encode(name));
  const flags = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | (hasVirtio ? IFF_VNET_HDR : 0);
  new DataView(request.buffer).setUint16(16, flags, true);
  if (libc().ioctl(fd, TUNSETIFF, request) === 0) return;
  const errno = libc().errnoName(libc().errno());
  // EINVAL: there is one, and it is no TUN device.
  if (errno === 'EBUSY' || errno === 'EINVAL')
    throw optionError(option, name, 'is the name of an interface that is there');
  throw syscallError('ioctl TUNSETIFF', name, { EPERM: 'it needs CAP_NET_ADMIN' });
}

class OpenTun implements Tun {
  readonly #packet = new Uint8Array(PACKET_BYTES_MAX);
  #isOpen = true;

  constructor(
    readonly name: string,
    readonly ifindex: number,
    readonly fd: number,
  ) {}

  discard(): void {
    // Until EAGAIN; at most so many, as who asks has other things to do.
    for (let i = 0; i < DISCARDED_MAX && libc().read(this.fd, this.#packet, PACKET_BYTES_MAX) > 0; i++);
  }

  close(): void {
    if (this.#isOpen) libc().close(this.fd);
    this.#isOpen = false;
  }
}

/**
 * Writes packets, each a pair of struct iovec (virtio header, packet), the pairs `pairBytes` apart from address `first` on. One call to
 * the kernel a packet: a TUN device takes them no other way. Never throws: `failed` hears of those that it did not take.
 */
export function writePackets(
  fd: number,
  first: number,
  count: number,
  pairBytes: number,
  failed: (errno: string) => void,
): void {
  const { writev } = libc();
  for (let i = 0; i < count; i++) {
    if (writev(fd, first + i * pairBytes, 2) < 0) failed(libc().errnoName(libc().errno()));
  }
}
