// host/cli/apply.ts: `maglev-dsr apply FILE`: makes a topic say what a file says.
import { Command } from 'commander';
import { MaglevError } from '../errors.js';
import type { RecordMap } from '../membership/difference.js';
import { formatRefusal } from '../membership/refusal.js';
import { readDeclaredFile } from '../membership/sources/file.js';
import {
  createMembershipPublisher,
  type MembershipPublisherOptions,
  type StepOptions,
  type StepOutcome,
} from '../publishing/membershipPublisher.js';
import { addKafkaOptions } from './kafkaOptions.js';
import { addStepOptions, makeStep, openPublisher, type StepCliOptions } from './stepOptions.js';

/** What `apply` is asked to do. */
export interface ApplyOptions extends MembershipPublisherOptions, StepOptions {
  file: string;
  /** Take away records of the topic (of this scope) that are not in the file. Default true. */
  remove?: boolean;
}

/** What `apply` found and did. */
interface ApplyReport extends StepOutcome {
  /** Records that are as the file says. */
  unchanged: number;
  /** Messages in the topic that no balancer takes, one line each. */
  warnings: string[];
}

/**
 * Reads the file and the topic, and publishes what differs. Fields of a record that this version does not know stay as they are.
 * Rejects with ERR_RECORD for a mistake in the file or a key that another scope has, ERR_OPTION, ERR_LIMIT for a step that is too large
 * without `force`, or ERR_BROKER for brokers or a topic that are not there; then nothing, or a part that may be published again, is
 * in the topic.
 */
export async function applyFile({ file, remove = true, ...options }: ApplyOptions): Promise<ApplyReport> {
  const declared = await readRecords(file);
  const publisher = await createMembershipPublisher(options);
  try {
    const { warnings } = publisher;
    const outcome = await publisher.declare(declared, { ...options, remove });
    const put = outcome.differences.filter(({ after }) => after !== undefined).length;
    return { ...outcome, unchanged: declared.size - put, warnings };
  } finally {
    await publisher.close();
  }
}

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
  const declared = await readRecords(file);
  const publisher = await openPublisher(cli);
  try {
    await makeStep(publisher, cli, (options) => publisher.declare(declared, { ...options, remove: cli.remove }));
  } finally {
    await publisher.close();
  }
}

async function readRecords(file: string): Promise<RecordMap> {
  const { records, refusals } = await readDeclaredFile(file);
  if (records !== undefined) return records;
  throw new MaglevError('ERR_RECORD', refusals.map(formatRefusal).join('\n'), { rule: 'see message' });
}
