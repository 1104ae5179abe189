// host/cli/demo.ts: `maglev-dsr demo`: real traffic through a real balancer, in a network of its own that vanishes afterwards.
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DURATION_MS_DEFAULT, DURATION_MS_MAX, DURATION_MS_MIN, runDemo } from '../demo/demo.js';
import { openDisplay, QUIET } from '../demo/display.js';
import type { MembershipKind } from '../demo/membership.js';
import { checkPromises } from '../demo/promises.js';
import { figuresOf, formatReport } from '../demo/report.js';
import type { Tracking } from '../membership/event.js';

const HELP = `
What it does: in network namespaces of its own, a client, a balancer and four backends with the VIP on their loopback. Web visitors,
keep-alive connections, streams and game packets go through the balancer; the answers go straight back. Meanwhile a backend joins,
one is drained, one is killed. Then it says what held: exit code 0 when every promise did, 1 when one did not.

Runs as root, or unprivileged where the kernel allows user namespaces. Ends by itself after about a minute and leaves nothing behind.

Examples:
  $ maglev-dsr demo
  $ maglev-dsr demo --tracking none          connections must break: exit code 1
  $ maglev-dsr demo --ipv6 --json demo.json`;

type CliOptions = {
  json?: string;
  tracking: Tracking;
  membership: MembershipKind;
  duration: number;
  ipv6?: boolean;
  quiet?: boolean;
};

/** The command, for commander. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('see it work: real traffic in a network of its own, while backends come and go')
    .description('Shows the balancer at work on this machine and checks what it promises.')
    .addOption(
      new Option('--tracking <which>', 'slots that keep flow state')
        .choices(['changed', 'all', 'none'])
        .default('changed'),
    )
    .addOption(
      new Option('--membership <from>', 'kafka: an embedded broker; file: without librdkafka')
        .choices(['kafka', 'file'])
        .default('kafka'),
    )
    .option('--duration <seconds>', 'traffic during the changes', parseDuration, DURATION_MS_DEFAULT / 1000)
    .option('--ipv6', 'addresses of IPv6 instead of IPv4')
    .option('--json <file>', 'write the figures to a file')
    .option('--quiet', 'only the report')
    .addHelpText('after', HELP)
    .action(run);
}

function parseDuration(text: string): number {
  const seconds = Number(text);
  if (seconds * 1000 >= DURATION_MS_MIN && seconds * 1000 <= DURATION_MS_MAX) return seconds;
  throw new InvalidArgumentError(`expected ${DURATION_MS_MIN / 1000}..${DURATION_MS_MAX / 1000} seconds`);
}

async function run({ json, tracking, membership, duration, ipv6, quiet }: CliOptions): Promise<void> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    process.exitCode = signal === 'SIGINT' ? 130 : 143; // as a shell tells it
    stop.abort(new Error(`${signal}: stopped, everything taken down`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  try {
    const display = quiet === true ? QUIET : openDisplay(process.stdout);
    const options = {
      tracking,
      membership,
      family: ipv6 === true ? (6 as const) : (4 as const),
      durationMs: duration * 1000,
    };
    const seen = await runDemo(options, display, stop.signal);
    const promises = checkPromises(seen);
    process.stdout.write(`${formatReport(seen, promises).join('\n')}\n`);
    if (json !== undefined) await writeFile(json, `${JSON.stringify(figuresOf(seen, promises), undefined, 2)}\n`);
    process.exitCode = promises.every(({ isHeld }) => isHeld) ? 0 : 1;
  } catch (error) {
    // What `main` would say of a failure is said here when it was a signal: it is not a failure.
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}
