// host/membership/sources/kafkaContent.ts: what a topic says, for all groups of balancers.
import type { Refusal } from '../event.js';
import { refusalAt } from '../refusal.js';
import { isRefusal, readTopicRecord, type TopicRecord } from '../validate.js';
import type { Verifier } from '../verifier.js';
import { checkTopicOptions, NewestOfKey, readTopic, type TopicMessage, type TopicOptions } from './kafkaTopic.js';

/** Where a message stands. */
export interface TopicPlace {
  partition: number;
  offset: number;
}

/** The records of a topic as they stand, by key, whatever their scope. */
export interface TopicContent {
  records: ReadonlyMap<string, TopicRecord>;
  /** Keys whose last message was not taken. `records` may still have what the key said before. */
  refused: ReadonlyMap<string, Refusal>;
  /** With a verifier: keys whose last message it takes. */
  verified: ReadonlySet<string>;
  /** Where the last message that was taken stands, by key; tombstones too. */
  places: ReadonlyMap<string, TopicPlace>;
  /** True when all that stood before `place`, and what stands there, has been read. */
  isRead(place: TopicPlace): boolean;
}

/** A topic that is followed: `away` says why brokers or topic are not there now. */
interface ContentEvent {
  content: TopicContent;
  isCaughtUp: boolean;
  away?: string;
}

/**
 * The topic each time that something was read of it, or its brokers went or came; always the same `content`. Until `signal` is
 * aborted. What `verifier` does not take is there all the same, so that it can be said again, or removed; but for tombstones, which balancers
 * do not take either. Throws ERR_OPTION for an option that cannot be, ERR_MISSING without node-rdkafka.
 */
export async function* followTopicContent(
  options: TopicOptions,
  signal: AbortSignal,
  verifier?: Verifier,
): AsyncGenerator<ContentEvent, void, void> {
  checkTopicOptions(options);
  const content = new Content(verifier);
  let isCaughtUp = false;
  let away: string | undefined;
  for await (const event of readTopic(options, signal)) {
    if (event.type === 'caughtUp') isCaughtUp = true;
    if (event.type === 'away') away = event.reason;
    if (event.type === 'back') away = undefined;
    if (event.type === 'restart') {
      content.clear();
      isCaughtUp = false;
    }
    if (event.type === 'messages') for (const message of event.messages) content.take(message);
    if (event.type === 'end') content.noteEnd(event);
    yield { content, isCaughtUp, ...(away !== undefined && { away }) };
  }
}

class Content implements TopicContent {
  readonly records = new Map<string, TopicRecord>();
  readonly refused = new Map<string, Refusal>();
  readonly verified = new Set<string>();
  readonly places = new Map<string, TopicPlace>();
  private readonly newest = new NewestOfKey();
  private readonly nextOffsets = new Map<number, number>();

  constructor(private readonly verifier: Verifier | undefined) {}

  take(message: TopicMessage): void {
    const { partition, offset, timestampMs } = message;
    this.nextOffsets.set(partition, offset + 1);
    const where = `event at offset ${offset} of partition ${partition}`;
    const record = readTopicRecord(message.key, message.value, { where, ignored: 'event' });
    if (isRefusal(record)) this.refused.set(record.key ?? where, record);
    else if (this.newest.take(record.key, message)) {
      this.places.set(record.key, { partition, offset });
      const judgement = this.verifier?.judge(record, { partition, offset, timestampMs });
      if (judgement === 'taken') this.verified.add(record.key);
      else this.verified.delete(record.key);
      if (message.value === null && typeof judgement === 'object') {
        this.refused.set(record.key, refusalAt({ where, ignored: 'event' }, { ...judgement, key: record.key }));
        return;
      }
      this.refused.delete(record.key);
      if (record.step.kind === 'remove') this.records.delete(record.key);
      else this.records.set(record.key, record);
    }
  }

  noteEnd({ partition, offset }: TopicPlace): void {
    this.nextOffsets.set(partition, Math.max(offset, this.nextOffsets.get(partition) ?? 0));
  }

  isRead({ partition, offset }: TopicPlace): boolean {
    return (this.nextOffsets.get(partition) ?? 0) > offset;
  }

  clear(): void {
    const { records, refused, verified, places, newest, nextOffsets } = this;
    for (const known of [records, refused, verified, places, newest, nextOffsets]) known.clear();
  }
}
