// host/membership/sources/kafkaSnapshot.ts: what is known of a topic, as the body of a snapshot, and back. One record a line:
//
//   { "writer": ..., "topic": ..., "scope": ..., "brokers": [...], "contactMs": ..., "bookmarks": [...],
//     "vips":     [ [record, partition, timestamp, packets], ... ]      the most used first
//     "backends": [ [record, partition, timestamp], ... ]               also those whose VIP is not there
//     "others":   [ [key, partition, timestamp], ... ]                  removed, or for other balancers; only with several partitions
//     "newest":   [ [key, newest], ... ] }                              of signed records (verifier.ts), removed ones too; only with keys
//
// Records are in canonical form. What this version of the package wrote is taken as it is: behind a checksum, reading ten thousand
// addresses again would find nothing. What another version wrote is validated record by record, since it may know other rules.
import { setImmediate } from 'node:timers/promises';
import { packageVersion } from '../../version.js';
import type { Backend, Refusal, Vip } from '../event.js';
import { formatVipKey } from '../key.js';
import { type CanonicalBackend, type CanonicalVip, readBackend, readVip } from '../record.js';
import { type Broken, refusalAt, showValue } from '../refusal.js';
import type { Newest, Verifier } from '../verifier.js';
import type { Bookmark, Landmark } from './kafkaBookmark.js';
import type { MessagePlace, TopicOptions } from './kafkaTopic.js';

/** A record that balancers have from the topic, and where its message stood. */
export interface KeptRecord {
  step: CanonicalVip | CanonicalBackend;
  place: MessagePlace;
}

/** All that must be known to go on reading a topic. */
export interface TopicSnapshot {
  /** When brokers answered last, Unix time, ms: how old the view is. */
  contactMs: number;
  bookmarks: readonly Bookmark[];
  /** VIPs in the order in which they are to be live. */
  records: readonly KeptRecord[];
  /** Keys that say nothing to us, and where they last did. */
  others: readonly (readonly [key: string, place: MessagePlace])[];
  /** Packets by VIP, this run and, halved with each start, those before. */
  packets: ReadonlyMap<string, number>;
  /** With keys: the newest that each record has said. */
  newest: readonly (readonly [key: string, newest: Newest])[];
}

/** Which topic, for whom. */
export type TopicIdentity = Pick<TopicOptions, 'topic' | 'brokers'> & {
  scope?: string | undefined;
  /** Who says which records are taken. */
  verifier?: Verifier | undefined;
};

const ROWS_A_SLICE = 500; // some ms: who waits for a change waits no longer

/** The body of a snapshot. Lets others work in between. */
export async function encodeTopic(identity: TopicIdentity, snapshot: TopicSnapshot): Promise<string[]> {
  const { topic, scope, brokers, verifier } = identity;
  const { contactMs, bookmarks, packets, others, newest } = snapshot;
  const head = { writer: packageVersion(), topic, scope, brokers, contactMs, bookmarks };
  const vips = snapshot.records.flatMap(({ step, place }) => (step.kind === 'vip' ? [{ step, place }] : []));
  const used = ({ step }: { step: CanonicalVip }) => packets.get(step.key) ?? 0;
  vips.sort((a, b) => used(b) - used(a));
  const backends = snapshot.records.flatMap(({ step, place }) => (step.kind === 'backend' ? [{ step, place }] : []));
  return [
    `${JSON.stringify(head).slice(0, -1)},\n"vips":[`,
    ...(await rows(vips, (vip) => [vip.step.vip, ...placeRow(vip.place), used(vip)])),
    '],\n"backends":[',
    ...(await rows(backends, ({ step, place }) => [step.backend, ...placeRow(place)])),
    '],\n"others":[',
    ...(await rows(others, ([key, place]) => [key, ...placeRow(place)])),
    ...(verifier === undefined ? [] : ['],\n"newest":[', ...(await rows(newest, (row) => [...row]))]),
    ']}\n',
  ];
}

/** The snapshot that `body` is, the records that were refused, or why all of it is. */
export function decodeTopic(
  body: unknown,
  identity: TopicIdentity,
  where: string,
): { snapshot: TopicSnapshot; refusals: Refusal[] } | Broken {
  if (!isBody(body)) return { field: 'body', value: showValue(body), rule: 'expected that of a Kafka topic' };
  const foreign = identityRule(body, identity);
  if (foreign !== undefined) return foreign;
  const steps = body.writer === packageVersion() ? trusted : validated;
  const records: KeptRecord[] = [];
  const refusals: Refusal[] = [];
  for (const [kind, list] of [['vip', body.vips] as const, ['backend', body.backends] as const]) {
    for (const [record, partition, timestampMs] of list) {
      const step = steps(kind, record);
      if ('rule' in step) refusals.push(refusalAt({ where, ignored: 'event' }, step));
      else records.push({ step, place: { partition, timestampMs } });
    }
  }
  const { contactMs, bookmarks, newest = [] } = body;
  const others = body.others.map(([key, partition, timestampMs]) => [key, { partition, timestampMs }] as const);
  const packets = new Map(body.vips.map(([vip, , , count]) => [formatVipKey(vip), Math.floor(count / 2)]));
  return { snapshot: { contactMs, bookmarks, records, others, packets, newest }, refusals };
}

