// prefixList.ts: is an address in a short list of prefixes? Asked one after the other: a decapsulator has a handful of each. A
// prefix is of one family: ::/0 holds no IPv4 address, though those have a form of 16 bytes too.
import {
  PREFIX_ADDRESS,
  PREFIX_BYTES,
  PREFIX_LIST_BASE,
  PREFIX_LIST_COUNT4,
  PREFIX_LIST_COUNT6,
  PREFIX_MASK,
} from './layout';
import { isMapped, mapped } from './parse';

/** True when this IPv4 address lies in one of the prefixes of the list at `list`. */
export function isIpv4In(list: usize, address: u32): bool {
  const first = <usize>load<u32>(list, PREFIX_LIST_BASE);
  return isIn(first, load<u32>(list, PREFIX_LIST_COUNT4), 0, mapped(address));
}

/** The same for an IPv6 address. One of the form ::ffff:a.b.c.d has no business in an IPv6 packet, and lies in none. */
export function isIpv6In(list: usize, high: u64, low: u64): bool {
  const first = load<u32>(list, PREFIX_LIST_BASE) + load<u32>(list, PREFIX_LIST_COUNT4) * PREFIX_BYTES;
  return !isMapped(high, low) && isIn(first, load<u32>(list, PREFIX_LIST_COUNT6), high, low);
}

function isIn(first: usize, count: u32, high: u64, low: u64): bool {
  for (let prefix = first, end = first + count * PREFIX_BYTES; prefix < end; prefix += PREFIX_BYTES) {
    const differs =
      ((high & load<u64>(prefix, PREFIX_MASK)) ^ load<u64>(prefix, PREFIX_ADDRESS)) |
      ((low & load<u64>(prefix, PREFIX_MASK + 8)) ^ load<u64>(prefix, PREFIX_ADDRESS + 8));
    if (!differs) return true;
  }
  return false;
}
