// fast/read.ts: the first stage: which steps are for the fast path, for which VIP, and where their slot is. Nothing here waits for
// the tables: the slot's address is all that is worked out.
//
// A loop a family, and one for the rest: each takes what it can, and leaves the other steps with STEP_VIP 0. The two loops that nearly all
// frames take call nothing, so that what they need of every frame stays in registers: the key of the hash, and the VIP that was
// found last, as neighbours in a batch often share it, and comparing a key is cheaper than finding a record. A call in a
// loop, even one that is never made, has V8 keep all of that in memory: it cost a tenth.
import { hashIpv4, hashIpv4With, hashIpv6, hashIpv6With, sumIpv6 } from '../hash/nh';
import {
  CONTROL_FINAL_KEY,
  CONTROL_NH_KEY,
  SLOT_BYTES,
  STEP_BYTES,
  STEP_FRAME,
  STEP_HASH,
  STEP_IS_V6,
  STEP_KIND,
  STEP_META,
  STEP_PACKET_BYTES,
  STEP_SLOT_AT,
  STEP_VIP,
  VIP_SLOT_COUNT,
  VIP_TABLE,
  VIP_TRACKING,
} from '../layout';
import { control, steps } from '../memory';
import { isMapped, mapped } from '../parse';
import { slotOf } from '../profiles/native';
import { find, findNamed } from '../vip';
import { HEADER_BYTES } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import { isIpv6, isPlainMeta, plainIpv4, plainIpv6 } from './plain';

const SERVICE_MASK: u64 = 0xffff_0000_ffff_ffff; // of destination address, source port, destination port

/** Reads steps 0 to `count` - 1. Those that are not plain, or have no plain VIP, are left with STEP_VIP 0, as all are before. */
export function read(count: u32, root: usize): void {
  const end = steps + count * STEP_BYTES;
  // What the first one is, most are.
  const isAll = startsWithIpv6()
    ? readIpv6(end, root) || readIpv4(end, root)
    : readIpv4(end, root) || readIpv6(end, root);
  if (!isAll) readRest(end, root);
}

function startsWithIpv6(): bool {
  const frame = load<u32>(steps, STEP_FRAME);
  return frame != 0 && isIpv6(frame);
}

/** Takes plain IPv4 frames, of what is left, whose VIP has their address and port by name; true when there are no others. */
function readIpv4(end: usize, root: usize): bool {
  const key = control + CONTROL_NH_KEY;
  const key01 = load<u64>(key);
  const key23 = load<u64>(key, 8);
  const finalKey = load<u64>(control, CONTROL_FINAL_KEY);
  let isAll: bool = true;
  let lastService: u64 = 0; // address, port and protocol that were found last; no frame has 0
  let vip: usize = 0; // their VIP, 0 when there is none for us
  let table: u32 = 0;
  let slotCount: u32 = 0;
  for (let step = steps; step < end; step += STEP_BYTES) {
    if (load<u32>(step, STEP_VIP)) continue;
    const frame = <usize>load<u32>(step, STEP_FRAME);
    const bytes = isOpen(step, frame) ? plainIpv4(step, frame) : 0;
    if (!bytes) {
      isAll = false;
      continue;
    }
    const packet = frame + HEADER_BYTES;
    const protocol = ipv4.protocol(packet);
    const target = load<u64>(packet, ipv4.DESTINATION); // and the ports behind it
    const service = (target & SERVICE_MASK) | ((<u64>protocol) << 32);
    if (service != lastService) {
      lastService = service;
      vip = plainVip(findNamed(root, 0, mapped(<u32>target), protocol, l4.destinationPortOf(<u32>(target >> 32))));
      table = load<u32>(vip, VIP_TABLE); // address 0 may be read, and means nothing
      slotCount = load<u32>(vip, VIP_SLOT_COUNT);
    }
    if (!vip) {
      isAll = false;
      continue;
    }
    store<u32>(step, <u32>vip, STEP_VIP);
    const source = ipv4.source(packet);
    const hash = hashIpv4With(key01, key23, finalKey, source, <u32>target, <u32>(target >> 32), protocol);
    note(step, hash, table + slotOf(hash, slotCount) * SLOT_BYTES, bytes, 0);
  }
  return isAll;
}

