// host/membership/sources/kafkaTopic.ts: reads a whole topic from its beginning, or from where reading stood, without a consumer
// group, and follows it.
//
//   connect -> look up partitions -> assign all from the beginning -> read to the ends -> caughtUp -> follow
//      |               |                                                                             |
//      +-- away: tried again, for ever                away: brokers gone or hung, topic gone, partition without leader
//                                                      restart: what we have may lack removals; read all of it again
//
// One step at a time: a consume call, then whatever the last look at the metadata found. Nothing is assigned while a
// consume call is under way, or messages of before and after would come mixed.

import { optionError } from '../../errors.js';
import { type Bookmark, type Landmark, Recognition } from './kafkaBookmark.js';
import { errorText, type Kafka, loadKafka, makeClient, outcomeOf } from './kafkaClient.js';
import { Complaint } from './kafkaComplaint.js';
import { checkTopic, connectionConfig, type KafkaConnection } from './kafkaConnection.js';
import type { KafkaConsumer, LibrdKafkaError, Message, Metadata } from './rdkafka.js';

/** A topic to read. */
export interface TopicOptions extends KafkaConnection {
  /** A topic with `cleanup.policy=compact`. One partition is enough for 100,000 records, and keeps their order. */
  topic: string;
  /** How often brokers are asked whether they are there and how many partitions the topic has, ms: 100..300000. Default 5000. */
  refreshMs?: number;
}

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
  /** When brokers answered then, Unix time, ms. */
  contactMs: number;
}

export type TopicEvent =
  | { type: 'messages'; messages: TopicMessage[] }
  /** The end of a partition, where no message stands right before it: compaction took it, or there never was one. */
  | { type: 'end'; partition: number; offset: number }
  /** The ends that partitions had when reading began are reached. Once for each reading from the start. */
  | { type: 'caughtUp' }
  | { type: 'away'; sinceMs: number; reason: string }
  | { type: 'back' }
  /** All of the topic follows from the start; what does not come again before `caughtUp` is gone. */
  | { type: 'restart' };

const OFFSET_BEGINNING = -2;
const BATCH_MESSAGES_MAX = 10_000;
/** Longest wait in a consume call: what a stop may have to wait for. Shorter while reading up: ends come without a message. */
const FOLLOW_WAIT_MS = 100;
const REPLAY_WAIT_MS = 10;
const REFRESH_MS_DEFAULT = 5000;
const REFRESH_MS_MIN = 100;
const REFRESH_MS_MAX = 300_000;
/** Pause before brokers that are away, or a topic that is not there, are asked for again. */
const RETRY_MS = 500;
const PROBE_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MIN_MS = 500;
const CONNECT_TIMEOUT_MAX_MS = 5000;
/** A stop leaves a native call that is still waiting for brokers behind after this; it ends by itself and is then closed. */
const STOP_WAIT_MS = 500;
/** After this long away tombstones may have been compacted away unseen: delete.retention.ms is 24 hours unless configured. */
const RESTART_AFTER_MS = 12 * 3600 * 1000;

const ERR_AUTO_OFFSET_RESET = -140;

/** Why we are away: each kind is one thing that has to come back. */
type AwayKind = 'brokers' | 'topic' | 'read';

/**
 * Reads `options.topic` until `signal` is aborted: from the start, or from `start`, as long as that is what the topic goes on from; if it
 * is not, or was too long ago, `restart` says so. Throws only for options that are wrong and a missing node-rdkafka.
 */
export async function* readTopic(
  options: TopicOptions,
  signal: AbortSignal,
  start?: TopicStart,
): AsyncGenerator<TopicEvent, void, void> {
  const config = consumerConfig(options);
  const reader = new TopicReader(await loadKafka(), config, options, signal, start);
  try {
    while (!signal.aborted) {
      for (const event of await reader.step()) yield event;
    }
  } finally {
    await reader.close();
  }
}

