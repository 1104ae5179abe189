// host/cli/weight.ts: `maglev-dsr weight`: the share of new connections that backends get.
import { type Command, InvalidArgumentError } from 'commander';
import { WEIGHT_MAX } from '../membership/record.js';
import { type EditCliOptions, editCommand, runEdit } from './editCommand.js';

const HELP = `
A weight is relative to those of the other backends of the VIP. 0 drains: the backend keeps its connections and gets no new ones.

Example:
  $ maglev-dsr weight 3 tcp/192.0.2.80:80/10.0.1.9 --kafka-config lb.yaml`;

/** The command, for commander. */
export function weightCommand(): Command {
  return editCommand({
    name: 'weight',
    summary: 'change how many new connections backends get',
    description: 'Sets the weight of backends.',
  })
    .argument('<weight>', `0..${WEIGHT_MAX}`, parseWeight)
    .argument('[keys...]', 'keys of backends: tcp/192.0.2.80:80/10.0.1.9')
    .addHelpText('after', HELP)
    .action((weight: number, keys: string[], cli: EditCliOptions) => runEdit(keys, cli, (set) => ({ set, weight })));
}

function parseWeight(text: string): number {
  const weight = Number(text);
  if (/^\d+$/.test(text) && weight <= WEIGHT_MAX) return weight;
  throw new InvalidArgumentError(`must be an integer of 0..${WEIGHT_MAX}`);
}
