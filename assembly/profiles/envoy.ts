// profiles/envoy.ts: the table of Envoy's Maglev load balancer, bit for bit, and the one packet hash it has: by client address.
//
//   identity      XXH64 of "10.0.0.1:80"; backends stand in line by that text
//   permutation   seed 0 gives the offset, seed 1 the skip
//   weights       in double precision: in round r a backend takes a slot when r times its share has reached what is due, which
//                 begins at 0 and grows by the largest share a slot: so everybody has one in the first round
//   packet        XXH64, seed 0: of the client's address as text (hash policy source_ip); of the 5-tuple, which Envoy does not
//                 hash, of source, destination, ports in network order and protocol, 13 or 37 bytes
//   slot          64-bit hash modulo slots
import { xxh64 } from '../hash/xxh64';
import {
  BUILD_BYTES,
  BUILD_DUE,
  BUILD_NEXT,
  BUILD_SHARE,
  BUILD_SKIP,
  BUILD_WEIGHT,
  NO_BACKEND,
  SLOT_BYTES,
} from '../layout';
import { build } from '../memory';
import { writeAddress } from './addressText';
import { takeSlot } from './permutation';

/** Sets offset and skip of a backend in its build record, from its identity: `len` bytes at `text`. */
export function placeBackend(record: usize, text: usize, len: u32, slotCount: u32): void {
  store<u32>(record, <u32>(xxh64(text, len, 0) % <u64>slotCount), BUILD_NEXT);
  store<u32>(record, <u32>(xxh64(text, len, 1) % <u64>(slotCount - 1)) + 1, BUILD_SKIP);
}

/** Fills `slotCount` slots at `table` from build records 0 to `count` - 1, which stand in line by identity. */
export function fillTable(table: usize, slotCount: u32, count: u32): void {
  memory.fill(table, <u8>NO_BACKEND, slotCount * SLOT_BYTES);
  const largest = prepare(count);
  const end = build + count * BUILD_BYTES;
  let filled: u32 = 0;
  for (let round: f64 = 1; filled < slotCount && count; round++) {
    for (let record = build; record < end && filled < slotCount; record += BUILD_BYTES) {
      const due = load<f64>(record, BUILD_DUE);
      if (round * load<f64>(record, BUILD_SHARE) < due) continue;
      store<f64>(record, due + largest, BUILD_DUE);
      takeSlot(record, table, slotCount);
      filled++;
    }
  }
}

/** Sets the share of each backend; returns the largest. */
function prepare(count: u32): f64 {
  const end = build + count * BUILD_BYTES;
  let total: u32 = 0;
  for (let record = build; record < end; record += BUILD_BYTES) total += load<u32>(record, BUILD_WEIGHT);
  let largest: f64 = 0;
  for (let record = build; record < end; record += BUILD_BYTES) {
    const share = <f64>load<u32>(record, BUILD_WEIGHT) / <f64>total;
    store<f64>(record, share, BUILD_SHARE);
    store<f64>(record, 0, BUILD_DUE);
    largest = max(largest, share);
  }
  return largest;
}

/** Hash of all flows of the client at `source`. `scratch` is where its address is written out. */
export function clientHash(isV6: bool, source: usize, scratch: usize): u64 {
  return xxh64(scratch, writeAddress(isV6, source, scratch), 0);
}

/** Hash of one flow: addresses at `source` and behind it, `ports` as they lie in memory. */
export function flowHash(isV6: bool, source: usize, ports: u32, protocol: u32, scratch: usize): u64 {
  const addressBytes: usize = isV6 ? 32 : 8;
  memory.copy(scratch, source, addressBytes);
  store<u32>(scratch + addressBytes, ports);
  store<u8>(scratch + addressBytes, <u8>protocol, 4);
  return xxh64(scratch, <u32>addressBytes + 5, 0);
}
