// host/membership/prefix.ts: the address of a VIP: one address, or a prefix such as 192.0.2.0/24 or 2001:db8::/64.
import {
  addressBytes,
  addressFamily,
  addressRule,
  canonicalAddress,
  formatAddress,
  hostAddressRule,
} from './address.js';

/**
 * Shortest prefixes of a VIP. What is shorter holds more than anybody is given (RFC 6890 has its special blocks there), and
 * with it addresses of our own: the balancer would cut itself off.
 */
const PREFIX_BITS_MIN = { 4: 8, 6: 16 } as const;
const ADDRESS_BITS = { 4: 32, 6: 128 } as const;

/** Address and prefix length of a VIP. */
interface Prefix {
  /** 16 bytes, IPv4 as `::ffff:a.b.c.d`; those behind the prefix are 0. */
  readonly bytes: Uint8Array;
  /** Of the 128: an IPv4 prefix of 24 bits has 120. One address: 128. */
  readonly bits: number;
}

/** The parts of `192.0.2.0/24` as text; bits undefined where there is no slash. */
function split(text: string): { address: string; bits: number | undefined } {
  const slash = text.indexOf('/');
  if (slash < 0) return { address: text, bits: undefined };
  const bits = text.slice(slash + 1);
  return { address: text.slice(0, slash), bits: /^\d{1,3}$/.test(bits) ? Number(bits) : -1 };
}

/** Reads the address of a VIP that breaks no rule. */
export function readPrefix(text: string): Prefix {
  const { address, bits } = split(text);
  const bytes = addressBytes(address);
  return { bytes, bits: bits === undefined ? 128 : 128 - ADDRESS_BITS[addressFamily(address)] + bits };
}

/** The rule that `text` breaks as the address of a VIP, or undefined. */
export function vipAddressRule(text: string): string | undefined {
  const { address, bits } = split(text);
  const broken = hostAddressRule(address);
  if (broken !== undefined || bits === undefined) return broken;
  return prefixRule(canonicalAddress(address), bits);
}

/** The rule that `text` breaks as a prefix that clients are in, of any length, or undefined. */
export function clientPrefixRule(text: string): string | undefined {
  const { address, bits } = split(text);
  const broken = addressRule(address);
  if (broken !== undefined || bits === undefined) return broken;
  return prefixRule(canonicalAddress(address), bits, 0);
}

/** The rule that a prefix length breaks, or undefined. `address` must be canonical. */
export function prefixRule(
  address: string,
  bits: number,
  bitsMin: number = PREFIX_BITS_MIN[addressFamily(address)],
): string | undefined {
  const bitsMax = ADDRESS_BITS[addressFamily(address)];
  if (bits < bitsMin || bits > bitsMax) return `expected a prefix length of ${bitsMin}..${bitsMax}`;
  const bytes = addressBytes(address);
  clearHostBits(bytes, 128 - bitsMax + bits);
  const network = formatAddress(bytes);
  return network === address ? undefined : `expected no bits behind the prefix length: ${network}/${bits}`;
}

/** The one spelling of the address of a VIP that breaks no rule: a prefix of all bits is the address alone. */
export function canonicalPrefix(text: string): string {
  const { address, bits } = split(text);
  const canonical = canonicalAddress(address);
  return bits === undefined || bits === ADDRESS_BITS[addressFamily(address)] ? canonical : `${canonical}/${bits}`;
}

function clearHostBits(bytes: Uint8Array, bits: number): void {
  for (let index = 0; index < bytes.length; index++) {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    bytes[index] = (bytes[index] ?? 0) & (0xff << (8 - kept));
  }
}
