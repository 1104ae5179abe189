// test/model/ways.ts: server ids and source routes the slow way: ids as strings of bits, options as lists, prefixes as numbers.

/** Bits `from` to `to` (not included) of some bytes, as a number. */
function bits(bytes: Uint8Array, from: number, to: number): number {
  const text = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return Number.parseInt(text.slice(from, to), 2);
}

/** What a QUIC packet says. */
interface ModelQuicId {
  id: number;
  version: number;
  isInitial: boolean;
}

/** RFC 9000, section 17; RFC 9369, section 3.2; the three forms of a connection id. */
export function quicId(payload: Uint8Array): ModelQuicId {
  const nothing = { id: 0, version: 0, isInitial: false };
  const isLong = payload.length > 0 && bits(payload, 0, 1) === 1;
  if (!isLong) return payload.length < 9 ? nothing : { ...idOf(payload.slice(1)), isInitial: false };
  if (payload.length < 14) return nothing;
  const isVersion2 = Buffer.from(payload).readUInt32BE(1) === 0x6b3343cf;
  const names = isVersion2 ? ['Retry', 'Initial', '0-RTT', 'Handshake'] : ['Initial', '0-RTT', 'Handshake', 'Retry'];
  const isInitial = ['Initial', '0-RTT'].includes(names[bits(payload, 2, 4)] as string);
  if (isInitial) return { ...nothing, isInitial };
  return (payload[5] as number) < 8 ? nothing : { ...idOf(payload.slice(6)), isInitial };
}

function idOf(connectionId: Uint8Array): { id: number; version: number } {
  const version = bits(connectionId, 0, 2);
  if (version === 1) return { version, id: bits(connectionId, 2, 18) };
  if (version === 2) return { version, id: bits(connectionId, 8, 32) };
  const id = version === 3 ? bits(connectionId, 8, 40) : 0;
  return { version, id: id >= 2 ** 31 ? 0 : id };
}

/** The stable header: 0x52, 24 bits, 32 more. */
export function stableId(payload: Uint8Array): number {
  return payload.length >= 8 && payload[0] === 0x52 ? bits(payload, 8, 32) : 0;
}

/** Kind 0xb7 among the first 15 options. */
export function tcpOptionId(options: Uint8Array): number {
  let rest = options;
  for (let count = 0; count < 15; count++) {
    const [kind, length] = rest;
    if (kind === undefined || kind === 0) return 0;
    if (kind === 1) {
      rest = rest.slice(1);
      continue;
    }
    if (length === undefined || length > rest.length) return 0;
    if (kind === 0xb7) return length === 6 ? Buffer.from(rest).readUInt32LE(2) : 0;
    rest = rest.slice(length);
  }
  return 0;
}

/** A prefix of some length, as numbers; `width` is 32 or 128. */
export interface ModelRoute {
  address: bigint;
  prefixBits: number;
  backend: string;
}

/** Backend of the longest prefix that holds `client`. */
export function routeOf(routes: readonly ModelRoute[], client: bigint, width: number): string | undefined {
  const holding = routes.filter(({ address, prefixBits }) => {
    const rest = BigInt(width - prefixBits);
    return address >> rest === client >> rest;
  });
  holding.sort((a, b) => b.prefixBits - a.prefixBits);
  return holding[0]?.backend;
}
