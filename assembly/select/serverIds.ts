// select/serverIds.ts: server id -> backend, of one VIP: what the ways that read an id out of the packet have in common.
import {
  BACKEND_CAN_SERVE,
  EVENT_NAMED_DOWN,
  ID_BACKEND,
  ID_BYTES,
  ID_SERVER,
  NAMES_HEADER_BYTES,
  NAMES_ID_MASK,
  NO_BACKEND,
} from '../layout';
import { backend, countEvent } from '../memory';
import * as trace from './trace';

/** Backend that `id` (not 0) names in the names of a VIP; NO_BACKEND when it names none, or one that cannot serve. */
export function backendOf(names: usize, id: u32, way: u32, routed: i32, unknown: i32): u32 {
  trace.noteId(id);
  const entry = find(names, id);
  if (!entry) {
    countEvent(unknown);
    return NO_BACKEND;
  }
  const index = usable(load<u16>(entry, ID_BACKEND));
  if (index == NO_BACKEND) {
    countEvent(EVENT_NAMED_DOWN);
    return NO_BACKEND;
  }
  countEvent(routed);
  trace.decide(way);
  return index;
}

/** `index`, or NO_BACKEND when that backend is down: then whatever is asked next decides. */
export function usable(index: u32): u32 {
  if (index != NO_BACKEND && load<u8>(backend(index), BACKEND_CAN_SERVE)) return index;
  trace.noteDown();
  return NO_BACKEND;
}

/** Enters an id that is not there. For the builder. */
export function enter(names: usize, id: u32, backendIndex: u32): void {
  let i = start(id);
  while (load<u32>(entryAt(names, i), ID_SERVER)) i++;
  const entry = entryAt(names, i);
  store<u32>(entry, id, ID_SERVER);
  store<u16>(entry, <u16>backendIndex, ID_BACKEND);
}

/** The entry of an id, 0 when it is not there. */
export function find(names: usize, id: u32): usize {
  let i = start(id);
  let entry = entryAt(names, i);
  while (load<u32>(entry, ID_SERVER)) {
    if (load<u32>(entry, ID_SERVER) == id) return entry;
    entry = entryAt(names, ++i);
  }
  return 0;
}

function entryAt(names: usize, i: u32): usize {
  return names + NAMES_HEADER_BYTES + (i & load<u32>(names, NAMES_ID_MASK)) * ID_BYTES;
}

/** Fibonacci hashing: ids that follow each other lie far apart. */
function start(id: u32): u32 {
  return (id * 0x9e37_79b1) >> 7;
}
