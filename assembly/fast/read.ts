// fast/read.ts: the first stage: which steps are plain, the hash of their flow, and their VIP, when the record that the VIP index names
// first is theirs, as it nearly always is. The others are left to locate.ts.
//
// A loop a family: each takes what it can, and leaves the other steps with STEP_VIP 0. The loops call nothing, so that what they
// need of every frame stays in registers: a call in a loop, even one that is never made, has V8 keep all of that in memory, which cost
// a tenth. A step of the same address, port and protocol as the one before it says so, and asks no index.
import { hashIpv4With, hashIpv6With, sumIpv6 } from '../hash/nh';
import {
  CONTROL_FINAL_KEY,
  CONTROL_NH_KEY,
  STEP_BYTES,
  STEP_FRAME,
  STEP_HASH,
  STEP_HIGH,
  STEP_IS_V6,
  STEP_KEY,
  STEP_KIND,
  STEP_LOW,
  STEP_META,
  STEP_PACKET_BYTES,
  STEP_VIP,
  STEP_VIP_BEFORE,
  STEP_VIP_SOUGHT,
  VIP_SERVICE,
} from '../layout';
import { control, steps } from '../memory';
import { isMapped, mapped } from '../parse';
import { guess, guessService, isFor, isPlain, namedKey, serviceOf } from '../vip';
import { HEADER_BYTES } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import { isIpv6, isPlainMeta, plainIpv4, plainIpv6 } from './plain';

/** Reads steps 0 to `count` - 1, which all have STEP_VIP 0; true when all are plain. */
export function read(count: u32, root: usize): bool {
  const end = steps + count * STEP_BYTES;
  const isV6 = startsWithIpv6(); // what the first one is, most are
  let taken = isV6 ? readIpv6(end, root) : readIpv4(end, root);
  if (taken < count) taken += isV6 ? readIpv4(end, root) : readIpv6(end, root);
  return taken == count;
}

function startsWithIpv6(): bool {
  const frame = load<u32>(steps, STEP_FRAME);
  return frame != 0 && isIpv6(frame);
}

/** Takes the plain IPv4 frames; returns how many there are. */
function readIpv4(end: usize, root: usize): u32 {
  const key = control + CONTROL_NH_KEY;
  const key01 = load<u64>(key);
  const key23 = load<u64>(key, 8);
  const finalKey = load<u64>(control, CONTROL_FINAL_KEY);
  let taken: u32 = 0;
  let lastService: u64 = 0; // address, port and protocol of the step before; no frame has 0
  let lastVip: u32 = 0; // what STEP_VIP is for the same
  for (let step = steps; step < end; step += STEP_BYTES) {
    const frame = <usize>load<u32>(step, STEP_FRAME);
    const bytes = isOpen(step, frame) ? plainIpv4(step, frame) : 0;
    if (!bytes) {
      lastService = 0;
      continue;
    }
    taken++;
    const packet = frame + HEADER_BYTES;
    const protocol = ipv4.protocol(packet);
    const target = load<u64>(packet, ipv4.DESTINATION); // and the ports behind it
    const ports = <u32>(target >> 32);
    note(step, hashIpv4With(key01, key23, finalKey, ipv4.source(packet), <u32>target, ports, protocol), bytes, 0);
    const service = serviceOf(target, protocol);
    if (service == lastService) {
      store<u32>(step, lastVip, STEP_VIP);
      continue;
    }
    lastService = service;
    const vip = guessService(root, service);
    if (load<u64>(vip, VIP_SERVICE) == service) {
      lastVip = <u32>vip;
      store<u32>(step, lastVip, STEP_VIP);
    } else {
      lastVip = STEP_VIP_BEFORE;
      noteKey(step, 0, mapped(<u32>target), namedKey(protocol, l4.destinationPortOf(ports)));
    }
  }
  return taken;
}

/** The same for IPv6. */
function readIpv6(end: usize, root: usize): u32 {
  let taken: u32 = 0;
  let lastHigh: u64 = 0;
  let lastLow: u64 = 0;
  let lastVip: u32 = 0;
  let lastService: u32 = 0;
  let destinationSum: u64 = 0;
  for (let step = steps; step < end; step += STEP_BYTES) {
    const frame = <usize>load<u32>(step, STEP_FRAME);
    const bytes = isOpen(step, frame) ? plainIpv6(step, frame) : 0;
    if (!bytes) {
      lastService = 0;
      continue;
    }
    const packet = frame + HEADER_BYTES;
    const high = load<u64>(packet, ipv6.DESTINATION);
    const low = load<u64>(packet, ipv6.DESTINATION + 8);
    const protocol = ipv6.nextHeader(packet);
    const ports = l4.ports(packet + ipv6.HEADER_LEN);
    const service = (ports & 0xffff_0000) | protocol;
    if ((low ^ lastLow) | (high ^ lastHigh) | (service ^ lastService)) {
      if (isMapped(high, low)) {
        lastService = 0;
        continue;
      }
      destinationSum = sumIpv6(packet + ipv6.DESTINATION, 2);
      lastHigh = high;
      lastLow = low;
      lastService = service;
      const key = namedKey(protocol, l4.destinationPortOf(ports));
      const vip = guess(root, high, low, key);
      if (isFor(vip, high, low, key) && isPlain(vip)) {
        lastVip = <u32>vip;
        store<u32>(step, lastVip, STEP_VIP);
      } else {
        lastVip = STEP_VIP_BEFORE;
        noteKey(step, high, low, key);
      }
    } else store<u32>(step, lastVip, STEP_VIP);
    taken++;
    const addresses = sumIpv6(packet + ipv6.SOURCE, 0) + destinationSum;
    note(step, hashIpv6With(addresses, ports, protocol), bytes, STEP_IS_V6);
  }
  return taken;
}

/** The frame of `step` is here, and its meta says nothing that the fast path does not know. */
function isOpen(step: usize, frame: usize): bool {
  return frame != 0 && isPlainMeta(load<u32>(step, STEP_META));
}

function note(step: usize, hash: u64, bytes: u32, kind: u32): void {
  store<u64>(step, hash, STEP_HASH);
  store<u32>(step, bytes, STEP_PACKET_BYTES);
  store<u32>(step, kind, STEP_KIND);
}

function noteKey(step: usize, high: u64, low: u64, key: u32): void {
  store<u64>(step, high, STEP_HIGH);
  store<u64>(step, low, STEP_LOW);
  store<u32>(step, key, STEP_KEY);
  store<u32>(step, STEP_VIP_SOUGHT, STEP_VIP);
}
