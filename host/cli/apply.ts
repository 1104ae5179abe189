// host/cli/apply.ts: `maglev-dsr apply FILE`: makes a topic say what a file says.
import { Command } from 'commander';
import { MaglevError } from '../errors.js';
import { type Difference, differences, payload, type RecordMap } from '../membership/difference.js';
import type { CanonicalBackend, CanonicalVip } from '../membership/record.js';
import { BACKEND_FIELD_NAMES, VIP_FIELD_NAMES } from '../membership/record.js';
import { formatRefusal, showValue } from '../membership/refusal.js';
import type { Signer } from '../membership/signer.js';
import { readDeclaredFile } from '../membership/sources/file.js';
import type { KafkaConnection } from '../membership/sources/kafkaConnection.js';
import { readTopicContent, type TopicContent } from '../membership/sources/kafkaContent.js';
import { createPublisher } from '../membership/sources/publisher.js';
import { topicValue } from '../membership/validate.js';
import { Verifier } from '../membership/verifier.js';
import { addKafkaOptions, type KafkaCliOptions, kafkaTarget } from './kafkaOptions.js';
import { addSignOptions, type SignCliOptions, signerOf } from './signOptions.js';

/** What `apply` is asked to do. */
export interface ApplyOptions extends KafkaConnection {
  file: string;
  topic: string;
  /** Group of balancers the records are for. Default: all of them. */
  scope?: string;
  /** How long reading the topic may take, ms, and one record until it is acknowledged. Default 10000. */
  timeoutMs?: number;
  /** Take away records of the topic (of this scope) that are not in the file. Default true. */
  remove?: boolean;
  /** Show the difference, publish nothing. */
  dryRun?: boolean;
  /** Signs what is published. Records whose last value is not signed by it are published again. */
  signer?: Signer;
}

/** What `apply` found and did. */
export interface ApplyReport {
  /** New records, changed ones and, unless told not to, those to remove. */
  differences: Difference[];
  /** Records that are as the file says. */
  unchanged: number;
  /** True when the differences were published: not with `dryRun`, nor when there is none. */
  isPublished: boolean;
  /** Messages in the topic that no balancer takes, one line each. */
  warnings: string[];
}

const TIMEOUT_MS_DEFAULT = 10_000;

/**
 * Reads the file and the topic, and publishes what differs. Fields of a record that this version does not know stay as they are.
 * Rejects with ERR_RECORD for a mistake in the file or a key that another scope has, ERR_OPTION, or ERR_BROKER for brokers or a
 * topic that are not there; then nothing, or a part that may be published again, is in the topic.
 */
export async function applyFile(options: ApplyOptions): Promise<ApplyReport> {
  const declared = await readDeclaredFile(options.file);
  if (declared.records === undefined) throw recordsError(declared.refusals.map(formatRefusal));
  const { timeoutMs = TIMEOUT_MS_DEFAULT } = options;
  const verifier = options.signer && verifierOf(options.topic, options.signer);
  const content = await readTopicContent(options, timeoutMs, verifier);
  const { before, after } = sides(declared.records, content, options.scope);
  const changed = differences(before, after);
  const all = verifier === undefined ? changed : [...unsigned(before, after, changed, content), ...changed];
  const chosen = options.remove === false ? all.filter((difference) => difference.after !== undefined) : all;
  const isPublished = chosen.length > 0 && options.dryRun !== true;
  if (isPublished) await publish(chosen, { ...options, timeoutMs }, verifier);
  const unchanged = after.size - chosen.filter((difference) => difference.after !== undefined).length;
  return { differences: chosen, unchanged, isPublished, warnings: [...content.refused.values()].map(formatRefusal) };
}

