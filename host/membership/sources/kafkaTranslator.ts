// host/membership/sources/kafkaTranslator.ts: from the messages of a topic to changes: last value a key, our scope, nothing told twice.
import type { Change, Position, Refusal, SourceEvent } from '../event.js';
import { refusalAt } from '../refusal.js';
import { withSince } from '../slowStart.js';
import { changeOf, isRefusal, readTopicRecord, type TopicRecord } from '../validate.js';
import type { Verifier } from '../verifier.js';
import { type Bookmark, bookmarkBehind } from './kafkaBookmark.js';
import type { KeptRecord, TopicSnapshot } from './kafkaSnapshot.js';
import { type MessagePlace, NewestOfKey, type TopicMessage } from './kafkaTopic.js';

/** What is known of a topic, for a snapshot. */
type TopicContents = Pick<TopicSnapshot, 'bookmarks' | 'records' | 'others' | 'newest'>;

const CHECKED_TOGETHER = 256; // others wait for the threads of the pool no longer than these take

export class Translator {
  /** All that was there has been told; from now on each burst is told by itself. */
  isCaughtUp = false;
  private isFirstReading = true;
  private batch = new Map<string, Change>();
  private count = 0;
  private last = '';
  private readonly bookmarks = new Map<number, Bookmark>(); // of what is told with the next change
  private readonly kept = new Map<string, KeptRecord>(); // what the balancer has from us, or gets with the next change
  private readonly told = new Set<string>(); // keys that it has
  private readonly newest = new NewestOfKey();
  private readSince: Set<string> | undefined; // keys seen since a restart
  private readonly read = new WeakMap<TopicMessage, TopicRecord | Refusal>(); // by check(), for take()

  constructor(
    private readonly topic: string,
    private readonly scope: string | undefined,
    private readonly verifier?: Verifier,
  ) {}

  /** Looks at the signatures of messages that are to be taken next, some at a time on other threads; what becomes of them is `take`'s. */
  async check(messages: readonly TopicMessage[]): Promise<void> {
    const { verifier } = this;
    if (verifier === undefined) return;
    for (let first = 0; first < messages.length; first += CHECKED_TOGETHER) {
      const records = messages.slice(first, first + CHECKED_TOGETHER).map((message) => {
        const record = read(message);
        this.read.set(message, record);
        return record;
      });
      await Promise.all(records.map((record) => (isRefusal(record) ? undefined : verifier.check(record))));
    }
  }

  *take(message: TopicMessage): Generator<SourceEvent> {
    const { partition } = message;
    this.last = placeOf(message);
    this.count++;
    this.bookmarks.set(partition, bookmarkBehind([message], this.bookmarks.get(partition)));
    const record = this.read.get(message) ?? read(message);
    const outcome = isRefusal(record) ? record : this.judge(record, message);
    if (typeof outcome === 'object') yield { type: 'refused', refusal: outcome };
    else if (outcome === 'taken') this.takeRecord(record as TopicRecord, message);
    // Refused or not, it holds the place of its key: what was told before stays.
    if (record.key !== undefined) this.readSince?.add(record.key);
  }

  *end({ partition, offset }: { partition: number; offset: number }): Generator<SourceEvent> {
    const before = this.bookmarks.get(partition);
    if (before?.next === offset) return;
    this.bookmarks.set(partition, { ...before, partition, next: offset });
    if (this.isCaughtUp) yield* this.flush();
  }

  *flush(isMore?: boolean): Generator<SourceEvent> {
    const changes = [...this.batch.values()];
    const where = `${this.count} events of topic ${this.topic}, up to ${this.last}`;
    yield* this.tell(changes, where, isMore);
  }

  *catchUp(): Generator<SourceEvent> {
    this.isCaughtUp = true;
    if (this.readSince !== undefined) yield* this.removeUnread(this.readSince);
    this.readSince = undefined;
    yield* this.flush(false);
    if (this.isFirstReading) yield { type: 'caughtUp' };
    this.isFirstReading = false;
  }

  /** Begins with what an earlier run knew, which was told from `where`. */
  *restore({ bookmarks, records, others, newest }: TopicContents, where: string): Generator<SourceEvent> {
    for (const { step, place } of records) {
      this.newest.take(step.key, place);
      this.keep({ step, place });
    }
    for (const [key, place] of others) this.newest.take(key, place);
    this.verifier?.restore(newest);
    for (const bookmark of bookmarks) this.bookmarks.set(bookmark.partition, bookmark);
    yield* this.tell([...this.batch.values()], where, false);
  }

