// test/kafka/programs/chaosBalancer.ts: a balancer without interfaces that follows a topic, in a process that can be killed. It may follow a file
// too, which it has read before it asks for the topic.
import { Engine } from '../../../host/engine.js';
import { type Follower, followSource, UNHEARD } from '../../../host/follow.js';
import { formatRefusal } from '../../../host/membership/refusal.js';
import { fileSource } from '../../../host/membership/sources/file.js';
import { kafkaSource } from '../../../host/membership/sources/kafka.js';
import { readCore } from '../../../host/options.js';

/** What it is told at its start, as JSON in its first argument. */
export interface ChaosConfig {
  brokers: readonly string[];
  topic: string;
  /** Where it keeps what it knows; none: it reads the topic from its start. */
  snapshot?: string;
  file?: string;
  secret: string;
}

/** The answer to any message. */
export interface ChaosAnswer {
  offsets: Readonly<Record<number, number>>;
  digests: [key: string, digest: string][];
  /** Since this process began. */
  refusals: string[];
}

const { brokers, topic, snapshot, file, secret } = JSON.parse(process.argv[2] ?? '{}') as ChaosConfig;
const engine = new Engine({
  settings: readCore({ hashSecret: secret, vipsMax: 64, backendsMax: 2048, tablesMiB: 4, flowsMax: 64 }),
  shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 },
  sourceFor: () => undefined,
});
const refusals: string[] = [];

process.on('message', () => {
  const digests = [...engine.vips.keys()].sort().map((key): [string, string] => [key, engine.digest(key)]);
  process.send?.({ offsets: engine.position?.offsets ?? {}, digests, refusals } satisfies ChaosAnswer);
});
process.on('disconnect', () => process.exit(0));

const follower: Follower = {
  apply: (changes, origin) => engine.apply(changes, { ...origin, isGradual: true }),
  ...UNHEARD,
  refused: (refusal) => void refusals.push(formatRefusal(refusal)),
  failed: (error) => {
    throw error;
  },
  packets: () => engine.packets(),
};
const { signal } = new AbortController();
if (file !== undefined) {
  await new Promise<void>((resolve) => {
    void followSource(fileSource(file), { ...follower, caughtUp: resolve }, signal);
  });
}
await followSource(
  kafkaSource({ brokers, topic, refreshMs: 300, ...(snapshot !== undefined && { snapshot }) }),
  follower,
  signal,
);
