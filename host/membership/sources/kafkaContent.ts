// host/membership/sources/kafkaContent.ts: a topic read once, for `apply`: what it says now, for all groups of balancers.
import { MaglevError } from '../../errors.js';
import type { Refusal } from '../event.js';
import { isRefusal, readTopicRecord, type TopicRecord } from '../validate.js';
import { checkTopicOptions, NewestOfKey, readTopic, type TopicMessage, type TopicOptions } from './kafkaTopic.js';

/** The records of a topic as they stand, by key, whatever their scope. */
export interface TopicContent {
  records: Map<string, TopicRecord>;
  /** Keys whose last message was not taken. `records` may still have what the key said before. */
  refused: Map<string, Refusal>;
}

/**
 * Reads a topic to the ends it has now. Rejects with ERR_BROKER when that takes longer than `timeoutMs`, ERR_OPTION for an option
 * that cannot be.
 */
export async function readTopicContent(options: TopicOptions, timeoutMs: number): Promise<TopicContent> {
  checkTopicOptions(options);
  const content = new Content();
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
  private readonly newest = new NewestOfKey();

  take(message: TopicMessage): void {
    const where = `event at offset ${message.offset} of partition ${message.partition}`;
    const record = readTopicRecord(message.key, message.value, { where, ignored: 'event' });
    if (isRefusal(record)) this.refused.set(record.key ?? where, record);
    else if (this.newest.take(record.key, message)) {
      this.refused.delete(record.key);
      if (record.step.kind === 'remove') this.records.delete(record.key);
      else this.records.set(record.key, record);
    }
  }

  clear(): void {
    this.records.clear();
    this.refused.clear();
    this.newest.clear();
  }
}
