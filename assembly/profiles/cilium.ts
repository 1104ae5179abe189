// profiles/cilium.ts: the table and the packet hash of Cilium's Maglev, bit for bit, with its default seed.
//
//   identity      MurmurHash3 of "[10.0.0.1:80/TCP,State:active]"; backends stand in line by that text
//   permutation   the two halves of that hash give offset and skip
//   weights       slots are given out one by one, to the backends in turn; when the mean weight is 2 or more, one that is ahead
//                 of its weight is passed over
//   packet        lookup3 of source address, ports and protocol; the destination address does not count
//   slot          hash modulo slots
import { jhash3Words, jhashTuple6 } from '../hash/jhash';
import { first, murmur3, second } from '../hash/murmur3';
import { BUILD_BYTES, BUILD_DUE, BUILD_NEXT, BUILD_SKIP, BUILD_WEIGHT, NO_BACKEND, SLOT_BYTES } from '../layout';
import { build } from '../memory';
import { takeSlot } from './permutation';

// The 12 bytes of Cilium's default seed, base64 "JLfvgnHc2kaSUFaI", as three big-endian words.
const SEED_TABLE: u32 = 0x24b7_ef82;
const SEED_V4: u32 = 0x71dc_da46;
const SEED_V6: u32 = 0x9250_5688;

/** Sets offset and skip of a backend in its build record, from its identity: `len` bytes at `text`. */
export function placeBackend(record: usize, text: usize, len: u32, slotCount: u32): void {
  murmur3(text, len, SEED_TABLE);
  store<u32>(record, <u32>(first % <u64>slotCount), BUILD_NEXT);
  store<u32>(record, <u32>(second % <u64>(slotCount - 1)) + 1, BUILD_SKIP);
}

/** Fills `slotCount` slots at `table` from build records 0 to `count` - 1, which stand in line by identity. */
export function fillTable(table: usize, slotCount: u32, count: u32): void {
  memory.fill(table, <u8>NO_BACKEND, slotCount * SLOT_BYTES);
  if (!count) return;
  const total = prepare(count);
  const isWeighted = total / count > 1;
  for (let filled: u32 = 0; filled < slotCount; filled++) {
    let i = filled % count;
    if (isWeighted) {
      while (isAhead(build + i * BUILD_BYTES, filled)) i = i + 1 == count ? 0 : i + 1;
      const due = build + i * BUILD_BYTES;
      store<f64>(due, load<f64>(due, BUILD_DUE) + <f64>total, BUILD_DUE);
    }
    takeSlot(build + i * BUILD_BYTES, table, slotCount);
  }
}

/** Sets what each backend must reach for its first slot; returns the sum of the weights. */
function prepare(count: u32): u32 {
  let total: u32 = 0;
  const end = build + count * BUILD_BYTES;
  for (let record = build; record < end; record += BUILD_BYTES) {
    const weight = load<u32>(record, BUILD_WEIGHT);
    total += weight;
    store<f64>(record, <f64>weight / <f64>count, BUILD_DUE);
  }
  return total;
}

/** Whole numbers are compared, as there. Not all can be ahead at once: what is due to all adds up to less. */
function isAhead(record: usize, filled: u32): bool {
  return (<u64>filled + 1) * <u64>load<u32>(record, BUILD_WEIGHT) < <u64>load<f64>(record, BUILD_DUE);
}

/** Hash of a flow from the address at `source`, 4 or 16 bytes; `ports` as they lie in memory. */
export function flowHash(isV6: bool, source: usize, ports: u32, protocol: u32): u32 {
  return isV6
    ? jhashTuple6(source, ports, protocol, SEED_V6)
    : jhash3Words(load<u32>(source), ports, protocol, SEED_V4);
}
