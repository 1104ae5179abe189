// host/cli/stepOptions.ts: what the commands have in common that change records in a topic: how large a step may be, what is shown, and
// how it ends.
import { type Command, InvalidArgumentError } from 'commander';
import { MaglevError } from '../errors.js';
import { MOVE_SHARE_MAX_DEFAULT } from '../publishing/limits.js';
import {
  createMembershipPublisher,
  type MembershipPublisher,
  type MembershipPublisherOptions,
  type StepOptions,
  type StepOutcome,
} from '../publishing/membershipPublisher.js';
import { fleetTarget } from './fleetOptions.js';
import { type KafkaCliOptions, kafkaTarget } from './kafkaOptions.js';
import { addSignOptions, type SignCliOptions, signerOf } from './signOptions.js';
import { stepJson, stepText } from './stepText.js';

/** What commander makes of the options. */
export interface StepCliOptions extends KafkaCliOptions, SignCliOptions {
  scope?: string;
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
  maxMove: number;
  hashSecretFile?: string;
  panicShare?: number;
}

/** Adds the options. Those of Kafka come from kafkaOptions.ts. */
export function addStepOptions(command: Command): Command {
  return addSignOptions(command)
    .option('--scope <name>', 'group of balancers the records are for (default: that of --kafka-config, else all)')
    .option('--dry-run', 'show what would change and move, publish nothing')
    .option('--force', 'publish, however much it moves')
    .option(
      '--max-move <share>',
      "share of a VIP's slots that may move without --force",
      parseShare,
      MOVE_SHARE_MAX_DEFAULT,
    )
    .option('--hash-secret-file <file>', "the fleet's secret, to plan its very slots (default: a random one)")
    .option('--json', 'print it as JSON')
    .addHelpText('after', LIMITS_HELP);
}

const LIMITS_HELP = `
Before anything is published, the plan is shown: for every VIP that is touched, slots that change their backend, and what each
backend gains and loses. A step that takes a VIP or its last active backend away, or moves more than --max-move of a VIP's
slots, is refused until --force is given. Connections that live stay where they are; what moves is where new ones go.`;

/** The publisher that the options name. */
export function openPublisher(cli: StepCliOptions): Promise<MembershipPublisher> {
  return createMembershipPublisher(publisherOptions(cli));
}

/** The same as options. What a balancer's own configuration says of secret and panicShare counts here too. Throws ERR_OPTION. */
function publisherOptions(cli: StepCliOptions): MembershipPublisherOptions {
  const signer = signerOf(cli);
  const { scope, hashSecret, panicShare } = fleetTarget(cli);
  return {
    ...kafkaTarget(cli),
    moveShareMax: cli.maxMove,
    ...(scope !== undefined && { scope }),
    ...(hashSecret !== undefined && { hashSecret }),
    ...(panicShare !== undefined && { panicShare }),
    ...(signer !== undefined && { signer }),
  };
}

/**
 * Makes a step and tells of it: the plan before it is published, then what became of it. The exit code is 1 when the topic does not say
 * now what was asked for.
 */
export async function makeStep(
  publisher: MembershipPublisher,
  cli: StepCliOptions,
  make: (options: StepOptions) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  for (const warning of publisher.warnings) process.stderr.write(`${warning}\n`);
  let planned: StepOutcome | undefined;
  const onPlanned = (outcome: StepOutcome): void => {
    planned = outcome;
    if (!cli.json) process.stdout.write(stepText(outcome));
  };
  try {
    const outcome = await make({ force: cli.force ?? false, dryRun: cli.dryRun ?? false, onPlanned });
    process.stdout.write(cli.json ? `${JSON.stringify(stepJson(outcome))}\n` : `${endText(outcome)}\n`);
    if (outcome.overwritten.length > 0) process.exitCode = 1;
    return outcome;
  } catch (error) {
    if (cli.json && planned !== undefined) process.stdout.write(`${JSON.stringify(stepJson(planned))}\n`);
    throw isTooLarge(error)
      ? new MaglevError('ERR_LIMIT', 'nothing was published: --force publishes it all the same')
      : error;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MaglevError && error.option === 'moveShareMax';
}

function endText({ differences, excess, isPublished, overwritten }: StepOutcome): string {
  const puts = differences.filter(({ after }) => after !== undefined).length;
  const counts = `${puts} to put, ${differences.length - puts} to remove`;
  if (differences.length === 0) return 'nothing to publish: the topic says so already';
  if (!isPublished)
    return `${counts}: not published (--dry-run)${excess.length > 0 ? ', and refused without --force' : ''}`;
  if (overwritten.length === 0) return `${counts}: published`;
  return `${counts}: published, but somebody wrote these keys meanwhile, and theirs count: ${overwritten.join(', ')}`;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('must be 0..1');
}
