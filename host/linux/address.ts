// host/linux/address.ts: IP and MAC addresses between text and the bytes the kernel uses (network order).

import ipaddr from 'ipaddr.js';
import { decimalAddress } from '../decimalAddress.js';
import { optionError } from '../errors.js';
import { AF_INET, AF_INET6 } from './libc.js';

const MAC_BYTES = 6;

/** A range of addresses that share their first `bits` bits. `bytes` has 4 or 16 bytes; those after `bits` are 0. */
export interface Prefix {
  readonly bytes: Uint8Array;
  /** 0..32 or 0..128. */
  readonly bits: number;
}

/** Bytes of an IPv4 (4) or IPv6 (16) address. @throws MaglevError ERR_OPTION */
export function addressBytes(address: string): Uint8Array {
  const decimal = decimalAddress(address);
  if (decimal >= 0) return Uint8Array.of(decimal >>> 24, decimal >>> 16, decimal >>> 8, decimal);
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return Uint8Array.from(ipaddr.IPv4.parse(address).toByteArray());
  // No zone: fe80::1%eth0 says an interface, and interfaces are told apart by their index here.
  if (ipaddr.IPv6.isValid(address) && !address.includes('%')) {
    return Uint8Array.from(ipaddr.IPv6.parse(address).toByteArray());
  }
  throw optionError('address', address, 'must be an IPv4 or IPv6 address');
}

/** Text of 4 or 16 bytes: dotted decimal, or as RFC 5952 says. Equal addresses have equal texts. */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : ipaddr.fromByteArray(Array.from(bytes)).toString();
}

/** AF_INET or AF_INET6 by the number of bytes. */
export function addressFamily(bytes: Uint8Array): number {
  return bytes.length === 4 ? AF_INET : AF_INET6;
}

/** Reads `192.0.2.80`, `192.0.2.0/24`, `2001:db8::80` or `2001:db8::/64`. @throws MaglevError ERR_OPTION */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  const bitsMax = bytes.length * 8;
  if (slash < 0) return { bytes, bits: bitsMax };
  const bits = /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : bitsMax + 1;
  if (bits > bitsMax) throw optionError('prefix length of', text, `must be 0..${bitsMax}`);
  return { bytes: masked(bytes, bits), bits };
}

/** `bytes` with everything after the first `bits` bits set to 0. */
function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, bits - i * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
}

/** True when `bytes` lies in `prefix`. Addresses of the other family never do. */
export function isInPrefix(bytes: Uint8Array, prefix: Prefix): boolean {
  if (bytes.length !== prefix.bytes.length) return false;
  const own = masked(bytes, prefix.bits);
  return prefix.bytes.every((byte, i) => byte === own[i]);
}

/** Prefixes without those that lie in another one of the list, in ascending order of family and bytes. */
export function disjointPrefixes(prefixes: readonly Prefix[]): Prefix[] {
  const ascending = [...prefixes].sort((a, b) => a.bytes.length - b.bytes.length || compareBytes(a, b));
  const kept: Prefix[] = [];
  for (const prefix of ascending) {
    // A shorter prefix sorts before all that lie in it, and what lies between is in it as well.
    const last = kept.at(-1);
    if (last === undefined || !isInPrefix(prefix.bytes, last)) kept.push(prefix);
  }
  return kept;
}

function compareBytes(a: Prefix, b: Prefix): number {
  return Buffer.compare(a.bytes, b.bytes) || a.bits - b.bits;
}

/** Text of a prefix: `192.0.2.0/24`; without the length for a single address. */
export function prefixText(prefix: Prefix): string {
  const address = addressText(prefix.bytes);
  return prefix.bits === prefix.bytes.length * 8 ? address : `${address}/${prefix.bits}`;
}

/** Text of a link-layer address; undefined when it is not one of six bytes (a tunnel has 0, 4 or 16). */
export function macText(bytes: Uint8Array): string | undefined {
  if (bytes.length !== MAC_BYTES) return undefined;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
