// host/cli/kafkaOptions.ts: the options of every command that talks to Kafka: which cluster, which topic, how to get there.
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { MaglevError, optionError } from '../errors.js';
import type { KafkaConnection } from '../membership/sources/kafkaConnection.js';
import { SECRET_SETTING } from '../membership/sources/kafkaSecurity.js';
import { type KafkaFields, kafkaFieldsHelp, kafkaSchema, partialKafkaSchema, resolveKafka } from './kafkaFields.js';
import { readYaml } from './yamlFile.js';

/** What commander makes of the options. */
export interface KafkaCliOptions {
  brokers?: string;
  topic?: string;
  kafkaConfig?: string;
  set?: Record<string, string>;
  timeout: number;
}

/** Where a command goes: what the library calls a connection, and more. */
interface KafkaTarget extends KafkaConnection {
  topic: string;
  /** Of the configuration, if it has one; a command's own --scope goes first. */
  scope?: string;
  /** How long the cluster may take for one thing, ms. */
  timeoutMs: number;
}

const TIMEOUT_MS_DEFAULT = 10_000;
const TIMEOUT_MS_MIN = 100;
const TIMEOUT_MS_MAX = 300_000;

/** Adds the options. `topicMeans`: what the topic is to this command. */
export function addKafkaOptions(command: Command, topicMeans = 'topic with cleanup.policy=compact'): Command {
  return command
    .option('--brokers <list>', 'brokers to begin with: host:port,host:port')
    .option('--topic <name>', topicMeans)
    .option('--kafka-config <file>', 'YAML file with brokers, topic, tls, sasl; see below')
    .option('--set <name=value>', 'a librdkafka setting such as client.rack=a; may be repeated', collectSetting)
    .option('--timeout <ms>', 'longest time that the cluster may take', parseTimeout, TIMEOUT_MS_DEFAULT)
    .addHelpText('after', KAFKA_HELP);
}

const KAFKA_HELP = `
The file of --kafka-config has these fields, or is the configuration of a balancer, which has them under
membership.kafka. Options on the command line go first. Passwords are read from files only.

${kafkaFieldsHelp('  ').trimEnd()}`;

/** The target that the options name. Throws ERR_OPTION for what is missing, and naming file and line for what is wrong in the file. */
export function kafkaTarget(options: KafkaCliOptions): KafkaTarget {
  const cluster = kafkaCluster(options);
  return { ...cluster, topic: given(cluster.topic, 'topic') };
}

/** The same where the topic may be known from somewhere else. */
export function kafkaCluster({ brokers, topic, kafkaConfig, set, timeout }: KafkaCliOptions) {
  const file = kafkaConfig === undefined ? {} : readKafkaConfig(kafkaConfig);
  const target = {
    ...file,
    brokers: brokers?.split(',').map((broker) => broker.trim()) ?? file.brokers,
    topic: topic ?? file.topic,
    librdkafka: { ...file.librdkafka, ...set },
    timeoutMs: timeout,
  };
  return { ...target, brokers: given(target.brokers, 'brokers') };
}

function given<T>(value: T | undefined, name: 'brokers' | 'topic'): T {
  if (value !== undefined) return value;
  const rule = `--${name}, or --kafka-config with a file that names ${name === 'brokers' ? 'them' : 'it'}`;
  throw new MaglevError('ERR_OPTION', `${name}: none given; expected ${rule}`, { option: name, rule });
}

const balancerSchema = z.looseObject({ membership: z.looseObject({ kafka: kafkaSchema }) });

function readKafkaConfig(path: string): KafkaFields {
  const isBalancer = (content: unknown): boolean =>
    typeof content === 'object' && content !== null && 'membership' in content;
  const fields = readYaml<KafkaFields>(path, '--kafka-config', (content) =>
    isBalancer(content) ? balancerSchema.transform(({ membership }) => membership.kafka) : partialKafkaSchema,
  );
  return resolveKafka(fields, dirname(resolve(path)));
}

/** Adds a `--set`. A secret is refused: every user of the host reads the command line. */
function collectSetting(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [name = '', ...value] = text.split('=');
  if (value.length === 0) throw new InvalidArgumentError('must be name=value');
  if (SECRET_SETTING.test(name))
    throw optionError('--set', name, 'is a secret: expected sasl.passwordFile in --kafka-config');
  return { ...before, [name]: value.join('=') };
}

function parseTimeout(text: string): number {
  const timeoutMs = Number(text);
  if (Number.isInteger(timeoutMs) && timeoutMs >= TIMEOUT_MS_MIN && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs;
  throw new InvalidArgumentError(`must be ${TIMEOUT_MS_MIN}..${TIMEOUT_MS_MAX} ms`);
}
