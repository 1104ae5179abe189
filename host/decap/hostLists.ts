// host/decap/hostLists.ts: the lists of a decapsulator that follow the addresses of the host, where no option says them.
import { PREFIXES_MAX } from '../../assembly/layout.js';
import { MaglevError } from '../errors.js';
import { addressBytes, type HostAddress, isInPrefix, parsePrefix } from '../linux/index.js';

/** Addresses that mean this host to itself alone (our TUN device has 192.0.0.8), or something else on each link: no VIP is one of them. */
const NEVER = ['127.0.0.0/8', '::1/128', 'fe80::/10', '169.254.0.0/16', '192.0.0.8/32'].map(parsePrefix);

/** Our addresses that outer packets may be to, and those that packets inside may be to. */
export interface HostLists {
  locals: readonly string[];
  inners: readonly string[];
}

/** What the addresses of the host say for the interface `ifindex`. Throws ERR_LIMIT when a list would be too long. */
export function listsOf(addresses: readonly HostAddress[], ifindex: number): HostLists {
  const useful = addresses.filter(({ address }) => !NEVER.some((prefix) => isInPrefix(addressBytes(address), prefix)));
  const locals = useful.filter((own) => own.ifindex === ifindex).map(({ address }) => address);
  const others = useful.filter((own) => own.ifindex !== ifindex).map(({ address }) => address);
  const inners = others.filter((address) => !locals.includes(address));
  return { locals: bounded('locals', locals), inners: bounded('inners', inners) };
}

function bounded(option: string, addresses: readonly string[]): string[] {
  const each = [...new Set(addresses)].sort();
  if (each.length <= PREFIXES_MAX) return each;
  const rule = `must be said by prefixes: this host has ${each.length} addresses for it, more than ${PREFIXES_MAX}`;
  throw new MaglevError('ERR_LIMIT', `${option} ${rule}`, { option, rule });
}
