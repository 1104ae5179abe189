// bench/studies/kafka/burst.ts: 10,000 records over 20 VIPs at once. Live: the last publication is, and every packet worker has seen it.
import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher, type TopicEntry } from '../../../host/membership/sources/kafka.js';
import type { Figure } from '../../studies.js';
import { BalancerProcess } from './balancerProcess.js';
import type { Setting } from './driver.js';
import { nowMs } from './prober.js';
import { backendEntry, numbers, vipEntry } from './records.js';
import { BALANCER_LINK } from './scene.js';

const VIPS = 20;
const RECORDS = 10_000;
const AIM_MS = 500;
const SETTLED_MS = 400;
const LIVE_TIMEOUT_MS = 20_000;

export async function measureBurst({ kafka, rounds, onStep }: Setting): Promise<Figure[]> {
  const { brokers } = kafka;
  const topic = await kafka.createTopic('burst');
  const publisher = await createPublisher({ brokers, topic });
  await publisher.publish(numbers(1, VIPS).map(vipEntry));
  const { balancer } = await BalancerProcess.start({ brokers, topic, link: BALANCER_LINK });
  const entries = numbers(0, RECORDS).map((n) => backendEntry(1 + (n % VIPS), n));
  const removals: TopicEntry[] = entries.map(({ key }) => ({ key, value: null }));
  const found: { last: number; whole: number; builds: number; publications: number }[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      onStep(`burst ${round + 1} of ${rounds}`);
      balancer.applied.length = 0;
      const startMs = nowMs();
      await publisher.publish(entries);
      const acknowledgedMs = nowMs();
      await untilLive(balancer, RECORDS);
      const liveMs = balancer.applied.at(-1)?.atMs ?? Number.NaN;
      found.push({
        last: Math.max(0, liveMs - acknowledgedMs),
        whole: liveMs - startMs,
        builds: balancer.applied.reduce((sum, { vips }) => sum + vips, 0),
        publications: balancer.applied.length,
      });
      await publisher.publish(removals);
      await untilLive(balancer, 0);
    }
  } finally {
    await balancer.close();
    await publisher.close();
  }
  const name = 'membership.burst';
  return [
    { name, unit: 'ms', rounds: found.map(({ last }) => last), aim: AIM_MS },
    { name: `${name}.whole`, unit: 'ms', rounds: found.map(({ whole }) => whole) },
    { name: `${name}.builds`, unit: 'tables', rounds: found.map(({ builds }) => builds) },
    { name: `${name}.publications`, unit: 'times', rounds: found.map(({ publications }) => publications) },
  ];
}

/** Waits until so many backends get flows, and for a while nothing was published. Asking costs the balancer time, so it is done late. */
async function untilLive(balancer: BalancerProcess, backends: number): Promise<void> {
  for (const deadline = nowMs() + LIVE_TIMEOUT_MS; ; ) {
    const seen = balancer.applied.length;
    await sleep(SETTLED_MS);
    if (balancer.applied.length !== seen) continue;
    const count = await balancer.count();
    if (count.backends === backends) return;
    if (nowMs() > deadline) throw new Error(`${count.backends} of ${backends} backends are live`);
  }
}
