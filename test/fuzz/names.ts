// test/fuzz/names.ts: which backend a frame names, by server id or by its source, read from its bytes by the RFCs and not by the hot
// path. For whole packets with whole headers, as reader.ts found them.
import type { Input } from './input.js';
import { IPV4, type Reader } from './reader.js';
import type { SceneVip } from './scene.js';

const TCP = 6;
const UDP = 17;
const QUIC_2 = 0x6b33_43cf;
const STABLE = 0x52;
const OPTION = 0xb7;
const OPTIONS_MAX = 15;

export const NOT_NAMED = 0;
const BY_ID = 1;
const BY_SOURCE = 2;

/** What the last call of readNames() found: BY_, and the number of the backend. */
export let namedBy = NOT_NAMED;
export let named = 0;

/** Reads what a packet of `vip` names, where that has ways before the table. */
export function readNames(vip: SceneVip, reader: Reader, input: Input): void {
  namedBy = NOT_NAMED;
  named = 0;
  const { names } = vip;
  if (names === undefined) return;
  const id =
    reader.protocol === TCP ? tcpId(vip, reader, input) : reader.protocol === UDP ? udpId(vip, reader, input) : 0;
  if (id !== 0) {
    namedBy = BY_ID;
    named = id;
    return;
  }
  const source = names.routeBy.includes('source') ? routed(vip, reader, input) : 0;
  if (source === 0) return;
  namedBy = BY_SOURCE;
  named = source;
}

/** Number of the backend that has an id and is not down; 0 for none. */
function backendOf({ names }: SceneVip, id: number): number {
  for (const [number, ids] of names?.ids ?? []) if (ids.includes(id) && number !== names?.down) return number;
  return 0;
}

function udpId(vip: SceneVip, { transport }: Reader, { view }: Input): number {
  const at = transport + 8;
  const length = view.getUint16(transport + 4) - 8;
  const ways = vip.names?.routeBy ?? [];
  const quic = ways.includes('quic') ? backendOf(vip, quicId(view, at, length)) : 0;
  if (quic !== 0 || !ways.includes('stable-udp')) return quic;
  return length >= 8 && view.getUint8(at) === STABLE ? backendOf(vip, view.getUint32(at) & 0xff_ffff) : 0;
}

/** RFC 9000, section 17: long headers have a type, a version and a length before the id; short ones the id alone. */
function quicId(view: DataView, at: number, length: number): number {
  if (length < 9) return 0;
  const first = view.getUint8(at);
  if (first < 0x80) return idIn(view, at + 1);
  if (length < 14 || view.getUint8(at + 5) < 8) return 0;
  const type = Math.floor(first / 16) % 4;
  const clientsOwn = view.getUint32(at + 1) === QUIC_2 ? [1, 2] : [0, 1];
  return clientsOwn.includes(type) ? 0 : idIn(view, at + 6);
}

function idIn(view: DataView, at: number): number {
  const first = view.getUint8(at);
  if (first < 64) return 0;
  if (first < 128) return (first % 64) * 1024 + view.getUint8(at + 1) * 4 + Math.floor(view.getUint8(at + 2) / 64);
  return first < 192 ? view.getUint32(at) % 2 ** 24 : view.getUint32(at + 1);
}

function tcpId(vip: SceneVip, { transport, isSyn }: Reader, { bytes, view }: Input): number {
  if (isSyn || !vip.names?.routeBy.includes('tcp-option')) return 0;
  const end = transport + 4 * ((bytes[transport + 12] as number) >> 4);
  let at = transport + 20;
  for (let count = 0; count < OPTIONS_MAX && at < end && bytes[at] !== 0; count++) {
    if (bytes[at] === 1) {
      at++;
      continue;
    }
    const size = at + 1 < end ? (bytes[at + 1] as number) : 256;
    if (at + size > end) return 0;
    if (bytes[at] === OPTION) return size === 6 ? backendOf(vip, view.getUint32(at + 2, true)) : 0;
    at += size;
  }
  return 0;
}

/** The longest route decides; one that leads to no backend leaves it to the table. */
function routed({ names, backends }: SceneVip, { kind, packet }: Reader, { bytes }: Input): number {
  const [at, size] = kind === IPV4 ? [packet + 12, 4] : [packet + 8, 16];
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, size).toString('hex');
  const number = names?.routes.find(({ begins }) => hex.startsWith(begins))?.number ?? 0;
  return backends.includes(number) ? number : 0;
}

/** A route whose prefix ends on a hex digit, for a reader that compares text. The longest first. */
export interface SceneRoute {
  prefix: string;
  begins: string;
  number: number;
}
