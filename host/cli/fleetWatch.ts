// host/cli/fleetWatch.ts: `maglev-dsr fleet watch`: the fleet, live in the terminal.
import { Command } from 'commander';
import { agreementOf, SILENT_MS_DEFAULT } from '../fleet/agreement.js';
import { followFleet } from '../fleet/fleetTopic.js';
import type { Findings } from '../fleet/investigate.js';
import type { FleetView } from '../fleet/view.js';
import { addFleetOptions, type FleetCliOptions, fleetTarget, needed } from './fleetOptions.js';
import { readMs } from './fleetStatus.js';
import { fleetJson, fleetLines } from './fleetText.js';
import { openScreen, type Screen } from './screen.js';
import { untilStopped } from './stopSignal.js';

const HELP = `
Shows each report as it comes, until Ctrl-C. It compares balancers with each other only; \`fleet status\` reads the log too, and names slots.
Where the output is no terminal, only what is new is written: with --json a line each time.

Example:
  $ maglev-dsr fleet watch --brokers 10.0.0.5:9092 --status-topic balancer-status`;

const REDRAW_MS = 1000;

interface CliOptions extends FleetCliOptions {
  json?: true;
  silent: number;
}

/** The command, for commander. */
export function fleetWatchCommand(): Command {
  return addFleetOptions(
    new Command('watch')
      .summary('follow a fleet live')
      .description('Shows all balancers of a fleet, live, until Ctrl-C.')
      .option('--silent <ms>', 'who has not reported for so long is silent', readMs, SILENT_MS_DEFAULT)
      .option('--json', 'a line of JSON each time')
      .addHelpText('after', HELP),
  ).action(run);
}

async function run({ json, silent, ...cli }: CliOptions): Promise<void> {
  const { connection, statusTopic } = fleetTarget(cli);
  const topic = needed(statusTopic, '--status-topic');
  const stop = new AbortController();
  untilStopped().then(() => stop.abort());
  const screen = json ? undefined : openScreen(process.stdout);
  const display = new Display(screen, silent);
  // Ages grow, and silence falls, without a report.
  const redraw = setInterval(() => display.redraw(), REDRAW_MS);
  try {
    for await (const { view, away } of followFleet({ ...connection, topic }, stop.signal)) display.show(view, away);
  } finally {
    clearInterval(redraw);
    screen?.close();
  }
}

class Display {
  private view: FleetView | undefined;
  private away: string | undefined;
  private written = '';

  constructor(
    private readonly screen: Screen | undefined,
    private readonly silentMs: number,
  ) {}

  show(view: FleetView, away: string | undefined): void {
    this.view = view;
    this.away = away;
    this.redraw();
  }

  redraw(): void {
    if (this.view === undefined) return;
    const agreement = agreementOf(this.view, { nowMs: Date.now(), silentMs: this.silentMs });
    const notes = this.away === undefined ? [] : [`brokers are away: ${this.away}`];
    const findings: Findings = { agreement, differences: new Map(), notes };
    if (this.screen !== undefined && process.stdout.isTTY) this.screen.show(fleetLines(findings));
    else this.writeNews(findings);
  }

  /** Not a terminal: what only differs by ages is no news. */
  private writeNews(findings: Findings): void {
    const news = JSON.stringify(fleetJson(findings), (name, value) => (name === 'reportAgeMs' ? undefined : value));
    if (news === this.written) return;
    this.written = news;
    if (this.screen !== undefined) this.screen.show(fleetLines(findings));
    else process.stdout.write(`${JSON.stringify(fleetJson(findings))}\n`);
  }
}
