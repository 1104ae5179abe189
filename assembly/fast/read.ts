// fast/read.ts: the first stage: which steps are for the fast path, for which VIP, and where their slot is. Nothing here waits for
// the tables: the slot's address is all that is worked out.
//
// What the loop needs of every frame stays in registers: the key of the hash, and the IPv4 VIP that was found last, as neighbours
// in a batch often share it, and comparing a key is cheaper than finding a record.
import { hashIpv4With, hashIpv6 } from '../hash/nh';
import {
  CONTROL_FINAL_KEY,
  CONTROL_NH_KEY,
  SLOT_BYTES,
  STEP_BYTES,
  STEP_FRAME,
  STEP_HASH,
  STEP_IS_SYN,
  STEP_IS_UDP,
  STEP_IS_V6,
  STEP_KIND,
  STEP_LENGTH,
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
import { find } from '../vip';
import { HEADER_BYTES } from '../wire/ethernet';
import * as ipv4 from '../wire/ipv4';
import * as ipv6 from '../wire/ipv6';
import * as l4 from '../wire/l4';
import { isPlainMeta, plainIpv4, plainIpv6 } from './plain';

/** Reads steps 0 to `count` - 1. Those that are not plain, or have no plain VIP, are left with STEP_VIP 0. */
export function read(count: u32, root: usize): void {
  const key = control + CONTROL_NH_KEY;
  const key01 = load<u64>(key);
  const key23 = load<u64>(key, 8);
  const finalKey = load<u64>(control, CONTROL_FINAL_KEY);
  let vip: usize = 0; // that of the last key, 0 when it has none for us
  let lastDestination: u32 = 0;
  let lastService: u32 = 0;
  let table: u32 = 0;
  let slotCount: u32 = 0;
  forgetIpv6();
  for (let step = steps, end = steps + count * STEP_BYTES; step < end; step += STEP_BYTES) {
    store<u32>(step, 0, STEP_VIP);
    const frame = <usize>load<u32>(step, STEP_FRAME);
    if (!frame || !isPlainMeta(load<u32>(step, STEP_META))) continue;
    const bytes = plainIpv4(frame, load<u32>(step, STEP_LENGTH));
    if (!bytes) {
      readIpv6(step, frame, root);
      continue;
    }
    const packet = frame + HEADER_BYTES;
    const transport = packet + ipv4.MIN_LEN;
    const destination = ipv4.destination(packet);
    const protocol = ipv4.protocol(packet);
    const ports = l4.ports(transport);
    const service = serviceOf(ports, protocol);
    if ((destination ^ lastDestination) | (service ^ lastService)) {
      vip = plainVip(find(root, 0, mapped(destination), protocol, l4.destinationPortOf(ports)));
      lastDestination = destination;
      lastService = service;
      table = load<u32>(vip, VIP_TABLE); // address 0 may be read, and means nothing
      slotCount = load<u32>(vip, VIP_SLOT_COUNT);
    }
    if (!vip) continue;
    const hash = hashIpv4With(key01, key23, finalKey, ipv4.source(packet), destination, ports, protocol);
    note(step, vip, hash, table + slotOf(hash, slotCount) * SLOT_BYTES, bytes, kindOf(transport, protocol));
  }
}

// The IPv6 VIP that was found last in these steps, 0 when its key has none for us.
let vip6: usize = 0;
let lastHigh: u64 = 0;
let lastLow: u64 = 0;
let lastService6: u32 = 0;

function forgetIpv6(): void {
  vip6 = 0;
  lastHigh = 0;
  lastLow = 0;
  lastService6 = 0;
}

function readIpv6(step: usize, frame: usize, root: usize): void {
  const bytes = plainIpv6(frame, load<u32>(step, STEP_LENGTH));
  if (!bytes) return;
  const packet = frame + HEADER_BYTES;
  const transport = packet + ipv6.HEADER_LEN;
  const high = load<u64>(packet, ipv6.DESTINATION);
  const low = load<u64>(packet, ipv6.DESTINATION + 8);
  if (isMapped(high, low)) return;
  const protocol = ipv6.nextHeader(packet);
  const ports = l4.ports(transport);
  const service = serviceOf(ports, protocol);
  if ((low ^ lastLow) | (high ^ lastHigh) | (service ^ lastService6)) {
    vip6 = plainVip(find(root, high, low, protocol, l4.destinationPortOf(ports)));
    lastHigh = high;
    lastLow = low;
    lastService6 = service;
  }
  const vip = vip6;
  if (!vip) return;
  const hash = hashIpv6(packet, ports, protocol);
  const slotAt = load<u32>(vip, VIP_TABLE) + slotOf(hash, load<u32>(vip, VIP_SLOT_COUNT)) * SLOT_BYTES;
  note(step, vip, hash, slotAt, bytes, STEP_IS_V6 | kindOf(transport, protocol));
}

function note(step: usize, vip: usize, hash: u64, slotAt: u32, bytes: u32, kind: u32): void {
  store<u32>(step, <u32>vip, STEP_VIP);
  store<u64>(step, hash, STEP_HASH);
  store<u32>(step, slotAt, STEP_SLOT_AT);
  store<u32>(step, bytes, STEP_PACKET_BYTES);
  store<u32>(step, kind, STEP_KIND);
}

/** Destination port and protocol in one word. */
function serviceOf(ports: u32, protocol: u32): u32 {
  return (ports & 0xffff_0000) | protocol;
}

function kindOf(transport: usize, protocol: u32): u32 {
  if (protocol == l4.PROTOCOL_UDP) return STEP_IS_UDP;
  return l4.isSyn(transport) ? STEP_IS_SYN : 0;
}

/** 0 for a VIP whose packets are hashed or sent in a way that only forward.ts knows. */
function plainVip(vip: usize): usize {
  if (!vip) return 0;
  return load<u32>(vip, VIP_TRACKING) >> 8 ? 0 : vip; // VIP_HASH, VIP_FIELDS and VIP_WAYS stand behind it
}
