// test/kafka/programs/chaosBalancer.ts: a balancer without interfaces that follows a topic with a snapshot, in a process that can be killed.
import { Engine } from '../../../host/engine.js';
import { followSource } from '../../../host/follow.js';
import { kafkaSource } from '../../../host/membership/sources/kafka.js';
import { readCore } from '../../../host/options.js';

/** What it is told at its start, as JSON in its first argument. */
export interface ChaosConfig {
  brokers: readonly string[];
  topic: string;
  snapshot: string;
  secret: string;
}

/** The answer to any message. */
export interface ChaosAnswer {
  offsets: Readonly<Record<number, number>>;
  digests: [key: string, digest: string][];
  refusals: number;
}

const { brokers, topic, snapshot, secret } = JSON.parse(process.argv[2] ?? '{}') as ChaosConfig;
const engine = new Engine({
  settings: readCore({ hashSecret: secret, vipsMax: 64, backendsMax: 2048, tablesMiB: 4, flowsMax: 64 }),
  shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 },
  sourceFor: () => undefined,
});
let refusals = 0;
const nothing = (): void => undefined;

process.on('message', () => {
  const digests = [...engine.vips.keys()].sort().map((key): [string, string] => [key, engine.digest(key)]);
  process.send?.({ offsets: engine.position?.offsets ?? {}, digests, refusals } satisfies ChaosAnswer);
});
process.on('disconnect', () => process.exit(0));

await followSource(
  kafkaSource({ brokers, topic, snapshot, refreshMs: 300 }),
  {
    apply: (changes, origin) => engine.apply(changes, { ...origin, isGradual: true }),
    restored: nothing,
    caughtUp: nothing,
    current: nothing,
    stale: nothing,
    fresh: nothing,
    refused: () => void refusals++,
    failed: (error) => {
      throw error;
    },
    packets: () => engine.packets(),
  },
  new AbortController().signal,
);
