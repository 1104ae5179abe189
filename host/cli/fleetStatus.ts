// host/cli/fleetStatus.ts: `maglev-dsr fleet status`: who lags, who differs, and in which slots?
import { Command, InvalidArgumentError } from 'commander';
import { MaglevError } from '../errors.js';
import { type Agreement, agreementOf, SILENT_MS_DEFAULT, type Verdict } from '../fleet/agreement.js';
import { followFleet } from '../fleet/fleetTopic.js';
import { investigate } from '../fleet/investigate.js';
import type { FleetView } from '../fleet/view.js';
import { readEnds } from '../membership/sources/kafkaEnds.js';
import { addFleetOptions, type FleetCliOptions, type FleetTarget, fleetTarget, needed } from './fleetOptions.js';
import { fleetJson, fleetLines } from './fleetText.js';

const SETTLE_MS_DEFAULT = 5000;
const MS_MAX = 600_000;
const COUNT_MAX = 10_000;

/** Exit codes by what was found. */
const EXIT_CODES: Record<Verdict, number> = { agree: 0, differ: 1, lag: 2, unknown: 3 };

const HELP = `
Balancers with the same records and the same secret have equal tables, whatever order they were told in. One that has read less than there is
LAGS and cannot be compared. One that has read as far, and has another table, DIFFERS: from what the log says, when it can be built
(--hash-secret-file), else from most of the others. Then the log is read up to where it has read it, the tables are built here, and the slots
and what they were filled with are named. A balancer whose last report is older than --silent is SILENT.

Balancers that are on their way are given --settle ms to get there, so that this may follow an apply at once. One that never reported is
nobody's to miss, but with --expect.

Examples:
  $ maglev-dsr fleet status --brokers 10.0.0.5:9092 --status-topic balancer-status --hash-secret-file secret
  $ maglev-dsr fleet status --kafka-config balancer.yaml --expect 10 --json

Exit code 0: all agree. 1: somebody differs, or the command line is wrong. 2: somebody lags, is silent, starting or (--expect) not there. 3: cannot tell: nobody
has reported, brokers do not answer, or two differ and nobody knows who is right.`;

interface CliOptions extends FleetCliOptions {
  json?: true;
  log: boolean;
  expect: number;
  silent: number;
  settle: number;
}

/** The command, for commander. */
export function fleetStatusCommand(): Command {
  return addFleetOptions(
    new Command('status')
      .summary('who lags, who differs, and in which slots')
      .description('Says whether all balancers of a fleet have the same tables.')
      .option('--no-log', 'compare balancers with each other only, do not read the members')
      .option('--expect <count>', 'how many balancers there are to be', readCount, 1)
      .option('--silent <ms>', 'who has not reported for so long is silent', readMs, SILENT_MS_DEFAULT)
      .option('--settle <ms>', 'how long to wait for those on their way', readMs, SETTLE_MS_DEFAULT)
      .option('--json', 'as JSON')
      .addHelpText('after', HELP),
  ).action(run);
}

async function run(cli: CliOptions): Promise<void> {
  try {
    const target = fleetTarget(cli);
    const { view, ends } = await settledView(target, cli);
    const findings = await investigate(view, {
      ends,
      ...(cli.log && { log: target.connection }),
      ...(target.hashSecret !== undefined && { hashSecret: target.hashSecret }),
      ...(target.panicShare !== undefined && { panicShare: target.panicShare }),
      timeoutMs: target.timeoutMs,
      expected: cli.expect,
      silentMs: cli.silent,
      nowMs: Date.now(),
    });
    process.stdout.write(
      cli.json ? `${JSON.stringify(fleetJson(findings))}\n` : `${fleetLines(findings).join('\n')}\n`,
    );
    process.exitCode = EXIT_CODES[findings.agreement.verdict];
  } catch (error) {
    if (!(error instanceof MaglevError)) throw error;
    process.stderr.write(`maglev-dsr: ${error.message}\n`);
    process.exitCode = EXIT_CODES.unknown;
  }
}

/** The fleet as soon as nobody is on his way any more, or when the time for that is over. */
async function settledView(
  target: FleetTarget,
  { silent, settle, expect, log }: CliOptions,
): Promise<{ view: FleetView; ends: Map<string, Record<string, number>> }> {
  const topic = needed(target.statusTopic, '--status-topic');
  const ends = new Map<string, Record<string, number>>();
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), target.timeoutMs);
  let view: FleetView | undefined;
  let reason = 'no answer yet';
  try {
    for await (const event of followFleet({ ...target.connection, topic }, stop.signal)) {
      if (event.away !== undefined) {
        reason = event.away;
        continue;
      }
      if (view === undefined) {
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), settle);
      }
      view = event.view;
      if (log) await findEnds(view, target, ends);
      const agreement = agreementOf(view, { nowMs: Date.now(), silentMs: silent, ends });
      if (view.balancers.length >= expect && isSettled(agreement)) break;
    }
  } finally {
    clearTimeout(timer);
  }
  if (view !== undefined) return { view, ends };
  throw new MaglevError(
    'ERR_BROKER',
    `status topic ${topic} could not be read within ${target.timeoutMs} ms: ${reason}`,
  );
}

/** Where the topics that they follow end now: what was published before must have reached all. */
async function findEnds(
  { balancers }: FleetView,
  { connection, timeoutMs }: FleetTarget,
  ends: Map<string, Record<string, number>>,
): Promise<void> {
  const topics = new Set(
    balancers.filter(({ record }) => Object.keys(record.offsets).length > 0).map(({ record }) => record.topic),
  );
  for (const topic of topics) {
    if (ends.has(topic)) continue;
    ends.set(topic, {}); // asked for once, known or not
    try {
      ends.set(topic, await readEnds({ ...connection, topic }, timeoutMs));
    } catch (error) {
      if (!(error instanceof MaglevError)) throw error;
      process.stderr.write(`maglev-dsr: ${error.message}: balancers are compared with each other only\n`);
    }
  }
}

/** A step of a slow start comes to all within a second, but not to all at once. */
function isSettled({ groups }: Agreement): boolean {
  return groups.every(({ balancers }) =>
    balancers.every(({ standing, differences, view }) => {
      const isRamping = differences.some(({ vip }) =>
        view.tables.get(vip)?.backends.some(({ step }) => step !== undefined),
      );
      return !['lags', 'starting', 'reporting'].includes(standing) && !isRamping;
    }),
  );
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= COUNT_MAX) return count;
  throw new InvalidArgumentError(`must be 1..${COUNT_MAX}`);
}

/** A number of milliseconds on the command line. */
export function readMs(text: string): number {
  const ms = Number(text);
  if (text !== '' && Number.isInteger(ms) && ms >= 0 && ms <= MS_MAX) return ms;
  throw new InvalidArgumentError(`must be 0..${MS_MAX} ms`);
}
