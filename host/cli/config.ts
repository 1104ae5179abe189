// host/cli/config.ts: the file that `maglev-dsr run` and `check` read: YAML, checked field by field, wrong ones named with
// their line.
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { LoadBalancerOptions } from '../balancerOptions.js';
import { optionError } from '../errors.js';
import type { ReportOptions } from '../fleet/reporter.js';
import type { MembershipSource } from '../membership/event.js';
import { fileSource } from '../membership/index.js';
import { readAddress } from '../metrics/address.js';
import type { MetricsOptions } from '../metrics/server.js';
import { kafkaFieldsHelp, kafkaSchema, resolveKafka } from './kafkaFields.js';
import { readText, readYaml } from './yamlFile.js';

const interfaceSchema = z.strictObject({
  name: z.string(),
  workers: z.int().optional(),
  rxFrames: z.int().optional(),
  txFrames: z.int().optional(),
  frameBytes: z.int().optional(),
  qdiscBypass: z.boolean().optional(),
});

const membershipSchema = z
  .strictObject({ file: z.string().optional(), kafka: kafkaSchema.optional() })
  .refine(({ file, kafka }) => (file === undefined) !== (kafka === undefined), {
    error: 'expected { file: PATH } or { kafka: { brokers: [HOST:PORT], topic: NAME } }',
  });

/** What is to be seen of a balancer from outside. */
const surfacesSchema = {
  control: z
    .union([z.literal('none'), z.strictObject({ socket: z.string() })], { error: 'expected { socket: PATH } or none' })
    .optional(),
  metrics: z.strictObject({ listen: z.string() }).optional(),
  fleet: z.strictObject({ statusTopic: z.string(), id: z.string().optional(), everyMs: z.int().optional() }).optional(),
};

const configSchema = z.strictObject({
  interfaces: z.array(interfaceSchema).min(1),
  membership: membershipSchema,
  announce: z.enum(['none', 'arp']).optional(),
  divert: z.boolean().optional(),
  healthChecks: z.strictObject({ interface: z.string() }).optional(),
  hashSecretFile: z.string().optional(),
  batchFrames: z.int().optional(),
  compat: z.literal('katran', { error: 'expected katran, or left out' }).optional(),
  katran: z
    .strictObject({
      frameBytesMax: z.int().optional(),
      source: z.strictObject({ ipv4: z.string().optional(), ipv6: z.string().optional() }).optional(),
      localDelivery: z.boolean().optional(),
      decap: z
        .strictObject({
          ipip: z.boolean().optional(),
          guePort: z.int().optional(),
          strict: z.boolean().optional(),
          destinations: z.array(z.strictObject({ address: z.string(), egress: z.boolean().optional() })).optional(),
        })
        .optional(),
    })
    .optional(),
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
      sourceRoutesMax: z.int().optional(),
      fragmentsMax: z.int().optional(),
      fragmentsHeldMax: z.int().optional(),
    })
    .optional(),
  ...surfacesSchema,
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
    # kafka:
${kafkaFieldsHelp('    #   ').trimEnd()}
  announce: none                   # arp: answer ARP and neighbour solicitations for VIPs, and announce them
  divert: true                     # keep this host's own stack from answering for VIPs (nft)
  batchFrames: 64                  # frames of one batch
  healthChecks: { interface: hc0 } # a TUN device: packets routed to it go to the backend whose healthCheckMark they have
  hashSecretFile: /etc/maglev-dsr/secret   # at least 16 bytes, the same on every balancer of a fleet
  flow: { tcpIdleTimeoutMs: 900000, udpIdleTimeoutMs: 60000, udpLearnMs: 10000, panicShare: 0,
          tooBigPerSecond: 1000, fragmentTimeoutMs: 5000 }
  control: { socket: /run/maglev-dsr/eth0.sock }   # for 'maglev-dsr status'; default: there, by interface; none: no socket
  metrics: { listen: '127.0.0.1:9464' }    # for Prometheus; default: none
  fleet: { statusTopic: balancer-status }  # with kafka: report to it; id: HOSTNAME.INTERFACES, everyMs: 3000
  compat: katran                   # take frames as Katran does, bit for bit; default: our own way
  katran: { frameBytesMax: 1514, localDelivery: false, source: { ipv4: 10.0.0.5, ipv6: '2001:db8::5' },
            decap: { ipip: false, guePort: 6080, strict: true, destinations: [{ address: 192.0.2.99, egress: false }] } }
  limits: { vipsMax: 1024, backendsMax: 4096, flowsMax: 1048576, tablesMiB: 128, sourceRoutesMax: 16384,
            fragmentsMax: 1024, fragmentsHeldMax: 64 }

