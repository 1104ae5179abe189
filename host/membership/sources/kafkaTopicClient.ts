// host/membership/sources/kafkaTopicClient.ts: the way to the brokers of a topic: a consumer that is made anew when nobody answers it, and looks at
// what is there: who leads which partition, and where each ends.
import type { Bookmark } from './kafkaBookmark.js';
import { errorText, type Kafka, outcomeOf } from './kafkaClient.js';
import { Complaint } from './kafkaComplaint.js';
import { connectConsumer, disconnectConsumer, makeConsumer } from './kafkaConsumer.js';
import { atMost, type Stop } from './kafkaStop.js';
import type { TopicOptions } from './kafkaTopic.js';
import { askEnds, type Ends } from './kafkaTopicEnds.js';
import type { KafkaConsumer, Metadata } from './rdkafka.js';

/** How far partitions are read, and were when we were sure that it is our topic. */
interface Places {
  read: ReadonlyMap<number, Bookmark>;
  known: ReadonlyMap<number, Bookmark>;
  /** Number of the reading that they are of. */
  epoch: number;
}

/** What a look found. */
export interface Look {
  metadata: Metadata | Error;
  /** Not there where they could not all be asked for. */
  ends?: Ends;
  /** That of the places it was about. */
  epoch: number;
}

/** What is told at any time: the end of a partition is reached. */
type OnEnd = (partition: number, offset: number) => void;

/** Pause before brokers that are away, or a topic that is not there, are asked for again. */
export const RETRY_MS = 500;
const LOOK_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MIN_MS = 500;
const CONNECT_TIMEOUT_MAX_MS = 5000;
/** A consumer that nobody has answered for so long is replaced: files for TLS and SASL may be others by now. */
const RENEW_AFTER_MS = 10_000;
/** A stop leaves a native call that is still waiting for brokers behind after this; it ends by itself and is then closed. */
const STOP_WAIT_MS = 500;

export class TopicClient {
  /** The connected consumer; undefined: call connect(). */
  consumer: KafkaConsumer | undefined;
  private connecting: Promise<KafkaConsumer | Error> | undefined;
  private connectTimeoutMs = CONNECT_TIMEOUT_MIN_MS;
  private isFirst = true;
  private answeredMs = 0;
  private isAnswered = true;
  private readonly complaint = new Complaint();
  private lookAtMs = 0;
  private looking: Promise<void> | undefined;
  private look: Look | undefined; // until somebody takes it

  constructor(
    private readonly kafka: Kafka,
    private readonly options: TopicOptions,
    private readonly refreshMs: number,
    private readonly stop: Stop,
    private readonly onEnd: OnEnd,
  ) {}

  /** Tries once. Resolves with why it failed, or undefined. Throws ERR_OPTION, the first time, for settings that cannot be. */
  async connect(): Promise<string | undefined> {
    const consumer = this.make();
    if (consumer instanceof Error) return consumer.message;
    this.connecting = connectConsumer(consumer, this.options.topic, this.connectTimeoutMs);
    const outcome = await this.stop.orStopped(this.connecting);
    if (outcome === undefined) return undefined; // close() waits for it
    this.connecting = undefined;
    if (outcome instanceof Error) {
      // connect() has torn that consumer down: the next try gets a new one, and more time.
      this.connectTimeoutMs = Math.min(2 * this.connectTimeoutMs, CONNECT_TIMEOUT_MAX_MS);
      return this.noAnswer(outcome);
    }
    this.consumer = outcome;
    this.answeredMs = Date.now();
    this.lookSoon();
    return undefined;
  }

  /** Looks when it is time to. `isAway`: something is missed, so look more often. */
  lookWhenDue(places: Places, isAway: boolean): void {
    const { consumer } = this;
    if (consumer === undefined || this.looking !== undefined) return;
    if (isAway) this.lookAtMs = Math.min(this.lookAtMs, Date.now() + RETRY_MS);
    if (Date.now() < this.lookAtMs) return;
    this.looking = this.lookAt(consumer, places).then((look) => {
      this.looking = undefined;
      if (consumer !== this.consumer) return; // of one that was replaced
      this.look = look;
      const isComplete = !(look.metadata instanceof Error) && look.ends !== undefined;
      this.lookAtMs = Date.now() + (isComplete ? this.refreshMs : Math.min(RETRY_MS, this.refreshMs));
    });
  }

  lookSoon(): void {
    this.lookAtMs = 0;
  }

  /** What the last look found, once. */
  takeLook(): Look | undefined {
    const { look } = this;
    this.look = undefined;
    this.isAnswered = look === undefined ? this.isAnswered : !(look.metadata instanceof Error);
    if (look !== undefined && this.isAnswered) {
      this.answeredMs = Date.now();
      this.complaint.clear();
    }
    return look;
  }

  /** Gives up a consumer that nobody has answered for long. Returns whether it did. */
  renewWhenStuck(): boolean {
    if (Date.now() - this.answeredMs < RENEW_AFTER_MS) return false;
    void disconnectConsumer(this.consumer);
    this.consumer = undefined;
    this.answeredMs = Date.now();
    return true;
  }

  /** Says that brokers do not answer, and why. */
  noAnswer(error: Error): string {
    return `brokers ${this.options.brokers.join(',')} do not answer: ${this.complaint.text || errorText(error)}`;
  }

  async close(): Promise<void> {
    // A connect that is under way cannot be stopped; it is closed as soon as it is there.
    const closed =
      this.connecting === undefined ? disconnectConsumer(this.consumer) : this.connecting.then(disconnectConsumer);
    await atMost(closed, STOP_WAIT_MS);
  }

  private make(): KafkaConsumer | Error {
    let consumer: KafkaConsumer;
    try {
      consumer = makeConsumer(this.kafka, this.options);
    } catch (error) {
      if (this.isFirst) throw error;
      return error as Error; // a file that was there at the start
    }
    this.isFirst = false;
    this.complaint.listen(consumer);
    // librdkafka tells errors of single connections; whether brokers are away is for a look to say.
    consumer.on('event.error', () => {
      if (this.isAnswered) this.lookSoon();
    });
    consumer.on('partition.eof', ({ partition, offset }) => {
      if (consumer === this.consumer) this.onEnd(partition, offset);
    });
    return consumer;
  }

  private async lookAt(consumer: KafkaConsumer, { read, known, epoch }: Places): Promise<Look> {
    const { topic } = this.options;
    const metadata = await new Promise<Metadata | Error>((resolve) => {
      const question = { allTopics: false, topic, timeout: LOOK_TIMEOUT_MS };
      consumer.getMetadata(question, (error, found) => resolve(outcomeOf(error, found)));
    });
    if (metadata instanceof Error) return { metadata, epoch };
    const isLed = partitionsOf(metadata, topic).every(({ leader }) => leader >= 0);
    // Without a leader there is no answer, and a second to wait for it.
    const ends =
      isLed && read.size > 0 ? await askEnds(consumer, topic, read, known).catch(() => undefined) : undefined;
    return { metadata, epoch, ...(ends !== undefined && { ends }) };
  }
}

/** The partitions of `topic`; none when it is not there. */
export function partitionsOf(metadata: Metadata, topic: string): Metadata['topics'][number]['partitions'] {
  return metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
}
