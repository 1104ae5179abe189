// test/live/programs/embed.ts: a program that embeds the library, steered by a test: any number of balancers in one process.
import { readFileSync } from 'node:fs';
import { onCommand, readConfig, report } from '../../../host/demo/programs/parent.js';
import { type LoadBalancerOptions, MaglevError, memorySource } from '../../../host/index.js';
import { createLoadBalancer, type LoadBalancer } from '../../../host/loadBalancer.js';
import type { Change } from '../../../host/membership/event.js';
import type { MemorySource } from '../../../host/membership/sources/memory.js';

/** What the program is started with. */
export interface EmbedConfig {
  /** Goes into the environment: packet workers see it. */
  env: Record<string, string>;
}

/** Options as far as they can be sent to another process. */
export type EmbedOptions = Omit<LoadBalancerOptions, 'source' | 'signal' | 'logger' | 'workerUrl'> & {
  /** Compiled file of a worker's double. */
  workerFile?: string;
};

/** What is to be done with the balancer `name`. */
export type EmbedStep =
  | { do: 'create'; options: EmbedOptions; records: Change[] }
  | { do: 'apply'; changes: Change[] }
  | { do: 'stats' }
  | { do: 'status' }
  | { do: 'digest'; vip: string }
  | { do: 'close' };

export type EmbedCommand = { number: number; name: string; step: EmbedStep };

/** An event as the balancer told it; `packetSockets`: how many AF_PACKET sockets the namespace had at that moment. */
export interface EmbedEvent {
  type: 'event';
  name: string;
  event: string;
  at: number;
  fields: object;
  packetSockets: number;
}

/** Answers by number of the command. */
export type EmbedReport =
  | { type: 'ready' }
  | { type: 'done'; number: number; value: unknown }
  | { type: 'failed'; number: number; code: string; message: string }
  | EmbedEvent;

const EVENTS = ['applied', 'refused', 'panic', 'drained', 'neighbour', 'link', 'workerRestart', 'error'] as const;
Object.assign(process.env, readConfig<EmbedConfig>().env);
const balancers = new Map<string, { balancer: LoadBalancer; source: MemorySource }>();

function countPacketSockets(): number {
  return readFileSync('/proc/self/net/packet', 'utf8').trim().split('\n').length - 1; // a line of headings
}

async function create(name: string, { workerFile, ...options }: EmbedOptions, records: Change[]): Promise<void> {
  const source = memorySource(records);
  const workerUrl = workerFile === undefined ? {} : { workerUrl: new URL(workerFile, import.meta.url) };
  const balancer = await createLoadBalancer({ ...options, ...workerUrl, source });
  balancers.set(name, { balancer, source });
  for (const event of EVENTS) {
    balancer.on(event, (e: object) => {
      const fields = e instanceof MaglevError ? { code: e.code, message: e.message } : e;
      report<EmbedReport>({ type: 'event', name, event, at: Date.now(), fields, packetSockets: countPacketSockets() });
    });
  }
  await balancer.ready;
}

async function take(name: string, step: EmbedStep): Promise<unknown> {
  if (step.do === 'create') return create(name, step.options, step.records);
  const embedded = balancers.get(name);
  if (embedded === undefined) throw new Error(`no balancer ${name}`);
  const { balancer, source } = embedded;
  if (step.do === 'apply') return source.apply(step.changes);
  if (step.do === 'stats') return balancer.stats();
  if (step.do === 'status') return balancer.status();
  if (step.do === 'digest') return balancer.digest(step.vip);
  balancers.delete(name);
  return balancer.close();
}

onCommand<EmbedCommand>(({ number, name, step }) => {
  take(name, step).then(
    (value) => report<EmbedReport>({ type: 'done', number, value }),
    (error: Error & { code?: string }) =>
      report<EmbedReport>({ type: 'failed', number, code: error.code ?? '', message: error.message }),
  );
});
report<EmbedReport>({ type: 'ready' });
