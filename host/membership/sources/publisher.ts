// host/membership/sources/publisher.ts: writes records to a topic, each acknowledged by all in-sync replicas.

import { setTimeout as sleep } from 'node:timers/promises';
import { MaglevError } from '../../errors.js';
import type { Signer } from '../signer.js';
import { clusterError, errorText, type Kafka, loadKafka, makeClient, outcomeOf } from './kafkaClient.js';
import { Complaint } from './kafkaComplaint.js';
import { checkTopic, connectionConfig, type KafkaConnection } from './kafkaConnection.js';
import type { TopicPlace } from './kafkaContent.js';
import { partitionsOf } from './kafkaTopicClient.js';
import type { DeliveryReport, LibrdKafkaError, Metadata, Producer } from './rdkafka.js';

/** A topic to write to. */
export interface PublisherOptions extends KafkaConnection {
  /** With `cleanup.policy=compact`. */
  topic: string;
  /** How long a record may take to be acknowledged, ms: 100..300000. Default 10000. Brokers are waited for at most 5000. */
  timeoutMs?: number;
  /** Signs every value; a removal becomes a value that says so. Default: nothing is signed. */
  signer?: Signer;
}

/** One entry of the topic. A null value is a tombstone: it removes the key. */
export interface TopicEntry {
  /** In its one spelling (`vipKey`, `backendKey`). */
  key: string;
  /** JSON of the record, 65536 bytes at most for balancers to take it. */
  value: string | null;
  /** With a signer: the highest `seq` that the record is known to have had. Default: none. */
  after?: number;
  /** With a signer: a null value stays a tombstone, to clean up behind a signed removal that all balancers have seen. Default false. */
  isCleanup?: boolean;
}

/** Writes to one topic. */
export interface Publisher {
  /**
   * Writes `entries` in their order. Resolves when all are acknowledged, with where they stand; rejects with ERR_BROKER naming the
   * keys that are not: those may or may not be in the topic, and publishing them again is safe. One call at a time.
   */
  publish(entries: readonly TopicEntry[]): Promise<TopicPlace[]>;
  /** Closes the connections. Safe to call twice. */
  close(): Promise<void>;
}

const TIMEOUT_MS_DEFAULT = 10_000;
const CONNECT_TIMEOUT_MS = 5000;
const TOPIC_QUESTIONS_MAX = 5;
const TOPIC_ASK_AGAIN_MS = 200;
const POLL_MS = 5;
/** Entries handed to librdkafka at once; its own queue takes 100,000. */
const CHUNK_ENTRIES = 10_000;
const KEYS_NAMED_MAX = 5;

/** Connects to the brokers. Rejects with ERR_BROKER when they do not answer, ERR_MISSING without node-rdkafka, ERR_OPTION for an option. */
export async function createPublisher(options: PublisherOptions): Promise<Publisher> {
  const topic = checkTopic(options.topic);
  const config = { ...connectionConfig(options), 'enable.idempotence': true, 'linger.ms': 1, dr_cb: true };
  const producer = await connectProducer(await loadKafka(), config, options);
  return new TopicPublisher(producer, topic, options);
}

async function connectProducer(
  kafka: Kafka,
  config: Record<string, string | number | boolean>,
  { brokers, timeoutMs = TIMEOUT_MS_DEFAULT, topic }: PublisherOptions,
): Promise<Producer> {
  const topicConfig = {
    // As Java clients do, so that a key stays in one partition whoever publishes it. librdkafka's own default is CRC32.
    partitioner: 'murmur2_random',
    'message.timeout.ms': timeoutMs,
    'request.required.acks': -1,
  } as const;
  const producer = makeClient(() => new kafka.Producer(config, topicConfig));
  const complaint = new Complaint();
  complaint.listen(producer);
  const ask = { allTopics: false, topic, timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) };
  const outcome = await new Promise<Metadata | Error>((resolve) => {
    producer.connect(ask, (error, metadata) => resolve(outcomeOf(error, metadata)));
  });
  if (outcome instanceof Error) throw clusterError('connect', brokers, complaint.text || outcome);
  if (await isTopicThere(producer, topic, outcome)) return producer;
  await closeProducer(producer);
  throw clusterError(`topic ${topic}`, brokers, 'is not there', 'make it with cleanup.policy=compact');
}

