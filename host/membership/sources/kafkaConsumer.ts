// host/membership/sources/kafkaConsumer.ts: librdkafka's consumer as a reader of a whole topic uses it: no group, no commits, ends told.
import { type Kafka, makeClient, outcomeOf } from './kafkaClient.js';
import { connectionConfig } from './kafkaConnection.js';
import type { TopicMessage, TopicOptions } from './kafkaTopic.js';
import type { KafkaConsumer, LibrdKafkaError, Message } from './rdkafka.js';

/** Settings of the consumer. Files that they name are read now. Throws ERR_OPTION. */
function consumerConfig(options: TopicOptions): Record<string, string | number | boolean> {
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

/** A consumer that is not connected yet. Throws ERR_OPTION for a setting that librdkafka does not like. */
export function makeConsumer(kafka: Kafka, options: TopicOptions): KafkaConsumer {
  const config = consumerConfig(options);
  // An offset that is not there is for us to decide about.
  return makeClient(() => new kafka.KafkaConsumer(config, { 'auto.offset.reset': 'error' }));
}

/** Connects it. A consumer whose connection failed is of no more use. */
export function connectConsumer(
  consumer: KafkaConsumer,
  topic: string,
  timeoutMs: number,
): Promise<KafkaConsumer | Error> {
  return new Promise((resolve) => {
    consumer.connect({ allTopics: false, topic, timeout: timeoutMs }, (error) => resolve(outcomeOf(error, consumer)));
  });
}

/** What has come, at most `messagesMax`; waits up to `waitMs` for the first. Or the error of a partition. */
export async function consumeSome(
  consumer: KafkaConsumer,
  messagesMax: number,
  waitMs: number,
): Promise<TopicMessage[] | LibrdKafkaError> {
  consumer.setDefaultConsumeTimeout(waitMs);
  const outcome = await new Promise<Message[] | LibrdKafkaError>((resolve) => {
    consumer.consume(messagesMax, (error, messages) => resolve(error ?? messages));
  });
  return Array.isArray(outcome) ? outcome.map(toTopicMessage) : outcome;
}

/** The end of a partition as the broker told with what was fetched last; 0 when it did not yet. */
export function lastToldEnd(consumer: KafkaConsumer, topic: string, partition: number): number {
  try {
    return consumer.getWatermarkOffsets(topic, partition).highOffset;
  } catch {
    return 0;
  }
}

/** Closes it, if it is connected. */
export async function disconnectConsumer(consumer: KafkaConsumer | Error | undefined): Promise<void> {
  if (consumer === undefined || consumer instanceof Error || !consumer.isConnected()) return;
  await new Promise<void>((resolve) => consumer.disconnect(() => resolve()));
}

function toTopicMessage({ partition, offset, key, value, timestamp }: Message): TopicMessage {
  const keyBytes = key === null || key === undefined ? null : Buffer.from(key);
  return { partition, offset, key: keyBytes, value, timestampMs: timestamp ?? 0 };
}
