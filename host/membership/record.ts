// host/membership/record.ts: what a VIP and a backend record may say, and the form in which they are kept.
//
// One schema for the file, the Kafka value and the API. What comes out is canonical: addresses in their one spelling,
// keys too, fields that were undefined left out, fields nobody knows kept as they came (a newer publisher's). `meta` says what
// the JSON Schema of the topic (schema.ts) says beside what it finds out by itself.
import * as z from 'zod';
import { KATRAN_REAL_FLAGS, KATRAN_VIP_FLAGS } from '../compat/katranRecord.js';
import { canonicalAddress, hostAddressRule } from './address.js';
import { encap, familyRule, strictEncap } from './encap.js';
import type { Backend, Encap, Vip } from './event.js';
import { firstIssue } from './issue.js';
import { formatVipKey, PORT_MAX, type RecordKey, readKey } from './key.js';
import { ADDRESS_PATTERN, PREFIX_PATTERN, VIP_KEY_PATTERN } from './patterns.js';
import { canonicalPrefix, vipAddressRule } from './prefix.js';
import { type Broken, showValue } from './refusal.js';
import { RAMP_SECONDS_MAX, RAMP_SECONDS_MIN, SINCE_MS_MAX } from './slowStart.js';
import { routeBy, serverId, sourceRoutes, waysRule } from './ways.js';

/** Largest weight of a backend. */
export const WEIGHT_MAX = 65535;
/** Weight of a backend whose record names none. */
export const WEIGHT_DEFAULT = 1;
/** Smallest `tableSize`. */
export const TABLE_SIZE_MIN = 7;
/** Largest `tableSize`; the lookup tables of Envoy and Cilium end at the same prime. */
export const TABLE_SIZE_MAX = 5000011;
/** Slots of the lookup table of a VIP whose record names no size. */
export const TABLE_SIZE_DEFAULT = 65537;

/** `loose` keeps fields that are not known (a newer publisher's); `strict` refuses them (a typo of ours). */
export type Strictness = 'loose' | 'strict';

/** A record in canonical form, with its key. */
export type CanonicalVip = { kind: 'vip'; key: string; vip: Vip };
export type CanonicalBackend = { kind: 'backend'; key: string; vipKey: string; backend: Backend };

const protocol = z.enum(['tcp', 'udp', 'sctp'], { error: 'expected tcp, udp or sctp' });

const addressText = z.string({ error: 'expected an IPv4 or IPv6 address' });

const hostAddress = addressText.meta({ pattern: ADDRESS_PATTERN }).transform((text, context) => {
  const prefix = /^[^/]+\/\d+$/.test(text) ? 'expected one address, not a prefix' : undefined;
  const rule = prefix ?? hostAddressRule(text);
  if (rule === undefined) return canonicalAddress(text);
  context.addIssue({ code: 'custom', message: rule });
  return z.NEVER;
});

const vipAddress = addressText.meta({ pattern: PREFIX_PATTERN }).transform((text, context) => {
  const rule = vipAddressRule(text);
  if (rule === undefined) return canonicalPrefix(text);
  context.addIssue({ code: 'custom', message: rule });
  return z.NEVER;
});

const vipReference = z
  .string({ error: 'expected the key of a VIP, such as tcp/192.0.2.80:80' })
  .meta({ pattern: VIP_KEY_PATTERN })
  .transform((text, context) => {
    const key = readServedKey(text);
    if (typeof key !== 'string') return key.vip;
    context.addIssue({ code: 'custom', message: key });
    return z.NEVER;
  });

const tableSize = integer(TABLE_SIZE_MIN, TABLE_SIZE_MAX, `expected a prime of ${TABLE_SIZE_MIN}..${TABLE_SIZE_MAX}`);

const HASHES = ['native', 'katran-v1', 'katran-v2', 'cilium', 'envoy'] as const;

