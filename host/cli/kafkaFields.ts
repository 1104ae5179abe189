// host/cli/kafkaFields.ts: how a Kafka cluster and a topic are named in a file: under `membership.kafka` of a balancer's configuration, and
// in the file of --kafka-config.
import { resolve } from 'node:path';
import * as z from 'zod';
import { SASL_MECHANISMS, SECRET_SETTING } from '../membership/sources/kafkaSecurity.js';

const tlsSchema = z.strictObject({
  ca: z.string().exactOptional(),
  cert: z.string().exactOptional(),
  key: z.string().exactOptional(),
  keyPasswordFile: z.string().exactOptional(),
  verifyHostname: z.boolean().exactOptional(),
});

// No password here: a configuration is copied, shown and checked in.
const saslSchema = z.strictObject({
  mechanism: z.enum(SASL_MECHANISMS),
  username: z.string().min(1),
  passwordFile: z.string(),
});

const settingsSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((settings, context) => {
    const secret = Object.keys(settings).find((name) => SECRET_SETTING.test(name));
    if (secret === undefined) return;
    context.addIssue({
      code: 'custom',
      path: [],
      message: `${secret} is a secret: expected in a file, sasl.passwordFile`,
    });
  });

const DATE_RULE = 'expected a date such as 2026-11-25T00:00:00Z';
const date = z.iso.datetime({ offset: true, error: DATE_RULE }).transform((text) => Date.parse(text));

const verifyKeySchema = z.strictObject({
  id: z.string(),
  file: z.string(),
  notBefore: date.exactOptional(),
  notAfter: date.exactOptional(),
});

const brokers = z.array(z.string()).min(1);
const topic = z.string();
const rest = {
  scope: z.string().exactOptional(),
  snapshot: z.string().exactOptional(),
  verifyKeys: z.array(verifyKeySchema).min(1).exactOptional(),
  maxDelayMs: z.int().exactOptional(),
  refreshMs: z.int().exactOptional(),
  rereadAfterMs: z.int().exactOptional(),
  tls: tlsSchema.exactOptional(),
  sasl: saslSchema.exactOptional(),
  librdkafka: settingsSchema.exactOptional(),
};

/** A topic of a cluster. */
export const kafkaSchema = z.strictObject({ brokers, topic, ...rest });

/** The same where brokers and topic may be named elsewhere. */
export const partialKafkaSchema = z.strictObject({
  brokers: brokers.exactOptional(),
  topic: topic.exactOptional(),
  ...rest,
});

/** The fields as a file has them. */
export type KafkaFields = z.infer<typeof partialKafkaSchema>;

/** The fields in words, for `--help`, below `indent`. */
export function kafkaFieldsHelp(indent: string): string {
  return [
    'brokers: [10.0.0.5:9092]',
    'topic: balancer-members',
    'scope: edge-1            # a group of balancers; default: only records for all',
    'snapshot: members.snapshot   # where a balancer keeps what it knows, for its next start; default: nowhere',
    'verifyKeys: [{ id: ops-1, file: ops-1.pub.pem }]   # take signed records only; notBefore, notAfter: dates',
    'maxDelayMs: 60000        # with verifyKeys: refuse what was signed longer ago when it came; default: any time',
    'tls: { ca: ca.pem }      # {}: the authorities of the system; cert, key, keyPasswordFile; verifyHostname: true',
    'sasl: { mechanism: scram-sha-512, username: balancer, passwordFile: kafka-password }',
    '                         # or scram-sha-256; plain, with tls only',
    'refreshMs: 5000          # how often the ends of the topic are asked for; rereadAfterMs: 43200000, see docs/FLEET.md',
    'librdkafka: {}           # settings for the way to the brokers, by their own names',
  ]
    .map((line) => `${indent}${line}\n`)
    .join('');
}

/** The same with relative paths taken from `folder`. */
export function resolveKafka<T extends KafkaFields>({ snapshot, verifyKeys, tls, sasl, ...fields }: T, folder: string) {
  const from = (path: string): string => resolve(folder, path);
  return {
    ...fields,
    ...(snapshot !== undefined && { snapshot: from(snapshot) }),
    ...(verifyKeys !== undefined && {
      verifyKeys: verifyKeys.map(({ id, file, notBefore, notAfter }) => ({
        ...{ id, file: from(file) },
        ...(notBefore !== undefined && { notBeforeMs: notBefore }),
        ...(notAfter !== undefined && { notAfterMs: notAfter }),
      })),
    }),
    ...(tls !== undefined && { tls: mapFields(tls, ['ca', 'cert', 'key', 'keyPasswordFile'], from) }),
    ...(sasl !== undefined && { sasl: mapFields(sasl, ['passwordFile'], from) }),
  };
}

function mapFields<T extends object>(record: T, names: readonly (keyof T)[], map: (text: string) => string): T {
  const mapped = names.filter((name) => name in record).map((name) => [name, map(record[name] as string)]);
  return { ...record, ...Object.fromEntries(mapped) };
}
