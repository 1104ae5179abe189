// host/fleet/statusRecord.ts: what a balancer says of itself in a status topic, so that one command knows whether a fleet agrees.
//
//   key ID                       a balancer: who, since when, how far it has read, and one digest of all its tables; every few seconds
//   key ID/tcp/192.0.2.80:80     one of its tables: digest, and what it was filled with; when it changes
//
// A balancer writes its tables first and then itself: `content` says which tables belong to what it says. Both end in tombstones
// when it stops. Values are JSON with `v: 1`; fields that are not known are ignored.
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Broken, showValue } from '../membership/refusal.js';

/** Version of the records in a status topic. */
export const STATUS_VERSION = 1;
/** Largest value that is read, bytes; brokers take 1 MB unless told otherwise. */
const STATUS_BYTES_MAX = 1_000_000;
/** Backends that one table's record lists. */
export const STATUS_BACKENDS_MAX = 4096;

const ID = /^[A-Za-z0-9._:+@-]{1,100}$/;
const count = z.number().int().min(0);
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

const balancerSchema = z.object({
  v: z.literal(STATUS_VERSION),
  kind: z.literal('balancer'),
  id: z.string().regex(ID),
  /** Another one at every start. */
  run: z.string().min(1).max(64),
  host: z.string().max(255),
  pid: count,
  /** Of this package. */
  version: z.string().max(64),
  /** Unix time, ms; of the balancer's clock, as all times here. */
  startedAtMs: count,
  atMs: count,
  /** How often it says so, ms. */
  everyMs: count,
  /** Group of balancers that it belongs to. */
  scope: z.string().optional(),
  /** Topic it follows, and by partition the offset that it reads next: what its tables are made of. */
  topic: z.string(),
  offsets: z.record(z.string().regex(/^\d{1,10}$/), count),
  generation: count,
  isReady: z.boolean(),
  /** Age of what it has, ms: 0 while the source is there; absent before the first state. */
  viewAgeMs: count.optional(),
  /** Name of its hash secret (keys.ts). */
  secret: hex(16),
  vipCount: count,
  /** SHA-256 over `KEY DIGEST` of every table, a line each, sorted by key: equal tables, equal digest. */
  digest: hex(64),
  /** SHA-256 over `KEY SHA-256(value)` of every table's record, likewise: which records belong to this one. */
  content: hex(64),
});

const backendSchema = z.object({
  address: z.string().max(64),
  /** Weight in the table, 0: not in it. */
  weight: count,
  /** Step of its slow start, 1..9: so many tenths of the weight count. Left out: all of it. */
  step: count.min(1).max(9).optional(),
  /** Left out: active. */
  state: z.enum(['draining', 'down']).optional(),
  /** True when it drained, and no slot and no flow is left on it. Left out: false. */
  isDrained: z.boolean().optional(),
});

const tableSchema = z.object({
  v: z.literal(STATUS_VERSION),
  kind: z.literal('table'),
  id: z.string().regex(ID),
  run: z.string().min(1).max(64),
  /** Key of the VIP. */
  vip: z.string().max(200),
  slotCount: count.max(5_000_011),
  hash: z.string().max(32),
  hashOn: z.string().max(32),
  /** See membership/table.ts. */
  digest: hex(64),
  parts: z.string().max(400),
  /** In canonical order; those that are neither draining nor in the table are left out first where there are too many. */
  backends: z.array(backendSchema).max(STATUS_BACKENDS_MAX),
  /** How many were left out. */
  backendsOmitted: count.optional(),
});

/** What a balancer says of itself. */
export type BalancerRecord = z.infer<typeof balancerSchema>;
/** What it says of one of its tables. */
export type TableRecord = z.infer<typeof tableSchema>;

/** A message of a status topic, read. Without a record it is a tombstone. */
type StatusMessage =
  | { id: string; vip?: undefined; record?: BalancerRecord }
  | { id: string; vip: string; record?: TableRecord };

/** The rule that `id` breaks as the name of a balancer, or undefined. */
export function idRule(id: unknown): string | undefined {
  return typeof id === 'string' && ID.test(id) ? undefined : 'expected 1..100 letters, digits and any of . _ : + @ -';
}

/** Key of a balancer, or of one of its tables. */
export function statusKey(id: string, vip?: string): string {
  return vip === undefined ? id : `${id}/${vip}`;
}

/** Reads a message; what breaks a rule is said and nothing more: it may be another program's, or a newer version's. */
export function readStatusMessage(key: Uint8Array | null, value: Uint8Array | null): StatusMessage | Broken {
  const text = Buffer.from((key ?? new Uint8Array()).subarray(0, 400)).toString('utf8');
  const slash = text.indexOf('/');
  const [id, vip] = slash < 0 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)];
  const rule = idRule(id);
  if (rule !== undefined) return { field: 'key', value: showValue(text), rule };
  if (value === null) return vip === undefined ? { id } : { id, vip };
  const found = parse(value);
  if ('rule' in found) return found;
  const outcome = (vip === undefined ? balancerSchema : tableSchema).safeParse(found.json);
  if (!outcome.success) return brokenBy(outcome.error, found.json);
  const record = outcome.data;
  const said = record.kind === 'table' ? statusKey(record.id, record.vip) : record.id;
  if (said !== text) return { field: 'value', value: `names ${showValue(said)}`, rule: 'expected what the key names' };
  return record.kind === 'table' ? { id, vip: record.vip, record } : { id, record };
}

/** The digest of many: see `digest` and `content` above. */
export function digestOfAll(lines: Iterable<readonly [key: string, digest: string]>): string {
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const hash = createHash('sha256');
  for (const [key, digest] of sorted) hash.update(`${key} ${digest}\n`);
  return hash.digest('hex');
}

/** SHA-256 of a record's value, hex. */
export function valueDigest(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

function parse(value: Uint8Array): { json: unknown } | Broken {
  if (value.length > STATUS_BYTES_MAX) {
    return { field: 'value', value: `of ${value.length} bytes`, rule: `expected at most ${STATUS_BYTES_MAX}` };
  }
  try {
    return { json: JSON.parse(Buffer.from(value).toString('utf8')) };
  } catch {
    return {
      field: 'value',
      value: showValue(Buffer.from(value.subarray(0, 200)).toString('latin1')),
      rule: 'expected JSON',
    };
  }
}

function brokenBy(error: z.ZodError, input: unknown): Broken {
  const { v } = (typeof input === 'object' && input !== null ? input : {}) as { v?: unknown };
  if (v !== STATUS_VERSION) return { field: 'v', value: showValue(v), rule: `expected ${STATUS_VERSION}` };
  const [issue] = error.issues;
  return {
    field: issue?.path.map(String).join('.') || 'value',
    value: showValue(input),
    rule: issue?.message ?? 'not valid',
  };
}