const VIP_FIELDS = {
  address: vipAddress.meta({
    description: 'IPv4 or IPv6 address, or a prefix of at least 8 and 16 bits: each address in it. As in the key.',
  }),
  protocol: protocol.meta({ description: 'As in the key.' }),
  port: integer(0, PORT_MAX).meta({ description: 'As in the key; 0: any port.' }),
  encap: encap.optional().meta({ description: 'What its backends have unless they say otherwise. Default: l2.' }),
  hash: z
    .enum(HASHES, { error: `expected ${HASHES.slice(0, -1).join(', ')} or ${HASHES.at(-1)}` })
    .optional()
    .meta({ description: 'How the table is filled and a packet finds its slot. Default: native.' }),
  hashOn: z
    .enum(['5-tuple', 'source', 'port'], { error: 'expected 5-tuple, source or port' })
    .optional()
    .meta({ description: 'What of a packet chooses its slot. port: not with cilium and envoy. Default: 5-tuple.' }),
  tableSize: tableSize
    .refine(isPrime, { error: `expected a prime of ${TABLE_SIZE_MIN}..${TABLE_SIZE_MAX}` })
    .optional()
    .meta({ description: `Slots of the lookup table, a prime. Default: ${TABLE_SIZE_DEFAULT}.` }),
  tracking: z
    .enum(['changed', 'all', 'none'], { error: 'expected changed, all or none' })
    .optional()
    .meta({ description: 'Which slots keep flow state. Default: changed.' }),
  routeBy: routeBy
    .optional()
    .meta({ description: 'Ways to a backend before the table: by the ids of backends, or by source. Default: none.' }),
  sourceRoutes: sourceRoutes
    .optional()
    .meta({ description: 'With source among routeBy: prefix of clients to address of a backend of this VIP.' }),
  katran: flags(KATRAN_VIP_FLAGS)
    .optional()
    .meta({ description: 'Flags of this VIP in Katran, for balancers with compat katran.' }),
};

const slowStart = z.looseObject(
  {
    seconds: integer(RAMP_SECONDS_MIN, RAMP_SECONDS_MAX).meta({ description: 'Length of all ten steps.' }),
    since: integer(0, SINCE_MS_MAX, 'expected Unix time in ms')
      .optional()
      .meta({ description: 'When it begins, Unix time in ms. Default: the time of the signature, or of the message.' }),
  },
  { error: 'expected an object such as { seconds: 60 }' },
);

const BACKEND_FIELDS = {
  vip: vipReference.meta({ description: 'Key of its VIP.' }),
  address: hostAddress.meta({ description: 'IPv4 or IPv6 address it is reached at. As in the key.' }),
  weight: integer(0, WEIGHT_MAX)
    .optional()
    .meta({
      description: `Share of new flows relative to the others of the VIP; 0 drains. Default: ${WEIGHT_DEFAULT}.`,
    }),
  encap: encap.optional().meta({ description: 'How packets get to it. Default: that of the VIP.' }),
  state: z
    .enum(['active', 'draining', 'down'], { error: 'expected active, draining or down' })
    .optional()
    .meta({ description: 'draining: keeps its flows, gets no new ones. down: loses all at once. Default: active.' }),
  serverId: serverId
    .optional()
    .meta({ description: 'By which packets name it, where its VIP has a way for that: one, or several.' }),
  healthCheckMark: integer(1, 2 ** 32 - 1)
    .optional()
    .meta({ description: "Mark (SO_MARK) of the balancer's own packets that are to reach it: health checks." }),
  slowStart: slowStart.optional().meta({
    description: 'The weight counts k tenths in step k of ten, by wall clock. Default: all of it at once.',
  }),
  katran: flags(KATRAN_REAL_FLAGS)
    .optional()
    .meta({ description: 'What Katran knows of it beside its weight, for balancers with compat katran.' }),
};

const OBJECT_RULE = { error: 'expected an object' };
const STRICT_FIELDS = { encap: strictEncap.optional() };
const STRICT_BACKEND_FIELDS = { ...STRICT_FIELDS, slowStart: slowStart.strict().optional() };
const VIP_SCHEMA = {
  loose: z.looseObject(VIP_FIELDS, OBJECT_RULE),
  strict: z.strictObject({ ...VIP_FIELDS, ...STRICT_FIELDS }, { error: fieldsRule('a VIP', VIP_FIELDS) }),
};
const BACKEND_SCHEMA = {
  loose: z.looseObject(BACKEND_FIELDS, OBJECT_RULE),
  strict: z.strictObject(
    { ...BACKEND_FIELDS, ...STRICT_BACKEND_FIELDS },
    { error: fieldsRule('a backend', BACKEND_FIELDS) },
  ),
};

/** What a VIP and a backend record may say, for the JSON Schema. */
export const RECORD_SCHEMAS = { vip: VIP_SCHEMA.loose, backend: BACKEND_SCHEMA.loose };

/** Fields a VIP record knows. */
export const VIP_FIELD_NAMES: readonly string[] = Object.keys(VIP_FIELDS);
/** Fields a backend record knows. */
export const BACKEND_FIELD_NAMES: readonly string[] = Object.keys(BACKEND_FIELDS);

