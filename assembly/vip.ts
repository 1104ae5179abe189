// vip.ts: which VIP is meant. An open-addressing index of u16 into the VIP records of the live root; the key is address,
// prefix length, protocol and port. What a packet takes, first to last:
//   1  its address                        with its port
//   2  the longest prefix it lies in      with its port
//   3  its address                        with any port
//   4  the longest prefix it lies in      with any port
// A named port counts before a closer address, as in Katran. Records of protocol 0 say "this address is ours", for prefixes too.
// Each prefix length in use costs a probe, of frames that found nothing better; the root's header lists them, longest first.
import {
  ROOT_HEADER_BYTES,
  ROOT_PREFIXES4,
  ROOT_PREFIXES6,
  VIP_ADDRESS,
  VIP_BYTES,
  VIP_PORT,
  VIP_TRACKING,
} from './layout';
import { rootBytes, roots, vipIndexMask, vipRecords } from './memory';
import { leading } from './prefix';

const ONE_ADDRESS: u32 = 128 << 24; // VIP_PREFIX_BITS of a key that is one address
const MAPPED: u32 = 0xffff_0000; // low half of the second word of an IPv4 address
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const SERVICE_MASK: u64 = 0xffff_0000_ffff_ffff; // of destination address, source port, destination port

/** The root that `generation` made live. */
export function rootOf(generation: u32): usize {
  return roots + <usize>(generation & 1) * rootBytes;
}

/** The record for a flow to this destination, 0 when there is none. */
export function find(root: usize, high: u64, low: u64, protocol: u32, port: u32): usize {
  if (!protocol) return 0; // IPv6 hop-by-hop options, IPv4 HOPOPT: records of protocol 0 are not VIPs, see isOurs()
  const lengths = prefixLengths(root, high, low);
  const named = findClosest(root, lengths, high, low, keyOf(protocol, port));
  if (named || !port) return named;
  return findClosest(root, lengths, high, low, keyOf(protocol, 0));
}

// What find() asks first, for protocols but 0: the record of this very address and port. In pieces, for who has many to find (fast/).

/** Address, protocol and port as VIP_SERVICE has them; `target` is the destination address and both ports, as they lie in an IPv4 packet. */
export function serviceOf(target: u64, protocol: u32): u64 {
  return (target & SERVICE_MASK) | ((<u64>protocol) << 32);
}

/** The record that nearly always is that of `service`, if there is one: VIP_SERVICE says whether it is. */
export function guessService(root: usize, service: u64): usize {
  return record(root, numberAt(root, serviceHash(service)));
}

/** True for a VIP whose packets are hashed and sent as the fast path does it. */
export function isPlain(vip: usize): bool {
  return !(load<u32>(vip, VIP_TRACKING) >> 8); // VIP_HASH, VIP_FIELDS and VIP_WAYS stand behind it
}

/** Protocol and port of a VIP with a single address, as they stand in its record. */
export function namedKey(protocol: u32, port: u32): u32 {
  return keyOf(protocol, port) | ONE_ADDRESS;
}

export function protocolOf(key: u32): u32 {
  return (key >> 16) & 0xff;
}

export function portOf(key: u32): u32 {
  return key & 0xffff;
}

/** The record that nearly always is the one, if there is one: isFor() says whether it is. Record 0 belongs to nobody. */
export function guess(root: usize, high: u64, low: u64, key: u32): usize {
  return record(root, numberAt(root, indexHash(high, low, key)));
}

/** That record, 0 when there is none. */
export function findKey(root: usize, high: u64, low: u64, key: u32): usize {
  return probe(root, high, low, key);
}

/** The same in one piece. */
export function findNamed(root: usize, high: u64, low: u64, protocol: u32, port: u32): usize {
  return probe(root, high, low, namedKey(protocol, port));
}

/** The record of the longest IPv6 prefix that holds the address; 0 when there is none. */
export function findPrefix6(root: usize, high: u64, low: u64, protocol: u32, port: u32): usize {
  const lengths = root + ROOT_PREFIXES6;
  return findPrefix(root, lengths + 1, load<u8>(lengths), high, low, keyOf(protocol, port));
}

