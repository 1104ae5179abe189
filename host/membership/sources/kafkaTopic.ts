// host/membership/sources/kafkaTopic.ts: a whole topic as a stream of events: read from its beginning, or from where reading stood, without a
// consumer group, and followed (kafkaReader.ts).

import { optionError } from '../../errors.js';
import type { Bookmark } from './kafkaBookmark.js';
import { loadKafka } from './kafkaClient.js';
import { checkTopic, connectionConfig, type KafkaConnection } from './kafkaConnection.js';
import { TopicReader } from './kafkaReader.js';

/** A topic to read. */
export interface TopicOptions extends KafkaConnection {
  /** A topic with `cleanup.policy=compact`. One partition is enough for 100,000 records, and keeps their order. */
  topic: string;
  /** How often brokers are asked whether they are there and how many partitions the topic has, ms: 100..300000. Default 5000. */
  refreshMs?: number;
  /**
   * After so long without having seen the ends of all partitions the topic is read again from its start, ms: 1000..2592000000. Default 12
   * hours. Less than `delete.retention.ms` of the topic (Kafka's default is 24 hours): after that, tombstones are gone, and what
   * they removed would stay.
   */
  rereadAfterMs?: number;
}

/** The times among them, each with its default. */
export type ReaderTimes = Required<Pick<TopicOptions, 'refreshMs' | 'rereadAfterMs'>>;

/** One message. A null value is a tombstone. */
export interface TopicMessage {
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  /** Unix time, ms; of the publisher or the broker, as the topic is configured. */
  timestampMs: number;
}

/** What orders the messages of one key. */
export type MessagePlace = Pick<TopicMessage, 'partition' | 'timestampMs'>;

/** Where an earlier reading stood. */
export interface TopicStart {
  bookmarks: readonly Bookmark[];
  /** When it was last known to be at the ends of all partitions, Unix time, ms. */
  contactMs: number;
}

export type TopicEvent =
  /** `isMore`: the broker has told of others behind them. */
  | { type: 'messages'; messages: TopicMessage[]; isMore: boolean }
  /** The end of a partition, where no message stands right before it: compaction took it, or there never was one. */
  | { type: 'end'; partition: number; offset: number }
  /** The ends that partitions had when reading began are reached. Once for each reading from the start. */
  | { type: 'caughtUp' }
  /** At `atMs` (Unix time, ms), nothing more was there than has been told. From time to time, while nothing is away. */
  | { type: 'current'; atMs: number }
  /** What we have is from `sinceMs`. */
  | { type: 'away'; sinceMs: number; reason: string }
  | { type: 'back' }
  /** All of the topic follows from the start; what does not come again before `caughtUp` is gone. */
  | { type: 'restart' };

const REFRESH_MS_DEFAULT = 5000;
const REFRESH_MS_MIN = 100;
const REFRESH_MS_MAX = 300_000;
const REREAD_AFTER_MS_DEFAULT = 12 * 3600 * 1000;
const REREAD_AFTER_MS_MIN = 1000;
const REREAD_AFTER_MS_MAX = 30 * 24 * 3600 * 1000;

/**
 * Reads `options.topic` until `signal` is aborted: from the start, or from `start`, as long as that is what the topic goes on from; if it
 * is not, or was too long ago, `restart` says so. Throws only for options that are wrong and a missing node-rdkafka.
 */
export async function* readTopic(
  options: TopicOptions,
  signal: AbortSignal,
  start?: TopicStart,
): AsyncGenerator<TopicEvent, void, void> {
  const times = checkTopicOptions(options);
  const reader = new TopicReader(await loadKafka(), options, times, signal, start);
  try {
    while (!signal.aborted) {
      for (const event of await reader.step()) yield event;
    }
  } finally {
    await reader.close();
  }
}

/** Checks what can be checked before a broker is asked; returns the times. Throws ERR_OPTION. */
export function checkTopicOptions(options: TopicOptions): ReaderTimes {
  connectionConfig(options);
  checkTopic(options.topic);
  const { refreshMs = REFRESH_MS_DEFAULT, rereadAfterMs = REREAD_AFTER_MS_DEFAULT } = options;
  checkRange('refreshMs', refreshMs, REFRESH_MS_MIN, REFRESH_MS_MAX);
  checkRange('rereadAfterMs', rereadAfterMs, REREAD_AFTER_MS_MIN, REREAD_AFTER_MS_MAX);
  return { refreshMs, rereadAfterMs };
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw optionError(name, value, `must be ${min}..${max}`);
}

/**
 * Which message of a key counts. In one partition, as always, the last one, whatever its timestamp. The same key in two (the topic has
 * grown, or somebody uses another partitioner): partitions come in any order, so that partition counts in which the key has the latest
 * timestamp; of two with the same one, that with the higher number.
 */
export class NewestOfKey {
  private readonly writers = new Map<string, MessagePlace>(); // the partition that counts, and the latest timestamp in it

  /** True when `message` is the newest of `key` so far. */
  take(key: string, { partition, timestampMs }: MessagePlace): boolean {
    const before = this.writers.get(key);
    const isThere = before?.partition === partition;
    if (before !== undefined && !isThere && !isLater({ partition, timestampMs }, before)) return false;
    const latestMs = isThere ? Math.max(timestampMs, before.timestampMs) : timestampMs;
    this.writers.set(key, { partition, timestampMs: latestMs });
    return true;
  }

  /** What decides for `key`; undefined for a key that has not come. */
  of(key: string): MessagePlace | undefined {
    return this.writers.get(key);
  }

  /** What decides for each key. */
  entries(): Iterable<[string, MessagePlace]> {
    return this.writers;
  }

  clear(): void {
    this.writers.clear();
  }
}

function isLater(a: MessagePlace, b: MessagePlace): boolean {
  return a.timestampMs === b.timestampMs ? a.partition > b.partition : a.timestampMs > b.timestampMs;
}
