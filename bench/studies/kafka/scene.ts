// bench/studies/kafka/scene.ts: a VIP with 1,000 backends and 65537 slots in a topic, a balancer that follows it, and a client.
import { createPublisher, type Publisher } from '../../../host/membership/sources/kafka.js';
import { BalancerProcess } from './balancerProcess.js';
import type { Setting } from './driver.js';
import { Flows, SynFrame } from './flows.js';
import { Prober } from './prober.js';
import { backendEntry, numbers, vipEntry } from './records.js';

export const BALANCER_LINK = 'v0';
export const CLIENT_LINK = 'v1';
export const VIP = 1;
export const BACKENDS = 1000;

export interface Scene {
  publisher: Publisher;
  balancer: BalancerProcess;
  prober: Prober;
  flows: Flows;
  frame: SynFrame;
}

/** Runs `body` in it. */
export async function withScene<T>({ kafka, onStep }: Setting, body: (scene: Scene) => Promise<T>): Promise<T> {
  onStep('a VIP with 1,000 backends');
  const topic = await kafka.createTopic('one-vip');
  const { brokers } = kafka;
  const publisher = await createPublisher({ brokers, topic });
  const prober = Prober.open(CLIENT_LINK);
  let balancer: BalancerProcess | undefined;
  try {
    await publisher.publish([vipEntry(VIP), ...numbers(0, BACKENDS).map((n) => backendEntry(VIP, n))]);
    ({ balancer } = await BalancerProcess.start({ brokers, topic, link: BALANCER_LINK }));
    const flows = await Flows.of(VIP, numbers(0, BACKENDS));
    return await body({ publisher, balancer, prober, flows, frame: new SynFrame(VIP) });
  } finally {
    await balancer?.close();
    prober.close();
    await publisher.close();
  }
}
