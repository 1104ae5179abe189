// host/cli/remove.ts: `maglev-dsr remove`: takes records out of a topic.
import type { Command } from 'commander';
import { type EditCliOptions, editCommand, runEdit } from './editCommand.js';

const HELP = `
A backend that goes loses the connections it has: drain it first (maglev-dsr drain --wait). A VIP goes with all its backends.

Examples:
  $ maglev-dsr remove tcp/192.0.2.80:80/10.0.1.9 --kafka-config lb.yaml
  $ maglev-dsr remove tcp/192.0.2.80:80 --force --kafka-config lb.yaml`;

/** The command, for commander. */
export function removeCommand(): Command {
  return editCommand({
    name: 'remove',
    summary: 'take backends or VIPs out of a topic',
    description: 'Removes records: backends, or VIPs with all their backends.',
  })
    .argument('[keys...]', 'keys of backends or VIPs: tcp/192.0.2.80:80/10.0.1.9')
    .addHelpText('after', HELP)
    .action((keys: string[], cli: EditCliOptions) => runEdit(keys, cli, (remove) => ({ remove })));
}
