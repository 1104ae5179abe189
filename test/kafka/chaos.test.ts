// Brokers and balancers are killed while records come, good and bad: afterwards all balancers have the tables that a plain model computes
// from what is in the log. Chance has fixed seeds; which record meets which kill is the scheduler's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { applyChanges, EMPTY_STATE } from '../../host/membership/state.js';
import { MALFORMED } from '../membership/malformed.js';
import { modelDigests } from '../model/topic.js';
import { randomEvent } from '../simulation/topicEvents.js';
import { type Random, random } from '../support/random.js';
import { ChaosBalancer, openAnyProducer, readAll } from './support/chaos.js';
import { kafkaSuite } from './support/suite.js';
import type { TestKafka } from './support/testKafka.js';

const test = await kafkaSuite('kafka/chaos', { isPrivate: true, brokers: 3 });

const SECRET = 'a secret of 16 bytes';
const BALANCERS = 4;
const STEPS = 40;
const STEP_MS = 60;
const ASK_AGAIN_MS = 200;

interface Scene {
  producer: Awaited<ReturnType<typeof openAnyProducer>>;
  balancers: ChaosBalancer[];
}

/** Writes for a while; `disturb` is called before each step. */
async function live({ producer, balancers }: Scene, chance: Random, disturb: () => Promise<void>): Promise<void> {
  for (let step = 0; step < STEPS; step++) {
    await disturb();
    const victim = chance.pick(balancers);
    if (chance.int(4) === 0) await victim.kill();
    if (chance.int(2) === 0) for (const balancer of balancers) balancer.start();
    for (let i = chance.int(60); i >= 0; i--) {
      const event = randomEvent(chance);
      producer.write(event);
      if (chance.int(10) === 0) producer.write(event); // twice, as a producer that is not idempotent would
    }
    await sleep(STEP_MS);
  }
  for (const balancer of balancers) balancer.start();
}

async function chaos(kafka: TestKafka, signal: AbortSignal, seed: number, hasBrokersKilled: boolean): Promise<void> {
  const chance = random(seed);
  const { brokers } = kafka;
  const topic = await kafka.createTopic('chaos', { partitions: 3, config: { 'min.insync.replicas': '1' } });
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-chaos-'));
  const balancers = Array.from(
    { length: BALANCERS },
    (_, i) => new ChaosBalancer({ brokers, topic, snapshot: join(folder, `members-${i}`), secret: SECRET }),
  );
  const producer = await openAnyProducer(brokers, topic);
  try {
    for (const malformed of MALFORMED)
      if (kafka.kind !== 'embedded' || malformed.value.length < 1e6) producer.write(malformed);
    const kills = hasBrokersKilled ? brokerKills(kafka, chance) : undefined;
    await live({ producer, balancers }, chance, async () => kills?.next());
    await kills?.end();
    await producer.settle();
    const messages = await readAll(brokers, topic, signal);
    const expected = modelDigests(messages, SECRET);
    assert.ok(messages.length > 800 && expected.length > 5, `${messages.length} messages, ${expected.length} VIPs`);
    const ends = new Map<number, number>();
    for (const { partition, offset } of messages) ends.set(partition, Math.max(offset + 1, ends.get(partition) ?? 0));
    for (const [i, balancer] of balancers.entries()) {
      let answer = await balancer.ask();
      while ([...ends].some(([partition, end]) => (answer.offsets[partition] ?? 0) < end)) {
        signal.throwIfAborted();
        await sleep(ASK_AGAIN_MS);
        answer = await balancer.ask();
      }
      assert.equal(answer.digests, expected, `seed ${seed}, balancer ${i}`);
    }
  } finally {
    for (const balancer of balancers) await balancer.kill();
    await producer.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One broker after the other is killed and comes back some steps later, with two of three always there. */
function brokerKills(kafka: TestKafka, chance: Random) {
  const cluster = kafka.cluster();
  let down: number | undefined;
  const back = async () => {
    if (down !== undefined) await cluster.startNode(down);
    down = undefined;
  };
  return {
    async next(): Promise<void> {
      if (chance.int(8) !== 0) return;
      if (down !== undefined) return back();
      down = chance.pick(cluster.nodes);
      await cluster.stopNode(down);
    },
    end: back,
  };
}

for (const seed of [1, 2]) {
  test(
    `brokers and balancers are killed, records are bad, twice, mixed: all have the model's tables (seed ${seed})`,
    { needs: ['topics', 'cluster'], limitMs: 80_000 },
    (kafka, signal) => chaos(kafka, signal, seed, true),
  );
}

test(
  "balancers are killed, records are bad, twice, mixed: all have the model's tables (seed 3)",
  { limitMs: 60_000 },
  (kafka, signal) => chaos(kafka, signal, 3, false),
);

test('the same VIP from two sources: who came first keeps it, whatever the topic says', {}, async () => {
  const put = (port: number) => ({ put: { address: '192.0.2.80', protocol: 'tcp' as const, port } });
  const first = applyChanges(EMPTY_STATE, [put(80)], { source: 'file members.yaml' });
  const second = applyChanges(first.state, [put(80), put(81)], { source: 'kafka topic t' });
  assert.is(second.refusals.length, 1);
  assert.match(second.refusals[0]?.rule ?? '', /file members\.yaml, which owns this key: one source a VIP/);
  assert.is(second.state.vips.get('tcp/192.0.2.80:80')?.source, 'file members.yaml');
  assert.is(second.state.vips.get('tcp/192.0.2.80:81')?.source, 'kafka topic t');
});

test.run();
