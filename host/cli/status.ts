// host/cli/status.ts: `maglev-dsr status`: what is the balancer on this host doing?
import { Command, InvalidArgumentError } from 'commander';
import { askControl } from '../control/client.js';
import { controlFolder, controlPaths } from '../control/path.js';
import { MaglevError, optionError } from '../errors.js';
import { openScreen, pause } from './screen.js';
import { type StatusAnswer, statusLines } from './statusText.js';
import { untilStopped } from './stopSignal.js';

const PROBE_MS_MAX = 1000;
const INTERVAL_S = [0.1, 3600] as const;

const HELP = `
Asks the balancer over its control socket, which only the user who runs it can open. What is shown:
  source       whether membership is there, how old what we have is, and up to which offsets it is read
  interfaces   frames that passed the kernel's filter, and those it lost because we were too slow (LOST BELOW)
  VIPs         slots, those that keep flow state now (tracked); backends with state, share of new connections, next hop
  verdicts     what became of frames; README.md says when each happens

Without --socket the balancers of this user are looked for, and there must be one.

Examples:
  $ maglev-dsr status
  $ maglev-dsr status --watch                  # twice a second: --interval 0.5
  $ maglev-dsr status --json | jq '.status.vips[].backends[] | select(.problem)'

Exit code 0: a balancer answered. 1: none did, and why.`;

interface CliOptions {
  socket?: string;
  vip?: string;
  json?: true;
  watch?: true;
  interval: number;
}

/** The command, for commander. */
export function statusCommand(): Command {
  return new Command('status')
    .summary('what the balancer on this host is doing')
    .description('Shows what a running balancer is doing: VIPs, backends, shares, drains, verdicts, losses.')
    .option('--socket <path>', 'control socket of the balancer (default: that of the one that runs)')
    .option('--vip <key>', 'only this VIP, such as tcp/192.0.2.80:80')
    .option('--json', 'as JSON; with --watch a line each time')
    .option('--watch', 'again and again, until Ctrl-C, with packets a second')
    .option('--interval <seconds>', 'how often', readInterval, 1)
    .addHelpText('after', HELP)
    .action(run);
}

async function run({ socket, vip, json, watch, interval }: CliOptions): Promise<void> {
  const path = socket ?? (await findSocket());
  const ask = async (): Promise<StatusAnswer> => {
    const answer = await askControl(path, 'status');
    const { vips } = answer.status;
    if (vip === undefined || vips.some(({ key }) => key === vip)) return answer;
    throw optionError('--vip', vip, `is no VIP here; there are ${vips.map(({ key }) => key).join(', ') || 'none'}`);
  };
  if (watch) return watchStatus(ask, interval * 1000, { json, vip });
  const answer = await ask();
  process.stdout.write(
    json ? `${JSON.stringify(answer)}\n` : `${statusLines(answer, { ...(vip && { vip }) }).join('\n')}\n`,
  );
}

async function watchStatus(
  ask: () => Promise<StatusAnswer>,
  intervalMs: number,
  { json, vip }: { json: true | undefined; vip: string | undefined },
): Promise<void> {
  const stop = new AbortController();
  untilStopped().then(() => stop.abort());
  const screen = json ? undefined : openScreen(process.stdout);
  try {
    let before: StatusAnswer | undefined;
    while (!stop.signal.aborted) {
      const answer = await ask();
      if (screen === undefined) process.stdout.write(`${JSON.stringify(answer)}\n`);
      else screen.show(statusLines(answer, { ...(vip && { vip }), ...(before && { before }) }));
      before = answer;
      await pause(intervalMs, stop.signal);
    }
  } finally {
    screen?.close();
  }
}

/** The one balancer of this user that answers. */
async function findSocket(): Promise<string> {
  const asked = await Promise.all(
    controlPaths().map(async (path) => ({
      path,
      hello: await askControl(path, 'hello', PROBE_MS_MAX).catch(() => undefined),
    })),
  );
  const living = asked.filter(({ hello }) => hello !== undefined);
  const [only, ...others] = living;
  if (only !== undefined && others.length === 0) return only.path;
  if (only === undefined) {
    const where = controlFolder() ?? '(no folder: XDG_RUNTIME_DIR is not set)';
    throw new MaglevError(
      'ERR_MISSING',
      `no balancer of this user runs here: none answers in ${where}; another one: --socket PATH`,
    );
  }
  const paths = living.map(({ path, hello }) => `${path} (pid ${hello?.pid})`);
  throw new MaglevError('ERR_OPTION', `several balancers run here; --socket says which: ${paths.join(', ')}`);
}

function readInterval(text: string): number {
  const seconds = Number(text);
  if (seconds >= INTERVAL_S[0] && seconds <= INTERVAL_S[1]) return seconds;
  throw new InvalidArgumentError(`must be ${INTERVAL_S[0]}..${INTERVAL_S[1]} seconds`);
}