/** Takes anything for a VIP record: canonical, or the first rule it breaks. */
export function readVip(input: unknown, strictness: Strictness): CanonicalVip | Broken {
  const result = VIP_SCHEMA[strictness].safeParse(input);
  if (!result.success) return { ...firstIssue(result.error, input, 'vip'), ...keyOf(() => vipKeyOf(input)) };
  const vip = withoutUndefined(result.data) as unknown as Vip;
  const key = formatVipKey(vip);
  // Neither system has a hash of the port alone, so there would be nothing to agree with.
  const hasNoPortHash = vip.hash === 'cilium' || vip.hash === 'envoy';
  if (vip.hashOn === 'port' && hasNoPortHash) {
    return { field: 'hashOn', value: showValue('port'), rule: `expected 5-tuple or source with hash ${vip.hash}`, key };
  }
  const broken = waysRule(vip);
  return broken === undefined ? { kind: 'vip', key, vip } : { ...broken, key };
}

/** Takes anything for a backend record: canonical, or the first rule it breaks. */
export function readBackend(input: unknown, strictness: Strictness): CanonicalBackend | Broken {
  const result = BACKEND_SCHEMA[strictness].safeParse(input);
  if (!result.success) return { ...firstIssue(result.error, input, 'backend'), ...keyOf(() => backendKeyOf(input)) };
  const backend = withoutUndefined(result.data) as unknown as Backend;
  const key = `${backend.vip}/${backend.address}`;
  // What the VIP says of encapsulation is not known here; state.ts has the rule for that.
  const rule = backend.encap === undefined ? undefined : ownFamilyRule(backend.encap, backend);
  if (rule !== undefined) return { field: 'address', value: showValue(backend.address), rule, key };
  return { kind: 'backend', key, vipKey: backend.vip, backend };
}

/** The rule that `text` breaks as the key of a VIP that can be served, or undefined. */
export function vipKeyRule(text: string): string | undefined {
  const key = readServedKey(text);
  return typeof key === 'string' ? key : undefined;
}

/** The parts of the key of a VIP that can be served, or the rule that `text` breaks as one. */
function readServedKey(text: string): RecordKey | string {
  const key = readKey(text);
  if (typeof key === 'string') return key;
  if (key.backend !== undefined) return 'expected the key of a VIP, without a backend behind it';
  return hostAddressRule(key.address) ?? key;
}

/** True for a prime. Trial division: at most 1118 steps up to TABLE_SIZE_MAX. */
export function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false;
  return true;
}

function integer(min: number, max: number, rule = `expected ${min}..${max}`) {
  // Numbers written as strings, NaN, 1e400 and 1.5 all break the same rule.
  return z.number({ error: rule }).int({ error: rule }).min(min, { error: rule }).max(max, { error: rule });
}

/** Some of the names, in their own order and each once: one form for what means the same. */
function flags<T extends string>(names: readonly T[]) {
  const rule = { error: `expected a list of ${names.join(', ')}` };
  return z.array(z.enum(names, rule), rule).transform((given) => names.filter((name) => given.includes(name)));
}

function fieldsRule(what: string, fields: object): (issue: { code?: string }) => string {
  const names = Object.keys(fields).join(', ');
  return ({ code }) => (code === 'unrecognized_keys' ? `not a field of ${what} (${names})` : 'expected an object');
}

function keyOf(read: () => string): { key?: string } {
  try {
    return { key: read() };
  } catch {
    return {}; // it could not be read: the refusal then names the field only, which is what its reader needs
  }
}

function vipKeyOf(input: unknown): string {
  const { protocol: name, address, port } = input as Vip;
  return canonicalVipKey(formatVipKey({ protocol: name, address: canonicalPrefix(address), port }));
}

function backendKeyOf(input: unknown): string {
  const { vip, address } = input as Backend;
  return `${canonicalVipKey(vip)}/${canonicalAddress(address)}`;
}

function canonicalVipKey(text: string): string {
  const key = readKey(text);
  if (typeof key === 'string') throw new TypeError(key);
  return key.vip;
}

function ownFamilyRule(encap: Encap, { vip, address }: Backend): string | undefined {
  const key = readKey(vip);
  return typeof key === 'string' ? undefined : familyRule(encap, { key: vip, address: key.address }, address);
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(record).includes(undefined)) return record; // as it comes from JSON
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
