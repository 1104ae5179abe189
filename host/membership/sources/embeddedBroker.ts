// host/membership/sources/embeddedBroker.ts: a Kafka cluster inside this process, for the demo and for tests: librdkafka's own mock.
//
// It speaks the real protocol on 127.0.0.1 of the network namespace it was started in. It has no compaction, no SASL or TLS, no
// topic administration; it keeps 5 MB a partition, answers an empty fetch only after fetch.wait.max.ms, and makes any topic
// that a client asks for with 4 partitions.

import { clusterError, loadKafka, makeClient, outcomeOf } from './kafkaClient.js';
import type { LibrdKafkaError, Metadata } from './rdkafka.js';

/** A cluster in this process. */
export interface EmbeddedBroker {
  /** Addresses for other clients. */
  brokers: string[];
  /** Makes a topic of 4 partitions. Rejects with ERR_BROKER when that fails. */
  createTopic(topic: string): Promise<void>;
  /** Ends it, and with it all that was written. Safe to call twice. */
  close(): Promise<void>;
}

interface EmbeddedBrokerOptions {
  /** Topics to make, 4 partitions each. */
  topics: readonly string[];
  /** 1..16. Default 1. */
  brokerCount?: number;
}

const START_TIMEOUT_MS = 5000;

/** Starts a cluster with `topics`. Rejects with ERR_MISSING when node-rdkafka is not there or the cluster does not start. */
export async function startEmbeddedBroker({ topics, brokerCount = 1 }: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const kafka = await loadKafka();
  // The cluster lives in the client that asked for it, and dies with it.
  const client = makeClient(() => new kafka.Producer({ 'test.mock.num.brokers': brokerCount } as object));
  const metadata = await ask((done) => client.connect({ allTopics: false, timeout: START_TIMEOUT_MS }, done));
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= new Promise<void>((resolve) => client.disconnect(1000, () => resolve()));
    return closing;
  };
  const createTopic = async (topic: string): Promise<void> => {
    // A producer's question makes the topic.
    const question = { topic, allTopics: false, timeout: START_TIMEOUT_MS };
    const answer = await ask((done) => client.getMetadata(question, done));
    if (answer instanceof Error) throw clusterError(`topic ${topic}`, ['an embedded broker'], answer);
  };
  try {
    if (metadata instanceof Error) throw clusterError('start of an embedded broker', ['127.0.0.1'], metadata);
    for (const topic of topics) await createTopic(topic);
    return { brokers: metadata.brokers.map(({ host, port }) => `${host}:${port}`), createTopic, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Done = (error: LibrdKafkaError, metadata: Metadata) => void;

function ask(question: (done: Done) => void): Promise<Metadata | Error> {
  return new Promise((resolve) => question((error, metadata) => resolve(outcomeOf(error, metadata))));
}
