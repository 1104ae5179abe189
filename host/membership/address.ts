// host/membership/address.ts: IP addresses: one canonical text and one 16-byte form for each.
import ipaddr from 'ipaddr.js';
import { ADDRESS_BYTES } from '../../assembly/layout.js';
import { decimalAddress } from '../decimalAddress.js';
import { MaglevError } from '../errors.js';

const NO_ADDRESS = 'expected an IPv4 or IPv6 address';
// Stricter than isValidFourPartDecimal of ipaddr.js, which takes 192.0.2.080.
const FOUR_PART_DECIMAL = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;

/** Longest text an address can have: eight groups of four digits and seven colons. */
const ADDRESS_TEXT_MAX = 39;

// An IPv4 address a.b.c.d is ::ffff:a.b.c.d in sixteen bytes (RFC 4291, section 2.5.5.2).
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0);

/** The rule that `text` breaks as an address, or undefined when it is one. */
export function addressRule(text: string): string | undefined {
  if (text.length > ADDRESS_TEXT_MAX && !text.includes('%')) return NO_ADDRESS;
  // inet_aton(3) also takes 10.1, 0x7f.1 and 010.0.0.1 (octal): one program's address is then another's surprise.
  if (decimalAddress(text) >= 0) return undefined;
  if (FOUR_PART_DECIMAL.test(text)) return NO_ADDRESS;
  if (ipaddr.IPv4.isValid(text) || /^[\d.]+$/.test(text))
    return 'expected four decimal numbers without leading zeros, such as 10.0.1.9';
  if (!ipaddr.IPv6.isValid(text)) return NO_ADDRESS;
  const address = ipaddr.IPv6.parse(text);
  if (address.zoneId !== undefined) return 'expected an address without a zone: a record is read on many machines';
  if (address.isIPv4MappedAddress()) return 'expected an IPv4 address in its own form, such as 10.0.1.9';
  if (text.includes('.')) return 'expected an IPv6 address in hexadecimal groups only';
  return undefined;
}

/** The rule that `text` breaks as the address of a VIP or backend: an address of one host, reachable from another. */
export function hostAddressRule(text: string): string | undefined {
  const decimal = decimalAddress(text);
  if (decimal >= 0) return hostRule4(decimal);
  const broken = addressRule(text);
  if (broken !== undefined) return broken;
  const address = ipaddr.parse(text);
  const range = address.range();
  switch (range) {
    case 'multicast':
    case 'unspecified':
    case 'loopback':
      return notHost(range);
    case 'linkLocal':
      // RFC 4007: fe80::/10 means nothing without an interface. 169.254/16 has no zones; some clouds route it.
      return 'expected an address that is not link-local';
    default:
      return undefined;
  }
}

function hostRule4(address: number): string | undefined {
  const first = Math.floor(address / 2 ** 24);
  if (first === 0) return notHost('unspecified'); // RFC 1122, section 3.2.1.3: "this network"
  if (first === 127) return notHost('loopback');
  if (first >= 224 && first < 240) return notHost('multicast');
  return address === 0xffff_ffff ? notHost('broadcast') : undefined;
}

function notHost(range: string): string {
  return `expected the address of one host, not a ${range} address`;
}

/** The address of `text` in 16 bytes, IPv4 as `::ffff:a.b.c.d`. Throws ERR_RECORD where `addressRule` names a rule. */
export function addressBytes(text: string): Uint8Array {
  const decimal = decimalAddress(text);
  if (decimal < 0) return Uint8Array.from(parse(text).toByteArray());
  const bytes = MAPPED.slice();
  new DataView(bytes.buffer).setUint32(12, decimal);
  return bytes;
}

/** The canonical text (RFC 5952 for IPv6) of an address in 16 bytes. Throws ERR_RECORD for another length. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length !== ADDRESS_BYTES) {
    const rule = `expected ${ADDRESS_BYTES} bytes`;
    throw new MaglevError('ERR_RECORD', `address of ${bytes.length} bytes, ${rule}`, { option: 'address', rule });
  }
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  return new ipaddr.IPv6([...bytes]).toRFC5952String();
}

/** True when the 16 bytes are an IPv4 address. */
export function isMapped(bytes: Uint8Array): boolean {
  return MAPPED.subarray(0, 12).every((byte, index) => bytes[index] === byte);
}

/** The one spelling of the address `text`: decimal for IPv4, RFC 5952 for IPv6. Throws ERR_RECORD for what is none. */
export function canonicalAddress(text: string): string {
  if (decimalAddress(text) >= 0) return text; // it has no other spelling that is taken
  return (parse(text) as ipaddr.IPv6).toRFC5952String();
}

/** 4 or 6. `text` must be an address. */
export function addressFamily(text: string): 4 | 6 {
  return text.includes(':') ? 6 : 4;
}

function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const rule = addressRule(text);
  if (rule === undefined) return ipaddr.parse(text);
  const shown = JSON.stringify(text.slice(0, ADDRESS_TEXT_MAX));
  throw new MaglevError('ERR_RECORD', `address ${shown}, ${rule}`, { option: 'address', rule });
}
