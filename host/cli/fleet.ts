// host/cli/fleet.ts: `maglev-dsr fleet`: all balancers that follow one topic. One file per subcommand.
import { Command } from 'commander';
import { fleetForgetCommand } from './fleetForget.js';
import { fleetReplayCommand } from './fleetReplay.js';
import { fleetStatusCommand } from './fleetStatus.js';
import { fleetWatchCommand } from './fleetWatch.js';

const HELP = `
Balancers with \`fleet: { statusTopic: NAME }\` in their configuration say every few seconds, in that topic, how far they have read the
members and what their tables look like. The topic is to have cleanup.policy=compact; one partition is enough.

Examples:
  $ maglev-dsr fleet status --brokers 10.0.0.5:9092 --status-topic balancer-status
  $ maglev-dsr fleet watch --kafka-config balancer.yaml
  $ maglev-dsr fleet replay --kafka-config balancer.yaml --at 2026-11-24T10:00:00Z --diff now`;

/** The command, for commander. */
export function fleetCommand(): Command {
  const command = new Command('fleet')
    .summary('whether all balancers of a fleet agree; tables of the past')
    .description('Looks at all balancers that follow one topic.')
    .addHelpText('after', HELP);
  for (const each of [fleetStatusCommand(), fleetWatchCommand(), fleetReplayCommand(), fleetForgetCommand()])
    command.addCommand(each);
  return command;
}
