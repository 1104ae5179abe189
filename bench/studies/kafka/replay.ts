// bench/studies/kafka/replay.ts: a balancer without a snapshot reads 10,000 backends under 1,000 VIPs from the topic's start.
import { createPublisher } from '../../../host/membership/sources/kafka.js';
import type { Figure } from '../../studies.js';
import { BalancerProcess } from './balancerProcess.js';
import type { Setting } from './driver.js';
import { Flows, SynFrame } from './flows.js';
import { Prober } from './prober.js';
import { backendEntry, numbers, vipEntry } from './records.js';
import { BALANCER_LINK, CLIENT_LINK } from './scene.js';

const VIPS = 1000;
const BACKENDS = 10;

export async function measureReplay({ kafka, rounds, onStep }: Setting): Promise<Figure[]> {
  const { brokers } = kafka;
  const topic = await kafka.createTopic('replay');
  const publisher = await createPublisher({ brokers, topic });
  const backendsOf = (vip: number): number[] => numbers(vip * BACKENDS, BACKENDS);
  const vips = numbers(1, VIPS);
  await publisher.publish(vips.flatMap((n) => [vipEntry(n), ...backendsOf(n).map((b) => backendEntry(n, b))]));
  await publisher.close();
  const found: { first: number; all: number; memory: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    onStep(`start ${round + 1} of ${rounds}`);
    const { balancer, readyMs, memoryMiB } = await BalancerProcess.start({ brokers, topic, link: BALANCER_LINK });
    try {
      found.push({ first: balancer.firstMs, all: readyMs, memory: memoryMiB });
      const count = await balancer.count();
      if (count.backends !== VIPS * BACKENDS || count.vips !== VIPS)
        throw new Error(`live are ${JSON.stringify(count)}`);
      await checkForwards(VIPS, backendsOf(VIPS));
    } finally {
      await balancer.close();
    }
  }
  const name = 'membership.replay';
  return [
    { name, unit: 'ms', rounds: found.map(({ all }) => all) },
    { name: `${name}.first`, unit: 'ms', rounds: found.map(({ first }) => first) },
    { name: `${name}.memory`, unit: 'MiB', rounds: found.map(({ memory }) => memory) },
  ];
}

/** What is called live forwards: a frame for the last VIP comes out again. */
async function checkForwards(vip: number, backends: readonly number[]): Promise<void> {
  const flows = await Flows.of(vip, backends);
  const prober = Prober.open(CLIENT_LINK);
  const took = prober.roundTrip(new SynFrame(vip), flows.take(backends[0] ?? 0));
  prober.close();
  if (took === Number.POSITIVE_INFINITY) throw new Error('the last VIP does not forward');
}
