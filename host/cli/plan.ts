// host/cli/plan.ts: `maglev-dsr plan`: how many flows would a change move? Compares two members files, or a topic and a file.
import { Command } from 'commander';
import { differences } from '../membership/difference.js';
import type { Plan } from '../membership/planned.js';
import { planStep } from '../publishing/planner.js';
import { readHashSecret } from './fleetOptions.js';
import { addKafkaOptions, type KafkaCliOptions } from './kafkaOptions.js';
import { readDeclaredMembers } from './members.js';
import { formatPlan } from './planText.js';
import { openPublisher } from './stepOptions.js';

const HELP = `
For every VIP that differs: slots of its lookup table that change their backend, as a share of new flows; how many of them the new shares
ask for, and how many backends that stay exchange beside (collateral); and what each backend gains and loses. With the default
tracking, flows that live stay where they are all the same; these figures are about where new ones go.

Which slots move depends on the fleet's secret, how many hardly does.

Examples:
  $ maglev-dsr plan members.yaml members-new.yaml
  $ maglev-dsr plan members-new.yaml --brokers 10.0.0.5:9092 --topic balancer-members
`;

interface CliOptions extends KafkaCliOptions {
  scope?: string;
  json?: true;
  hashSecretFile?: string;
}

/** The command, for commander. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('what a change of membership would move')
    .description('Says what would move if membership, of a file or a topic, became what another file says.')
    .argument('<from>', 'members file (YAML) as it is; without <to> and with a topic: as it is to be')
    .argument('[to]', 'members file as it is to be')
    .option('--scope <name>', 'with a topic: group of balancers the records are for')
    .option('--hash-secret-file <file>', "the fleet's secret, for its very slots. Default: a random one")
    .option('--json', 'the plan as JSON')
    .addHelpText('after', HELP)
    .action(plan);
  return addKafkaOptions(command, 'topic with the members as they are');
}

async function plan(from: string, to: string | undefined, cli: CliOptions): Promise<void> {
  const plans = to === undefined ? await planForTopic(from, cli) : await planForFiles(from, to, cli.hashSecretFile);
  process.stdout.write(cli.json ? `${JSON.stringify(plans)}\n` : plans.map(formatPlan).join('\n') || 'nothing moves\n');
}

async function planForFiles(from: string, to: string, hashSecretFile: string | undefined): Promise<Plan[]> {
  const [before, after] = [await readDeclaredMembers(from), await readDeclaredMembers(to)];
  const secret = hashSecretFile === undefined ? {} : { hashSecret: readHashSecret(hashSecretFile) };
  return planStep(before, differences(before, after), secret);
}

/** What the topic says now would become what the file says. */
async function planForTopic(to: string, cli: CliOptions): Promise<Plan[]> {
  const declared = await readDeclaredMembers(to);
  const publisher = await openPublisher({ ...cli, maxMove: 1 });
  try {
    const { plans } = await publisher.declare(declared, { dryRun: true });
    return plans;
  } finally {
    await publisher.close();
  }
}
