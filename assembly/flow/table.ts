// flow/table.ts: flow -> backend, shared by all workers. One u64 an entry, read and replaced by one atomic access, so
// nothing is ever torn and nobody waits; eight entries are a bucket and a cache line.
//
//   | fingerprint: high half of the flow hash, 32 | backend 16 | confirmed 1 | tick of the last packet 15 |   0 = free
//
// Odds of a false match: the bucket is fixed by other bits of the hash than the fingerprint, so a packet that is not in
// a full bucket matches one of its eight entries with chance 8 * 2^-32, once in 537 million; it is then sent to that
// entry's backend.
//
// A new entry is not confirmed; the flow's next packet confirms it (a TCP SYN sent again does not). A new entry takes a
// free place, an expired one or the oldest that is not confirmed, never a confirmed one: a flood of SYNs, or of anything
// else that is never answered, cannot push out flows that live.
import {
  CONTROL_FLOW_TICKS,
  EVENT_FLOW_FULL,
  EVENT_FLOW_INSERT,
  EVENT_FLOW_REPLACE,
  FLOW_BYTES,
  FLOW_CONFIRMED,
  FLOW_TICK_MASK,
  FLOW_WAYS,
  NO_BACKEND,
} from '../layout';
import { control, countEvent, flowBucketMask, flows } from '../memory';

const BUCKET_SHIFT: u32 = 6; // FLOW_WAYS * FLOW_BYTES bytes
const INSERT_TRIES = 4;
const HIGH_HALVES: u32 = 0xaaaa;

let foundAt: usize = 0; // where find() found its entry
let isReadOnly: bool = false;

/** With `yes` nothing is entered or marked until it is said again (explain.ts). */
export function setReadOnly(yes: bool): void {
  isReadOnly = yes;
}

function fingerprintOf(hash: u64): u32 {
  return <u32>(hash >> 32);
}

/** The low bits of the low half; slots take its high bits (profiles/native.ts), so the flows of one slot spread out. */
export function bucketOf(hash: u64): usize {
  return flows + ((<usize>(<u32>hash & flowBucketMask)) << BUCKET_SHIFT);
}

function ageOf(entry: u64, tick: u32): u32 {
  return (tick - <u32>entry) & FLOW_TICK_MASK;
}

function isConfirmed(entry: u64): bool {
  return (<u32>entry & FLOW_CONFIRMED) != 0;
}

/** Backend index of an entry. */
export function backendOf(entry: u64): u32 {
  return <u32>entry >> 16;
}

/** The entry of a flow seen within `idleTicks`, as it stood when it was read; 0 when there is none. touch() may follow. */
export function find(hash: u64, idleTicks: u32, tick: u32): u64 {
  const bucket = bucketOf(hash);
  const fingerprint = fingerprintOf(hash);
  for (let ways = waysWith(bucket, fingerprint); ways; ways &= ways - 1) {
    const at = bucket + <usize>((ctz(ways) >> 1) * FLOW_BYTES);
    const entry = atomic.load<u64>(at);
    if (<u32>(entry >> 32) != fingerprint || !entry) continue;
    foundAt = at;
    return ageOf(entry, tick) > idleTicks ? 0 : entry;
  }
  return 0;
}

/**
 * Backend index of a flow whose entry is confirmed and was marked in this very tick, NO_BACKEND for any other. Nothing that a packet
 * of another flow does to the table can change that answer, so it may be asked before packets that came earlier are dealt with.
 */
export function settled(hash: u64, tick: u32): u32 {
  const bucket = bucketOf(hash);
  const fingerprint = fingerprintOf(hash);
  const ways = waysWith(bucket, fingerprint);
  if (!ways) return NO_BACKEND;
  const entry = atomic.load<u64>(bucket + <usize>((ctz(ways) >> 1) * FLOW_BYTES));
  if (<u32>(entry >> 32) != fingerprint) return NO_BACKEND; // another worker was faster
  const isSettled = (<u32>entry & (FLOW_CONFIRMED | FLOW_TICK_MASK)) == (FLOW_CONFIRMED | (tick & FLOW_TICK_MASK));
  return isSettled ? backendOf(entry) : NO_BACKEND;
}

/**
 * Which ways of a bucket have this fingerprint: bit 2 * way + 1 each. All eight are compared at once, as the end of a loop would be
 * guessed wrong. Another worker may change an entry meanwhile: who takes one reads it again.
 */
function waysWith(bucket: usize, fingerprint: u32): u32 {
  const wanted = i32x4.splat(fingerprint);
  const a = i32x4.bitmask(i32x4.eq(v128.load(bucket), wanted)); // two entries: low, high, low, high half
  const b = i32x4.bitmask(i32x4.eq(v128.load(bucket, 16), wanted));
  const c = i32x4.bitmask(i32x4.eq(v128.load(bucket, 32), wanted));
  const d = i32x4.bitmask(i32x4.eq(v128.load(bucket, 48), wanted));
  return (a | (b << 4) | (c << 8) | (d << 12)) & HIGH_HALVES;
}

