// build/maglev.ts: fills a lookup table: Maglev (Eisenbud et al., NSDI 2016, section 3.4), weighted. Runs in the builder,
// never in a packet worker. Extra memory: one build record a backend; no permutation is ever stored.
//
// In each round every backend saves up its weight; who has saved the largest weight takes a turn: its next slot that is
// still free, in the order of its permutation. With equal weights every backend takes one slot a round, as in the paper.
// A backend stops at its target, so shares are exact: unweighted counts are floor or ceil of M / N.
// This is the table of the `native` profile; the others have their own in profiles/, and are placed here.
import {
  BACKEND_ADDRESS,
  BUILD_BYTES,
  BUILD_CREDIT,
  BUILD_INDEX,
  BUILD_TAKEN,
  BUILD_TARGET,
  BUILD_WEIGHT,
  NO_BACKEND,
  SLOT_BYTES,
} from '../layout';
import { backend, build } from '../memory';
import * as cilium from '../profiles/cilium';
import * as envoy from '../profiles/envoy';
import * as katran from '../profiles/katran';
import { placeBackend } from '../profiles/native';
import { takeSlot } from '../profiles/permutation';

/** Sets the permutation of build records 0 to `count` - 1 from the addresses of their backends. */
export function placeAll(count: u32, slotCount: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const record = build + i * BUILD_BYTES;
    placeBackend(record, backend(load<u32>(record, BUILD_INDEX)) + BACKEND_ADDRESS, slotCount);
  }
}

/** The same for the rings of Katran, which stand in line by the rank that each gets (BUILD_RANK). */
export function placeKatran(count: u32, slotCount: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const record = build + i * BUILD_BYTES;
    katran.placeBackend(record, backend(load<u32>(record, BUILD_INDEX)) + BACKEND_ADDRESS, slotCount);
  }
}

/** Sets the permutation of build record `order` for Cilium, from the `len` bytes of identity at `text`. */
export function placeCilium(order: u32, text: usize, len: u32, slotCount: u32): void {
  cilium.placeBackend(build + order * BUILD_BYTES, text, len, slotCount);
}

/** The same for Envoy. */
export function placeEnvoy(order: u32, text: usize, len: u32, slotCount: u32): void {
  envoy.placeBackend(build + order * BUILD_BYTES, text, len, slotCount);
}

/**
 * Fills `slotCount` slots at `table` from build records 0 to `count` - 1, whose targets add up to slotCount. slotCount is
 * a prime, so that every skip reaches every slot. Without backends every slot is NO_BACKEND.
 */
export function fillTable(table: usize, slotCount: u32, count: u32): void {
  memory.fill(table, <u8>NO_BACKEND, slotCount * SLOT_BYTES);
  const end = build + count * BUILD_BYTES;
  const heaviest = prepare(end);
  const isEven = lightest(end) == heaviest; // then every turn is taken, and credits need no keeping
  for (let filled: u32 = 0; filled < slotCount && count; ) {
    for (let record = build; record < end; record += BUILD_BYTES) {
      if (load<u32>(record, BUILD_TAKEN) == load<u32>(record, BUILD_TARGET)) continue;
      if (!isEven && !hasTurn(record, heaviest)) continue;
      takeSlot(record, table, slotCount);
      store<u32>(record, load<u32>(record, BUILD_TAKEN) + 1, BUILD_TAKEN);
      filled++;
    }
  }
}

/** Clears what a build leaves behind; returns the largest weight. */
function prepare(end: usize): u32 {
  let heaviest: u32 = 0;
  for (let record = build; record < end; record += BUILD_BYTES) {
    store<u32>(record, 0, BUILD_TAKEN);
    store<u32>(record, 0, BUILD_CREDIT);
    heaviest = max(heaviest, load<u32>(record, BUILD_WEIGHT));
  }
  return heaviest;
}

function lightest(end: usize): u32 {
  let least = u32.MAX_VALUE;
  for (let record = build; record < end; record += BUILD_BYTES) least = min(least, load<u32>(record, BUILD_WEIGHT));
  return least;
}

function hasTurn(record: usize, heaviest: u32): bool {
  const credit = load<u32>(record, BUILD_CREDIT) + load<u32>(record, BUILD_WEIGHT);
  const takes = credit >= heaviest;
  store<u32>(record, takes ? credit - heaviest : credit, BUILD_CREDIT);
  return takes;
}
