// host/membership/sources/kafka.ts: membership told by a compacted Kafka topic: the last value of a key is the truth.
//
// All that is there when we begin is told as one change; then every burst as one. A record that breaks a rule is refused by
// name and changes nothing: what its key said before stays.
import { optionError } from '../../errors.js';
import { scopeRule } from '../envelope.js';
import type { Change, MembershipSource, Position, SourceEvent } from '../event.js';
import { changeOf, isRefusal, readTopicRecord, type TopicRecord } from '../validate.js';
import { checkTopicOptions, NewestOfKey, readTopic, type TopicMessage, type TopicOptions } from './kafkaTopic.js';

export type { KafkaConnection } from './kafkaConnection.js';
export type { KafkaSasl, KafkaSecurity, KafkaTls } from './kafkaSecurity.js';
export type { Publisher, PublisherOptions, TopicEntry } from './publisher.js';
export { createPublisher } from './publisher.js';

/** A topic of membership records. */
export interface KafkaSourceOptions extends TopicOptions {
  /** Our group of balancers: records of this scope and those without one are taken. Default: only those without one. */
  scope?: string;
}

/**
 * A source that reads a topic from its beginning, without a consumer group, says when it has caught up, and follows it.
 * Brokers that are away, and a topic that is not there, make it stale, never empty; it keeps trying. `events` throws ERR_MISSING
 * when node-rdkafka is not installed, ERR_OPTION for a setting that librdkafka does not like.
 * @throws MaglevError ERR_OPTION for an option that cannot be.
 */
export function kafkaSource(options: KafkaSourceOptions): MembershipSource {
  checkTopicOptions(options);
  const broken = options.scope === undefined ? undefined : scopeRule(options.scope);
  if (broken !== undefined) throw optionError('scope', options.scope, `must be a name: ${broken}`);
  return {
    name: `kafka topic ${options.topic}`,
    isShared: true,
    async *events(signal) {
      const translator = new Translator(options.topic, options.scope);
      for await (const event of readTopic(options, signal)) {
        switch (event.type) {
          case 'messages':
            for (const message of event.messages) yield* translator.take(message);
            if (translator.isCaughtUp) yield* translator.flush();
            break;
          case 'end':
            yield* translator.end(event);
            break;
          case 'caughtUp':
            yield* translator.catchUp();
            break;
          case 'restart':
            translator.restart();
            break;
          case 'away':
            yield { type: 'stale', sinceMs: event.sinceMs, reason: event.reason };
            break;
          case 'back':
            yield { type: 'fresh' };
            break;
        }
      }
    },
  };
}

/** From messages to changes: last value a key, our scope, nothing told twice. */
class Translator {
  /** All that was there has been told; from now on each burst is told by itself. */
  isCaughtUp = false;
  private isFirstReading = true;
  private batch = new Map<string, Change>();
  private count = 0;
  private last = '';
  private offsets: Record<string, number> = {}; // of what is told with the next change
  private readonly told = new Set<string>(); // keys that the balancer has from us
  private readonly newest = new NewestOfKey();
  private readSince: Set<string> | undefined; // keys seen since a restart

  constructor(
    private readonly topic: string,
    private readonly scope: string | undefined,
  ) {}

  *take(message: TopicMessage): Generator<SourceEvent> {
    const { partition, offset, key, value } = message;
    this.last = `offset ${offset} of partition ${partition}`;
    this.count++;
    this.offsets[partition] = offset + 1;
    const record = readTopicRecord(key, value, { where: `event at ${this.last}`, ignored: 'event' });
    if (isRefusal(record)) yield { type: 'refused', refusal: record };
    else if (this.newest.take(record.key, message)) this.takeRecord(record);
    // Refused or not, it holds the place of its key: what was told before stays.
    if (record.key !== undefined) this.readSince?.add(record.key);
  }

  *end({ partition, offset }: { partition: number; offset: number }): Generator<SourceEvent> {
    if (this.offsets[partition] === offset) return;
    this.offsets[partition] = offset;
    if (this.isCaughtUp) yield* this.flush();
  }

  *flush(): Generator<SourceEvent> {
    const changes = [...this.batch.values()];
    const where = `${this.count} events of topic ${this.topic}, up to ${this.last}`;
    const position: Position = { topic: this.topic, offsets: { ...this.offsets } };
    this.batch = new Map();
    this.count = 0;
    if (changes.length > 0) yield { type: 'changes', changes, where, position };
    else yield { type: 'reached', position };
  }

  *catchUp(): Generator<SourceEvent> {
    this.isCaughtUp = true;
    if (this.readSince !== undefined) yield* this.removeUnread(this.readSince);
    this.readSince = undefined;
    yield* this.flush();
    if (this.isFirstReading) yield { type: 'caughtUp' };
    this.isFirstReading = false;
  }

  // Read again from the start: a key that did not come again was removed while we could not see it. But a topic that is empty
  // now was deleted and made anew, by mistake more likely than not: no balancer serves nobody for that.
  private *removeUnread(readSince: Set<string>): Generator<SourceEvent> {
    if (readSince.size === 0 && this.told.size > 0) {
      const rule = `expected the ${this.told.size} records it had, or their tombstones`;
      const where = `topic ${this.topic} read again`;
      yield { type: 'refused', refusal: { where, field: 'topic', value: 'is empty', rule, ignored: 'changes' } };
      return;
    }
    for (const key of this.told) {
      if (readSince.has(key)) continue;
      this.told.delete(key);
      this.batch.set(key, { remove: key });
    }
  }

  restart(): void {
    this.isCaughtUp = false;
    this.readSince = new Set();
    this.offsets = {};
    this.newest.clear();
  }

  private takeRecord({ key, scope, step }: TopicRecord): void {
    const isOurs = step.kind !== 'remove' && (scope === undefined || scope === this.scope);
    if (isOurs) {
      this.told.add(key);
      this.batch.set(key, changeOf(step));
    } else if (this.told.delete(key)) {
      // Removed, or given to another group of balancers. Not told yet: then there is nothing to take back.
      if (this.isFirstReading) this.batch.delete(key);
      else this.batch.set(key, { remove: key });
    }
  }
}
