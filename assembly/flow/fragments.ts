// flow/fragments.ts: which backend the fragments of a packet go to: the one its first fragment chose by its ports. A table of the
// packets whose fragments came lately, and a few places for fragments that came before their first. Both are this worker's own:
// PACKET_FANOUT_HASH takes no ports of any fragment, so all of a packet that come by one interface meet one worker.
//
//   entry    | source 16 | destination 16 | id 4 | protocol 1 | state 1 | backend 2 | flow hash 8 | tick 4 | VIP 4 | held 2, 2 |
//   state      free --> waiting: fragments are held, the first has not come --> decided: the others go where the first went
//
// Buckets of FRAGMENT_WAYS entries, chosen by the keyed hash of the key. A new packet takes a free or expired entry of its bucket; a
// first fragment also the oldest that waits, else the oldest that is decided; one that waits pushes out nothing. An entry that waits
// is as old as its first arrival, a decided one as its last, so nothing is held for longer than the timeout.
import { hashIpv4, hashIpv6 } from '../hash/nh';
import {
  EVENT_HELD_LOST,
  FRAGMENT_BACKEND,
  FRAGMENT_BYTES,
  FRAGMENT_DECIDED,
  FRAGMENT_DESTINATION,
  FRAGMENT_FIRST,
  FRAGMENT_FREE,
  FRAGMENT_HASH,
  FRAGMENT_ID,
  FRAGMENT_LAST,
  FRAGMENT_PROTOCOL,
  FRAGMENT_SOURCE,
  FRAGMENT_STATE,
  FRAGMENT_TICK,
  FRAGMENT_VIP,
  FRAGMENT_WAITING,
  FRAGMENT_WAYS,
  HEADROOM,
  HELD_BYTES,
  HELD_ENTRY,
  HELD_FRAME,
  HELD_FRAME_BYTES,
  HELD_NEXT,
  META_BYTES,
  META_LENGTH,
  NO_BACKEND,
} from '../layout';
import { countEvent, fragmentMask, fragments, fragmentTicks, held, heldCount } from '../memory';
import * as parsed from '../parse';
import { copy } from '../wire/copy';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';

let sourceHigh: u64 = 0;
let sourceLow: u64 = 0;
let protocol: u32 = 0; // of IPv4 only: in IPv6 it is not part of the key (RFC 8200, section 4.5)
let bucket: usize = 0;
let sweptTick: u32 = 0;

/** The entry of the packet that the fragment in hand is of, 0 when there is none that is young enough. */
export function find(tick: u32): usize {
  readKey();
  sweep(tick);
  const entry = lookUp();
  if (!entry || !isExpired(entry, tick)) return entry;
  free(entry); // else it would hide a new entry of the same key further on in the bucket
  return 0;
}

/** Notes where the first fragment in hand went; NO_BACKEND: nowhere, and so shall the others. Returns the entry. */
export function decide(backendIndex: u32, hash: u64, vipNumber: u32, tick: u32): usize {
  readKey();
  let entry = lookUp();
  if (!entry || isExpired(entry, tick)) entry = enter(entry ? entry : victimOfFirst(tick));
  store<u8>(entry, <u8>FRAGMENT_DECIDED, FRAGMENT_STATE);
  store<u16>(entry, <u16>backendIndex, FRAGMENT_BACKEND);
  store<u64>(entry, hash, FRAGMENT_HASH);
  store<u32>(entry, vipNumber, FRAGMENT_VIP);
  store<u32>(entry, tick, FRAGMENT_TICK);
  return entry;
}

/** Keeps a copy of the frame in hand until its first fragment comes. `entry` is what find() said. False: there is no room. */
export function hold(entry: usize, len: u32, tick: u32): bool {
  if (len > <u32>HELD_FRAME_BYTES) return false;
  const place = freePlace();
  if (place == NONE) return false;
  let waiting = entry;
  if (!waiting) {
    const victim = victimOfLater(tick);
    if (!victim) return false;
    waiting = enter(victim);
    store<u8>(waiting, <u8>FRAGMENT_WAITING, FRAGMENT_STATE);
    store<u32>(waiting, tick, FRAGMENT_TICK);
  }
  const at = placeAt(place);
  memory.copy(at, parsed.meta, META_BYTES);
  store<u32>(at, len, META_LENGTH);
  store<u32>(at, <u32>waiting, HELD_ENTRY);
  store<u16>(at, 0, HELD_NEXT);
  copy(at + HELD_FRAME + HEADROOM, parsed.frame, len);
  append(waiting, place + 1);
  return true;
}

export function isDecided(entry: usize): bool {
  return load<u8>(entry, FRAGMENT_STATE) == FRAGMENT_DECIDED;
}

export function backendOf(entry: usize): u32 {
  return load<u16>(entry, FRAGMENT_BACKEND);
}

export function hashOf(entry: usize): u64 {
  return load<u64>(entry, FRAGMENT_HASH);
}

export function vipOf(entry: usize): u32 {
  return load<u32>(entry, FRAGMENT_VIP);
}

/** The first fragment did not get through: the others need not. */
export function refuse(entry: usize): void {
  store<u16>(entry, <u16>NO_BACKEND, FRAGMENT_BACKEND);
}

/** Another fragment followed: the entry is young again. */
export function touch(entry: usize, tick: u32): void {
  store<u32>(entry, tick, FRAGMENT_TICK);
}