/** Marks the flow of the entry that find() returned as seen now. Written only when something changes; losing the race to another worker is fine. */
export function touch(entry: u64, tick: u32, confirm: bool): void {
  let low = (<u32>entry & ~FLOW_TICK_MASK) | (tick & FLOW_TICK_MASK);
  if (confirm) low |= FLOW_CONFIRMED;
  if (low == <u32>entry || isReadOnly) return;
  atomic.cmpxchg<u64>(foundAt, entry, (entry & 0xffff_ffff_0000_0000) | low);
}

/** The flow whose entry find() returned goes to another backend; when it was seen last stays as it is. */
export function move(entry: u64, backendIndex: u32): void {
  if (isReadOnly) return;
  atomic.cmpxchg<u64>(foundAt, entry, (entry & 0xffff_ffff_0000_ffff) | ((<u64>backendIndex) << 16));
}

/** Enters a flow. Where every place holds a confirmed, living flow, it is counted and left out. */
export function insert(hash: u64, backendIndex: u32, tick: u32, confirm: bool): void {
  if (backendIndex == NO_BACKEND || isReadOnly) return;
  let low = (backendIndex << 16) | (tick & FLOW_TICK_MASK);
  if (confirm) low |= FLOW_CONFIRMED;
  const fresh = (hash & 0xffff_ffff_0000_0000) | low;
  for (let i = 0; i < INSERT_TRIES; i++) {
    const at = placeFor(hash, tick);
    if (!at) break;
    const old = placeHolds;
    if (atomic.cmpxchg<u64>(at, old, fresh) != old) continue; // another worker was faster: look again
    countEvent(old ? EVENT_FLOW_REPLACE : EVENT_FLOW_INSERT);
    return;
  }
  countEvent(EVENT_FLOW_FULL);
}

let placeHolds: u64 = 0;

/** Address of the entry that a new flow may take, 0 for none; placeHolds is what stood there. */
function placeFor(hash: u64, tick: u32): usize {
  const bucket = bucketOf(hash);
  const fingerprint = fingerprintOf(hash);
  const longest = load<u32>(control, CONTROL_FLOW_TICKS);
  let best: usize = 0;
  let bestAge: i32 = -1;
  for (let way = 0; way < FLOW_WAYS; way++) {
    const at = bucket + way * FLOW_BYTES;
    const entry = atomic.load<u64>(at);
    if (entry && <u32>(entry >> 32) == fingerprint) {
      placeHolds = entry;
      return at; // the same flow, expired or on a dead backend
    }
    const age = rank(entry, tick, longest);
    if (age <= bestAge) continue;
    best = at;
    bestAge = age;
    placeHolds = entry;
  }
  return best;
}

/** How gladly an entry is given up: free, then expired, then the oldest that is not confirmed; -1: not at all. */
function rank(entry: u64, tick: u32, longest: u32): i32 {
  if (!entry) return i32.MAX_VALUE;
  const age = ageOf(entry, tick);
  if (age > longest) return <i32>(FLOW_TICK_MASK + age);
  return isConfirmed(entry) ? -1 : <i32>age;
}

/** Frees expired entries of `count` buckets from `bucketIndex`, before their tick comes round and they look young again. */
export function sweep(bucketIndex: u32, count: u32, tick: u32): void {
  const longest = load<u32>(control, CONTROL_FLOW_TICKS);
  const end = flows + ((<usize>(bucketIndex + count)) << BUCKET_SHIFT);
  for (let at = flows + ((<usize>bucketIndex) << BUCKET_SHIFT); at < end; at += FLOW_BYTES) {
    const entry = atomic.load<u64>(at);
    if (entry && ageOf(entry, tick) > longest) atomic.cmpxchg<u64>(at, entry, 0);
  }
}

/** For each backend index below `count`, how many ticks ago the youngest of its flows sent: a u32 at `ages`, all ones for none. One pass. */
export function youngest(ages: usize, count: u32, tick: u32): void {
  memory.fill(ages, 0xff, <usize>count * 4);
  const end = flows + ((<usize>flowBucketMask + 1) << BUCKET_SHIFT);
  for (let at = flows; at < end; at += FLOW_BYTES) {
    const entry = atomic.load<u64>(at);
    if (!entry || backendOf(entry) >= count) continue;
    const age = ages + <usize>backendOf(entry) * 4;
    if (ageOf(entry, tick) < load<u32>(age)) store<u32>(age, ageOf(entry, tick));
  }
}

/** Frees every entry of the backends whose bits are set in the bitmap at `marks`, in one pass: they stopped serving. */
export function forget(marks: usize): void {
  const end = flows + ((<usize>flowBucketMask + 1) << BUCKET_SHIFT);
  for (let at = flows; at < end; at += FLOW_BYTES) {
    const entry = atomic.load<u64>(at);
    const index = backendOf(entry);
    if (load<u8>(marks + (index >> 3)) & (1 << (index & 7))) atomic.cmpxchg<u64>(at, entry, 0);
  }
}
