// host/membership/validate.ts: from anything at all to a canonical step of membership, or a refusal that names the rule.
import { openEnvelope, RECORD_VERSION } from './envelope.js';
import type { Change, Refusal } from './event.js';
import { parseJsonRecord } from './jsonRecord.js';
import { type RecordKey, readKey } from './key.js';
import { type CanonicalBackend, type CanonicalVip, readBackend, readVip, type Strictness } from './record.js';
import { type Broken, type Place, refusalAt, showValue } from './refusal.js';
import type { Signature } from './signature.js';

/** A change in canonical form. */
export type Step = CanonicalVip | CanonicalBackend | CanonicalRemove;
export type CanonicalRemove = { kind: 'remove'; key: string; vipKey: string; backendAddress?: string };

/** What one event of a topic says: a change, and for whom. */
export interface TopicRecord {
  key: string;
  /** Group of balancers it is for; all of them when left out. A tombstone is for all. */
  scope?: string;
  step: Step;
  /** Its signature, unverified, and the value that it stands in. Not there for a record without one. */
  signed?: { signature: Signature; value: Record<string, unknown> };
}

// Changes that were made here from steps, which are canonical: what a source has read is not read again by the state.
const stepsOfChanges = new WeakMap<object, Step>();

/** Takes anything for a change: canonical, or refused. A record with a field `vip` is a backend, any other a VIP. */
export function readChange(input: unknown, place: Place, strictness: Strictness = 'loose'): Step | Refusal {
  const known = typeof input === 'object' && input !== null ? stepsOfChanges.get(input) : undefined;
  const step = known ?? readStep(input, strictness);
  return 'rule' in step ? refusalAt(place, step) : step;
}

/** True for a refusal among what `readChange` and `readTopicRecord` answer. */
export function isRefusal(outcome: object): outcome is Refusal {
  return 'rule' in outcome && 'where' in outcome;
}

/** The change that a step came from, canonical. Frozen, since `readChange` takes its word for it from now on. */
export function changeOf(step: Step): Change {
  const change = Object.freeze(plainChange(step));
  stepsOfChanges.set(change, step);
  return change;
}

function plainChange(step: Step): Change {
  if (step.kind === 'remove') return { remove: step.key };
  return step.kind === 'vip' ? { put: Object.freeze(step.vip) } : { put: Object.freeze(step.backend) };
}

/**
 * All of `changes` in canonical form, or all refusals: half a list is never taken. `strict` (the default) refuses fields
 * nobody knows. Places are `change 1`, `change 2` and so on.
 */
export function validateChanges(
  changes: readonly unknown[],
  strictness: Strictness = 'strict',
): { changes: Change[]; refusals: Refusal[] } {
  const outcomes = changes.map((change, index) =>
    readChange(change, { where: `change ${index + 1}`, ignored: 'changes' }, strictness),
  );
  const refusals = outcomes.filter(isRefusal);
  if (refusals.length > 0) return { changes: [], refusals };
  return { changes: outcomes.map((step) => changeOf(step as Step)), refusals: [] };
}

/** Takes the key and the value of one event of a topic; a null value is a tombstone, which removes. */
export function readTopicRecord(
  keyBytes: Uint8Array | null,
  value: Uint8Array | null,
  place: Place,
): TopicRecord | Refusal {
  const parts = readTopicKey(keyBytes);
  if ('rule' in parts) return refusalAt(place, parts);
  if (value === null) return { key: removeOf(parts).key, step: removeOf(parts) };
  const record = readTopicValue(parts, value);
  // Whatever the value calls itself: it is the key of the message that keeps what it had.
  return 'rule' in record ? refusalAt(place, { ...record, key: removeOf(parts).key }) : record;
}

/** The value that says `step` in a topic; null, a tombstone, for a removal. */
export function topicValue(step: Step, scope?: string): string | null {
  if (step.kind === 'remove') return null;
  const record = step.kind === 'vip' ? step.vip : step.backend;
  return JSON.stringify({ v: RECORD_VERSION, ...(scope === undefined ? {} : { scope }), ...record });
}

function readStep(input: unknown, strictness: Strictness): Step | Broken {
  const change = input as { put?: unknown; remove?: unknown } | null;
  const isObject = typeof change === 'object' && change !== null;
  if (isObject && change.put !== undefined && change.remove === undefined) {
    const record = change.put;
    const isBackend = typeof record === 'object' && record !== null && 'vip' in record;
    return isBackend ? readBackend(record, strictness) : readVip(record, strictness);
  }
  if (isObject && change.remove !== undefined && change.put === undefined) return readRemove(change.remove);
  return { field: 'change', value: showValue(input), rule: 'expected { put: record } or { remove: key }' };
}

function readRemove(input: unknown): CanonicalRemove | Broken {
  const key = typeof input === 'string' ? readKey(input) : 'expected a key such as tcp/192.0.2.80:80';
  return typeof key === 'string' ? { field: 'key', value: showValue(input), rule: key } : removeOf(key);
}

function removeOf({ vip, backend }: RecordKey): CanonicalRemove {
  if (backend === undefined) return { kind: 'remove', key: vip, vipKey: vip };
  return { kind: 'remove', key: `${vip}/${backend}`, vipKey: vip, backendAddress: backend };
}

// Another spelling of the same address would be another key to Kafka: two truths about one record.
function readTopicKey(bytes: Uint8Array | null): RecordKey | Broken {
  if (bytes === null || bytes.length === 0) return { field: 'key', value: 'is missing', rule: 'expected a key' };
  const text = Buffer.from(bytes.subarray(0, 200)).toString('utf8');
  const key = readKey(text);
  if (typeof key === 'string') return { field: 'key', value: showValue(text), rule: key };
  const canonical = removeOf(key).key;
  if (bytes.length > 200 || canonical !== text) {
    return { field: 'key', value: showValue(text), rule: `expected its canonical form ${canonical}` };
  }
  return key;
}

function readTopicValue(parts: RecordKey, bytes: Uint8Array): TopicRecord | Broken {
  const json = parseJsonRecord(bytes);
  if ('rule' in json) return json;
  const envelope = openEnvelope(json.record);
  if ('rule' in envelope) return envelope;
  const { scope, isRemoved, signature, record } = envelope;
  const signed = signature && { signature, value: json.record };
  const removal = removeOf(parts);
  const { key } = removal;
  const told = { key, ...(scope !== undefined && { scope }), ...(signed !== undefined && { signed }) };
  if (isRemoved) return { ...told, step: removal };
  const step = parts.backend !== undefined ? readBackend(record, 'loose') : readVip(record, 'loose');
  if ('rule' in step) return step;
  if (step.key !== key) return disagreement(step);
  return { ...told, step };
}

function disagreement(step: CanonicalVip | CanonicalBackend): Broken {
  return { field: 'value', value: `names ${step.key}`, rule: 'expected the record that the key names' };
}
