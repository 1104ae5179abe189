// host/membership/sources/kafkaEnds.ts: where the partitions of a topic end now, without reading them.
import { clusterError, loadKafka, makeClient, outcomeOf } from './kafkaClient.js';
import { Complaint } from './kafkaComplaint.js';
import { connectionConfig } from './kafkaConnection.js';
import { checkTopicOptions, type TopicOptions } from './kafkaTopic.js';
import type { KafkaConsumer, Metadata } from './rdkafka.js';

/**
 * The offset behind the last message of each partition, by its number. Rejects with ERR_BROKER when brokers do not answer within
 * `timeoutMs`, or the topic is not there.
 */
export async function readEnds(options: TopicOptions, timeoutMs: number): Promise<Record<string, number>> {
  checkTopicOptions(options);
  const { topic, brokers } = options;
  const kafka = await loadKafka();
  const config = { ...connectionConfig(options), 'group.id': 'maglev-dsr', 'enable.auto.commit': false };
  const consumer = makeClient(() => new kafka.KafkaConsumer(config, {}));
  const complaint = new Complaint();
  complaint.listen(consumer);
  const metadata = await new Promise<Metadata | Error>((resolve) => {
    consumer.connect({ allTopics: false, topic, timeout: timeoutMs }, (error, found) =>
      resolve(outcomeOf(error, found)),
    );
  });
  if (metadata instanceof Error) throw clusterError(`ends of topic ${topic}`, brokers, complaint.text || metadata);
  try {
    const partitions = metadata.topics.find(({ name }) => name === topic)?.partitions ?? [];
    if (partitions.length === 0) throw clusterError(`topic ${topic}`, brokers, 'is not there');
    const ends = await Promise.all(partitions.map(({ id }) => endOf(consumer, options, id, timeoutMs)));
    return Object.fromEntries(partitions.map(({ id }, i) => [id, ends[i] as number]));
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()));
  }
}

function endOf(
  consumer: KafkaConsumer,
  { topic, brokers }: TopicOptions,
  partition: number,
  timeoutMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    consumer.queryWatermarkOffsets(topic, partition, timeoutMs, (error, ends) => {
      if (error) reject(clusterError(`end of partition ${partition} of topic ${topic}`, brokers, error));
      else resolve(ends.highOffset);
    });
  });
}