/** Checks what can be checked before a broker is asked. Throws ERR_OPTION. */
export function checkTopicOptions(options: TopicOptions): void {
  connectionConfig(options);
  checkTopic(options.topic);
  const { refreshMs = REFRESH_MS_DEFAULT } = options;
  if (refreshMs >= REFRESH_MS_MIN && refreshMs <= REFRESH_MS_MAX) return;
  throw optionError('refreshMs', refreshMs, `must be ${REFRESH_MS_MIN}..${REFRESH_MS_MAX}`);
}

/**
 * Which message of a key counts. In one partition, as always, the last one. The same key in two (the topic has grown, or somebody
 * uses another partitioner): partitions come in any order, so the later one by its timestamp.
 */
export class NewestOfKey {
  private readonly writers = new Map<string, MessagePlace>();

  /** True when `message` is the newest of `key` so far. */
  take(key: string, { partition, timestampMs }: MessagePlace): boolean {
    const before = this.writers.get(key);
    if (before !== undefined && before.partition !== partition && timestampMs < before.timestampMs) return false;
    this.writers.set(key, { partition, timestampMs });
    return true;
  }

  /** Where the newest message of each key stood. */
  entries(): Iterable<[string, MessagePlace]> {
    return this.writers;
  }

  clear(): void {
    this.writers.clear();
  }
}

function consumerConfig(options: TopicOptions) {
  checkTopicOptions(options);
  const common = connectionConfig(options);
  return {
    // Real brokers answer a fetch as soon as there is something; only the news of an end waits this long.
    'fetch.wait.max.ms': 100,
    ...common,
    // librdkafka wants a name here; no group is joined by assign(), and no offset is ever committed.
    'group.id': String(common['client.id']),
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'enable.partition.eof': true,
    'fetch.error.backoff.ms': 100,
  };
}

class TopicReader {
  private consumer: KafkaConsumer | undefined;
  private connecting: Promise<KafkaConsumer | Error> | undefined;
  private connectTimeoutMs = CONNECT_TIMEOUT_MIN_MS;
  private readonly nextOffsets = new Map<number, number>(); // our assignment: partition -> offset to read next
  private readonly ends = new Map<number, number>(); // told by librdkafka since the last step
  private readonly unread = new Map<number, number>(); // partition not read up yet -> its end when we began, if known
  private isCaughtUp = false;
  private mustRestart = false;
  private bookmarks = new Map<number, Bookmark>(); // of an earlier reading, until we are caught up
  private recognition = new Recognition([]);
  private readonly away = new Map<AwayKind, string>();
  private isAwayTold = false;
  private contactMs = Date.now();
  private probeAtMs = 0;
  private probing: Promise<void> | undefined;
  private probed: Metadata | Error | undefined; // what the last probe brought, until a step looks at it
  private readonly complaint = new Complaint();
  private events: TopicEvent[] = [];

  constructor(
    private readonly kafka: Kafka,
    private readonly config: ReturnType<typeof consumerConfig>,
    private readonly options: TopicOptions,
    private readonly signal: AbortSignal,
    start: TopicStart | undefined,
  ) {
    if (start !== undefined) this.startFrom(start);
  }

  private startFrom({ bookmarks, contactMs }: TopicStart): void {
    this.contactMs = Math.min(contactMs, Date.now());
    // A clock that was set back says nothing of how long ago it was; without a message there is nothing to know the topic by.
    const isTooOld = Math.abs(Date.now() - contactMs) > RESTART_AFTER_MS;
    if (isTooOld || bookmarks.every(({ last }) => last === undefined)) this.restart();
    else {
      this.bookmarks = new Map(bookmarks.map((bookmark) => [bookmark.partition, bookmark]));
      this.recognition = new Recognition(bookmarks);
    }
  }

