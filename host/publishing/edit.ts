// host/publishing/edit.ts: what somebody wants of the records of a topic, made into the records that differ. Pure.
import { isDeepStrictEqual } from 'node:util';
import { MaglevError } from '../errors.js';
import { type Difference, differences, payload, type RecordMap } from '../membership/difference.js';
import type { Backend, BackendState, Change, Vip } from '../membership/event.js';
import { parseKey } from '../membership/key.js';
import {
  BACKEND_FIELD_NAMES,
  type CanonicalBackend,
  type CanonicalVip,
  VIP_FIELD_NAMES,
} from '../membership/record.js';
import { refusalError } from '../membership/refusal.js';
import { isRefusal, readChange } from '../membership/validate.js';

/**
 * One wish. `put` states a whole record, as in the API; `set` changes fields of a backend that is there and leaves the others;
 * `remove` takes a backend, or a VIP with all its backends. Keys are those of records: `tcp/192.0.2.80:80/10.0.1.9`.
 */
export type Edit = { put: Vip | Backend } | { set: string; state?: BackendState; weight?: number } | { remove: string };

type CanonicalRecord = CanonicalVip | CanonicalBackend;

/** Whether balancers do not take the last message of a key: it is said again where something is wanted of it, though nothing differs. */
export type IsBroken = (key: string) => boolean;

const NONE: IsBroken = () => false;

/**
 * The records that differ when `edits` are made one after the other; none when all is so already. Fields that this version does not
 * know, a newer publisher's, stay. Throws ERR_RECORD naming the edit: for a record that breaks a rule, and for a key to change that
 * is not there.
 */
export function editRecords(records: RecordMap, edits: readonly Edit[], isBroken: IsBroken = NONE): Difference[] {
  const after = new Map(records);
  const wanted = new Set<string>();
  edits.forEach((edit, index) => {
    wanted.add(makeEdit(after, edit, `edit ${index + 1}`));
  });
  return [...differences(records, after), ...saidAgain(records, after, wanted, isBroken)];
}

/**
 * The records that differ when the topic is to say what `declared` says and nothing else; `remove` false: and what it says beside.
 * Unknown fields stay.
 */
export function declareRecords(
  records: RecordMap,
  declared: RecordMap,
  { remove = true, isBroken = NONE }: { remove?: boolean; isBroken?: IsBroken } = {},
): Difference[] {
  const after = new Map<string, CanonicalRecord>();
  for (const [key, record] of declared) after.set(key, withUnknownFields(record, records.get(key)));
  if (!remove) for (const [key, record] of records) if (!after.has(key)) after.set(key, record);
  return [...differences(records, after), ...saidAgain(records, after, declared.keys(), isBroken)];
}

/** Keys of the backends that have `address`, under whatever VIP. */
export function keysOfAddress(records: RecordMap, address: string): string[] {
  return [...records.values()].flatMap((record) =>
    record.kind === 'backend' && record.backend.address === address ? [record.key] : [],
  );
}

/**
 * Those of `keys` that are broken, though their record does not differ. Of one that is to go and is not there, balancers may still have
 * what the topic has forgotten: its removal is said, too.
 */
function saidAgain(before: RecordMap, after: RecordMap, keys: Iterable<string>, isBroken: IsBroken): Difference[] {
  return [...keys].filter(isBroken).flatMap((key): Difference[] => {
    const [old, record] = [before.get(key), after.get(key)];
    if (old === undefined) return record === undefined ? [{ key }] : [];
    if (record === undefined || !isDeepStrictEqual(payload(old), payload(record))) return [];
    return [{ key, before: old, after: record }];
  });
}

/** Makes one edit; returns the key it is about. */
function makeEdit(records: Map<string, CanonicalRecord>, edit: Edit, where: string): string {
  if ('remove' in edit) return removeRecords(records, edit.remove, where);
  if (!('set' in edit)) return putRecord(records, edit.put, where);
  const { set, ...fields } = edit;
  const { backend } = backendAt(records, set, where);
  return putRecord(records, { ...backend, ...withoutDefaults(backend, fields) }, where);
}

function putRecord(records: Map<string, CanonicalRecord>, put: object, where: string): string {
  const step = canonical({ put } as Change, where) as CanonicalRecord;
  records.set(step.key, withUnknownFields(step, records.get(step.key)));
  return step.key;
}

/** A VIP goes with its backends: they would wait for one of that key, and come back with it. */
function removeRecords(records: Map<string, CanonicalRecord>, key: string, where: string): string {
  const step = canonical({ remove: key }, where);
  records.delete(step.key);
  for (const [other, record] of records) {
    if (record.kind === 'backend' && record.vipKey === step.key) records.delete(other);
  }
  return step.key;
}

function canonical(change: Change, where: string) {
  const step = readChange(change, { where, ignored: 'changes' });
  if (isRefusal(step)) throw refusalError(step);
  return step;
}

function backendAt(records: Map<string, CanonicalRecord>, text: string, where: string): CanonicalBackend {
  const { vip, backend } = parseKey(text);
  const key = backend === undefined ? vip : `${vip}/${backend}`;
  const record = records.get(key);
  if (record?.kind === 'backend') return record;
  const rule =
    backend === undefined ? 'expected the key of a backend, such as tcp/192.0.2.80:80/10.0.1.9' : 'is not in the topic';
  throw new MaglevError('ERR_RECORD', `${where}: ${key} ${rule}`, { option: 'key', rule });
}

/** A record that names no state is active: so the end of a drain leaves it as it was before. */
function withoutDefaults(backend: Backend, fields: { state?: BackendState; weight?: number }): object {
  if (fields.state !== 'active' || backend.state === 'active') return fields;
  return { ...fields, state: undefined };
}

function withUnknownFields(record: CanonicalRecord, before: CanonicalRecord | undefined): CanonicalRecord {
  if (before === undefined || before.kind !== record.kind) return record;
  const known = record.kind === 'vip' ? VIP_FIELD_NAMES : BACKEND_FIELD_NAMES;
  const unknown = Object.fromEntries(Object.entries(payload(before)).filter(([name]) => !known.includes(name)));
  if (record.kind === 'vip') return { ...record, vip: { ...unknown, ...record.vip } };
  return { ...record, backend: { ...unknown, ...record.backend } };
}
