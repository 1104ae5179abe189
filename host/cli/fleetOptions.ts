// host/cli/fleetOptions.ts: the options of every `maglev-dsr fleet` command: which fleet, which secret.
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { MaglevError } from '../errors.js';
import type { LogOptions } from '../fleet/replay.js';
import { checkTopic } from '../membership/sources/kafkaConnection.js';
import { addKafkaOptions, type KafkaCliOptions, kafkaCluster } from './kafkaOptions.js';
import { readText, readYaml } from './yamlFile.js';

/** What commander makes of the options. */
export interface FleetCliOptions extends KafkaCliOptions {
  statusTopic?: string;
  scope?: string;
  hashSecretFile?: string;
  panicShare?: number;
}

/** A fleet. */
export interface FleetTarget {
  /** The way to the brokers, and whose signatures count there. */
  connection: Omit<LogOptions, 'topic' | 'scope'>;
  /** How long the cluster may take for one thing, ms. */
  timeoutMs: number;
  /** Where balancers report. */
  statusTopic: string | undefined;
  /** What they follow. */
  topic: string | undefined;
  scope: string | undefined;
  hashSecret: string | undefined;
  panicShare: number | undefined;
}

const HELP = `
A balancer's own configuration names all of it: --kafka-config balancer.yaml takes brokers, topic, scope, the status topic (fleet.statusTopic),
hashSecretFile and panicShare from there.`;

/** Adds the options. */
export function addFleetOptions(command: Command): Command {
  return addKafkaOptions(command, 'topic that balancers follow (default: as they say)')
    .option('--status-topic <name>', 'topic that balancers report to')
    .option('--scope <name>', 'only records for this group of balancers, and for all')
    .option('--hash-secret-file <file>', "the fleet's hash secret, to build its very tables")
    .option('--panic-share <share>', "the balancers' panicShare (default: 0)", readShare)
    .addHelpText('after', HELP);
}

// Of a balancer's configuration, what is of use here; the rest is for who runs it.
const balancerSchema = z.looseObject({
  fleet: z.looseObject({ statusTopic: z.string() }).optional(),
  hashSecretFile: z.string().optional(),
  flow: z.looseObject({ panicShare: z.number().optional() }).optional(),
});

/** The fleet that the options name. Throws ERR_OPTION. */
export function fleetTarget(cli: FleetCliOptions): FleetTarget {
  const file = cli.kafkaConfig === undefined ? {} : readYaml(cli.kafkaConfig, '--kafka-config', () => balancerSchema);
  const statusTopic = cli.statusTopic ?? file.fleet?.statusTopic;
  if (statusTopic !== undefined) checkTopic(statusTopic);
  const { topic, scope, timeoutMs, ...connection } = kafkaCluster(cli);
  return {
    connection,
    timeoutMs,
    statusTopic,
    topic,
    scope: cli.scope ?? scope,
    hashSecret: secretOf(cli, file.hashSecretFile),
    panicShare: cli.panicShare ?? file.flow?.panicShare,
  };
}

/** What must be there for this command. Throws ERR_OPTION naming the option. */
export function needed<T>(value: T | undefined, option: string): T {
  if (value !== undefined) return value;
  const rule = 'must be given, or a --kafka-config that names it';
  throw new MaglevError('ERR_OPTION', `${option} ${rule}`, { option, rule });
}

function secretOf({ hashSecretFile, kafkaConfig }: FleetCliOptions, ofFile: string | undefined): string | undefined {
  const beside = ofFile && resolve(dirname(kafkaConfig ?? ''), ofFile);
  const path = hashSecretFile ?? beside;
  return path === undefined ? undefined : readHashSecret(path);
}

/** The secret in a file, without the end of its line. */
export function readHashSecret(path: string): string {
  return readText(path, '--hash-secret-file').replace(/\r?\n$/, '');
}

function readShare(text: string): number {
  const share = Number(text);
  if (text !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('must be 0..1');
}
