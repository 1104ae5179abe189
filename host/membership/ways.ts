// host/membership/ways.ts: what records may say of the ways to a backend before the lookup table: schemas of `routeBy`, `sourceRoutes`
// and `serverId`, and the rules that their fields must keep together.
import * as z from 'zod';
import { SERVER_ID_MAX } from '../../assembly/layout.js';
import { addressFamily, canonicalAddress, hostAddressRule } from './address.js';
import type { Backend, Vip, Way } from './event.js';
import { ADDRESS_PATTERN, CLIENT_PREFIX_PATTERN } from './patterns.js';
import { canonicalPrefix, clientPrefixRule, readPrefix } from './prefix.js';
import { type Broken, showValue } from './refusal.js';

/** Ways in the order in which a packet is asked for them, with the protocol that has them. */
const WAYS: readonly { name: Way; protocol?: Vip['protocol'] }[] = [
  { name: 'quic', protocol: 'udp' },
  { name: 'stable-udp', protocol: 'udp' },
  { name: 'tcp-option', protocol: 'tcp' },
  { name: 'source' },
];
/** Server ids of one backend. */
const SERVER_IDS_MAX = 16;
/** Source routes of one VIP. */
const SOURCE_ROUTES_MAX = 4096;

const NAMES = WAYS.map(({ name }) => name) as [Way, ...Way[]];
const ONCE_RULE = 'expected each once';
const ID_RULE = `expected 1..${SERVER_ID_MAX}, or a list of 1..${SERVER_IDS_MAX} of these`;
const id = z.number({ error: ID_RULE }).int(ID_RULE).min(1, ID_RULE).max(SERVER_ID_MAX, ID_RULE);

/** Schema of `routeBy` of a VIP: in the order in which ways are asked, undefined for none. */
export const routeBy = z
  .array(z.enum(NAMES, { error: `expected ${NAMES.slice(0, -1).join(', ')} or ${NAMES.at(-1)}` }), {
    error: `expected a list of ${NAMES.join(', ')}`,
  })
  .meta({ uniqueItems: true })
  .refine(isWithoutDuplicates, { error: ONCE_RULE })
  .transform((ways) => (ways.length === 0 ? undefined : NAMES.filter((name) => ways.includes(name))));

/** Schema of `serverId` of a backend: one number, or several in ascending order. */
export const serverId = z
  .union(
    [id, z.array(id, { error: ID_RULE }).min(1, ID_RULE).max(SERVER_IDS_MAX, ID_RULE).meta({ uniqueItems: true })],
    { error: ID_RULE },
  )
  .refine((ids) => typeof ids === 'number' || isWithoutDuplicates(ids), { error: ONCE_RULE })
  .transform((ids) => {
    const sorted = [ids].flat().sort((a, b) => a - b);
    return sorted.length === 1 ? (sorted[0] as number) : sorted;
  });

const ADDRESS_RULE = 'expected an IPv4 or IPv6 address';

/** Schema of `sourceRoutes` of a VIP: canonical prefixes in the order of their bytes, the longer ones behind. */
export const sourceRoutes = z
  .record(
    z.string().meta({ pattern: CLIENT_PREFIX_PATTERN }),
    z.string({ error: ADDRESS_RULE }).meta({ pattern: ADDRESS_PATTERN }),
    {
      error: 'expected an object of prefixes, such as { "198.51.100.0/24": "10.0.1.9" }',
    },
  )
  .meta({ maxProperties: SOURCE_ROUTES_MAX })
  .transform((routes, context) => {
    const found = new Map<string, string>();
    for (const [prefix, address] of Object.entries(routes)) {
      const rule = clientPrefixRule(prefix) ?? hostAddressRule(address);
      const canonical = rule === undefined ? canonicalPrefix(prefix) : '';
      const broken = rule ?? (found.has(canonical) ? `expected ${canonical} once` : undefined);
      if (broken !== undefined) {
        context.addIssue({ code: 'custom', message: broken, path: [prefix] });
        return z.NEVER;
      }
      found.set(canonical, canonicalAddress(address));
    }
    if (found.size > SOURCE_ROUTES_MAX) {
      context.addIssue({ code: 'custom', message: `expected at most ${SOURCE_ROUTES_MAX} of them, not ${found.size}` });
      return z.NEVER;
    }
    return Object.fromEntries([...found].sort(([a], [b]) => comparePrefixes(a, b)));
  });

/** The rule that the ways of a VIP break together with its other fields, or undefined. */
export function waysRule(vip: Vip): Broken | undefined {
  const { protocol, routeBy: ways = [], sourceRoutes: routes } = vip;
  for (const { name, protocol: needed } of WAYS) {
    if (needed === undefined || needed === protocol || !ways.includes(name)) continue;
    return { field: 'routeBy', value: showValue(name), rule: `expected with protocol ${needed} only, not ${protocol}` };
  }
  if (routes === undefined) return undefined;
  if (!ways.includes('source')) {
    return { field: 'sourceRoutes', value: showValue(routes), rule: 'expected with source among routeBy only' };
  }
  const family = addressFamily(vip.address);
  const stranger = Object.keys(routes).find((prefix) => addressFamily(prefix) !== family);
  if (stranger === undefined) return undefined;
  return { field: 'sourceRoutes', value: showValue(stranger), rule: `expected IPv${family} prefixes, as its VIP has` };
}

/** Server ids of a backend; none for most. */
export function serverIdsOf({ serverId: ids }: Pick<Backend, 'serverId'>): readonly number[] {
  return ids === undefined ? [] : [ids].flat();
}

function isWithoutDuplicates(list: readonly unknown[]): boolean {
  return new Set(list).size === list.length;
}

function comparePrefixes(a: string, b: string): number {
  const [left, right] = [readPrefix(a), readPrefix(b)];
  return Buffer.compare(left.bytes, right.bytes) || left.bits - right.bits;
}