/** The same for plain IPv6 frames. */
function readIpv6(end: usize, root: usize): bool {
  let isAll: bool = true;
  let vip: usize = 0;
  let lastHigh: u64 = 0;
  let lastLow: u64 = 0;
  let lastService: u32 = 0;
  let destinationSum: u64 = 0;
  for (let step = steps; step < end; step += STEP_BYTES) {
    if (load<u32>(step, STEP_VIP)) continue;
    const frame = <usize>load<u32>(step, STEP_FRAME);
    const bytes = isOpen(step, frame) ? plainIpv6(step, frame) : 0;
    if (!bytes) {
      isAll = false;
      continue;
    }
    const packet = frame + HEADER_BYTES;
    const high = load<u64>(packet, ipv6.DESTINATION);
    const low = load<u64>(packet, ipv6.DESTINATION + 8);
    const protocol = ipv6.nextHeader(packet);
    const ports = l4.ports(packet + ipv6.HEADER_LEN);
    const service = (ports & 0xffff_0000) | protocol;
    if ((low ^ lastLow) | (high ^ lastHigh) | (service ^ lastService)) {
      vip = isMapped(high, low) ? 0 : plainVip(findNamed(root, high, low, protocol, l4.destinationPortOf(ports)));
      destinationSum = sumIpv6(packet + ipv6.DESTINATION, 2);
      lastHigh = high;
      lastLow = low;
      lastService = service;
    }
    if (!vip) {
      isAll = false;
      continue;
    }
    store<u32>(step, <u32>vip, STEP_VIP);
    const hash = hashIpv6With(sumIpv6(packet + ipv6.SOURCE, 0) + destinationSum, ports, protocol);
    note(step, hash, slotAddress(vip, hash), bytes, STEP_IS_V6);
  }
  return isAll;
}

/** Plain frames that are left: their VIP has a prefix, or takes any port, if they have one. */
function readRest(end: usize, root: usize): void {
  for (let step = steps; step < end; step += STEP_BYTES) {
    const frame = <usize>load<u32>(step, STEP_FRAME);
    if (load<u32>(step, STEP_VIP) || !isOpen(step, frame)) continue;
    if (!readRestIpv4(step, frame, root)) readRestIpv6(step, frame, root);
  }
}

function readRestIpv4(step: usize, frame: usize, root: usize): bool {
  const bytes = plainIpv4(step, frame);
  if (!bytes) return false;
  const packet = frame + HEADER_BYTES;
  const protocol = ipv4.protocol(packet);
  const ports = l4.ports(packet + ipv4.MIN_LEN);
  const vip = plainVip(find(root, 0, mapped(ipv4.destination(packet)), protocol, l4.destinationPortOf(ports)));
  if (!vip) return true;
  store<u32>(step, <u32>vip, STEP_VIP);
  const hash = hashIpv4(packet, ports, protocol);
  note(step, hash, slotAddress(vip, hash), bytes, 0);
  return true;
}

function readRestIpv6(step: usize, frame: usize, root: usize): void {
  const bytes = plainIpv6(step, frame);
  if (!bytes) return;
  const packet = frame + HEADER_BYTES;
  const high = load<u64>(packet, ipv6.DESTINATION);
  const low = load<u64>(packet, ipv6.DESTINATION + 8);
  if (isMapped(high, low)) return;
  const protocol = ipv6.nextHeader(packet);
  const ports = l4.ports(packet + ipv6.HEADER_LEN);
  const vip = plainVip(find(root, high, low, protocol, l4.destinationPortOf(ports)));
  if (!vip) return;
  store<u32>(step, <u32>vip, STEP_VIP);
  const hash = hashIpv6(packet, ports, protocol);
  note(step, hash, slotAddress(vip, hash), bytes, STEP_IS_V6);
}

/** The frame of `step` is here, and its meta says nothing that the fast path does not know. */
function isOpen(step: usize, frame: usize): bool {
  return frame != 0 && isPlainMeta(load<u32>(step, STEP_META));
}

function slotAddress(vip: usize, hash: u64): u32 {
  return load<u32>(vip, VIP_TABLE) + slotOf(hash, load<u32>(vip, VIP_SLOT_COUNT)) * SLOT_BYTES;
}

function note(step: usize, hash: u64, slotAt: u32, bytes: u32, kind: u32): void {
  store<u64>(step, hash, STEP_HASH);
  store<u32>(step, slotAt, STEP_SLOT_AT);
  store<u32>(step, bytes, STEP_PACKET_BYTES);
  store<u32>(step, kind, STEP_KIND);
}

/** 0 for a VIP whose packets are hashed or sent in a way that only forward.ts knows. */
function plainVip(vip: usize): usize {
  if (!vip) return 0;
  return load<u32>(vip, VIP_TRACKING) >> 8 ? 0 : vip; // VIP_HASH, VIP_FIELDS and VIP_WAYS stand behind it
}
