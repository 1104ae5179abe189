// select/mark.ts: the backend of a health check: a packet of this host whose mark (SO_MARK) names the backend it is to reach, in the
// same encapsulation and by the same next hop as a client's. One map for all VIPs of a root; open addressing, at most half full.
import { MARK_BACKEND, MARK_BYTES, MARK_IS_V6, MARK_MARK, NO_BACKEND, ROOT_MARK_MASK, ROOT_MARKS } from '../layout';

/** Backend that `mark` names for packets of this family; NO_BACKEND for 0, and for one that is nobody's. */
export function backendOfMark(root: usize, mark: u32, isV6: bool): u32 {
  const marks = <usize>load<u32>(root, ROOT_MARKS);
  if (!marks || !mark) return NO_BACKEND;
  const entry = find(marks, load<u32>(root, ROOT_MARK_MASK), mark);
  const isFound = load<u32>(entry, MARK_MARK) == mark && (load<u8>(entry, MARK_IS_V6) != 0) == isV6;
  return isFound ? <u32>load<u16>(entry, MARK_BACKEND) : NO_BACKEND;
}

/** The same for packets of either family: for who makes outer headers of his own. */
export function backendOfAnyMark(root: usize, mark: u32): u32 {
  const backend4 = backendOfMark(root, mark, false);
  return backend4 == NO_BACKEND ? backendOfMark(root, mark, true) : backend4;
}

/** Enters a mark that is not there. For the builder. */
export function enter(marks: usize, mask: u32, mark: u32, backendIndex: u32, isV6: bool): void {
  const entry = find(marks, mask, mark);
  store<u32>(entry, mark, MARK_MARK);
  store<u16>(entry, <u16>backendIndex, MARK_BACKEND);
  store<u8>(entry, isV6 ? 1 : 0, MARK_IS_V6);
}

/** The entry of `mark`, or the free one where it would be. Fibonacci hashing: marks that follow each other lie far apart. */
function find(marks: usize, mask: u32, mark: u32): usize {
  let i = (mark * 0x9e37_79b1) >> 7;
  let entry = marks + (i & mask) * MARK_BYTES;
  while (load<u32>(entry, MARK_MARK) && load<u32>(entry, MARK_MARK) != mark) entry = marks + (++i & mask) * MARK_BYTES;
  return entry;
}
