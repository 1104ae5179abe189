// select/sourceRoute.ts: the backend of the longest prefix that a client's address lies in: one probe for each prefix length in use.
import {
  NAMES_PREFIXES,
  NAMES_ROUTE_MASK,
  NAMES_ROUTES,
  NO_BACKEND,
  ROUTE_ADDRESS,
  ROUTE_BACKEND,
  ROUTE_BYTES,
  ROUTE_PREFIX_BITS,
} from '../layout';
import { keyHash, leading } from '../prefix';
import { usable } from './serverIds';
import * as trace from './trace';

/** Whether a prefix held the client that bySource() was asked for last. */
export let isFound: bool = false;

/**
 * For a client at `high`, `low`; NO_BACKEND when no prefix holds it. Where the longest one leads to a backend that cannot serve,
 * no shorter one is tried: the table decides.
 */
export function bySource(names: usize, high: u64, low: u64): u32 {
  isFound = false;
  const lengths = names + NAMES_PREFIXES;
  const count = <u32>load<u8>(lengths);
  for (let i: u32 = 1; i <= count; i++) {
    const bits = <u32>load<u8>(lengths + i);
    const entry = find(names, high & leading(bits), low & leading(bits < 64 ? 0 : bits - 64), bits + 1);
    if (!entry) continue;
    isFound = true;
    trace.noteRoute(bits + 1);
    return usable(load<u16>(entry, ROUTE_BACKEND));
  }
  return NO_BACKEND;
}

/** Enters the prefix of `bits` bits at `address`, which is not there. For the builder. */
export function enter(names: usize, address: usize, bits: u32, backendIndex: u32): void {
  const high = load<u64>(address);
  const low = load<u64>(address, 8);
  let i = keyHash(high, low, bits + 1);
  while (load<u16>(entryAt(names, i), ROUTE_PREFIX_BITS)) i++;
  const entry = entryAt(names, i);
  store<u64>(entry, high, ROUTE_ADDRESS);
  store<u64>(entry, low, ROUTE_ADDRESS + 8);
  store<u16>(entry, <u16>(bits + 1), ROUTE_PREFIX_BITS);
  store<u16>(entry, <u16>backendIndex, ROUTE_BACKEND);
}

function find(names: usize, high: u64, low: u64, key: u32): usize {
  let i = keyHash(high, low, key);
  let entry = entryAt(names, i);
  while (load<u16>(entry, ROUTE_PREFIX_BITS)) {
    if (isFor(entry, high, low, key)) return entry;
    entry = entryAt(names, ++i);
  }
  return 0;
}

function isFor(entry: usize, high: u64, low: u64, key: u32): bool {
  const isAddress = load<u64>(entry, ROUTE_ADDRESS) == high && load<u64>(entry, ROUTE_ADDRESS + 8) == low;
  return isAddress && load<u16>(entry, ROUTE_PREFIX_BITS) == key;
}

function entryAt(names: usize, i: u32): usize {
  return <usize>load<u32>(names, NAMES_ROUTES) + (i & load<u32>(names, NAMES_ROUTE_MASK)) * ROUTE_BYTES;
}
