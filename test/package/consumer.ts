// test/package/consumer.ts: a program of somebody who uses the package. Compiled against the packed declarations with strict
// TypeScript, their declarations checked as well, and without the DOM's types: it must compile, and is never run.
import {
  type Applied,
  type Change,
  createDecapsulator,
  createHotPath,
  createLoadBalancer,
  type DecapStatus,
  type DecapsulatorOptions,
  type ErrorCode,
  type Events,
  fileSource,
  HOT_EVENTS,
  type LoadBalancer,
  type LoadBalancerOptions,
  type Logger,
  MaglevError,
  type MembershipSource,
  memorySource,
  type SourceEvent,
  type Stats,
  type Status,
  serveControl,
  VERDICTS,
  type View,
  verdictName,
} from 'maglev-dsr';
import { type Agreement, agreementOf, readFleet, reportStatus } from 'maglev-dsr/fleet';
import {
  type Batch,
  createHotPath as createSame,
  type FrameMeta,
  type HotPath,
  type Outcome,
} from 'maglev-dsr/hotpath';
import { createPublisher, type KafkaSourceOptions, kafkaSource, type Publisher } from 'maglev-dsr/kafka';
import { applyChanges, backendKey, EMPTY_STATE, effectiveBackends, vipKey } from 'maglev-dsr/membership';
import { balancerMetrics, METRICS, type MetricsServer, serveMetrics } from 'maglev-dsr/metrics';

const VIP: Change = { put: { address: '192.0.2.80', protocol: 'tcp', port: 80, encap: { type: 'ipip' } } };

export async function hotPath(frame: Uint8Array): Promise<string> {
  const path: HotPath = await createSame({ nextHops: { '10.0.1.9': '02:00:00:00:01:09' }, nowMs: () => 0 });
  const applied: Applied = await path.apply([VIP, { remove: 'tcp/192.0.2.80:443' }]);
  const meta: FrameMeta = { vlanTci: 7, packetType: 0 };
  const outcome: Outcome = path.forward(frame, meta);
  const batch: Batch = path.batch(1);
  batch.setLength(0, 60);
  batch.run();
  path[Symbol.dispose]();
  return `${applied.slotsMoved} ${outcome.backend?.length ?? 0} ${verdictName(batch.verdict(0))}`;
}

/** A source of somebody's own. */
export function ownSource(): MembershipSource {
  return {
    name: 'our own',
    async *events(signal: AbortSignal): AsyncGenerator<SourceEvent> {
      yield { type: 'changes', changes: [VIP] };
      yield { type: 'caughtUp' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
}

export async function balance(logger: Logger, signal: AbortSignal): Promise<Status> {
  const options: LoadBalancerOptions = {
    interfaces: [{ name: 'eth0', workers: 2 }],
    source: memorySource([VIP]),
    announce: 'arp',
    logger,
    signal,
  };
  await using balancer: LoadBalancer = await createLoadBalancer(options);
  balancer.on('applied', ({ generation, vips }) => logger.info({ vips }, `${generation}`));
  balancer.on('drained', (e: Events['drained']) => logger.info(e, e.backend));
  await balancer.ready;
  const stats: Stats = balancer.stats();
  logger.debug({ forwarded: stats.verdicts.FORWARD_L2 }, balancer.digest('tcp/192.0.2.80:80'));
  return balancer.status();
}

export async function publish(options: KafkaSourceOptions): Promise<[MembershipSource, MembershipSource]> {
  const publisher: Publisher = await createPublisher(options);
  const vip = { address: '192.0.2.80', protocol: 'tcp', port: 80 } as const;
  await publisher.publish([{ key: backendKey({ vip: vipKey(vip), address: '10.0.1.9' }), value: null }]);
  return [kafkaSource(options), fileSource('members.yaml')];
}

/** The other end of a tunnel. */
export async function decapsulate(signal: AbortSignal): Promise<[DecapStatus, number]> {
  const options: DecapsulatorOptions = {
    interface: 'eth0',
    sources: ['10.0.0.2', '10.1.0.0/24'],
    types: ['gue'],
    signal,
  };
  await using decapsulator = await createDecapsulator(options);
  decapsulator.on('addresses', ({ inners }) => inners.length);
  return [decapsulator.status(), decapsulator.stats().verdicts.DECAP_GUE ?? 0];
}

export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof MaglevError ? error.code : undefined;
}

export const pure = [applyChanges(EMPTY_STATE, [VIP]).touched, effectiveBackends({}, []), VERDICTS, HOT_EVENTS];
export const bothAreOne: boolean = createHotPath === createSame;

// @ts-expect-error: a protocol that is none
export const wrong: Change = { put: { address: '192.0.2.80', protocol: 'icmp', port: 80 } };

/** Everything that is to be seen of a balancer from outside. */
export async function surfaces(balancer: LoadBalancer): Promise<string> {
  await using control = await serveControl(balancer, { socket: '/run/lb.sock' });
  await using metrics: MetricsServer = await serveMetrics(balancer, { listen: '127.0.0.1:0' });
  using own = balancerMetrics(balancer);
  const connection = { brokers: ['10.0.0.5:9092'] };
  await using reporter = reportStatus(balancer, { ...connection, statusTopic: 'balancer-status' });
  const agreement: Agreement = agreementOf(await readFleet({ ...connection, topic: 'balancer-status' }), { nowMs: 0 });
  const view: View = await balancer.view();
  const { digest } = view.vips[0] ?? { digest: '' };
  return `${control.path} ${metrics.url} ${await own.text()} ${reporter.id} ${agreement.verdict} ${digest} ${METRICS.frames.name}`;
}
