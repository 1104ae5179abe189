// test/fleet/following.ts: balancers without a network that follow a topic and report, as real ones do; and the command, run beside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { reportOf } from '../../host/fleet/records.js';
import { type Reporter, reportStatus } from '../../host/fleet/reporter.js';
import { followSource, UNHEARD } from '../../host/follow.js';
import type { Change, MembershipSource, SourceEvent } from '../../host/membership/event.js';
import { createPublisher, kafkaSource } from '../../host/membership/sources/kafka.js';
import { packageVersion } from '../../host/version.js';
import { PaperBalancer, TOPIC } from './support.js';

export const STATUS_TOPIC = 'balancer-status';
const COMMAND = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const COMMAND_MS_MAX = 30_000;
/** The mock answers an empty fetch only after this; real brokers answer as soon as there is something. */
export const FAST = { 'fetch.wait.max.ms': 10 };

/** How one of them is other than the rest. */
export interface Oddities {
  hashSecret?: string;
  /** It never sees these. */
  loses?: (change: Change) => boolean;
}

/** A balancer that follows the topic and reports. */
export class FollowingBalancer {
  readonly paper: PaperBalancer;
  readonly reporter: Reporter;
  private readonly stop = new AbortController();
  private readonly following: Promise<unknown>;

  constructor(brokers: string[], id: string, { hashSecret, loses = () => false }: Oddities = {}) {
    this.paper = new PaperBalancer('eth0', hashSecret);
    this.paper.isReady = false;
    const { engine, hub } = this.paper;
    const source = losing(kafkaSource({ brokers, topic: TOPIC, librdkafka: FAST }), loses);
    const follower = {
      apply: async (changes: Change[], origin: object) => {
        const outcome = await engine.apply(changes, origin);
        hub.emit('applied', { ...outcome.applied, vips: [] });
        return outcome;
      },
      ...UNHEARD,
      caughtUp: () => {
        this.paper.isReady = true;
        hub.emit('fresh', { source: TOPIC });
      },
      failed: (error: Error) => {
        throw error;
      },
      packets: () => new Map<string, number>(),
    };
    this.following = followSource(source, follower, this.stop.signal);
    this.reporter = reportStatus(this.paper, {
      brokers,
      statusTopic: STATUS_TOPIC,
      id,
      everyMs: 500,
      librdkafka: FAST,
    });
  }

  /** Stops as on SIGTERM. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.following;
    await this.reporter.close();
  }

  /** Says once, as another balancer, what this one is: one that was killed right after its report. */
  async reportOnceAs(id: string, brokers: string[]): Promise<void> {
    const identity = {
      id,
      run: 'killed',
      host: 'lb',
      pid: 1,
      version: packageVersion(),
      startedAtMs: 0,
      everyMs: 3000,
    };
    const { balancer, tables } = reportOf(identity, await this.paper.view(), this.paper.status(), Date.now());
    const publisher = await createPublisher({ brokers, topic: STATUS_TOPIC });
    await publisher.publish([...[...tables].map(([key, value]) => ({ key, value })), balancer]);
    await publisher.close();
  }
}

function losing(source: MembershipSource, loses: (change: Change) => boolean): MembershipSource {
  return {
    ...source,
    async *events(signal, host): AsyncGenerator<SourceEvent> {
      for await (const event of source.events(signal, host)) {
        if (event.type !== 'changes') yield event;
        else yield { ...event, changes: event.changes.filter((change) => !loses(change)) };
      }
    },
  };
}

/** What a run of the command left. */
export interface Ran {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `maglev-dsr` to its end, or, with `signal`, until that is sent when `until` has been written to stdout. */
export async function runCommand(
  args: string[],
  { until, signal = 'SIGINT' as NodeJS.Signals } = {} as { until?: RegExp; signal?: NodeJS.Signals },
): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (until?.test(stdout)) child.kill(signal);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  clearTimeout(timer);
  return { exitCode: child.exitCode, stdout, stderr };
}
