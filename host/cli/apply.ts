// host/cli/apply.ts: `maglev-dsr apply FILE`: makes a topic say what a file says.
import { Command } from 'commander';
import { addKafkaOptions } from './kafkaOptions.js';
import { readDeclaredMembers } from './members.js';
import { addStepOptions, makeStep, openPublisher, type StepCliOptions } from './stepOptions.js';

/** The command, for commander. */
export function applyCommand(): Command {
  const command = new Command('apply')
    .summary('publish the records of a file to a Kafka topic')
    .description(
      'Makes a Kafka topic say what FILE says: reads both, shows the difference and what it moves, publishes it.\n' +
        'Balancers that follow the topic take it over within milliseconds.',
    )
    .argument('<file>', 'VIPs and backends, YAML or JSON (see below)')
    .option('--no-remove', 'leave records in the topic that are not in the file')
    .action(run);
  return addKafkaOptions(addStepOptions(command)).addHelpText('after', HELP);
}

const HELP = `
The file:
  vips:
    - vip: tcp/192.0.2.80:80
      encap: ipip                    # or gue, gre, l3dsr; l2 is the default
      backends:
        - 10.0.1.9
        - { address: 10.0.1.10, weight: 3 }
        - { address: 10.0.1.11, state: draining }   # active, draining or down

Examples:
  $ maglev-dsr apply members.yaml --brokers 10.0.0.5:9092 --topic balancer-members --dry-run
  $ maglev-dsr apply members.yaml --brokers 10.0.0.5:9092 --topic balancer-members

The file states all of the topic (of its scope): what is in the topic and not in the file is removed.
Exit code 0: the topic says what the file says (with --dry-run: the difference is shown). 1: it does not, and why.`;

async function run(file: string, cli: StepCliOptions & { remove: boolean }): Promise<void> {
  const declared = await readDeclaredMembers(file);
  const publisher = await openPublisher(cli);
  try {
    await makeStep(publisher, cli, (options) => publisher.declare(declared, { ...options, remove: cli.remove }));
  } finally {
    await publisher.close();
  }
}
