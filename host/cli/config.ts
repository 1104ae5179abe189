// host/cli/config.ts: the file that `maglev-dsr run` and `check` read: YAML, checked field by field, wrong ones named with
// their line.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import type { LoadBalancerOptions } from '../balancerOptions.js';
import { MaglevError, show } from '../errors.js';
import type { MembershipSource } from '../membership/event.js';
import { fileSource } from '../membership/index.js';

const interfaceSchema = z.strictObject({
  name: z.string(),
  workers: z.int().optional(),
  rxFrames: z.int().optional(),
  txFrames: z.int().optional(),
  frameBytes: z.int().optional(),
  qdiscBypass: z.boolean().optional(),
});

const membershipSchema = z.union(
  [
    z.strictObject({ file: z.string() }),
    z.strictObject({
      kafka: z.strictObject({
        brokers: z.array(z.string()).min(1),
        topic: z.string(),
        scope: z.string().optional(),
      }),
    }),
  ],
  { error: 'expected { file: PATH } or { kafka: { brokers: [HOST:PORT], topic: NAME } }' },
);

const configSchema = z.strictObject({
  interfaces: z.array(interfaceSchema).min(1),
  membership: membershipSchema,
  announce: z.enum(['none', 'arp']).optional(),
  divert: z.boolean().optional(),
  hashSecretFile: z.string().optional(),
  batchFrames: z.int().optional(),
  flow: z
    .strictObject({
      tcpIdleTimeoutMs: z.int().optional(),
      udpIdleTimeoutMs: z.int().optional(),
      udpLearnMs: z.int().optional(),
      panicShare: z.number().optional(),
      tooBigPerSecond: z.int().optional(),
      fragmentTimeoutMs: z.int().optional(),
    })
    .optional(),
  limits: z
    .strictObject({
      vipsMax: z.int().optional(),
      backendsMax: z.int().optional(),
      flowsMax: z.int().optional(),
      tablesMiB: z.int().optional(),
      fragmentsMax: z.int().optional(),
      fragmentsHeldMax: z.int().optional(),
    })
    .optional(),
});

type Config = z.infer<typeof configSchema>;

/** The schema in words, for `--help`. */
export const CONFIG_HELP = `The file is YAML. All fields but interfaces and membership are optional:

  interfaces:                      # one (one-armed) or more
    - name: eth0
      workers: 1                   # packet workers that share its frames
      rxFrames: 1024               # receive ring; txFrames: 512, frameBytes: 66112, qdiscBypass: false
  membership:
    file: members.yaml             # or:
    # kafka: { brokers: [10.0.0.5:9092], topic: balancer-members, scope: edge-1 }
  announce: none                   # arp: answer ARP and neighbour solicitations for VIPs, and announce them
  divert: true                     # keep this host's own stack from answering for VIPs (nft)
  hashSecretFile: /etc/maglev-dsr/secret   # at least 16 bytes, the same on every balancer of a fleet
  flow: { tcpIdleTimeoutMs: 900000, udpIdleTimeoutMs: 60000, udpLearnMs: 10000, panicShare: 0,
          tooBigPerSecond: 1000, fragmentTimeoutMs: 5000 }
  limits: { vipsMax: 1024, backendsMax: 4096, flowsMax: 1048576, tablesMiB: 128, fragmentsMax: 1024, fragmentsHeldMax: 64 }

A members file:

  vips:
    - address: 192.0.2.80
      protocol: tcp
      port: 80
      backends:
        - address: 10.0.1.9
        - { address: 10.0.1.10, weight: 2 }
`;

/** Reads and checks a configuration. Throws ERR_OPTION naming file, line, field, value and rule. Paths are relative to the file. */
export async function readConfig(path: string): Promise<LoadBalancerOptions> {
  const text = readText(path, 'config');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0]);
    throw configError(path, line, '', '', broken.message.split('\n')[0] ?? 'expected YAML');
  }
  const parsed = configSchema.safeParse(document.toJS());
  if (parsed.success) return optionsOf(parsed.data, path);
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] as string] : issue.path;
  const value = document.getIn(keys as (string | number)[]);
  const node = isMap(document.contents) ? document.getIn(keys as (string | number)[], true) : undefined;
  const range = (node as { range?: [number, number, number] } | undefined)?.range;
  const line = range === undefined ? 1 : lines.linePos(range[0]).line;
  const rule = issue.code === 'unrecognized_keys' ? 'is not a field of this file' : issue.message;
  throw configError(path, line, keys.join('.'), value === undefined ? '' : show(value), rule);
}

function configError(path: string, line: number, field: string, value: string, rule: string): MaglevError {
  const what = [field, value].filter((part) => part !== '').join(' ');
  const message = `${path} line ${line}: ${what}${what === '' ? '' : ': '}${rule}`;
  return new MaglevError('ERR_OPTION', message, { option: field, rule });
}

async function optionsOf(config: Config, path: string): Promise<LoadBalancerOptions> {
  const folder = dirname(resolve(path));
  const { interfaces, announce, divert, batchFrames, hashSecretFile, flow, limits } = config;
  const secret = hashSecretFile === undefined ? undefined : readSecret(resolve(folder, hashSecretFile));
  const given = {
    interfaces,
    announce,
    divert,
    batchFrames,
    hashSecret: secret,
    ...flow,
    ...limits,
    source: await sourceOf(config, folder),
  };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as LoadBalancerOptions;
}

async function sourceOf({ membership }: Config, folder: string): Promise<MembershipSource> {
  if ('file' in membership) return fileSource(resolve(folder, membership.file));
  const { kafkaSource } = await import('../membership/sources/kafka.js');
  const { scope, ...kafka } = membership.kafka;
  return kafkaSource({ ...kafka, ...(scope !== undefined && { scope }) });
}

/** The secret as it stands in the file, without a line end. Never in a message. */
function readSecret(path: string): string {
  return readText(path, 'hashSecretFile').replace(/\r?\n$/, '');
}

/** A file's text. Throws ERR_OPTION naming the option and the file. */
export function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MaglevError('ERR_OPTION', `${option} ${path}: ${code}`, { option, cause });
  }
}
