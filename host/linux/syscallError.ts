// host/linux/syscallError.ts: what the kernel said, as a sentence: the call, what it was for, the errno, what would help.

import { MaglevError } from '../errors.js';
import { libc } from './libc.js';

/** What helps whatever the call was. A hint of the caller, who knows the call, comes first. */
const HINTS: Readonly<Record<string, string>> = {
  EMFILE: 'this process has too many open files: raise its limit (ulimit -n, LimitNOFILE=)',
  ENFILE: 'the system has too many open files: raise fs.file-max',
  ENODEV: 'there is no such interface (any more)',
  ENXIO: 'there is no such interface (any more)',
  ENETDOWN: 'the interface is down: ip link set NAME up',
  ENOMEM: 'not enough memory',
  EAFNOSUPPORT: 'this kernel is built without it',
  ENOPROTOOPT: 'this kernel is too old for it, or built without it',
};

/**
 * The error for the call that has just failed; reads errno, so call it before anything else, close(2) above all.
 * @param call Its name, and what more there is to say of it: `socket`, `setsockopt PACKET_RX_RING`.
 * @param on What it was for, mostly an interface: `eth0`.
 * @param hint What would help, by errno name, where the caller knows better than the table above.
 */
export function syscallError(call: string, on: string, hint: Readonly<Record<string, string>> = {}): MaglevError {
  return errnoError(call, on, libc().errno(), hint);
}

/** As syscallError(), for an errno that came by another way: in a netlink answer, in SO_ERROR. */
export function errnoError(
  call: string,
  on: string,
  errno: number,
  hint: Readonly<Record<string, string>> = {},
): MaglevError {
  const name = libc().errnoName(errno);
  const help = hint[name] ?? HINTS[name];
  const [first, ...rest] = call.split(' ');
  const what = [`${first}(2)`, ...rest].join(' ');
  return new MaglevError('ERR_SYSCALL', `${what} on ${on}: ${name}${help === undefined ? '' : `; ${help}`}`, {
    errno: name,
  });
}
