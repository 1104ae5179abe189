// bench/studies/kafka/balancerProgram.ts: a balancer in a process of its own that follows a topic, and says when what is live.
import { onCommand, readConfig, report } from '../../../host/demo/programs/parent.js';
import { createLoadBalancer } from '../../../host/loadBalancer.js';
import type { MembershipSource } from '../../../host/membership/event.js';
import { kafkaSource } from '../../../host/membership/sources/kafka.js';
import { nowMs } from './prober.js';
import { SECRET } from './records.js';

export interface BalancerConfig {
  brokers: readonly string[];
  topic: string;
  link: string;
}

/** Times are of CLOCK_MONOTONIC, ms. */
export type BalancerReport =
  /** Its source is followed. */
  | { type: 'followed'; atMs: number }
  | { type: 'applied'; atMs: number; vips: number; buildMs: number }
  | { type: 'ready'; atMs: number; memoryMiB: number }
  | { type: 'backends'; count: number; vips: number }
  | { type: 'failed'; message: string };

/** How many backends get flows? `backends` answers. */
export type BalancerCommand = { ask: 'backends' };

const MIB = 2 ** 20;
const { brokers, topic, link } = readConfig<BalancerConfig>();
const tell = (message: BalancerReport): void => report<BalancerReport>(message);

const inner = kafkaSource({ brokers, topic });
const source: MembershipSource = {
  ...inner,
  events(signal, host) {
    tell({ type: 'followed', atMs: nowMs() });
    return inner.events(signal, host);
  },
};
const balancer = await createLoadBalancer({
  hashSecret: SECRET,
  vipsMax: 1024,
  backendsMax: 16_384,
  tablesMiB: 256,
  interfaces: [{ name: link, frameBytes: 2048 }],
  source,
});
balancer.on('applied', ({ vips, buildMs }) => tell({ type: 'applied', atMs: nowMs(), vips: vips.length, buildMs }));
balancer.on('error', ({ message }) => tell({ type: 'failed', message }));
balancer.on('refused', ({ where, field, rule }) => tell({ type: 'failed', message: `${where}: ${field}: ${rule}` }));
onCommand<BalancerCommand>(() => {
  const { vips } = balancer.status();
  const count = vips.flatMap(({ backends }) => backends).filter(({ slots }) => slots > 0).length;
  tell({ type: 'backends', count, vips: vips.length });
});
await balancer.ready;
tell({ type: 'ready', atMs: nowMs(), memoryMiB: process.memoryUsage().rss / MIB });
