// bench/studies/kafka/broker.ts: the Kafka that is measured with: a real one of its own, as the tests start it, where this is a clone of
// the repository with Java and the jars; else the cluster that node-rdkafka brings.
import { startEmbeddedBroker } from '../../../host/membership/sources/embeddedBroker.js';

export interface BenchKafka {
  /** What it is, and if it is not a real one, why. */
  name: string;
  brokers: readonly string[];
  /** Makes a topic of a new name that begins with `name`: one partition; of the embedded cluster four. */
  createTopic(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Fetches what a real one needs, where there is still a network. */
export async function prepareKafka(): Promise<void> {
  await inClone(async () => (await import('../../../test/kafka/support/jars.js')).kafkaJars());
}

/** Starts it in the network namespace of this process, where no other cluster can be reached. */
export async function openKafka(): Promise<BenchKafka> {
  for (const name of ['KAFKA_BROKERS', 'MAGLEV_TEST_KAFKA']) delete process.env[name];
  const kafka = await inClone(async () => (await import('../../../test/kafka/support/testKafka.js')).openTestKafka());
  if (kafka === undefined) return embedded('this is not a clone of the repository');
  if (kafka.kind === 'real') return { ...kafka, name: 'Apache Kafka, one broker' };
  const reason = kafka.lacks('topics');
  await kafka.close();
  return embedded(reason ?? '');
}

/** The tests and their Kafka are not in the package. */
async function inClone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function embedded(reason: string): Promise<BenchKafka> {
  const cluster = await startEmbeddedBroker({ topics: [] });
  const createTopic = async (name: string) => {
    await cluster.createTopic(name);
    return name;
  };
  return { ...cluster, createTopic, name: `the embedded cluster of librdkafka (${reason})` };
}
