// vip.ts: which VIP is meant. An open-addressing index of u16 into the VIP records of the live root.
// Order asked: address, protocol and port; then the same with port 0, any port; then "is the address ours at all".
import { VIP_ADDRESS, VIP_BYTES, VIP_PORT, VIP_PROTOCOL } from './layout';
import { rootBytes, roots, vipIndexMask, vipRecords } from './memory';

/** The root that `generation` made live. */
export function rootOf(generation: u32): usize {
  return roots + <usize>(generation & 1) * rootBytes;
}

/** The record for a flow to this destination, 0 when there is none. */
export function find(root: usize, high: u64, low: u64, protocol: u32, port: u32): usize {
  if (!protocol) return 0; // IPv6 hop-by-hop options, IPv4 HOPOPT: records of protocol 0 are not VIPs, see isOurs()
  const exact = probe(root, high, low, protocol, port);
  if (exact || !port) return exact;
  return probe(root, high, low, protocol, 0);
}

/** True when the address is one of our VIPs', whatever protocol and port. */
export function isOurs(root: usize, high: u64, low: u64): bool {
  return probe(root, high, low, 0, 0) != 0;
}

/** Enters record `number` of `root` into that root's index. For the builder. */
export function enter(root: usize, number: u32): void {
  const r = record(root, number);
  let i = keyHash(
    load<u64>(r, VIP_ADDRESS),
    load<u64>(r, VIP_ADDRESS + 8),
    load<u8>(r, VIP_PROTOCOL),
    load<u16>(r, VIP_PORT),
  );
  while (numberAt(root, i)) i++;
  store<u16>(root + ((i & vipIndexMask) << 1), <u16>number);
}

function record(root: usize, number: u32): usize {
  return root + vipRecords + number * VIP_BYTES;
}

/** The index is at most half full, so probing ends at a free entry soon. */
function probe(root: usize, high: u64, low: u64, protocol: u32, port: u32): usize {
  let i = keyHash(high, low, protocol, port);
  let number = numberAt(root, i);
  while (number) {
    const r = record(root, number);
    if (isFor(r, high, low, protocol, port)) return r;
    number = numberAt(root, ++i);
  }
  return 0;
}

function numberAt(root: usize, i: u32): u32 {
  return load<u16>(root + ((i & vipIndexMask) << 1));
}

function isFor(r: usize, high: u64, low: u64, protocol: u32, port: u32): bool {
  // All fields at once, as they nearly always match: one branch. The protocol stands behind the port.
  const transport = (load<u32>(r, VIP_PORT) & 0xff_ffff) ^ (port | (protocol << 16));
  return !((load<u64>(r, VIP_ADDRESS + 8) ^ low) | (load<u64>(r, VIP_ADDRESS) ^ high) | transport);
}

/** Spreads keys that come from configuration, not from strangers: multiplication by odd constants is enough. */
function keyHash(high: u64, low: u64, protocol: u32, port: u32): u32 {
  let x = (low ^ (high * 0x9e37_79b9_7f4a_7c15)) + <u64>((port << 8) | protocol) * 0xd6e8_feb8_6659_fd93;
  x = (x ^ (x >> 32)) * 0x9e37_79b9_7f4a_7c15;
  return <u32>(x >> 32);
}
