// host/membership/sources/rdkafka.ts: the part of node-rdkafka's interface that we use, in our own words, so that the build
// needs no package that may have failed to compile.

/** What librdkafka calls back with when something failed; not an instance of Error. */
export interface LibrdKafkaError {
  message: string;
  /** RdKafka::ErrorCode: below 0 librdkafka's own, above 0 a broker's. */
  code: number;
}

/** A line of librdkafka's log. */
export interface LogEvent {
  /** What it is about: `FAIL` a connection that failed. */
  fac: string;
  message: string;
}

/** Who and what there is. */
export interface Metadata {
  brokers: { host: string; port: number }[];
  topics: { name: string; partitions: { id: number; leader: number; replicas: number[] }[] }[];
}

/** A message as it was read; null is a tombstone. */
export interface Message {
  value: Buffer | null;
  key?: Buffer | string | null;
  partition: number;
  offset: number;
  timestamp?: number;
}

/** What became of a message that was produced. */
export interface DeliveryReport {
  partition: number;
  offset: number;
  /** What produce() was given to know it by. */
  opaque?: unknown;
}

interface MetadataOptions {
  topic?: string;
  allTopics?: boolean;
  timeout?: number;
}

type MetadataDone = (error: LibrdKafkaError, metadata: Metadata) => void;

interface Client {
  connect(options: MetadataOptions, done: MetadataDone): unknown;
  getMetadata(options: MetadataOptions, done: MetadataDone): unknown;
  isConnected(): boolean;
  on(event: 'event.error', listener: (error: LibrdKafkaError) => void): unknown;
  on(event: 'event.log', listener: (event: LogEvent) => void): unknown;
}

export interface KafkaConsumer extends Client {
  on(event: 'event.error', listener: (error: LibrdKafkaError) => void): unknown;
  on(event: 'event.log', listener: (event: LogEvent) => void): unknown;
  on(event: 'partition.eof', listener: (end: { partition: number; offset: number }) => void): unknown;
  assign(places: { topic: string; partition: number; offset: number }[]): unknown;
  consume(messagesMax: number, done: (error: LibrdKafkaError, messages: Message[]) => void): void;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  /** As last told with a message. Throws for a partition of which none came. */
  getWatermarkOffsets(topic: string, partition: number): { lowOffset: number; highOffset: number };
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: (error: LibrdKafkaError, ends: { lowOffset: number; highOffset: number }) => void,
  ): unknown;
  offsetsForTimes(
    times: { topic: string; partition: number; offset: number }[],
    timeoutMs: number,
    done: (error: LibrdKafkaError, offsets: { partition: number; offset: number }[]) => void,
  ): unknown;
  disconnect(done: () => void): unknown;
}

export interface Producer extends Client {
  on(event: 'event.error', listener: (error: LibrdKafkaError) => void): unknown;
  on(event: 'event.log', listener: (event: LogEvent) => void): unknown;
  on(event: 'delivery-report', listener: (error: LibrdKafkaError, report: DeliveryReport) => void): unknown;
  produce(
    topic: string,
    partition: number | null,
    value: Buffer | null,
    key: string,
    timestamp: number | undefined,
    opaque: unknown,
  ): unknown;
  poll(): unknown;
  disconnect(timeoutMs: number, done: () => void): unknown;
}

/** The package. */
export interface Kafka {
  KafkaConsumer: new (config: object, topicConfig: object) => KafkaConsumer;
  Producer: new (config: object, topicConfig?: object) => Producer;
}
