// host/demo/membership.ts: how the demo tells its balancer who is there: records in Kafka, or a file where librdkafka is not built.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MaglevError } from '../errors.js';
import type { Backend, Change, Vip } from '../membership/event.js';
import type { MembershipConfig } from './balancer.js';
import { LabProgram } from './lab/program.js';
import type { Topology } from './lab/topology.js';
import type { BrokerCommand, BrokerConfig, BrokerReport } from './programs/broker.js';

/** Where membership is published. */
export type MembershipKind = 'kafka' | 'file';

/** Somewhere to publish records, and how the balancer reads them. */
export interface DemoMembership {
  readonly config: MembershipConfig;
  /** Publishes records; resolves when they are written, which is before the balancer has applied them. */
  publish(changes: Change[]): Promise<void>;
}

const TOPIC = 'balancer-members';
const BROKER_TIMEOUT_MS = 20_000;
/** Link-local (RFC 3927), used by nobody. */
const BROKER_SIDE_ADDRESS = '169.254.80.1/32';

/** Opens membership of that kind for the balancer of a topology. */
export function openMembership(kind: MembershipKind, topology: Topology): Promise<DemoMembership> {
  return kind === 'kafka' ? openKafka(topology) : Promise.resolve(openFile(topology));
}

async function openKafka({ balancer, family }: Topology): Promise<DemoMembership> {
  const config: BrokerConfig = { topic: TOPIC };
  const script = new URL('programs/broker.js', import.meta.url);
  // getaddrinfo(3) with AI_ADDRCONFIG, as librdkafka asks, refuses 127.0.0.1 where no other interface has an IPv4 address.
  if (family === 6) await balancer.addAddress('eth0', BROKER_SIDE_ADDRESS);
  let published = 0;
  const waiting = new Map<number, () => void>();
  const broker = new LabProgram<BrokerCommand, BrokerReport>(balancer, script, config, (report) => {
    if (report.type === 'published') waiting.get(report.number)?.();
  });
  const { brokers } = await broker.first('ready', BROKER_TIMEOUT_MS);
  return {
    config: { kafka: { brokers, topic: TOPIC } },
    publish: (changes) => {
      const number = ++published;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new MaglevError('ERR_INTERNAL', `publishing to topic ${TOPIC}: ${broker.lastWords()}`)),
          BROKER_TIMEOUT_MS,
        );
        waiting.set(number, () => {
          clearTimeout(timer);
          waiting.delete(number);
          resolve();
        });
        broker.send({ type: 'publish', number, changes });
      });
    },
  };
}

function openFile({ lab }: Topology): DemoMembership {
  const file = join(lab.directory, 'members.yaml');
  const vips = new Map<string, Vip>();
  const backends = new Map<string, Backend>();
  return {
    config: { file },
    publish: async (changes) => {
      for (const change of changes) {
        if (!('put' in change)) throw new MaglevError('ERR_INTERNAL', 'the demo removes no records');
        const record = change.put;
        if ('vip' in record) backends.set(`${record.vip}/${record.address}`, record);
        else vips.set(`${record.protocol}/${record.address}:${record.port}`, record);
      }
      const content = {
        vips: [...vips].map(([key, vip]) => ({ ...vip, backends: backendsOf(key, backends.values()) })),
      };
      await writeFile(`${file}.new`, JSON.stringify(content, undefined, 2));
      await rename(`${file}.new`, file); // at once, so that nobody reads half of it
    },
  };
}

/** Backends of a VIP as a file lists them: below it, without its key. */
function backendsOf(key: string, backends: Iterable<Backend>): Omit<Backend, 'vip'>[] {
  return [...backends].filter(({ vip }) => vip === key).map(({ vip: _, ...backend }) => backend);
}
