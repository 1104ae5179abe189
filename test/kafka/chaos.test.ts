// Brokers and balancers are killed while records come: good and bad, twice, to another partition than they belong to, of a VIP that somebody
// else owns. Afterwards all balancers have the tables that a plain model computes from what is in the log, and one that starts then refuses
// just what it should. Chance has fixed seeds; which record meets which kill is the scheduler's.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { TopicMessage } from '../../host/membership/sources/kafkaTopic.js';
import { MALFORMED } from '../membership/malformed.js';
import { modelDigests } from '../model/topic.js';
import { randomEvent } from '../simulation/topicEvents.js';
import { type Random, random } from '../support/random.js';
import { ChaosBalancer, openAnyProducer, readAll } from './support/chaos.js';
import { FILE_TEXT, foreignRefusals, malformedRefusals, ownedByFile, withFile } from './support/chaosModel.js';
import { kafkaSuite } from './support/suite.js';
import type { TestKafka } from './support/testKafka.js';

const test = await kafkaSuite('kafka/chaos', { isPrivate: true, brokers: 3 });

const SECRET = 'a secret of 16 bytes';
const BALANCERS = 4;
const STEPS = 40;
const STEP_MS = 60;
const ASK_AGAIN_MS = 200;
const HUGE_BYTES = 1e6;

type Producer = Awaited<ReturnType<typeof openAnyProducer>>;

interface Scene {
  producer: Producer;
  /** Its partitioner is another. */
  foreigner: Producer;
  balancers: ChaosBalancer[];
}

/** What was done to them. */
interface Tally {
  balancersKilled: number;
  doubled: number;
}

/** Writes for a while; `disturb` is called before each step. */
async function live(scene: Scene, chance: Random, disturb: () => Promise<void>): Promise<Tally> {
  const { balancers } = scene;
  const tally = { balancersKilled: 0, doubled: 0 };
  for (let step = 0; step < STEPS; step++) {
    await disturb();
    const victim = chance.pick(balancers);
    if (chance.int(4) === 0 && (await victim.kill())) tally.balancersKilled++;
    if (chance.int(2) === 0) for (const balancer of balancers) balancer.start();
    for (let i = chance.int(60); i >= 0; i--) {
      const event = randomEvent(chance);
      const producer = chance.int(8) === 0 ? scene.foreigner : scene.producer;
      producer.write(event);
      if (chance.int(10) > 0) continue;
      producer.write(event); // twice, as a producer that is not idempotent would
      tally.doubled++;
    }
    await sleep(STEP_MS);
  }
  for (const balancer of balancers) balancer.start();
  return tally;
}