/** The command, for commander. */
export function applyCommand(): Command {
  const command = new Command('apply')
    .summary('publish the records of a file to a Kafka topic')
    .description(
      'Makes a Kafka topic say what FILE says: reads both, shows the difference, publishes it.\n' +
        'Balancers that follow the topic take it over within milliseconds.',
    )
    .argument('<file>', 'VIPs and backends, YAML or JSON (see below)')
    .option('--scope <name>', 'group of balancers the records are for (default: that of --kafka-config, else all)')
    .option('--no-remove', 'leave records in the topic that are not in the file')
    .option('--dry-run', 'show the difference, publish nothing')
    .option('--json', 'print the difference as JSON')
    .action(run);
  return addKafkaOptions(addSignOptions(command)).addHelpText('after', HELP);
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

interface CliOptions extends KafkaCliOptions, SignCliOptions {
  scope?: string;
  remove: boolean;
  dryRun?: boolean;
  json?: boolean;
}

async function run(file: string, cli: CliOptions): Promise<void> {
  const { scope, remove, dryRun } = cli;
  const signer = signerOf(cli);
  const report = await applyFile({
    ...kafkaTarget(cli),
    file,
    remove,
    ...(scope === undefined ? {} : { scope }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(signer === undefined ? {} : { signer }),
  });
  for (const warning of report.warnings) process.stderr.write(`${warning}\n`);
  process.stdout.write(cli.json ? `${JSON.stringify(toJson(report), null, 2)}\n` : toText(report));
}

// The two sides as they are compared: of one scope, the file's records with the fields of the topic's that are not known here.
function sides(declared: RecordMap, content: TopicContent, scope: string | undefined) {
  const foreign: string[] = [];
  const before = new Map<string, CanonicalVip | CanonicalBackend>();
  const after = new Map(declared);
  for (const [key, { step, scope: itsScope }] of content.records) {
    if (step.kind === 'remove') continue;
    const wanted = declared.get(key);
    if (itsScope === scope) {
      // Said again when the last value of the key is one that no balancer takes.
      if (wanted === undefined || !content.refused.has(key)) before.set(key, step);
      if (wanted !== undefined) after.set(key, withUnknownFields(wanted, step));
    } else if (wanted !== undefined) foreign.push(`${key} is a record ${scopeText(itsScope)}: one key is one record`);
  }
  if (foreign.length > 0) throw recordsError(foreign);
  return { before, after };
}

function withUnknownFields(
  record: CanonicalVip | CanonicalBackend,
  before: CanonicalVip | CanonicalBackend,
): CanonicalVip | CanonicalBackend {
  const known = record.kind === 'vip' ? VIP_FIELD_NAMES : BACKEND_FIELD_NAMES;
  const unknown = Object.fromEntries(Object.entries(payload(before)).filter(([name]) => !known.includes(name)));
  if (record.kind === 'vip') return { ...record, vip: { ...unknown, ...record.vip } };
  return { ...record, backend: { ...unknown, ...record.backend } };
}

/** What our own key has signed. Sequences that are not in the topic any more are below the time that it is now. */
function verifierOf(topic: string, { keyId, publicKey }: Signer): Verifier {
  return new Verifier(topic, { verifyKeys: [{ id: keyId, publicKey }] });
}

/** Records that stay as they are, but whose last value is not signed by our key. */
function unsigned(
  before: RecordMap,
  after: RecordMap,
  changed: readonly Difference[],
  { verified }: TopicContent,
): Difference[] {
  const isChanged = new Set(changed.map(({ key }) => key));
  return [...after].flatMap(([key, record]) => {
    const old = before.get(key);
    return old === undefined || isChanged.has(key) || verified.has(key) ? [] : [{ key, before: old, after: record }];
  });
}

async function publish(
  chosen: readonly Difference[],
  options: ApplyOptions,
  verifier: Verifier | undefined,
): Promise<void> {
  const entries = chosen.map(({ key, after }) => {
    const seq = verifier?.seqOf(key);
    const value = after === undefined ? null : topicValue(after, options.scope);
    return { key, value, ...(seq !== undefined && { after: seq }) };
  });
  const publisher = await createPublisher(options);
  try {
    await publisher.publish(entries);
  } finally {
    await publisher.close();
  }
}

function toText({ differences: found, unchanged, isPublished }: ApplyReport): string {
  const lines = found.map(differenceText);
  const puts = found.filter(({ after }) => after !== undefined).length;
  const done = isPublished ? 'published' : found.length === 0 ? 'nothing to publish' : 'not published (--dry-run)';
  return [...lines, `${puts} to put, ${found.length - puts} to remove, ${unchanged} unchanged: ${done}`, ''].join('\n');
}

function differenceText({ key, before, after }: Difference): string {
  if (after === undefined) return `- ${key}`;
  if (before === undefined) return `+ ${key}${fieldsText(payload(after))}`;
  const [old, now] = [payload(before), payload(after)] as [Record<string, unknown>, Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const changed = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
  if (changed.length === 0) return `~ ${key} signature`;
  return `~ ${key} ${changed.map((name) => `${name} ${fieldText(old[name])} -> ${fieldText(now[name])}`).join(', ')}`;
}

// What the key does not say already.
function fieldsText(record: object): string {
  const inKey = ['vip', 'address', 'protocol', 'port'];
  const fields = Object.entries(record).filter(([name]) => !inKey.includes(name));
  return fields.map(([name, value]) => ` ${name} ${fieldText(value)}`).join(',');
}

function fieldText(value: unknown): string {
  if (value === undefined) return 'default';
  if (typeof value === 'object' && value !== null && 'type' in value) return String(value.type);
  return typeof value === 'string' && /^\w+$/.test(value) ? value : showValue(value);
}

function toJson({ differences: found, unchanged, isPublished, warnings }: ApplyReport): object {
  const of = (record: CanonicalVip | CanonicalBackend | undefined) => (record === undefined ? null : payload(record));
  const items = found.map(({ key, before, after }) => ({ key, before: of(before), after: of(after) }));
  return { differences: items, unchanged, published: isPublished, warnings };
}

function scopeText(scope: string | undefined): string {
  return scope === undefined ? 'for all balancers' : `of scope ${showValue(scope)}`;
}

function recordsError(lines: string[]): MaglevError {
  return new MaglevError('ERR_RECORD', lines.join('\n'), { rule: 'see message' });
}