A members file:

  vips:
    - vip: tcp/192.0.2.80:80
      encap: ipip                  # default: l2
      backends:
        - 10.0.1.9
        - { address: 10.0.1.10, weight: 3 }
`;

/** What is to be seen of a balancer from outside, with defaults filled in. */
export interface Surfaces {
  /** Path of the control socket; `default`: where `status` looks for it; undefined: none. */
  control: string | 'default' | undefined;
  metrics: MetricsOptions | undefined;
  fleet: ReportOptions | undefined;
}

/** Reads and checks a configuration. Throws ERR_OPTION naming file, line, field, value and rule. Paths are relative to the file. */
export async function readConfig(path: string): Promise<LoadBalancerOptions> {
  return optionsOf(readFields(path), path);
}

/** The rest of the same file: what `run` opens beside the balancer. Throws ERR_OPTION. */
export function readSurfaces(path: string): Surfaces {
  const { control, metrics, fleet, membership } = readFields(path);
  const folder = dirname(resolve(path));
  if (metrics !== undefined) readAddress(metrics.listen);
  return {
    control: control === undefined ? 'default' : control === 'none' ? undefined : resolve(folder, control.socket),
    metrics,
    fleet: fleet === undefined ? undefined : reportOptions(fleet, membership.kafka, folder),
  };
}

function readFields(path: string): Config {
  return readYaml(path, 'config', () => configSchema);
}

function reportOptions(
  { statusTopic, id, everyMs }: NonNullable<Config['fleet']>,
  kafka: Config['membership']['kafka'],
  folder: string,
): ReportOptions {
  if (kafka === undefined)
    throw optionError('fleet', statusTopic, 'needs membership.kafka: its brokers have the topic');
  const rule = statusTopic === kafka.topic ? 'must be another topic than that of the members' : undefined;
  if (rule !== undefined) throw optionError('fleet.statusTopic', statusTopic, rule);
  const { topic, snapshot, verifyKeys, maxDelayMs, ...connection } = resolveKafka(kafka, folder);
  return { ...connection, statusTopic, ...(id !== undefined && { id }), ...(everyMs !== undefined && { everyMs }) };
}

async function optionsOf(config: Config, path: string): Promise<LoadBalancerOptions> {
  const folder = dirname(resolve(path));
  const { interfaces, announce, divert, healthChecks, batchFrames, compat, katran, hashSecretFile, flow, limits } =
    config;
  const secret = hashSecretFile === undefined ? undefined : readSecret(resolve(folder, hashSecretFile));
  const given = {
    interfaces,
    announce,
    divert,
    healthChecks,
    batchFrames,
    compat,
    katran,
    hashSecret: secret,
    ...flow,
    ...limits,
    source: await sourceOf(config, folder),
  };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as LoadBalancerOptions;
}

async function sourceOf({ membership }: Config, folder: string): Promise<MembershipSource> {
  const { file, kafka } = membership;
  if (kafka === undefined) return fileSource(resolve(folder, file as string));
  const { kafkaSource } = await import('../membership/sources/kafka.js');
  return kafkaSource(resolveKafka(kafka, folder));
}

/** The secret as it stands in the file, without a line end. Never in a message. */
function readSecret(path: string): string {
  return readText(path, 'hashSecretFile').replace(/\r?\n$/, '');
}
