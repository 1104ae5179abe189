// host/cli/editCommand.ts: a command that changes records which are in a topic: undrain, weight, remove, and drain without waiting.
import { Command } from 'commander';
import type { RecordMap } from '../membership/difference.js';
import type { Edit } from '../publishing/edit.js';
import type { MembershipPublisher, StepOutcome } from '../publishing/membershipPublisher.js';
import { namedKeys } from './backendKeys.js';
import { addKafkaOptions } from './kafkaOptions.js';
import { addStepOptions, makeStep, openPublisher, type StepCliOptions } from './stepOptions.js';

/** What commander makes of the options. */
export interface EditCliOptions extends StepCliOptions {
  address?: string;
}

/** What a command is called, and what it says of itself. */
interface EditWords {
  name: string;
  summary: string;
  description: string;
}

/** A command over backends, named by keys or by their address. */
export function editCommand({ name, summary, description }: EditWords): Command {
  const command = new Command(name)
    .summary(summary)
    .description(description)
    .option('--address <address>', 'all backends with this address, whatever their VIP');
  return addKafkaOptions(addStepOptions(command));
}

/** What a step was made of. */
export interface EditedKeys {
  keys: string[];
  outcome: StepOutcome;
}

/** Edits the records that are named, in one step. */
export async function editNamed(
  publisher: MembershipPublisher,
  keys: readonly string[],
  cli: EditCliOptions,
  edit: (key: string, records: RecordMap) => Edit,
): Promise<EditedKeys> {
  const named = namedKeys(publisher.records, keys, cli.address);
  const edits = named.map((key) => edit(key, publisher.records));
  return { keys: named, outcome: await makeStep(publisher, cli, (options) => publisher.publish(edits, options)) };
}

/** The whole of a command that does nothing but that. */
export async function runEdit(
  keys: readonly string[],
  cli: EditCliOptions,
  edit: (key: string, records: RecordMap) => Edit,
): Promise<void> {
  const publisher = await openPublisher(cli);
  try {
    await editNamed(publisher, keys, cli, edit);
  } finally {
    await publisher.close();
  }
}
