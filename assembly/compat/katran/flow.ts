// compat/katran/flow.ts: the flow in hand: what Katran looks VIPs up by, hashes, and keys its connection table with. Some flags of VIPs
// change it on the way, and what comes later sees the change. It lies in the worker's record as
//   |  8 bytes, not used  |  source (16)  |  destination (16)  |      an IPv4 address in the first 4, the other 12 are 0
// where an IPv6 header would have its addresses, so that the native hash can be taken of it.
import { hashIpv6 } from '../../hash/nh';
import { WORKER_QUOTE } from '../../layout';
import { worker } from '../../memory';
import * as ipv6 from '../../wire/ipv6';

const SOURCE_PORT: u32 = 0x0000_ffff; // as both ports lie in memory
const DESTINATION_PORT: u32 = 0xffff_0000;

export let protocol: u32 = 0;
/** Both ports as they lie in memory. */
export let ports: u32 = 0;

/** Where its 16-byte source address lies. */
export function source(): usize {
  return worker + WORKER_QUOTE + ipv6.SOURCE;
}

export function destination(): usize {
  return worker + WORKER_QUOTE + ipv6.DESTINATION;
}

/** Addresses as they lie in memory. */
export function setIpv4(from: u32, to: u32, type: u32): void {
  store<u64>(source(), from);
  store<u64>(source(), 0, 8);
  store<u64>(destination(), to);
  store<u64>(destination(), 0, 8);
  protocol = type;
}

/** `from` and `to` are where the addresses lie. */
export function setIpv6(from: usize, to: usize, type: u32): void {
  v128.store(source(), v128.load(from));
  v128.store(destination(), v128.load(to));
  protocol = type;
}

export function setPorts(both: u32): void {
  ports = both;
}

export function clearSource(): void {
  store<u64>(source(), 0);
  store<u64>(source(), 0, 8);
}

export function clearSourcePort(): void {
  ports &= DESTINATION_PORT;
}

export function clearDestinationPort(): void {
  ports &= SOURCE_PORT;
}

/** The source port becomes that of the destination. */
export function copyDestinationPort(): void {
  ports = (ports & DESTINATION_PORT) | (ports >> 16);
}

/** What finds it in the flow table: both families have one form, as in Katran's key. */
export function key(): u64 {
  return hashIpv6(worker + WORKER_QUOTE, ports, protocol);
}
