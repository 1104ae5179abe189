// encap/way.ts: what every encapsulation does at both ends: find the next hop, ask the sink for a place, write the
// Ethernet header, hand the frame over.
import {
  EGRESS_BYTES,
  EGRESS_FLAGS,
  EGRESS_MAC,
  EGRESS_MAX,
  EGRESS_UP,
  META_INGRESS,
  NEXT_HOP_BYTES,
  NEXT_HOP_MTU,
  NEXT_HOP_WAY,
} from '../layout';
import { egresses, nextHops } from '../memory';
import * as parsed from '../parse';
import * as sink from '../sink';
import {
  DROP_EGRESS_DOWN,
  DROP_NEXT_HOP_UNRESOLVED,
  DROP_NO_HEADROOM,
  DROP_TX_RING_FULL,
  NO_VERDICT,
} from '../verdict';
import * as ethernet from '../wire/ethernet';

let way: u64 = 0;
let egress: u32 = 0;
let isTagged: bool = false;
/** Largest IP packet on the way taken, 0 = no limit. */
export let mtu: u32 = 0;

/** Takes the way to next hop `index`. MAC and egress are one atomic load, so a change in between never tears. */
export function take(index: u32): u32 {
  const hop = nextHops + index * NEXT_HOP_BYTES;
  const taken = atomic.load<u64>(hop + NEXT_HOP_WAY);
  if (!taken) return DROP_NEXT_HOP_UNRESOLVED;
  way = taken;
  mtu = load<u32>(hop, NEXT_HOP_MTU);
  return leaveBy(<u32>(taken >> 48));
}

/** Takes the way back to `mac`, out of the port the frame in hand came from. */
export function takeBack(mac: u64): u32 {
  way = mac;
  mtu = 0;
  return leaveBy(load<u16>(parsed.meta, META_INGRESS));
}

/** A frame that goes back out of its port keeps its VLAN tag; on another interface the tag means nothing. */
function leaveBy(index: u32): u32 {
  egress = index;
  if (index >= <u32>EGRESS_MAX) return DROP_EGRESS_DOWN;
  if (!(load<u32>(egresses + index * EGRESS_BYTES, EGRESS_FLAGS) & EGRESS_UP)) return DROP_EGRESS_DOWN;
  isTagged = parsed.hasVlan && index == load<u16>(parsed.meta, META_INGRESS);
  return NO_VERDICT;
}

/** Our MAC address on the way taken, in the low 6 bytes. */
export function ownMac(): u64 {
  return load<u64>(egresses + egress * EGRESS_BYTES, EGRESS_MAC) & 0xffff_ffff_ffff;
}

function ethernetBytes(): u32 {
  return isTagged ? ethernet.HEADER_BYTES + ethernet.TAG_BYTES : ethernet.HEADER_BYTES;
}

/** Address where the packet in hand now stands, with room for `outerBytes` and Ethernet before it; 0: see noPlace(). */
export function placePacket(outerBytes: u32): usize {
  return sink.place(ethernetBytes() + outerBytes, parsed.packet, parsed.packetBytes, egress);
}

/** The verdict when placePacket() returned 0. */
export function noPlace(): u32 {
  return sink.isFull(egress) ? DROP_TX_RING_FULL : DROP_NO_HEADROOM;
}

/** Writes the Ethernet header before the `bytes` at `at` (outer header or packet) and hands the frame over. */
export function send(at: usize, bytes: u32, ethertype: u32, keepsOffload: bool): void {
  const head = ethernetBytes();
  const start = at - head;
  const mac = way & 0xffff_ffff_ffff;
  if (isTagged) ethernet.writeTagged(start, mac, ownMac(), parsed.vlanTci, ethertype);
  else ethernet.write(start, mac, ownMac(), ethertype);
  const shift = <i32>(head + bytes - parsed.packetBytes) - <i32>(parsed.packet - parsed.frame);
  sink.commit(start, head + bytes, egress, shift, keepsOffload);
}