type Row<T> = [what: T, partition: number, timestampMs: number];

interface Body extends Omit<TopicIdentity, 'verifier'> {
  writer: string;
  contactMs: number;
  bookmarks: Bookmark[];
  vips: [...Row<Vip>, packets: number][];
  backends: Row<Backend>[];
  others: Row<string>[];
  newest?: [key: string, newest: Newest][];
}

function placeRow({ partition, timestampMs }: MessagePlace): [number, number] {
  return [partition, timestampMs];
}

async function rows<T>(items: readonly T[], row: (item: T) => unknown[]): Promise<string[]> {
  const parts: string[] = [];
  for (let at = 0; at < items.length; at += ROWS_A_SLICE) {
    if (at > 0) await setImmediate();
    const slice = items.slice(at, at + ROWS_A_SLICE).map((item) => JSON.stringify(row(item)));
    parts.push(`${at === 0 ? '\n' : ',\n'}${slice.join(',\n')}`);
  }
  return parts;
}

function identityRule(body: Body, { topic, scope, brokers, verifier }: TopicIdentity): Broken | undefined {
  if (body.topic !== topic) return { field: 'topic', value: showValue(body.topic), rule: `expected ${topic}` };
  if (body.scope !== scope) {
    const value = body.scope === undefined ? 'is none' : showValue(body.scope);
    return { field: 'scope', value, rule: `expected ${scope ?? 'none'}` };
  }
  const unverified = verifier && signaturesRule(body, verifier);
  if (unverified !== undefined) return unverified;
  // The same brokers by other names would be refused too, and read again: that costs a replay and nothing else.
  if (body.brokers.some((broker) => brokers.includes(broker))) return undefined;
  return { field: 'brokers', value: showValue(body.brokers.join(',')), rule: `expected one of ${brokers.join(', ')}` };
}

// What was taken without keys, or by a key that is none of ours any more, is not taken from a file either.
function signaturesRule({ newest }: Body, verifier: Verifier): Broken | undefined {
  const rule = 'expected signatures of the keys there are now';
  if (newest === undefined) return { field: 'records', value: 'were not verified', rule };
  const stranger = newest.find(([, { by }]) => !verifier.knows(by));
  return stranger && { field: 'records', value: `such as ${stranger[0]} have that of another key`, rule };
}

function trusted(kind: 'vip' | 'backend', record: Vip | Backend): CanonicalVip | CanonicalBackend {
  if (kind === 'vip') return { kind, key: formatVipKey(record as Vip), vip: record as Vip };
  const backend = record as Backend;
  return { kind, key: `${backend.vip}/${backend.address}`, vipKey: backend.vip, backend };
}

function validated(kind: 'vip' | 'backend', record: unknown): CanonicalVip | CanonicalBackend | Broken {
  return kind === 'vip' ? readVip(record, 'loose') : readBackend(record, 'loose');
}

// The shape, no more: what is in it was checked before it was written, and the checksum says that it is still that.
function isBody(body: unknown): body is Body {
  if (!isObject(body)) return false;
  const { writer, topic, scope, brokers, contactMs, bookmarks, vips, backends, others, newest } = body;
  return (
    isText(writer) &&
    isText(topic) &&
    (scope === undefined || isText(scope)) &&
    isList(brokers, isText) &&
    isCount(contactMs) &&
    isList(bookmarks, isBookmark) &&
    isList(vips, (row) => isRow(row, isVip) && isCount(row[3])) &&
    isList(backends, (row) => isRow(row, isBackend)) &&
    isList(others, (row) => isRow(row, isText)) &&
    (newest === undefined || isList(newest, isNewestRow))
  );
}

function isBookmark(mark: unknown): mark is Bookmark {
  return (
    isObject(mark) &&
    isCount(mark.partition) &&
    isCount(mark.next) &&
    (mark.newestMs === undefined || Number.isSafeInteger(mark.newestMs)) &&
    (mark.last === undefined || isLandmark(mark.last))
  );
}

function isLandmark(last: unknown): last is Landmark {
  return isObject(last) && isCount(last.offset) && Number.isSafeInteger(last.timestampMs) && isText(last.key);
}

function isNewestRow(row: unknown): boolean {
  if (!Array.isArray(row) || !isText(row[0]) || !isObject(row[1])) return false;
  const { seq, digest, isRemoved, by, at } = row[1];
  const isPlace = isObject(at) && isCount(at.partition) && isCount(at.offset) && Number.isSafeInteger(at.timestampMs);
  return isCount(seq) && isText(digest) && typeof isRemoved === 'boolean' && isText(by) && isPlace;
}

function isVip(record: unknown): boolean {
  return isObject(record) && isText(record.address) && isText(record.protocol) && isCount(record.port);
}

function isBackend(record: unknown): boolean {
  return isObject(record) && isText(record.address) && isText(record.vip);
}

function isRow(row: unknown, isWhat: (what: unknown) => boolean): row is [unknown, number, number, unknown] {
  return Array.isArray(row) && isWhat(row[0]) && isCount(row[1]) && Number.isSafeInteger(row[2]);
}

function isList<T>(list: unknown, isItem: (item: unknown) => item is T): list is T[];
function isList(list: unknown, isItem: (item: unknown) => boolean): boolean;
function isList(list: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isItem);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
