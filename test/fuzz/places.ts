// test/fuzz/places.ts: which addresses of the scene an address is, or lies in: a number for each, looked up once a frame.
import { readPrefix } from '../../host/membership/prefix.js';
import { SCENE } from './scene.js';

/** Addresses and prefixes of the scene's VIPs, each once. */
export const PLACES: readonly string[] = [...new Set(SCENE.map(({ address }) => address))];

interface Network {
  place: number;
  bits: number;
  /** The first 64 bits, or 32 of IPv4, and which of them count. */
  words: readonly [number, number];
  masks: readonly [number, number];
}

const IPV4_BEGIN = 96;
const exact4 = new Map<number, number>();
const exact6 = new Map<number, { place: number; view: DataView }[]>();
const networks4: Network[] = [];
const networks6: Network[] = [];

PLACES.forEach((text, place) => {
  const { bytes, bits } = readPrefix(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const isV4 = !text.includes(':');
  const last = view.getUint32(12);
  if (bits === 128 && isV4) exact4.set(last, place);
  else if (bits === 128) exact6.set(last, [...(exact6.get(last) ?? []), { place, view }]);
  else if (isV4) networks4.push({ place, bits, words: [last, 0], masks: [mask(bits - IPV4_BEGIN), 0] });
  else {
    const words = [view.getUint32(0), view.getUint32(4)] as const;
    networks6.push({ place, bits, words, masks: [mask(bits), mask(bits - 32)] }); // the scene has none beyond /64
  }
});
for (const networks of [networks4, networks6]) networks.sort((a, b) => b.bits - a.bits); // the longest first

function mask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - bits)) >>> 0;
}

/** Writes to `found` the places of the IPv4 address at `at`: itself, then prefixes, the longest first. Returns how many. */
export function findIpv4(view: DataView, at: number, found: number[]): number {
  const address = view.getUint32(at);
  let count = 0;
  const exact = exact4.get(address);
  if (exact !== undefined) found[count++] = exact;
  for (const { place, words, masks } of networks4) {
    if ((address & masks[0]) >>> 0 === words[0]) found[count++] = place;
  }
  return count;
}

/** The same for an IPv6 address. An IPv4 VIP stands mapped in the tables, but ::ffff:192.0.2.80 in an IPv6 packet is no VIP. */
export function findIpv6(view: DataView, at: number, found: number[]): number {
  const first = view.getUint32(at);
  const second = view.getUint32(at + 4);
  let count = 0;
  for (const { place, view: other } of exact6.get(view.getUint32(at + 12)) ?? NONE) {
    if (first !== other.getUint32(0) || second !== other.getUint32(4)) continue;
    if (view.getUint32(at + 8) === other.getUint32(8)) found[count++] = place;
  }
  for (const { place, words, masks } of networks6) {
    if ((first & masks[0]) >>> 0 === words[0] && (second & masks[1]) >>> 0 === words[1]) found[count++] = place;
  }
  return count;
}

const NONE: { place: number; view: DataView }[] = [];
