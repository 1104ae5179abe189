// host/membership/key.ts: the name of a record, in a Kafka key, in the API and in messages.
//
//   VIP       tcp/192.0.2.80:80             tcp/[2001:db8::80]:80
//   backend   tcp/192.0.2.80:80/10.0.1.9    tcp/[2001:db8::80]:80/2001:db8:1::9
//   prefix    tcp/192.0.2.0/24:80           tcp/[2001:db8::/64]:80
//
// A key has one spelling, so that one record is one key of a compacted topic.
import { MaglevError } from '../errors.js';
import { addressFamily, addressRule, canonicalAddress } from './address.js';
import type { Backend, Protocol, Vip } from './event.js';
import { canonicalPrefix, prefixRule } from './prefix.js';
import { showValue } from './refusal.js';

/** The parts of a key, addresses in canonical form. */
export interface RecordKey {
  /** Canonical key of the VIP: of this record, or of the one this backend stands under. */
  vip: string;
  /** `tcp`, `udp` or `sctp`. */
  protocol: Protocol;
  /** Of the VIP; without the length of its prefix. */
  address: string;
  /** Set for a prefix: how many of its leading bits count, 8..31 or 16..127. */
  prefixBits?: number;
  /** 0..65535; 0 = any port. */
  port: number;
  /** Address of the backend; not there in the key of a VIP. */
  backend?: string;
}

/** Largest port. */
export const PORT_MAX = 65535;

// A key is at most `sctp/[39 characters/128]:65535/39 characters`.
const KEY_TEXT_MAX = 100;
//                    protocol    [IPv6         /bits   ] or IPv4        /bits       port        /backend
const KEY =
  /^([a-z]{1,8})\/(?:\[([^\]/]{1,64})(?:\/(\d{1,3}))?\]|([^[\]/:]{1,64})(?:\/(\d{1,3}))?):(\d{1,6})(?:\/(.{1,64}))?$/;
const UNBRACKETED = /^[a-z]{1,8}\/[0-9a-f]*:[0-9a-f:]*:/i;

// Each record of a backend names its VIP twice, and thousands name the same: what a VIP's key says is read once.
const KEPT_KEYS_MAX = 4096;
const keptKeys = new Map<string, RecordKey>();

/** Parts of `text`, or the rule it breaks. Several spellings of an address are taken; the answer has the canonical one. */
export function readKey(text: string): Readonly<RecordKey> | string {
  const known = keptKeys.get(text) ?? readBehindKept(text);
  if (known !== undefined) return known;
  const key = readWhole(text);
  if (typeof key === 'string' || key.backend !== undefined) return key;
  if (keptKeys.size === KEPT_KEYS_MAX) keptKeys.clear();
  keptKeys.set(text, Object.freeze(key));
  return key;
}

/** The key of a backend behind that of a VIP that is known; undefined where it is not, or a rule is broken. */
function readBehindKept(text: string): RecordKey | undefined {
  const cut = text.lastIndexOf('/');
  const vip = keptKeys.get(text.slice(0, cut));
  const backend = text.slice(cut + 1);
  if (vip === undefined || text.length > KEY_TEXT_MAX || addressRule(backend) !== undefined) return undefined;
  return { ...vip, backend: canonicalAddress(backend) };
}

function readWhole(text: string): RecordKey | string {
  const match = text.length > KEY_TEXT_MAX ? null : KEY.exec(text);
  if (match === null) {
    if (UNBRACKETED.test(text)) return 'expected brackets around an IPv6 address: tcp/[2001:db8::80]:80';
    return 'expected a key such as tcp/192.0.2.80:80, or tcp/192.0.2.80:80/10.0.1.9 for a backend';
  }
  const [, protocol = '', v6, v6Bits, v4, v4Bits, portText = '', backend] = match;
  const broken = protocolRule(protocol) ?? vipPartRule(v6 ?? v4 ?? '', v6 !== undefined) ?? portRule(portText);
  if (broken !== undefined) return broken;
  const backendBroken = backend === undefined ? undefined : addressRule(backend);
  if (backendBroken !== undefined) return `${backendBroken} after the last /`;
  const bits = v6Bits ?? v4Bits;
  const parts = { protocol: protocol as Protocol, address: canonicalAddress(v6 ?? v4 ?? ''), port: Number(portText) };
  const prefixBroken = bits === undefined ? undefined : prefixRule(parts.address, Number(bits));
  // A prefix of all bits is one address: one record must not have two keys.
  const isOneAddress = bits === undefined || Number(bits) === (v6 === undefined ? 32 : 128);
  const prefix = isOneAddress ? {} : { prefixBits: Number(bits) };
  if (prefixBroken !== undefined) return prefixBroken;
  const vip = formatVipKey({ ...parts, ...prefix });
  return { vip, ...parts, ...prefix, ...(backend === undefined ? {} : { backend: canonicalAddress(backend) }) };
}

/** Parts of a key in any spelling. Throws ERR_RECORD for what is no key. */
export function parseKey(text: string): Readonly<RecordKey> {
  const key = readKey(text);
  if (typeof key !== 'string') return key;
  throw new MaglevError('ERR_RECORD', `key ${showValue(text)}, ${key}`, { option: 'key', rule: key });
}

/** The canonical text of a key: `formatKey(parseKey(text))` is the same for every spelling of it. */
export function formatKey(key: RecordKey): string {
  const vip = formatVipKey(key);
  return key.backend === undefined ? vip : `${vip}/${key.backend}`;
}

/** Key of a VIP. `address` must be canonical; it may itself be a prefix, as that of a record is. */
export function formatVipKey(vip: Pick<RecordKey, 'protocol' | 'address' | 'port' | 'prefixBits'>): string {
  const network = vip.prefixBits === undefined ? vip.address : `${vip.address}/${vip.prefixBits}`;
  return `${vip.protocol}/${addressFamily(vip.address) === 6 ? `[${network}]` : network}:${vip.port}`;
}

/** Key of a VIP record. Throws ERR_RECORD when its address is none. */
export function vipKey(vip: Pick<Vip, 'protocol' | 'address' | 'port'>): string {
  return formatVipKey({ protocol: vip.protocol, address: canonicalPrefix(vip.address), port: vip.port });
}

/** Key of a backend record. Throws ERR_RECORD when its VIP is no key or its address is none. */
export function backendKey(backend: Pick<Backend, 'vip' | 'address'>): string {
  return `${parseKey(backend.vip).vip}/${canonicalAddress(backend.address)}`;
}

function protocolRule(protocol: string): string | undefined {
  return ['tcp', 'udp', 'sctp'].includes(protocol) ? undefined : 'expected it to begin with tcp/, udp/ or sctp/';
}

function vipPartRule(address: string, isBracketed: boolean): string | undefined {
  const broken = addressRule(address);
  if (broken !== undefined) return broken;
  if (isBracketed !== (addressFamily(address) === 6)) return 'expected brackets around an IPv6 address, and only there';
  return undefined;
}

function portRule(text: string): string | undefined {
  const isCanonical = /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= PORT_MAX;
  return isCanonical ? undefined : `expected a port of 0..${PORT_MAX} without leading zeros`;
}
