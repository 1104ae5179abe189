// test/kafka/support/topics.ts: makes, changes and deletes topics. node-rdkafka does what it can, Kafka's own tools the rest.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText, loadKafka } from '../../../host/membership/sources/kafkaClient.js';
import type { LibrdKafkaError, Metadata } from '../../../host/membership/sources/rdkafka.js';
import { runTool } from './javaTool.js';

export interface TopicSettings {
  /** Default 1. */
  partitions?: number;
  /** Copies of each partition. Default: as many as the cluster makes. */
  replicas?: number;
  /** Settings by Kafka's names, on top of `cleanup.policy=compact`. */
  config?: Readonly<Record<string, string>>;
}

type Done = (error?: LibrdKafkaError) => void;

interface AdminClient {
  createTopic(topic: object, timeoutMs: number, done: Done): void;
  deleteTopic(topic: string, timeoutMs: number, done: Done): void;
  createPartitions(topic: string, total: number, timeoutMs: number, done: Done): void;
  disconnect(): void;
}

const TIMEOUT_MS = 15_000;
const SETTLED_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 50;

/** Makes a topic and waits until every partition of it has a leader. */
export async function createTopic(
  brokers: readonly string[],
  name: string,
  settings: TopicSettings = {},
): Promise<void> {
  const { partitions = 1, replicas = -1, config = {} } = settings;
  const topic = {
    topic: name,
    num_partitions: partitions,
    replication_factor: replicas,
    config: { 'cleanup.policy': 'compact', ...config },
  };
  await administer(brokers, (client, done) => client.createTopic(topic, TIMEOUT_MS, done));
  await untilLed(brokers, name, partitions);
}

/** Deletes a topic and waits until no broker knows it. */
export async function deleteTopic(brokers: readonly string[], name: string): Promise<void> {
  await administer(brokers, (client, done) => client.deleteTopic(name, TIMEOUT_MS, done));
  await untilLed(brokers, name, 0);
}

/** Gives a topic more partitions. */
export async function growTopic(brokers: readonly string[], name: string, partitions: number): Promise<void> {
  await administer(brokers, (client, done) => client.createPartitions(name, partitions, TIMEOUT_MS, done));
  await untilLed(brokers, name, partitions);
}

/** Takes away the records of a partition before an offset, as retention would. */
export async function deleteRecords(
  jars: string,
  brokers: readonly string[],
  name: string,
  beforeOffsets: Readonly<Record<number, number>>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-records-'));
  const partitions = Object.entries(beforeOffsets).map(([partition, offset]) => ({
    topic: name,
    partition: Number(partition),
    offset,
  }));
  try {
    const file = join(folder, 'offsets.json');
    writeFileSync(file, JSON.stringify({ version: 1, partitions }));
    await runTool(jars, 'kafka-delete-records', [...bootstrap(brokers), '--offset-json-file', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What brokers say of a topic; undefined when they do not answer. */
export async function topicMetadata(
  brokers: readonly string[],
  name: string,
): Promise<Metadata['topics'][number] | undefined> {
  const kafka = await loadKafka();
  // A producer that may not make topics: its question is only a question.
  const client = new kafka.Producer({
    'bootstrap.servers': brokers.join(','),
    'allow.auto.create.topics': false,
  } as object);
  client.on('event.error', () => {}); // told by the answer
  const ask = { topic: name, allTopics: false, timeout: 2000 };
  const metadata = await new Promise<Metadata | undefined>((resolve) => {
    client.connect(ask, (error, found) => resolve(error ? undefined : found));
  });
  if (client.isConnected()) await new Promise<void>((resolve) => client.disconnect(1000, () => resolve()));
  return metadata?.topics.find((topic) => topic.name === name);
}

export function bootstrap(brokers: readonly string[]): string[] {
  return ['--bootstrap-server', brokers.join(',')];
}

async function administer(brokers: readonly string[], ask: (client: AdminClient, done: Done) => void): Promise<void> {
  const kafka = (await loadKafka()) as unknown as { AdminClient: { create(config: object): AdminClient } };
  const client = kafka.AdminClient.create({ 'bootstrap.servers': brokers.join(',') });
  try {
    await new Promise<void>((resolve, reject) => {
      ask(client, (error) => (error ? reject(new Error(errorText(error))) : resolve()));
    });
  } finally {
    client.disconnect();
  }
}

/** Waits until brokers say that `name` has so many partitions, each with a leader; 0: that it is not there. */
async function untilLed(brokers: readonly string[], name: string, partitions: number): Promise<void> {
  const deadline = Date.now() + SETTLED_TIMEOUT_MS;
  for (;;) {
    const topic = await topicMetadata(brokers, name);
    const led = topic?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
    if (led === partitions) return;
    if (Date.now() > deadline) throw new Error(`topic ${name} has ${led} partitions with a leader, not ${partitions}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