/** True when the address is one of our VIPs', or lies in a prefix of one, whatever protocol and port. */
export function isOurs(root: usize, high: u64, low: u64): bool {
  return findClosest(root, prefixLengths(root, high, low), high, low, 0) != 0;
}

/** Enters record `number` of `root` into that root's index. For the builder. */
export function enter(root: usize, number: u32): void {
  const r = record(root, number);
  let i = indexHash(load<u64>(r, VIP_ADDRESS), load<u64>(r, VIP_ADDRESS + 8), load<u32>(r, VIP_PORT));
  while (numberAt(root, i)) i++;
  store<u16>(root + ((i & vipIndexMask) << 1), <u16>number, ROOT_HEADER_BYTES);
}

/** Where the search for a key begins; for an IPv4 address and port, the hash of their VIP_SERVICE. */
function indexHash(high: u64, low: u64, key: u32): u32 {
  const service = (low >> 32) | ((<u64>((key ^ ONE_ADDRESS) >> 16)) << 32) | ((<u64>bswap<u16>(<u16>key)) << 48);
  return serviceHash(service + (high ^ <u64>(<u32>low ^ MAPPED)) * MULTIPLIER);
}

/** Spreads keys that come from configuration, not from strangers: multiplication by odd constants is enough. 20 bits, for 65,535 records. */
function serviceHash(service: u64): u32 {
  const x = service * MULTIPLIER;
  return <u32>(((x ^ (x >> 32)) * 0xd6e8_feb8_6659_fd93) >> 44);
}

/** Port, protocol and prefix length of a record are one word: VIP_PORT, VIP_PROTOCOL, VIP_PREFIX_BITS. */
function keyOf(protocol: u32, port: u32): u32 {
  return port | (protocol << 16);
}

/** The list of prefix lengths, of the family of an address: a mapped IPv4 address must not lie in an IPv6 prefix. */
function prefixLengths(root: usize, high: u64, low: u64): usize {
  const isV4 = !high && <u32>low == MAPPED;
  return root + (isV4 ? ROOT_PREFIXES4 : ROOT_PREFIXES6);
}

/** The record of the address itself, else of the longest prefix it lies in. `key` is without a prefix length. */
function findClosest(root: usize, lengths: usize, high: u64, low: u64, key: u32): usize {
  const exact = probe(root, high, low, key | ONE_ADDRESS);
  const count = <u32>load<u8>(lengths);
  return exact || !count ? exact : findPrefix(root, lengths + 1, count, high, low, key);
}

function findPrefix(root: usize, lengths: usize, count: u32, high: u64, low: u64, key: u32): usize {
  for (let i: u32 = 0; i < count; i++) {
    const bits = <u32>load<u8>(lengths + i);
    const found = probe(root, high & leading(bits), low & leading(bits < 64 ? 0 : bits - 64), key | (bits << 24));
    if (found) return found;
  }
  return 0;
}

function record(root: usize, number: u32): usize {
  return root + vipRecords + number * VIP_BYTES;
}

/** The index is at most half full, so probing ends at a free entry soon. */
function probe(root: usize, high: u64, low: u64, key: u32): usize {
  let i = indexHash(high, low, key);
  let number = numberAt(root, i);
  while (number) {
    const r = record(root, number);
    if (isFor(r, high, low, key)) return r;
    number = numberAt(root, ++i);
  }
  return 0;
}

function numberAt(root: usize, i: u32): u32 {
  return load<u16>(root + ((i & vipIndexMask) << 1), ROOT_HEADER_BYTES);
}

/** True when record `r` is of this address and key. */
export function isFor(r: usize, high: u64, low: u64, key: u32): bool {
  // All fields at once, as they nearly always match: one branch.
  return !((load<u64>(r, VIP_ADDRESS + 8) ^ low) | (load<u64>(r, VIP_ADDRESS) ^ high) | (load<u32>(r, VIP_PORT) ^ key));
}
