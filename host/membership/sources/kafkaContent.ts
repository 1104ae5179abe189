// host/membership/sources/kafkaContent.ts: a topic read once, for `apply`: what it says now, for all groups of balancers.
import { MaglevError } from '../../errors.js';
import type { Refusal } from '../event.js';
import { refusalAt } from '../refusal.js';
import { isRefusal, readTopicRecord, type TopicRecord } from '../validate.js';
import type { Verifier } from '../verifier.js';
import { checkTopicOptions, NewestOfKey, readTopic, type TopicMessage, type TopicOptions } from './kafkaTopic.js';

/** The records of a topic as they stand, by key, whatever their scope. */
export interface TopicContent {
  records: Map<string, TopicRecord>;
  /** Keys whose last message was not taken. `records` may still have what the key said before. */
  refused: Map<string, Refusal>;
  /** With a verifier: keys whose last message it takes. */
  verified: Set<string>;
}

/**
 * Reads a topic to the ends it has now. Rejects with ERR_BROKER when that takes longer than `timeoutMs`, ERR_OPTION for an option
 * that cannot be. What `verifier` does not take is there all the same, so that it can be said again, or removed; but for tombstones, which
 * balancers do not take either.
 */
export async function readTopicContent(
  options: TopicOptions,
  timeoutMs: number,
  verifier?: Verifier,
): Promise<TopicContent> {
  checkTopicOptions(options);
  const content = new Content(verifier);
  let reason = 'no answer yet';
  for await (const event of readTopic(options, AbortSignal.timeout(timeoutMs))) {
    if (event.type === 'caughtUp') return content;
    if (event.type === 'away') reason = event.reason;
    if (event.type === 'restart') content.clear();
    if (event.type === 'messages') for (const message of event.messages) content.take(message);
  }
  throw new MaglevError('ERR_BROKER', `topic ${options.topic} could not be read within ${timeoutMs} ms: ${reason}`);
}

class Content implements TopicContent {
  readonly records = new Map<string, TopicRecord>();
  readonly refused = new Map<string, Refusal>();
  readonly verified = new Set<string>();
  private readonly newest = new NewestOfKey();

  constructor(private readonly verifier: Verifier | undefined) {}

  take(message: TopicMessage): void {
    const where = `event at offset ${message.offset} of partition ${message.partition}`;
    const record = readTopicRecord(message.key, message.value, { where, ignored: 'event' });
    if (isRefusal(record)) this.refused.set(record.key ?? where, record);
    else if (this.newest.take(record.key, message)) {
      const { partition, offset, timestampMs } = message;
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

  clear(): void {
    this.records.clear();
    this.refused.clear();
    this.verified.clear();
    this.newest.clear();
  }
}
