// host/membership/sources/kafkaEnds.ts: where the partitions of a topic end now, without reading them.
import { clusterError, loadKafka, outcomeOf } from './kafkaClient.js';
import { Complaint } from './kafkaComplaint.js';
import { disconnectConsumer, makeConsumer } from './kafkaConsumer.js';
import { checkTopicOptions, type TopicOptions } from './kafkaTopic.js';
import { partitionsOf } from './kafkaTopicClient.js';
import { askRange } from './kafkaTopicEnds.js';
import type { LibrdKafkaError, Metadata } from './rdkafka.js';

/**
 * The offset behind the last message of each partition, by its number. Rejects with ERR_BROKER when brokers do not answer within
 * `timeoutMs`, or the topic is not there.
 */
export async function readEnds(options: TopicOptions, timeoutMs: number): Promise<Record<string, number>> {
  checkTopicOptions(options);
  const { topic, brokers } = options;
  const consumer = makeConsumer(await loadKafka(), options);
  const complaint = new Complaint();
  complaint.listen(consumer);
  const metadata = await new Promise<Metadata | Error>((resolve) => {
    consumer.connect({ allTopics: false, topic, timeout: timeoutMs }, (error, found) =>
      resolve(outcomeOf(error, found)),
    );
  });
  if (metadata instanceof Error) throw clusterError(`ends of topic ${topic}`, brokers, complaint.text || metadata);
  try {
    const partitions = partitionsOf(metadata, topic);
    if (partitions.length === 0) throw clusterError(`topic ${topic}`, brokers, 'is not there');
    const endOf = async (partition: number): Promise<[number, number]> => {
      const { highOffset } = await askRange(consumer, topic, partition, timeoutMs).catch((error: LibrdKafkaError) => {
        throw clusterError(`end of partition ${partition} of topic ${topic}`, brokers, error);
      });
      return [partition, highOffset];
    };
    return Object.fromEntries(await Promise.all(partitions.map(({ id }) => endOf(id))));
  } finally {
    await disconnectConsumer(consumer);
  }
}