  /** Does one thing, at most FOLLOW_WAIT_MS long where brokers answer; returns what there is to tell. */
  async step(): Promise<TopicEvent[]> {
    const consumer = this.consumer;
    if (consumer === undefined) await this.connect();
    else {
      if (this.probed !== undefined) await this.takeProbe(consumer, this.probed);
      this.probeWhenDue(consumer);
      if (this.nextOffsets.size > 0) await this.consume(consumer);
      else await this.pause(REPLAY_WAIT_MS); // no partitions yet: wait for the probe
    }
    return this.events.splice(0);
  }

  async close(): Promise<void> {
    // A connect that is under way cannot be stopped; it is closed as soon as it is there.
    const closed = this.connecting === undefined ? disconnect(this.consumer) : this.connecting.then(disconnect);
    await firstOf(closed, STOP_WAIT_MS);
  }

  private async connect(): Promise<void> {
    this.connecting = this.openConsumer();
    const outcome = await this.orAborted(this.connecting);
    if (outcome === undefined) return; // aborted: close() waits for it
    this.connecting = undefined;
    if (!(outcome instanceof Error)) {
      this.consumer = outcome;
      return;
    }
    // connect() has torn that client down: the next try gets a new one, and more time.
    this.connectTimeoutMs = Math.min(2 * this.connectTimeoutMs, CONNECT_TIMEOUT_MAX_MS);
    this.setAway('brokers', `brokers ${this.brokers()} do not answer: ${this.complaint.text || errorText(outcome)}`);
    await this.pause(RETRY_MS);
  }

  private openConsumer(): Promise<KafkaConsumer | Error> {
    const consumer = makeClient(() => new this.kafka.KafkaConsumer(this.config, { 'auto.offset.reset': 'error' }));
    this.complaint.listen(consumer);
    consumer.on('event.error', () => this.probeSoon());
    consumer.on('partition.eof', ({ partition, offset }) => this.reachEnd(partition, offset));
    const { topic } = this.options;
    return new Promise((resolve) => {
      consumer.connect({ allTopics: false, topic, timeout: this.connectTimeoutMs }, (error) =>
        resolve(outcomeOf(error, consumer)),
      );
    });
  }

  // librdkafka tells errors of single connections; whether brokers are away is for the probe to say.
  private probeSoon(): void {
    if (this.away.size === 0) this.probeAtMs = 0;
  }

  private probeWhenDue(consumer: KafkaConsumer): void {
    if (this.probing !== undefined || Date.now() < this.probeAtMs) return;
    const { topic, refreshMs = REFRESH_MS_DEFAULT } = this.options;
    this.probing = new Promise((resolve) => {
      consumer.getMetadata({ allTopics: false, topic, timeout: PROBE_TIMEOUT_MS }, (error, metadata) => {
        this.probed = outcomeOf(error, metadata);
        this.probing = undefined;
        this.probeAtMs = Date.now() + (this.away.size > 0 || error ? RETRY_MS : refreshMs);
        resolve();
      });
    });
  }

  private async takeProbe(consumer: KafkaConsumer, probed: Metadata | Error): Promise<void> {
    this.probed = undefined;
    if (probed instanceof Error) {
      this.setAway('brokers', `brokers ${this.brokers()} do not answer: ${this.complaint.text || errorText(probed)}`);
      return;
    }
    const { topic } = this.options;
    const partitions = probed.topics.find(({ name }) => name === topic)?.partitions ?? [];
    const orphan = partitions.find(({ leader }) => leader < 0);
    if (partitions.length === 0) {
      this.mustRestart ||= this.nextOffsets.size > 0; // it will be another topic of that name
      this.setAway(
        'topic',
        `topic ${topic} is not there on ${this.brokers()}: it is asked for again every ${RETRY_MS} ms`,
      );
    } else if (orphan !== undefined) this.setAway('topic', `partition ${orphan.id} of topic ${topic} has no leader`);
    else this.away.delete('topic');
    this.away.delete('brokers');
    const isReadAgain = this.away.has('read');
    if (partitions.length > 0)
      await this.assign(
        consumer,
        partitions.map(({ id }) => id),
        isReadAgain,
      );
    this.tellBack();
  }

