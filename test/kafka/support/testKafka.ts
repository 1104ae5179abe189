// test/kafka/support/testKafka.ts: the Kafka that a test file gets. In this order:
//   real      Apache Kafka: the one that test/run.ts started for all files, else one of our own (a JDK and Maven)
//   given     the cluster that KAFKA_BROKERS names (host:port,...): topics are made and deleted there, nothing else is touched
//   embedded  librdkafka's in this process: no compaction, SASL, TLS, topic administration or look-up by time
import { type EmbeddedBroker, startEmbeddedBroker } from '../../../host/membership/sources/embeddedBroker.js';
import { loadKafka } from '../../../host/membership/sources/kafkaClient.js';
import { type Cluster, type ClusterAccess, type ClusterOptions, startCluster } from './cluster.js';
import { createTopic, deleteTopic, type TopicSettings } from './topics.js';

/** Where test/run.ts leaves the access to the cluster that all files share: JSON, `{ access }` or `{ reason }`. */
export const SHARED = 'MAGLEV_TEST_KAFKA';
export type Shared = { access: ClusterAccess; reason?: never } | { access?: never; reason: string };

/**
 * What a case may need. `topics`: making topics with the partitions and settings they ask for, deleting them, look-up by time,
 * compaction. `tools`: Kafka's own programs. `listeners`: SASL and TLS. `cluster`: brokers that may be killed.
 */
export type Ability = 'topics' | 'tools' | 'listeners' | 'cluster';

/** A Kafka to test against. */
export interface TestKafka {
  kind: 'real' | 'given' | 'embedded';
  brokers: readonly string[];
  /** Why a case that needs this cannot run here; undefined when it can. */
  lacks(ability: Ability): string | undefined;
  /** Makes a topic of a new name that begins with `name`, and returns that. The embedded Kafka gives it 4 partitions. */
  createTopic(name: string, settings?: TopicSettings): Promise<string>;
  /** Listeners, certificates, jars. Throws where `lacks` would have said so. */
  access(): ClusterAccess;
  /** Brokers to kill. Throws where `lacks` would have said so. */
  cluster(): Cluster;
  close(): Promise<void>;
}

export interface TestKafkaOptions extends ClusterOptions {
  /** A cluster that nobody shares, whose brokers the test kills. Default false. */
  isPrivate?: boolean;
}

/** Opens the Kafka for this file. Rejects only where node-rdkafka is missing or a cluster that should start does not. */
export async function openTestKafka(options: TestKafkaOptions = {}): Promise<TestKafka> {
  await loadKafka();
  const given = process.env.KAFKA_BROKERS;
  if (given !== undefined && given !== '') return givenKafka(given.split(','));
  const shared = process.env[SHARED] === undefined ? undefined : (JSON.parse(process.env[SHARED]) as Shared);
  if (shared?.reason !== undefined) return embeddedKafka(shared.reason);
  if (shared !== undefined && !options.isPrivate) return realKafka(shared.access);
  const outcome = await startCluster(options).catch((error: Error) => error);
  if (!(outcome instanceof Error)) return realKafka(outcome.access, outcome);
  // Nothing to start it with is a reason for less; a cluster that does not start is a failure.
  if (shared !== undefined || !/^no |^Maven/.test(outcome.message)) throw outcome;
  return embeddedKafka(outcome.message);
}

const NAME_DIGITS = 6;
const names = (name: string): string => {
  const unique = crypto.randomUUID().replaceAll('-', '').slice(0, NAME_DIGITS);
  return `${name}-${unique}`;
};

function realKafka(access: ClusterAccess, cluster?: Cluster): TestKafka {
  const brokers = access.listeners.plain;
  return {
    kind: 'real',
    brokers,
    lacks: (ability) =>
      ability === 'cluster' && cluster === undefined
        ? 'the cluster is shared, its brokers are not to be killed'
        : undefined,
    createTopic: async (name, settings) => {
      const topic = names(name);
      await createTopic(brokers, topic, settings);
      return topic;
    },
    access: () => access,
    cluster: () => cluster ?? refuse(),
    close: async () => cluster?.close(),
  };
}

function givenKafka(brokers: string[]): TestKafka {
  const made: string[] = [];
  return {
    kind: 'given',
    brokers,
    lacks: (ability) => (ability === 'topics' ? undefined : 'the brokers of KAFKA_BROKERS are used as they are'),
    createTopic: async (name, settings) => {
      const topic = names(name);
      await createTopic(brokers, topic, settings);
      made.push(topic);
      return topic;
    },
    access: refuse,
    cluster: refuse,
    close: async () => {
      // One that a test has deleted itself is not there any more.
      for (const topic of made) await deleteTopic(brokers, topic).catch(() => {});
    },
  };
}

async function embeddedKafka(reason: string): Promise<TestKafka> {
  const embedded: EmbeddedBroker = await startEmbeddedBroker({ topics: [] });
  return {
    kind: 'embedded',
    brokers: embedded.brokers,
    lacks: () => `needs a real Kafka: ${reason}`,
    createTopic: async (name) => {
      const topic = names(name);
      await embedded.createTopic(topic);
      return topic;
    },
    access: refuse,
    cluster: refuse,
    close: () => embedded.close(),
  };
}

function refuse(): never {
  throw new Error('this Kafka has no such thing: a case names what it needs');
}