/** Asks again for a second: a topic that was made just now is not known to all brokers yet. */
async function isTopicThere(producer: Producer, topic: string, first: Metadata): Promise<boolean> {
  let answer: Metadata | Error = first;
  for (let left = TOPIC_QUESTIONS_MAX; left > 0; left--) {
    if (!(answer instanceof Error) && partitionsOf(answer, topic).length > 0) return true;
    await sleep(TOPIC_ASK_AGAIN_MS);
    answer = await new Promise((resolve) => {
      const question = { allTopics: false, topic, timeout: CONNECT_TIMEOUT_MS };
      producer.getMetadata(question, (error, metadata) => resolve(outcomeOf(error, metadata)));
    });
  }
  return false;
}

class TopicPublisher implements Publisher {
  private readonly waiting = new Map<number, { entry: TopicEntry; done: (outcome: TopicPlace | string) => void }>();
  private readonly brokers: readonly string[];
  private readonly signer: Signer | undefined;
  private sequence = 0;
  private isClosed = false;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
    { brokers, signer }: PublisherOptions,
  ) {
    this.brokers = brokers;
    this.signer = signer;
    producer.on('delivery-report', (error: LibrdKafkaError | null, report: DeliveryReport) => {
      const id = report.opaque as number;
      const delivery = this.waiting.get(id);
      this.waiting.delete(id);
      delivery?.done(error ? errorText(error) : { partition: report.partition, offset: report.offset });
    });
  }

  async publish(entries: readonly TopicEntry[]): Promise<TopicPlace[]> {
    if (this.isClosed) throw new MaglevError('ERR_CLOSED', `publish to topic ${this.topic}: the publisher is closed`);
    // Delivery reports come out of poll() only.
    const polling = setInterval(() => this.producer.poll(), POLL_MS);
    const places: TopicPlace[] = [];
    try {
      for (let first = 0; first < entries.length; first += CHUNK_ENTRIES) {
        for (const place of await this.publishChunk(entries.slice(first, first + CHUNK_ENTRIES))) places.push(place);
      }
      return places;
    } finally {
      clearInterval(polling);
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await closeProducer(this.producer);
  }

  private async publishChunk(entries: readonly TopicEntry[]): Promise<TopicPlace[]> {
    const outcomes = await Promise.all(entries.map((entry) => this.produce(entry)));
    const places = outcomes.filter((outcome) => typeof outcome !== 'string');
    if (places.length === entries.length) return places;
    const failed = entries.filter((_, i) => typeof outcomes[i] === 'string').map(({ key }) => key);
    const problem = outcomes.findLast((outcome) => typeof outcome === 'string') as string;
    const named = failed.slice(0, KEYS_NAMED_MAX).join(', ');
    const more = failed.length > KEYS_NAMED_MAX ? ` and ${failed.length - KEYS_NAMED_MAX} more` : '';
    throw clusterError(
      `publish ${named}${more} to topic ${this.topic}`,
      this.brokers,
      problem,
      'publishing again is safe',
    );
  }

  private signed({ key, value, after, isCleanup }: TopicEntry): string | null {
    if (this.signer === undefined || (value === null && isCleanup === true)) return value;
    return this.signer.sign({ topic: this.topic, key, value, ...(after !== undefined && { after }) });
  }

  /** Resolves with where it stands, or what went wrong. */
  private produce(entry: TopicEntry): Promise<TopicPlace | string> {
    return new Promise((resolve) => {
      const id = this.sequence++;
      this.waiting.set(id, { entry, done: resolve });
      try {
        const text = this.signed(entry);
        const value = text === null ? null : Buffer.from(text);
        this.producer.produce(this.topic, null, value, entry.key, undefined, id);
      } catch (error) {
        this.waiting.delete(id);
        resolve(errorText(error));
      }
    });
  }
}

// disconnect() flushes first; what is still queued then would be lost, and publish() has waited for it.
async function closeProducer(producer: Producer): Promise<void> {
  await new Promise<void>((resolve) => producer.disconnect(1000, () => resolve()));
}