  // Assigns what is new; all of it again after a read error (an end is told once an assignment) or for a restart.
  private async assign(consumer: KafkaConsumer, partitions: number[], isReadAgain: boolean): Promise<void> {
    if (Date.now() - this.contactMs > RESTART_AFTER_MS) this.mustRestart = true;
    if (this.mustRestart && this.nextOffsets.size > 0) this.restart();
    this.mustRestart = false;
    const added = partitions.filter((partition) => !this.nextOffsets.has(partition));
    if (added.length === 0 && !isReadAgain) return;
    for (const partition of added)
      this.nextOffsets.set(partition, this.bookmarkOf(partition)?.next ?? OFFSET_BEGINNING);
    if (!this.isCaughtUp) await this.askForEnds(consumer, added);
    const { topic } = this.options;
    const places = [...this.nextOffsets].map(([partition, next]) => {
      // The last message that we had comes again, to see that it is there.
      return { topic, partition, offset: this.bookmarkOf(partition)?.last.offset ?? next };
    });
    consumer.assign(places);
  }

  /** A partition without a message of ours is read from its start: there is nothing to know it by, and nothing to leave out. */
  private bookmarkOf(partition: number): (Bookmark & { last: Landmark }) | undefined {
    const bookmark = this.bookmarks.get(partition);
    return bookmark?.last === undefined ? undefined : { ...bookmark, last: bookmark.last };
  }

  private restart(): void {
    this.forgetBookmarks();
    this.nextOffsets.clear();
    this.ends.clear();
    this.unread.clear();
    this.isCaughtUp = false;
    this.events.push({ type: 'restart' });
  }

  private forgetBookmarks(): void {
    this.bookmarks.clear();
    this.recognition = new Recognition([]);
  }

  // A topic that is written to all the time never shows its end: the ends of now are enough to be caught up.
  private async askForEnds(consumer: KafkaConsumer, partitions: number[]): Promise<void> {
    const { topic } = this.options;
    for (const partition of partitions) this.unread.set(partition, Number.POSITIVE_INFINITY);
    const asked = partitions.map(
      (partition) =>
        new Promise<void>((resolve) => {
          consumer.queryWatermarkOffsets(topic, partition, PROBE_TIMEOUT_MS, (error, ends) => {
            // Without an answer the end is known when librdkafka says that it is reached.
            if (!error && ends.lowOffset === ends.highOffset) {
              this.unread.delete(partition);
              this.events.push({ type: 'end', partition, offset: ends.highOffset });
            } else if (!error) this.unread.set(partition, ends.highOffset);
            resolve();
          });
        }),
    );
    await this.orAborted(Promise.all(asked));
  }

  private async consume(consumer: KafkaConsumer): Promise<void> {
    // One message wakes us; what else is there comes with it, without waiting for more.
    const first = await this.consumeOnce(consumer, 1, this.isCaughtUp ? FOLLOW_WAIT_MS : REPLAY_WAIT_MS);
    const more = first.length === 0 ? [] : await this.consumeOnce(consumer, BATCH_MESSAGES_MAX, 0);
    const all = [...first, ...more].map(toTopicMessage);
    if (!all.every((message) => this.recognition.isPossible(message))) this.mustRestart = true;
    if (this.mustRestart) {
      // What comes until then is of another topic, or has a gap before it.
      if (this.away.size === 0) this.probeAtMs = 0;
      return;
    }
    const messages = all.filter((message) => this.isNext(message));
    if (messages.length > 0) this.events.push({ type: 'messages', messages });
    for (const { partition, offset } of all) {
      if (offset + 1 >= (this.unread.get(partition) ?? Number.POSITIVE_INFINITY)) this.unread.delete(partition);
    }
    this.tellEnds();
    if (this.isCaughtUp || this.unread.size > 0) return;
    this.mustRestart = !this.recognition.isComplete;
    if (this.mustRestart) return;
    this.forgetBookmarks();
    this.isCaughtUp = true;
    this.events.push({ type: 'caughtUp' });
  }

