// host/cli/drain.ts: `maglev-dsr drain`: backends get no new connections; with --wait until none is left, on any balancer.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type DrainOptions,
  type DrainState,
  type DrainTarget,
  drainStates,
  isDrainedEverywhere,
} from '../fleet/drainStanding.js';
import { followFleet } from '../fleet/fleetTopic.js';
import type { FleetView } from '../fleet/view.js';
import { parseKey } from '../membership/key.js';
import { type EditCliOptions, type EditedKeys, editCommand, editNamed } from './editCommand.js';
import { fleetTarget, needed } from './fleetOptions.js';
import { kafkaTarget } from './kafkaOptions.js';
import { openPublisher } from './stepOptions.js';
import { untilStopped } from './stopSignal.js';

const LOOK_MS = 250;
const WAIT_S_DEFAULT = 3600;
const WAIT_S_MAX = 604_800;
/** Exit code when the backends are draining, and something is left on them. */
const EXIT_NOT_DRAINED = 2;

const HELP = `
Drained is a backend when no slot and no flow is left on it, on every balancer that the record is for; that takes an idle timeout at
least. --wait asks the status topic of the fleet, where balancers report (fleet.statusTopic of their configuration).
A balancer that does not report is waited for: it may still forward. Its tombstone says that it is gone.

Exit code 0: done; with --wait: nothing is left on them, they can be switched off. 1: not published, and why.
2: draining, and something is left on them after --wait-timeout or Ctrl-C.

Examples:
  $ maglev-dsr drain tcp/192.0.2.80:80/10.0.1.9 --kafka-config lb.yaml
  $ maglev-dsr drain --address 10.0.1.9 --wait --kafka-config lb.yaml && ssh 10.0.1.9 systemctl stop nginx`;

interface CliOptions extends EditCliOptions {
  wait?: boolean;
  waitTimeout: number;
  statusTopic?: string;
}

/** The command, for commander. */
export function drainCommand(): Command {
  return editCommand({
    name: 'drain',
    summary: 'let backends finish: no new connections',
    description: 'Makes backends draining: they keep the connections they have and get no new ones.',
  })
    .argument('[keys...]', 'keys of backends: tcp/192.0.2.80:80/10.0.1.9')
    .option('--wait', 'return when nothing is left on them, on any balancer of the fleet')
    .option('--wait-timeout <seconds>', 'longest wait', parseSeconds, WAIT_S_DEFAULT)
    .option('--status-topic <name>', 'where balancers report (default: fleet.statusTopic of --kafka-config)')
    .addHelpText('after', HELP)
    .action(drain);
}

async function drain(keys: string[], cli: CliOptions): Promise<void> {
  const statusTopic = cli.wait ? needed(fleetTarget(cli).statusTopic, '--status-topic') : undefined;
  const publisher = await openPublisher(cli);
  let edited: EditedKeys;
  try {
    edited = await editNamed(publisher, keys, cli, (set) => ({ set, state: 'draining' }));
  } finally {
    await publisher.close();
  }
  if (statusTopic === undefined || cli.dryRun) return;
  const isDrained = await waitForFleet(edited, statusTopic, cli);
  if (!isDrained) process.exitCode = EXIT_NOT_DRAINED;
}

/** False when something is left after the timeout, or Ctrl-C. */
async function waitForFleet({ keys, outcome }: EditedKeys, statusTopic: string, cli: CliOptions): Promise<boolean> {
  const { connection, scope } = fleetTarget(cli);
  const { topic } = kafkaTarget(cli);
  const targets = keys.map((key): DrainTarget => {
    const { vip, backend } = parseKey(key);
    return { vip, address: backend ?? '', place: outcome.places.get(key) ?? { partition: 0, offset: -1 } };
  });
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(cli.waitTimeout * 1000);
  deadline.addEventListener('abort', () => stop.abort('after --wait-timeout'), { once: true });
  untilStopped().then((signal) => stop.abort(signal));
  const seen: { view?: FleetView; away?: string | undefined } = {};
  const following = (async () => {
    for await (const { view, away } of followFleet({ ...connection, topic: statusTopic }, stop.signal)) {
      Object.assign(seen, { view, away });
    }
  })();
  const waiting = untilDrained(seen, targets, { topic, scope }, stop.signal);
  const states = await Promise.race([waiting, following.then(() => waiting)]);
  stop.abort();
  await following;
  tellEnd(states, cli);
  return isDrainedEverywhere(states);
}

/** Looks, and tells what changes, until it is so or `signal` is aborted. */
async function untilDrained(
  seen: { view?: FleetView; away?: string | undefined },
  targets: readonly DrainTarget[],
  asked: Pick<DrainOptions, 'topic' | 'scope'>,
  signal: AbortSignal,
): Promise<DrainState[]> {
  let told = '';
  let states: DrainState[] = [];
  while (!signal.aborted) {
    states = seen.view === undefined ? [] : drainStates(seen.view, targets, { ...asked, nowMs: Date.now() });
    if (isDrainedEverywhere(states)) break;
    const text = seen.away ?? progressText(states);
    if (text !== told) process.stderr.write(`waiting: ${text}\n`);
    told = text;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return states;
}

function progressText(states: readonly DrainState[]): string {
  if (states.length === 0) return 'no balancer reports';
  const open = states.filter(({ standing }) => standing !== 'drained');
  const words = {
    flows: 'has flows on',
    behind: 'has not read of',
    reporting: 'is reporting on',
    silent: 'is silent on',
  };
  const lines = open.map(({ id, target, standing }) =>
    standing === 'drained' ? '' : `${id} ${words[standing]} ${target.vip}/${target.address}`,
  );
  const more = lines.length > 5 ? `, and ${lines.length - 5} more` : '';
  return `${states.length - open.length} of ${states.length} drained; ${lines.slice(0, 5).join(', ')}${more}`;
}

function tellEnd(states: readonly DrainState[], { json }: CliOptions): void {
  if (json) {
    const items = states.map(({ id, target, standing }) => ({
      balancer: id,
      vip: target.vip,
      backend: target.address,
      standing,
    }));
    process.stdout.write(`${JSON.stringify({ drained: isDrainedEverywhere(states), balancers: items })}\n`);
  } else if (isDrainedEverywhere(states)) process.stdout.write('drained: nothing is left on any balancer\n');
  else process.stdout.write(`not drained: ${progressText(states)}\n`);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 1 && seconds <= WAIT_S_MAX) return seconds;
  throw new InvalidArgumentError(`must be 1..${WAIT_S_MAX} s`);
}
