// test/kafka/support/shared.ts: one real Kafka for all test files of a run: test/run.ts starts it and leaves its address in the environment.
import { loadKafka } from '../../../host/membership/sources/kafkaClient.js';
import { startCluster } from './cluster.js';
import { kafkaJars } from './jars.js';
import { SHARED, type Shared } from './testKafka.js';

/** Starts it, unless KAFKA_BROKERS names one or there is nothing to start it with. Rejects when it does not start. */
export async function shareKafka(): Promise<{ close(): Promise<void> }> {
  const isGiven = (process.env.KAFKA_BROKERS ?? '') !== '';
  const hasClient = await loadKafka().then(
    () => true,
    () => false, // each file says why
  );
  if (isGiven || !hasClient) return { close: async () => {} };
  const { reason } = kafkaJars();
  if (reason !== undefined) {
    share({ reason });
    return { close: async () => {} };
  }
  const cluster = await startCluster();
  share({ access: cluster.access });
  return { close: () => cluster.close() };
}

function share(shared: Shared): void {
  process.env[SHARED] = JSON.stringify(shared);
}
