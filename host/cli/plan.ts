// host/cli/plan.ts: `maglev-dsr plan`: how many flows would a change move? Compares two members files; needs no rights and no network.
import { Command } from 'commander';
import { createHotPath } from '../hotpath.js';
import { readDeclared } from '../membership/declared.js';
import { changeOfDifference, differences, payload, type RecordMap } from '../membership/difference.js';
import type { Change } from '../membership/event.js';
import { refusalError } from '../membership/refusal.js';
import { roomFor } from '../membership/room.js';
import { formatPlan } from './planText.js';
import { readText } from './yamlFile.js';

const HELP = `
For every VIP that differs: slots of its lookup table that change their backend, as a share of new flows; how many of them the new shares
ask for, and how many backends that stay exchange beside (collateral); and what each backend gains and loses. With the default
tracking, flows that live stay where they are all the same; these figures are about where new ones go.

Which slots move depends on the fleet's secret, how many hardly does.

Example:
  $ maglev-dsr plan members.yaml members-new.yaml
`;

interface CliOptions {
  json?: true;
  secretFile?: string;
}

/** The command, for commander. */
export function planCommand(): Command {
  return new Command('plan')
    .summary('what a change of membership would move')
    .description('Says what would move if membership became what another file says.')
    .argument('<from>', 'members file (YAML) as it is')
    .argument('<to>', 'members file as it is to be')
    .option('--secret-file <file>', "the fleet's secret, for its very slots. Default: a random one")
    .option('--json', 'the plan as JSON')
    .addHelpText('after', HELP)
    .action(plan);
}

async function plan(from: string, to: string, { json, secretFile }: CliOptions): Promise<void> {
  const [before, after] = [readRecords(from), readRecords(to)];
  const secret = secretFile === undefined ? undefined : readText(secretFile, '--secret-file').replace(/\r?\n$/, '');
  const hotPath = await createHotPath({
    ...(secret !== undefined && { hashSecret: secret }),
    ...roomFor(before, after),
  });
  await hotPath.apply([...before.values()].map((record) => ({ put: payload(record) }) as Change));
  const plans = hotPath.plan(differences(before, after).map(changeOfDifference));
  process.stdout.write(json ? `${JSON.stringify(plans)}\n` : plans.map(formatPlan).join('\n') || 'nothing moves\n');
}

function readRecords(path: string): RecordMap {
  const { records, refusals } = readDeclared(readText(path, 'members'), path);
  if (refusals[0] !== undefined) throw refusalError(refusals[0]);
  return records as RecordMap;
}
