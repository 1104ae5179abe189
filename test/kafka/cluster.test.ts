// The Kafka that these tests run against: what they take for granted.
import * as assert from 'uvu/assert';
import { createPublisher } from '../../host/membership/sources/kafka.js';
import { readTopic, type TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { kafkaSuite } from './support/suite.js';
import { topicMetadata } from './support/topics.js';

const test = await kafkaSuite('kafka/cluster');

test(
  'what is published is read, from a topic with the partitions that were asked for',
  { needs: ['topics'] },
  async (kafka, signal) => {
    const topic = await kafka.createTopic('published', { partitions: 3 });
    assert.is((await topicMetadata(kafka.brokers, topic))?.partitions.length, 3);
    const publisher = await createPublisher({ brokers: kafka.brokers, topic });
    await publisher.publish([
      { key: 'a', value: '1' },
      { key: 'b', value: null },
    ]);
    await publisher.close();
    const read: TopicMessage[] = [];
    for await (const event of readTopic({ brokers: kafka.brokers, topic }, signal)) {
      if (event.type === 'messages') read.push(...event.messages);
      if (event.type === 'caughtUp') break;
    }
    assert.equal(read.map(({ key, value }) => [key?.toString(), value?.toString() ?? null]).sort(), [
      ['a', '1'],
      ['b', null],
    ]);
  },
);

test.run();
