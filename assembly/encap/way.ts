// encap/way.ts: what every encapsulation does at both ends: take the way to the next hop, ask the sink for a place, write the
// Ethernet header, hand the frame over. A way is one u64, as it stands in a next-hop record: MAC in the low 6 bytes, egress
// index above; it is handed on as an argument, so that one atomic load serves the whole frame and never tears.
import {
  BACKEND_OUTER_BYTES,
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
  DROP_TOO_BIG,
  DROP_TX_RING_FULL,
  NO_VERDICT,
} from '../verdict';
import * as ethernet from '../wire/ethernet';

export const MAC_MASK: u64 = 0xffff_ffff_ffff;

/** The way to next hop `index`; 0 while it is not resolved. */
export function wayTo(index: u32): u64 {
  return atomic.load<u64>(nextHops + index * NEXT_HOP_BYTES + NEXT_HOP_WAY);
}

/** The way back to `mac`, out of the port the frame in hand came from. */
export function wayBack(mac: u64): u64 {
  return mac | ((<u64>load<u16>(parsed.meta, META_INGRESS)) << 48);
}

/** Largest IP packet on the way to next hop `index`, 0 = no limit. */
export function mtuTo(index: u32): u32 {
  return load<u32>(nextHops + index * NEXT_HOP_BYTES, NEXT_HOP_MTU);
}

/** Outer bytes that stand between the Ethernet header and a packet for `backend`: what the MTU must hold beside the packet. */
export function outerBytesOf(backend: usize): u32 {
  return load<u8>(backend, BACKEND_OUTER_BYTES);
}

/** NO_VERDICT when an IP packet of `bytes` bytes may leave this way, else why not. `mtu` 0 = no limit. */
export function refusal(way: u64, mtu: u32, bytes: u32): u32 {
  if (!way) return DROP_NEXT_HOP_UNRESOLVED;
  if (!isUp(way)) return DROP_EGRESS_DOWN;
  return fits(bytes, mtu) ? NO_VERDICT : DROP_TOO_BIG;
}

/** An IP packet of `bytes` bytes may go where the MTU is `mtu`, 0 = no limit, which is then the largest number of all. */
export function fits(bytes: u32, mtu: u32): bool {
  return bytes - 1 <= mtu - 1;
}

/** Frames may leave by the interface of this way. */
export function isUp(way: u64): bool {
  return egressOf(way) < <u32>EGRESS_MAX && (load<u32>(egressRecord(way), EGRESS_FLAGS) & EGRESS_UP) != 0;
}

/** Our MAC address on this way, in the low 6 bytes. */
export function ownMac(way: u64): u64 {
  return load<u64>(egressRecord(way), EGRESS_MAC) & MAC_MASK;
}

/** Bytes of the Ethernet header: a frame that goes back out of its port keeps its VLAN tag, elsewhere the tag means nothing. */
export function ethernetBytes(way: u64): u32 {
  if (!parsed.hasVlan) return ethernet.HEADER_BYTES;
  const goesBack = egressOf(way) == load<u16>(parsed.meta, META_INGRESS);
  return goesBack ? ethernet.HEADER_BYTES + ethernet.TAG_BYTES : ethernet.HEADER_BYTES;
}

/** Address where the packet in hand now stands, with `front` bytes before it for headers; 0: see noPlace(). */
export function placePacket(way: u64, front: u32): usize {
  return sink.place(front, parsed.packet, parsed.packetBytes, egressOf(way), parsed.frame);
}

/** The verdict when placePacket() returned 0. */
export function noPlace(way: u64): u32 {
  return sink.isFull(egressOf(way)) ? DROP_TX_RING_FULL : DROP_NO_HEADROOM;
}

/**
 * Writes an Ethernet header of `head` bytes (ethernetBytes) before the `bytes` at `at`, outer header or packet, and hands the
 * frame over.
 */
export function send(way: u64, head: u32, at: usize, bytes: u32, ethertype: u32, keepsOffload: bool): void {
  const start = at - head;
  const mac = way & MAC_MASK;
  if (head == ethernet.HEADER_BYTES) ethernet.write(start, mac, ownMac(way), ethertype);
  else ethernet.writeTagged(start, mac, ownMac(way), parsed.vlanTci, ethertype);
  const shift = <i32>(head + bytes - parsed.packetBytes) - <i32>(parsed.packet - parsed.frame);
  sink.commit(start, head + bytes, egressOf(way), keepsOffload ? parsed.virtioHeader() : 0, shift);
}

/** Egress index of a way. */
export function egressOf(way: u64): u32 {
  return <u32>(way >> 48);
}

function egressRecord(way: u64): usize {
  return egresses + egressOf(way) * EGRESS_BYTES;
}
