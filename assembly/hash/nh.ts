// hash/nh.ts: NH, the universal hash of UMAC (Black, Halevi, Krawczyk, Krovetz, Rogaway, 1999; RFC 4418, section 5.2),
// with 32-bit words and a 64-bit sum, and a keyed finalizer behind it. This is the packet hash of the `native` profile.
//   NH(m, k) = sum over pairs of ((m[2i] +32 k[2i]) * (m[2i+1] +32 k[2i+1])) mod 2^64
// For somebody who does not know the key and never sees the output, two flows collide in NH with chance 2^-32. The
// finalizer spreads the sum over all 64 bits; it is no cipher. ARCHITECTURE.md says what that promises and what not.
import { CONTROL_FINAL_KEY, CONTROL_NH_KEY } from '../layout';
import { control } from '../memory';
import * as ipv4 from '../wire/ipv4';
import { DESTINATION, SOURCE } from '../wire/ipv6';

const FAMILY_V4: u32 = 4 << 8; // beside the protocol number, so that the families have different messages
const FAMILY_V6: u32 = 6 << 8;
const FAMILY_PORT: u32 = 1 << 8;

/** One product of NH: words `a` and `b` of the message with words 2 * `pair` and 2 * `pair` + 1 of the key. */
function product(key: usize, pair: u32, a: u32, b: u32): u64 {
  const at = key + (pair << 3);
  return <u64>(a + load<u32>(at)) * <u64>(b + load<u32>(at, 4));
}

/** Hash of an IPv4 flow: source, destination, ports, protocol. */
export function hashIpv4(packet: usize, ports: u32, protocol: u32): u64 {
  const key = control + CONTROL_NH_KEY;
  const finalKey = load<u64>(control, CONTROL_FINAL_KEY);
  const source = ipv4.source(packet);
  return hashIpv4With(load<u64>(key), load<u64>(key, 8), finalKey, source, ipv4.destination(packet), ports, protocol);
}

/** The same with the first four words of the key at hand: who hashes many flows keeps them in registers. */
export function hashIpv4With(
  key01: u64,
  key23: u64,
  finalKey: u64,
  source: u32,
  destination: u32,
  ports: u32,
  protocol: u32,
): u64 {
  const addresses = <u64>(source + <u32>key01) * <u64>(destination + <u32>(key01 >> 32));
  const rest = <u64>(ports + <u32>key23) * <u64>((protocol | FAMILY_V4) + <u32>(key23 >> 32));
  return finalize(addresses + rest, finalKey);
}

/** Hash of an IPv6 flow: source, destination, ports, protocol. */
export function hashIpv6(packet: usize, ports: u32, protocol: u32): u64 {
  return hashIpv6With(sumIpv6(packet + SOURCE, 0) + sumIpv6(packet + DESTINATION, 2), ports, protocol);
}

/** The same with the sum of both addresses at hand: who hashes many flows to one destination sums it once. */
export function hashIpv6With(addresses: u64, ports: u32, protocol: u32): u64 {
  const sum = addresses + product(control + CONTROL_NH_KEY, 4, ports, protocol | FAMILY_V6);
  return finalize(sum, load<u64>(control, CONTROL_FINAL_KEY));
}

/** The share in NH of the 16 bytes at `p`: two products, `pair` and the next. A source has 0 and 1, a destination 2 and 3. */
export function sumIpv6(p: usize, pair: u32): u64 {
  const key = control + CONTROL_NH_KEY;
  return product(key, pair, load<u32>(p), load<u32>(p, 4)) + product(key, pair + 1, load<u32>(p, 8), load<u32>(p, 12));
}

/** Hash of all flows of a client: the address at `source`, 4 or 16 bytes. */
export function hashSource(isV6: bool, source: usize): u64 {
  const key = control + CONTROL_NH_KEY;
  if (!isV6) return finish(product(key, 0, load<u32>(source), 0) + product(key, 1, 0, FAMILY_V4));
  const sum = product(key, 0, load<u32>(source), load<u32>(source, 4));
  return finish(sum + product(key, 1, load<u32>(source, 8), load<u32>(source, 12)) + product(key, 4, 0, FAMILY_V6));
}

/** Hash of all flows to a port; `ports` as both lie in memory. */
export function hashPort(ports: u32): u64 {
  return finish(product(control + CONTROL_NH_KEY, 0, ports >> 16, FAMILY_PORT));
}

function finish(sum: u64): u64 {
  return finalize(sum, load<u64>(control, CONTROL_FINAL_KEY));
}

/** Mixes 64 bits with the key: the finalizer of MurmurHash3 (Appleby, fmix64) after a keyed xor. A bijection. */
function finalize(sum: u64, finalKey: u64): u64 {
  let x = sum ^ finalKey;
  x = (x ^ (x >> 33)) * 0xff51_afd7_ed55_8ccd;
  x = (x ^ (x >> 33)) * 0xc4ce_b9fe_1a85_ec53;
  return x ^ (x >> 33);
}
