// profiles/katran.ts: the rings and the packet hash of Katran, bit for bit.
//
//   identity      the hash that folly gives the address (hash/follyAddress.ts); backends stand in line by it, ascending
//   permutation   MurmurHash3 of that hash and a constant, twice; (offset + k * skip) in 32 bits, modulo the slots
//   V1            round after round, a slot a turn; on its first turn a backend takes as many slots as its weight says
//   V2            in each round a backend saves up its weight, and pays the largest weight for a slot
//   packet        lookup3 of source address and ports; destination address and protocol do not count
//   slot          hash modulo slots
import { hashAddress } from '../hash/follyAddress';
import { jhash, jhash2Words } from '../hash/jhash';
import { murmur3Pair } from '../hash/murmur3';
import {
  BUILD_BYTES,
  BUILD_CREDIT,
  BUILD_INDEX,
  BUILD_NEXT,
  BUILD_RANK,
  BUILD_SKIP,
  BUILD_TURN,
  BUILD_WEIGHT,
  NO_BACKEND,
  SLOT_BYTES,
} from '../layout';
import { build } from '../memory';

const OFFSET_CONSTANT: u64 = 42;
const SKIP_CONSTANT: u64 = 2718281828;
const SKIP_SEED: u32 = 2307;
const VIPS_MAX: u32 = 512; // Katran's default: seeds are made of it
const PORT_MASK: u32 = 0xffff_0000; // the destination port, as both ports lie in memory

/** Sets rank, offset and skip of a backend in its build record, from its 16-byte address. */
export function placeBackend(record: usize, address: usize, slotCount: u32): void {
  const hash = hashAddress(address);
  store<u64>(record, hash, BUILD_RANK);
  store<u32>(record, <u32>(murmur3Pair(hash, OFFSET_CONSTANT, 0) % <u64>slotCount), BUILD_NEXT);
  const skip = murmur3Pair(hash, SKIP_CONSTANT, SKIP_SEED) % <u64>(slotCount - 1);
  store<u32>(record, <u32>skip + 1, BUILD_SKIP);
}

/** Fills `slotCount` slots at `table` as V1, from build records 0 to `count` - 1, which stand in line by rank. */
export function fillV1(table: usize, slotCount: u32, count: u32): void {
  const end = begin(table, slotCount, count);
  if (count < 2) return;
  let filled: u32 = 0;
  for (let isFirst = true; filled < slotCount; isFirst = false) {
    for (let record = build; record < end && filled < slotCount; record += BUILD_BYTES) {
      const turns = isFirst ? load<u32>(record, BUILD_WEIGHT) : 1;
      for (let i: u32 = 0; i < turns && filled < slotCount; i++, filled++) takeSlot(record, table, slotCount);
    }
  }
}

/** The same as V2. */
export function fillV2(table: usize, slotCount: u32, count: u32): void {
  const end = begin(table, slotCount, count);
  if (count < 2) return;
  let heaviest: u32 = 0;
  for (let record = build; record < end; record += BUILD_BYTES)
    heaviest = max(heaviest, load<u32>(record, BUILD_WEIGHT));
  for (let filled: u32 = 0; filled < slotCount; ) {
    for (let record = build; record < end && filled < slotCount; record += BUILD_BYTES) {
      const credit = load<u32>(record, BUILD_CREDIT) + load<u32>(record, BUILD_WEIGHT);
      const takes = credit >= heaviest;
      store<u32>(record, takes ? credit - heaviest : credit, BUILD_CREDIT);
      if (!takes) continue;
      takeSlot(record, table, slotCount);
      filled++;
    }
  }
}

/** Clears table and records, and fills the table where there is no choice. Returns the end of the records. */
function begin(table: usize, slotCount: u32, count: u32): usize {
  const end = build + count * BUILD_BYTES;
  memory.fill(table, <u8>NO_BACKEND, slotCount * SLOT_BYTES);
  for (let record = build; record < end; record += BUILD_BYTES) {
    store<u32>(record, 0, BUILD_TURN);
    store<u32>(record, 0, BUILD_CREDIT);
  }
  if (count == 1) {
    const index = <u16>load<u32>(build, BUILD_INDEX);
    for (let slot: u32 = 0; slot < slotCount; slot++) store<u16>(table + slot * SLOT_BYTES, index);
  }
  return end;
}

/**
 * The product wraps at 32 bits, so that above 65537 slots the order is no permutation and may miss slots for good. Where
 * Katran would then search for ever, a backend takes the first free slot.
 */
function takeSlot(record: usize, table: usize, slotCount: u32): void {
  const offset = load<u32>(record, BUILD_NEXT);
  const skip = load<u32>(record, BUILD_SKIP);
  const last = <u32>(((<u64>1) << (32 - ctz<u32>(skip))) - 1); // from here on k * skip repeats
  let turn = load<u32>(record, BUILD_TURN);
  let slot = (offset + turn * skip) % slotCount;
  while (isTaken(table, slot) && turn != last) slot = (offset + ++turn * skip) % slotCount;
  if (isTaken(table, slot)) for (slot = 0; isTaken(table, slot); ) slot++;
  store<u16>(table + slot * SLOT_BYTES, <u16>load<u32>(record, BUILD_INDEX));
  store<u32>(record, turn == last ? turn : turn + 1, BUILD_TURN);
}

function isTaken(table: usize, slot: u32): bool {
  return load<u16>(table + slot * SLOT_BYTES) != NO_BACKEND;
}

/** Hash of a flow from the address at `source`, 4 or 16 bytes; `ports` as they lie in memory. */
export function flowHash(isV6: bool, source: usize, ports: u32, slotCount: u32): u32 {
  const client = isV6 ? jhash(source, 16, VIPS_MAX) : load<u32>(source);
  return jhash2Words(client, ports, VIPS_MAX * slotCount);
}

/** Hash of all flows to a port: the client counts as the address 0, its port as that of the VIP. */
export function portHash(isV6: bool, ports: u32, zeros: usize, slotCount: u32): u32 {
  const both = (ports & PORT_MASK) | (ports >> 16);
  memory.fill(zeros, 0, 16);
  return flowHash(isV6, zeros, both, slotCount);
}
