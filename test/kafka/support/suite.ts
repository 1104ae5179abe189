// test/kafka/support/suite.ts: a suite against Kafka. Cases say what they need; one that cannot run here is skipped by name, with the reason.
import { suite } from 'uvu';
import { bounded } from '../../membership/support.js';
import { type Ability, openTestKafka, type TestKafka, type TestKafkaOptions } from './testKafka.js';

interface CaseOptions {
  needs?: readonly Ability[];
  /** The case fails after this, ms. Default 20000. */
  limitMs?: number;
}

/** Defines a case. `signal` is aborted when it ends, or is out of time. */
interface KafkaSuite {
  (title: string, options: CaseOptions, body: (kafka: TestKafka, signal: AbortSignal) => Promise<void>): void;
  /** Runs the cases and closes the Kafka behind them. */
  run(): void;
}

const LIMIT_MS_DEFAULT = 20_000;

/** Opens a Kafka for this file and a suite for its cases. */
export async function kafkaSuite(name: string, options: TestKafkaOptions = {}): Promise<KafkaSuite> {
  const inner = suite(name);
  const kafka = await openTestKafka(options).catch((error: Error & { code?: string }) => {
    if (error.code === 'ERR_MISSING') return error; // node-rdkafka
    throw error;
  });
  const define: KafkaSuite = Object.assign(
    (title: string, { needs = [], limitMs = LIMIT_MS_DEFAULT }: CaseOptions, body: Parameters<KafkaSuite>[2]) => {
      const reason =
        kafka instanceof Error ? kafka.message : needs.map((ability) => kafka.lacks(ability)).find(Boolean);
      if (reason === undefined)
        inner(
          title,
          bounded(limitMs, (signal) => body(kafka as TestKafka, signal)),
        );
      else {
        console.log(`skipped: ${name}: ${title}: ${reason}`);
        inner.skip(title);
      }
    },
    { run: () => inner.run() },
  );
  inner.after(() => (kafka instanceof Error ? undefined : kafka.close()));
  return define;
}