  /** What a later run must know to go on from here. Of one moment: nothing in it is changed later. */
  contents(): TopicContents {
    // In one partition the last message of a key is the newest, whatever was before.
    const hasSeveral = this.bookmarks.size > 1;
    const others = hasSeveral ? [...this.newest.entries()].filter(([key]) => !this.kept.has(key)) : [];
    const newest = [...(this.verifier?.entries() ?? [])];
    return { bookmarks: [...this.bookmarks.values()], records: [...this.kept.values()], others, newest };
  }

  restart(): void {
    this.isCaughtUp = false;
    this.readSince = new Set();
    this.bookmarks.clear();
    this.newest.clear();
  }

  private *tell(changes: Change[], where: string, isMore: boolean | undefined): Generator<SourceEvent> {
    const position = this.position();
    for (const [key, change] of this.batch) {
      if ('put' in change) this.told.add(key);
      else this.told.delete(key);
    }
    this.batch = new Map();
    this.count = 0;
    if (changes.length > 0)
      yield { type: 'changes', changes, where, position, ...(isMore !== undefined && { isMore }) };
    else yield { type: 'reached', position };
  }

  private position(): Position {
    const offsets = Object.fromEntries([...this.bookmarks].map(([partition, { next }]) => [partition, next]));
    return { topic: this.topic, offsets };
  }

  // Read again from the start: a key that did not come again was removed while we could not see it. But a topic that is empty
  // now was deleted and made anew, by mistake more likely than not: no balancer serves nobody for that.
  private *removeUnread(readSince: Set<string>): Generator<SourceEvent> {
    if (readSince.size === 0 && this.kept.size > 0) {
      const rule = `expected the ${this.kept.size} records it had, or their tombstones`;
      const where = `topic ${this.topic} read again`;
      yield { type: 'refused', refusal: { where, field: 'topic', value: 'is empty', rule, ignored: 'changes' } };
      return;
    }
    const unread = [...this.kept.keys()].filter((key) => !readSince.has(key));
    if (this.verifier === undefined || unread.length === 0) for (const key of unread) this.drop(key);
    else {
      // Nobody who may has said so: somebody who only may write can have their values compacted away behind a tombstone.
      const rule = 'expected signed removals';
      const where = `topic ${this.topic} read again`;
      const value = `of ${unread.length} keys, such as ${unread[0]}, are not there`;
      yield { type: 'refused', refusal: { where, field: 'records', value, rule, ignored: 'changes' } };
    }
  }

  /** Whether a record counts: the newest that its key has said, and with keys one that is signed. */
  private judge(record: TopicRecord, message: TopicMessage): 'taken' | 'past' | Refusal {
    if (this.verifier === undefined) return this.newest.take(record.key, message) ? 'taken' : 'past';
    const { partition, offset, timestampMs } = message;
    const judgement = this.verifier.judge(record, { partition, offset, timestampMs });
    if (typeof judgement === 'string') return judgement;
    return refusalAt({ where: `event at ${this.last}`, ignored: 'event' }, { ...judgement, key: record.key });
  }

  private takeRecord({ key, scope, step, signed }: TopicRecord, message: MessagePlace): void {
    const isOurs = scope === undefined || scope === this.scope;
    // Removed, or given to another group of balancers.
    if (step.kind === 'remove' || !isOurs) this.drop(key);
    else {
      const { partition, timestampMs } = (this.verifier === undefined && this.newest.of(key)) || message;
      const sinceMs = signed?.signature.seq ?? message.timestampMs;
      this.keep({ step: begun(step, sinceMs), place: { partition, timestampMs } });
    }
  }

  private keep(record: KeptRecord): void {
    this.kept.set(record.step.key, record);
    this.batch.set(record.step.key, changeOf(record.step));
  }

  /** What was not told yet need not be taken back. */
  private drop(key: string): void {
    this.kept.delete(key);
    if (this.told.has(key)) this.batch.set(key, { remove: key });
    else this.batch.delete(key);
  }
}

function read(message: TopicMessage): TopicRecord | Refusal {
  return readTopicRecord(message.key, message.value, { where: `event at ${placeOf(message)}`, ignored: 'event' });
}

function placeOf({ offset, partition }: TopicMessage): string {
  return `offset ${offset} of partition ${partition}`;
}

// A slow start that does not say since when begins with its message: then it does so alike for all that read it, whenever they do. With its
// signature, if it has one: published again it is then not a new beginning.
function begun(step: KeptRecord['step'], sinceMs: number): KeptRecord['step'] {
  return step.kind === 'backend' ? { ...step, backend: withSince(step.backend, Math.max(0, sinceMs)) } : step;
}
