// compat/katran/send.ts: how frames leave: back to where they came from, or to a real with the MAC addresses that Katran writes.
import { egressOf, MAC_MASK, ownMac, refusal } from '../../encap/way';
import { META_INGRESS } from '../../layout';
import * as sink from '../../sink';
import { DROP_NO_HEADROOM, DROP_TX_RING_FULL } from '../../verdict';
import * as ethernet from '../../wire/ethernet';
import * as packet from './packet';

let meta: usize = 0;

/** The meta of the frame in hand. */
export function begin(about: usize): void {
  meta = about;
}

/** The way back to who sent the frame in hand. */
export function back(): u64 {
  return ethernet.source(packet.frame) | (ingress() << 48);
}

/** The MAC address that the frame in hand was sent to. */
export function destinationMac(): u64 {
  return load<u64>(packet.frame) & MAC_MASK;
}

/** NO_VERDICT when frames may leave this way, see way.ts. */
export function refuse(way: u64, mtu: u32, bytes: u32): u32 {
  return refusal(way, mtu, bytes);
}

/** Address where the `bytes` bytes at `from`, of the frame in hand, now stand with room for `front` and an Ethernet header before them; 0: see noPlace(). */
export function place(way: u64, front: u32, from: usize, bytes: u32): usize {
  return sink.place(ethernet.HEADER_BYTES + front, from, bytes, egressOf(way), packet.frame);
}

/** Empty room for `bytes` bytes, as place(). */
export function room(way: u64, front: u32, bytes: u32): usize {
  return sink.room(ethernet.HEADER_BYTES + front, bytes, egressOf(way));
}

/** False when `count` times room() of `bytes` bytes cannot all succeed. */
export function mayHaveRoom(count: u32, bytes: u32): bool {
  return sink.mayHaveRoom(count, ethernet.HEADER_BYTES + bytes);
}

/** Many frames went this way at once. */
export function noteBurst(way: u64): void {
  sink.noteBurst(egressOf(way));
}

export function noPlace(way: u64): u32 {
  return sink.isFull(egressOf(way)) ? DROP_TX_RING_FULL : DROP_NO_HEADROOM;
}

/**
 * Sends the `bytes` bytes at `at`, from the MAC address `from`. Nothing is left to the device: half checksums were completed before.
 */
export function send(way: u64, from: u64, at: usize, bytes: u32, type: u32): void {
  const start = at - ethernet.HEADER_BYTES;
  ethernet.write(start, way & MAC_MASK, from, type);
  sink.commit(start, ethernet.HEADER_BYTES + bytes, egressOf(way), 0, 0);
}

/** Katran sends from the address that the frame came to, out of the port it came by; by another port we have another address. */
export function ownMacTowards(way: u64, asItCame: u64): u64 {
  return egressOf(way) == <u32>ingress() ? asItCame : ownMac(way);
}

function ingress(): u64 {
  return load<u16>(meta, META_INGRESS);
}
