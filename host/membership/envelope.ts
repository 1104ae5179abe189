// host/membership/envelope.ts: what a value in a topic says beside its record: its version, for whom it is, and whether it removes.
import * as z from 'zod';
import { firstIssue } from './issue.js';
import { type Broken, showValue } from './refusal.js';
import { type Signature, signature } from './signature.js';

/** Version of the records in a topic. */
export const RECORD_VERSION = 1;
/** Longest name of a scope, in characters (UTF-16 code units, as JavaScript counts). */
const SCOPE_CHARS_MAX = 100;

const SCOPE_RULE = `expected a name of 1..${SCOPE_CHARS_MAX} characters`;
const scope = z
  .string({ error: SCOPE_RULE })
  .min(1, { error: SCOPE_RULE })
  .max(SCOPE_CHARS_MAX, { error: SCOPE_RULE })
  .meta({ description: 'Group of balancers that the record is for. Left out: for all of them.' });

/** Fields of every value of a topic, and of no record of a file or of the API. */
export const ENVELOPE_FIELDS = {
  v: z.literal(RECORD_VERSION).meta({ description: 'Version of this contract. A balancer refuses any other by name.' }),
  scope: scope.optional(),
  signature: signature.optional(),
};

/** Field of a value that removes its key, as a tombstone does. */
export const REMOVAL_FIELDS = {
  removed: z
    .literal(true, { error: 'expected true, or no such field' })
    .meta({ description: 'The key is removed, for all balancers, as by a tombstone; but this can be signed.' }),
};

const ENVELOPE_SCHEMA = z.looseObject({
  scope: ENVELOPE_FIELDS.scope,
  signature: ENVELOPE_FIELDS.signature,
  removed: REMOVAL_FIELDS.removed.optional(),
});

/** A value taken apart. */
interface Envelope {
  scope?: string;
  isRemoved: boolean;
  signature?: Signature;
  /** What is left: the fields of the record. */
  record: Record<string, unknown>;
}

/** Takes the object of a value apart, or names the first rule it breaks: that of `v` first, since another version has other rules. */
export function openEnvelope(value: Record<string, unknown>): Envelope | Broken {
  const { v, scope: group, removed, signature: signed, ...record } = value;
  if (v !== RECORD_VERSION) return versionBroken(v);
  const isPlain = group === undefined && removed === undefined && signed === undefined;
  if (isPlain) return { isRemoved: false, record };
  const result = ENVELOPE_SCHEMA.safeParse(value);
  if (!result.success) return firstIssue(result.error, value, 'value');
  const envelope = result.data;
  return {
    ...(envelope.scope !== undefined && { scope: envelope.scope }),
    isRemoved: removed === true,
    ...(envelope.signature !== undefined && { signature: envelope.signature }),
    record,
  };
}

/** The rule that `name` breaks as the name of a group of balancers, or undefined. */
export function scopeRule(name: unknown): string | undefined {
  return scope.safeParse(name).success ? undefined : SCOPE_RULE;
}

function versionBroken(v: unknown): Broken {
  const isNewer = typeof v === 'number' && v > RECORD_VERSION;
  const rule = `expected ${RECORD_VERSION}${isNewer ? ': written for a newer balancer' : ''}`;
  return { field: 'v', value: v === undefined ? 'is missing' : showValue(v), rule };
}