  private async consumeOnce(consumer: KafkaConsumer, messagesMax: number, waitMs: number): Promise<Message[]> {
    consumer.setDefaultConsumeTimeout(waitMs);
    const outcome = await new Promise<Message[] | LibrdKafkaError>((resolve) => {
      consumer.consume(messagesMax, (error, messages) => resolve(error ?? messages));
    });
    if (Array.isArray(outcome)) return outcome;
    await this.takeReadError(outcome);
    return [];
  }

  private async takeReadError(error: LibrdKafkaError): Promise<void> {
    this.probeAtMs = 0;
    // Our offset is not there any more: the topic was made anew, or retention went past us.
    if (error.code === ERR_AUTO_OFFSET_RESET) this.mustRestart = true;
    else this.setAway('read', `topic ${this.options.topic} cannot be read: ${errorText(error)}`);
    await this.pause(RETRY_MS);
  }

  private reachEnd(partition: number, offset: number): void {
    this.unread.delete(partition);
    this.ends.set(partition, offset);
    if (this.away.delete('read')) this.tellBack();
  }

  // Behind the messages that came with the news: they are ours to tell first.
  private tellEnds(): void {
    for (const [partition, offset] of this.ends) {
      const next = this.nextOffsets.get(partition);
      if (next === undefined || offset <= next) continue;
      this.nextOffsets.set(partition, offset);
      this.events.push({ type: 'end', partition, offset });
    }
    this.ends.clear();
  }

  // True for the next message of its partition; false for one that comes again after an assignment.
  private isNext({ partition, offset }: TopicMessage): boolean {
    if (offset < (this.nextOffsets.get(partition) ?? 0)) return false;
    this.nextOffsets.set(partition, offset + 1);
    if (this.away.delete('read')) this.tellBack();
    return true;
  }

  private setAway(kind: AwayKind, reason: string): void {
    const isNews = !this.away.has(kind);
    this.away.set(kind, reason);
    if (isNews) this.events.push({ type: 'away', sinceMs: this.contactMs, reason });
    this.isAwayTold = true;
    this.probeAtMs = Math.min(this.probeAtMs, Date.now() + RETRY_MS);
  }

  private tellBack(): void {
    if (this.away.size > 0) return;
    this.contactMs = Date.now();
    if (this.isAwayTold) this.events.push({ type: 'back' });
    this.isAwayTold = false;
    this.complaint.clear();
  }

  private brokers(): string {
    return this.options.brokers.join(',');
  }

  private async pause(ms: number): Promise<void> {
    await this.orAborted(firstOf(new Promise(() => {}), ms));
  }

  /** Waits for `promise`, or until we are to stop: then undefined. */
  private async orAborted<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.signal.aborted) return undefined;
    let onAbort = () => {};
    const aborted = new Promise<undefined>((resolve) => {
      onAbort = () => resolve(undefined);
      this.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.signal.removeEventListener('abort', onAbort);
    }
  }
}

function toTopicMessage({ partition, offset, key, value, timestamp }: Message): TopicMessage {
  const keyBytes = key === null || key === undefined ? null : Buffer.from(key);
  return { partition, offset, key: keyBytes, value, timestampMs: timestamp ?? 0 };
}

async function disconnect(client: KafkaConsumer | Error | undefined): Promise<void> {
  if (client === undefined || client instanceof Error || !client.isConnected()) return;
  await new Promise<void>((resolve) => client.disconnect(() => resolve()));
}

/** Waits for `promise`, at most `ms`, without leaving a timer behind. */
async function firstOf(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