async function chaos(kafka: TestKafka, signal: AbortSignal, seed: number, hasBrokersKilled: boolean): Promise<void> {
  const chance = random(seed);
  const { brokers } = kafka;
  const topic = await kafka.createTopic('chaos', { partitions: 3, config: { 'min.insync.replicas': '1' } });
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-chaos-'));
  const file = join(folder, 'members.yaml');
  await writeFile(file, FILE_TEXT);
  const common = { brokers, topic, secret: SECRET };
  // The last one has a VIP of the topic from a file as well.
  const balancers = Array.from({ length: BALANCERS }, (_, i) => {
    const snapshot = join(folder, `snapshot-${i}`);
    return new ChaosBalancer({ ...common, snapshot, ...(i === BALANCERS - 1 && { file }) });
  });
  const producer = await openAnyProducer(brokers, topic);
  const foreigner = await openAnyProducer(brokers, topic, 'fnv1a_random');
  const late: ChaosBalancer[] = [];
  try {
    // The empty value of the list is a tombstone when node-rdkafka has written it; javaClient.test.ts has a real one.
    const malformed = MALFORMED.filter(
      ({ value }) => value.length > 0 && (kafka.kind !== 'embedded' || value.length < HUGE_BYTES),
    );
    for (const message of malformed) producer.write(message);
    const kills = hasBrokersKilled ? brokerKills(kafka, chance) : undefined;
    const tally = await live({ producer, foreigner, balancers }, chance, async () => kills?.next());
    await kills?.end();
    for (const each of [producer, foreigner]) await each.settle();
    const messages = await readAll(brokers, topic, signal);
    assert.is(messages.length, producer.written + foreigner.written);
    assertChaos(messages, { ...tally, brokersKilled: kills?.count() }, malformed);
    // Two more, which see the whole log at once: what they refuse can be told from it.
    late.push(new ChaosBalancer(common), new ChaosBalancer({ ...common, file }));
    const answers = [];
    for (const balancer of [...balancers, ...late]) answers.push(await untilRead(balancer, messages, signal));
    const expected = modelDigests(messages, SECRET);
    const expectedWithFile = modelDigests(withFile(messages), SECRET);
    assert.ok(expected.length > 5 && expectedWithFile.length > 5, `${expected.length} VIPs`);
    for (const [i, { digests }] of answers.entries()) {
      const hasFile = i === BALANCERS - 1 || i === BALANCERS + 1;
      assert.equal(digests, hasFile ? expectedWithFile : expected, `seed ${seed}, balancer ${i}`);
    }
    const [plain, owned] = answers.slice(BALANCERS).map(({ refusals }) => refusals.map(withoutRun).sort());
    const refused = malformedRefusals(messages);
    assert.equal(plain, refused.sort());
    const foreign = foreignRefusals(messages, topic, file);
    assert.ok(foreign.length >= 10, `${foreign.length} records of a VIP that the file owns`);
    assert.equal(owned, [...refused, ...foreign].sort());
  } finally {
    for (const balancer of [...balancers, ...late]) await balancer.kill();
    for (const each of [producer, foreigner]) await each.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** That there was chaos: every kind of it, and how much. */
function assertChaos(
  messages: readonly TopicMessage[],
  { balancersKilled, doubled, brokersKilled }: Tally & { brokersKilled: number | undefined },
  malformed: typeof MALFORMED,
): void {
  assert.ok(messages.length > 800, `${messages.length} messages`);
  assert.ok(balancersKilled >= 4, `${balancersKilled} balancers killed`);
  assert.ok(brokersKilled === undefined || brokersKilled >= 2, `${brokersKilled} brokers killed`);
  assert.ok(doubled >= 80, `${doubled} records twice`);
  const texts = new Set(messages.map(({ key, value }) => `${key} ${value?.toString('latin1')}`));
  for (const { what, key, value } of malformed) assert.ok(texts.has(`${key} ${value.toString('latin1')}`), what);
  const homes = new Map<string, Set<number>>();
  for (const { key, partition } of messages) homes.set(`${key}`, (homes.get(`${key}`) ?? new Set()).add(partition));
  const homeless = [...homes.values()].filter(({ size }) => size > 1).length;
  assert.ok(homeless >= 50, `${homeless} keys in several partitions`);
  assert.ok(messages.filter(ownedByFile).length >= 50);
}

/** What a balancer says when it has read all messages. */
async function untilRead(balancer: ChaosBalancer, messages: readonly TopicMessage[], signal: AbortSignal) {
  const ends = new Map<number, number>();
  for (const { partition, offset } of messages) ends.set(partition, Math.max(offset + 1, ends.get(partition) ?? 0));
  for (;;) {
    const answer = await balancer.ask();
    if ([...ends].every(([partition, end]) => (answer.offsets[partition] ?? 0) >= end)) return answer;
    signal.throwIfAborted();
    await sleep(ASK_AGAIN_MS);
  }
}

/** Refusals of what came together say where that ended, which is as chance has it. */
function withoutRun(refusal: string): string {
  return refusal.replace(/^(\d+ events of topic .*, up to offset \d+ of partition \d+|change \d+): /, '');
}

/** One broker after the other is killed and comes back some steps later, with two of three always there. */
function brokerKills(kafka: TestKafka, chance: Random) {
  const cluster = kafka.cluster();
  let down: number | undefined;
  let count = 0;
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
      count++;
    },
    end: back,
    count: () => count,
  };
}

for (const seed of [1, 2]) {
  test(
    `brokers and balancers are killed, records are bad, twice, mixed, astray: all have the model's tables (seed ${seed})`,
    { needs: ['topics', 'cluster'], limitMs: 80_000 },
    (kafka, signal) => chaos(kafka, signal, seed, true),
  );
}

test(
  "balancers are killed, records are bad, twice, mixed, astray: all have the model's tables (seed 3)",
  { limitMs: 60_000 },
  (kafka, signal) => chaos(kafka, signal, 3, false),
);

test.run();