/** Takes the next held frame of an entry out of its list: its place, 0 when there is none. Its bytes stay until the next hold(). */
export function takeHeld(entry: usize): usize {
  const number = load<u16>(entry, FRAGMENT_FIRST);
  if (!number) return 0;
  const at = placeAt(number - 1);
  store<u16>(entry, load<u16>(at, HELD_NEXT), FRAGMENT_FIRST);
  store<u32>(at, 0, HELD_ENTRY);
  return at;
}

/** Drops what an entry holds. */
export function dropHeld(entry: usize): void {
  while (takeHeld(entry)) countEvent(EVENT_HELD_LOST);
}

/** Meta record and frame of a place that takeHeld() gave. */
export function frameOf(place: usize): usize {
  return place + HELD_FRAME + HEADROOM;
}

const NONE: u32 = 0xffff_ffff;

function placeAt(place: u32): usize {
  return held + place * HELD_BYTES;
}

/** A place that holds nothing. */
function freePlace(): u32 {
  for (let place: u32 = 0; place < heldCount; place++) {
    if (!load<u32>(placeAt(place), HELD_ENTRY)) return place;
  }
  return NONE;
}

function append(entry: usize, number: u32): void {
  const last = load<u16>(entry, FRAGMENT_LAST);
  if (load<u16>(entry, FRAGMENT_FIRST)) store<u16>(placeAt(last - 1), <u16>number, HELD_NEXT);
  else store<u16>(entry, <u16>number, FRAGMENT_FIRST);
  store<u16>(entry, <u16>number, FRAGMENT_LAST);
}

/** Lets go of frames whose first fragment did not come in time: once a tick, when fragments come at all. */
function sweep(tick: u32): void {
  if (tick == sweptTick) return;
  sweptTick = tick;
  for (let place: u32 = 0; place < heldCount; place++) {
    const entry = <usize>load<u32>(placeAt(place), HELD_ENTRY);
    if (!entry || !isExpired(entry, tick)) continue;
    free(entry);
    store<u32>(placeAt(place), 0, HELD_ENTRY); // a worker that died may have left it out of the list
  }
}

function free(entry: usize): void {
  dropHeld(entry);
  store<u8>(entry, <u8>FRAGMENT_FREE, FRAGMENT_STATE);
}

function readKey(): void {
  protocol = 0;
  if (parsed.isV6) {
    sourceHigh = load<u64>(parsed.packet, ipv6.SOURCE);
    sourceLow = load<u64>(parsed.packet, ipv6.SOURCE + 8);
  } else {
    sourceHigh = 0;
    sourceLow = parsed.mapped(ipv4.source(parsed.packet));
    protocol = parsed.protocol;
  }
  const hash = parsed.isV6
    ? hashIpv6(parsed.packet, parsed.fragmentId, protocol)
    : hashIpv4(parsed.packet, parsed.fragmentId, protocol);
  bucket = fragments + <usize>(<u32>hash & fragmentMask) * FRAGMENT_WAYS * FRAGMENT_BYTES;
}

function lookUp(): usize {
  for (let way = 0; way < FRAGMENT_WAYS; way++) {
    const entry = bucket + way * FRAGMENT_BYTES;
    if (load<u8>(entry, FRAGMENT_STATE) != FRAGMENT_FREE && isOfKey(entry)) return entry;
  }
  return 0;
}

function isOfKey(entry: usize): bool {
  return (
    load<u32>(entry, FRAGMENT_ID) == parsed.fragmentId &&
    load<u8>(entry, FRAGMENT_PROTOCOL) == protocol &&
    load<u64>(entry, FRAGMENT_SOURCE) == sourceHigh &&
    load<u64>(entry, FRAGMENT_SOURCE + 8) == sourceLow &&
    load<u64>(entry, FRAGMENT_DESTINATION) == parsed.destinationHigh &&
    load<u64>(entry, FRAGMENT_DESTINATION + 8) == parsed.destinationLow
  );
}

function isExpired(entry: usize, tick: u32): bool {
  return tick - load<u32>(entry, FRAGMENT_TICK) > fragmentTicks;
}

/** Gives an entry, and what it held, up for the packet in hand. */
function enter(entry: usize): usize {
  free(entry);
  store<u32>(entry, parsed.fragmentId, FRAGMENT_ID);
  store<u8>(entry, <u8>protocol, FRAGMENT_PROTOCOL);
  store<u64>(entry, sourceHigh, FRAGMENT_SOURCE);
  store<u64>(entry, sourceLow, FRAGMENT_SOURCE + 8);
  store<u64>(entry, parsed.destinationHigh, FRAGMENT_DESTINATION);
  store<u64>(entry, parsed.destinationLow, FRAGMENT_DESTINATION + 8);
  return entry;
}

/** Free, or expired; 0 when all of the bucket live. */
function victimOfLater(tick: u32): usize {
  for (let way = 0; way < FRAGMENT_WAYS; way++) {
    const entry = bucket + way * FRAGMENT_BYTES;
    if (load<u8>(entry, FRAGMENT_STATE) == FRAGMENT_FREE || isExpired(entry, tick)) return entry;
  }
  return 0;
}

/** The same, else the oldest that waits, else the oldest. */
function victimOfFirst(tick: u32): usize {
  const gone = victimOfLater(tick);
  if (gone) return gone;
  let best = bucket;
  let bestRank: u64 = 0;
  for (let way = 0; way < FRAGMENT_WAYS; way++) {
    const entry = bucket + way * FRAGMENT_BYTES;
    const age = <u64>(tick - load<u32>(entry, FRAGMENT_TICK));
    const rank = isDecided(entry) ? age : age + ((<u64>1) << 32);
    if (rank < bestRank) continue;
    best = entry;
    bestRank = rank;
  }
  return best;
}
