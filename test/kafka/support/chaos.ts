// test/kafka/support/chaos.ts: the hands of the chaos tests: a producer that writes anything, and balancers that are killed and started.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { errorText, loadKafka } from '../../../host/membership/sources/kafkaClient.js';
import { readTopic, type TopicMessage } from '../../../host/membership/sources/kafkaTopic.js';
import type { LibrdKafkaError } from '../../../host/membership/sources/rdkafka.js';
import type { ChaosAnswer, ChaosConfig } from '../programs/chaosBalancer.js';

const PROGRAM = fileURLToPath(new URL('../programs/chaosBalancer.js', import.meta.url));
const DELIVERY_TIMEOUT_MS = 40_000;
const POLL_MS = 20;

export interface AnyMessage {
  key: string;
  value: Buffer | null;
}

/** Writes what no publisher of ours would: values of 10 MB, bytes that are no text, keys where another partitioner puts them. */
export async function openAnyProducer(brokers: readonly string[], topic: string, partitioner = 'murmur2_random') {
  const kafka = await loadKafka();
  const config = { 'bootstrap.servers': brokers.join(','), 'enable.idempotence': true, dr_cb: true };
  const limits = { 'message.max.bytes': 12_000_000, 'reconnect.backoff.max.ms': 1000 };
  const perTopic = { partitioner, 'message.timeout.ms': DELIVERY_TIMEOUT_MS };
  const producer = new kafka.Producer({ ...config, ...limits }, perTopic);
  let written = 0;
  let under = 0;
  let problem: string | undefined;
  producer.on('event.error', () => undefined); // brokers are killed here
  producer.on('delivery-report', (error: LibrdKafkaError | null) => {
    under--;
    if (error) problem = errorText(error);
  });
  await new Promise((resolve) => producer.connect({ topic, allTopics: false, timeout: 5000 }, resolve));
  const timer = setInterval(() => producer.poll(), POLL_MS);
  return {
    /** Messages so far. */
    get written(): number {
      return written;
    },
    write({ key, value }: AnyMessage): void {
      written++;
      under++;
      producer.produce(topic, null, value, key, undefined, undefined);
    },
    /** Waits until all that was written is acknowledged. */
    async settle(): Promise<void> {
      while (under > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (problem !== undefined) throw new Error(problem);
    },
    async close(): Promise<void> {
      clearInterval(timer);
      await new Promise<void>((resolve) => producer.disconnect(1000, () => resolve()));
    },
  };
}

/** A balancer in a process of its own. What it keeps is its snapshot. */
export class ChaosBalancer {
  private child: ChildProcess | undefined;

  constructor(private readonly config: ChaosConfig) {
    this.start();
  }

  start(): void {
    this.child ??= fork(PROGRAM, [JSON.stringify(this.config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  /** SIGKILL, in the middle of whatever it does. False: it was not there. */
  async kill(): Promise<boolean> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    return true;
  }

  async ask(): Promise<ChaosAnswer> {
    if (this.child?.connected !== true) throw new Error('the balancer is not running');
    const { child } = this;
    const exit = once(child, 'exit').then(() => Promise.reject(new Error('the balancer ended by itself')));
    const answer = once(child, 'message').then(([message]) => message as ChaosAnswer);
    exit.catch(() => undefined); // when it is killed later
    child.send('what have you');
    return Promise.race([answer, exit]);
  }
}

/** All messages that a topic has now. */
export async function readAll(brokers: readonly string[], topic: string, signal: AbortSignal): Promise<TopicMessage[]> {
  const messages: TopicMessage[] = [];
  for await (const event of readTopic({ brokers, topic }, signal)) {
    if (event.type === 'messages') messages.push(...event.messages);
    if (event.type === 'caughtUp') return messages;
  }
  throw new Error(`topic ${topic} was not read`);
}
