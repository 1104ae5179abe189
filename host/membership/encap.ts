// host/membership/encap.ts: what a record may say of encapsulation, and which encapsulations are the same.
import * as z from 'zod';
import { addressFamily } from './address.js';
import type { Backend, Encap, Vip } from './event.js';
import { PORT_MAX } from './key.js';
import { GUE_PORT_DEFAULT, GUE_PRIVATE_BYTES_MAX } from './outerHeader.js';

const TYPE_RULE = 'expected l2, ipip, gre, gue or l3dsr';
const PORT_RULE = `expected 1..${PORT_MAX}`;
const VARIANT_RULE = 'expected 0 or 1';
const DSCP_RULE = 'expected 1..63';
const PRIVATE_RULE = `expected hex digits of 4..${GUE_PRIVATE_BYTES_MAX} bytes, a multiple of 4`;
const PRIVATE_PATTERN = new RegExp(`^(?:[0-9a-fA-F]{8}){1,${GUE_PRIVATE_BYTES_MAX / 4}}$`);

// Loose, as the records they stand in: what nobody knows is a newer publisher's, and kept.
const gue = z
  .looseObject({
    type: z.literal('gue'),
    port: z
      .number({ error: PORT_RULE })
      .int(PORT_RULE)
      .min(1, PORT_RULE)
      .max(PORT_MAX, PORT_RULE)
      .optional()
      .meta({ description: `Destination port. Default: ${GUE_PORT_DEFAULT}.` }),
    variant: z
      .literal([0, 1], { error: VARIANT_RULE })
      .optional()
      .meta({ description: '1: the packet directly behind UDP. 0: behind a GUE header. Default: 1.' }),
    private: z
      .string({ error: PRIVATE_RULE })
      .regex(PRIVATE_PATTERN, { error: PRIVATE_RULE })
      .transform((digits) => digits.toLowerCase())
      .optional()
      .meta({ description: 'Private field at the end of the GUE header, hex digits; with variant 0 only.' }),
  })
  .refine(({ variant, private: field }) => field === undefined || variant === 0, {
    error: 'expected with variant 0 only: variant 1 has no header for it',
    path: ['private'],
  });

const l3dsr = z.looseObject({
  type: z.literal('l3dsr'),
  dscp: z
    .number({ error: DSCP_RULE })
    .int(DSCP_RULE)
    .min(1, DSCP_RULE)
    .max(63, DSCP_RULE)
    .meta({ description: 'Says to the backend which VIP it was.' }),
});

const l2 = z.looseObject({ type: z.literal('l2') });
const ipip = z.looseObject({ type: z.literal('ipip') });
const gre = z.looseObject({ type: z.literal('gre') });

// The same code for an unknown type and for what is no object at all; only the first has a path.
const ENCAP_RULE = {
  error: ({ input }: { input?: unknown }) =>
    isObject(input) ? TYPE_RULE : 'expected an object such as { type: ipip }',
};

/** Schema of the field `encap`. */
export const encap = z.discriminatedUnion('type', [l2, ipip, gre, gue, l3dsr], ENCAP_RULE);
/** The same where a field that nobody knows is a typo of ours. */
export const strictEncap = z.discriminatedUnion(
  'type',
  [l2.strict(), ipip.strict(), gre.strict(), gue.strict(), l3dsr.strict()],
  ENCAP_RULE,
);

/** What a backend has: its own, else that of its VIP, else L2. */
export function encapOf(vip: Pick<Vip, 'encap'>, backend: Pick<Backend, 'encap'>): Encap {
  return backend.encap ?? vip.encap ?? { type: 'l2' };
}

/** The rule that a backend's address breaks when `encap` cannot bring packets of its VIP there, or undefined: tunnels can. */
export function familyRule(
  { type }: Encap,
  vip: { key: string; address: string },
  address: string,
): string | undefined {
  const family = addressFamily(vip.address);
  if (family === addressFamily(address) || (type !== 'l2' && type !== 'l3dsr')) return undefined;
  return `expected an IPv${family} address, as its VIP ${vip.key} has: ${type} cannot change the family`;
}

/** One name for each encapsulation, whether its record spelled the defaults out or not. */
export function encapName(of: Encap): string {
  if (of.type === 'l3dsr') return `l3dsr ${of.dscp}`;
  if (of.type !== 'gue') return of.type;
  const { port = GUE_PORT_DEFAULT, variant = 1, private: field = '' } = of;
  return `gue ${port} ${variant} ${field}`.trimEnd();
}

export function isSameEncap(a: Encap, b: Encap): boolean {
  return encapName(a) === encapName(b);
}

function isObject(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
