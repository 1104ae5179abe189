// host/cli/publishFromConfig.ts: the file that `maglev-dsr publish-from` reads: which endpoints are behind which VIP.
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { optionError } from '../errors.js';
import type { Encap } from '../membership/event.js';
import type { DockerOptions } from '../orchestrators/docker/source.js';
import type { KubernetesOptions } from '../orchestrators/kubernetes/source.js';
import { readYaml } from './yamlFile.js';

// What a record may say of it is checked when it is published; `encap: ipip` is short for `{ type: ipip }`.
const encap = z
  .union([z.string(), z.looseObject({ type: z.string() })])
  .transform((given) => (typeof given === 'string' ? { type: given } : given) as Encap);

const target = { vip: z.string(), encap: encap.exactOptional(), weight: z.int().min(0).max(65535).exactOptional() };

const kubernetesSchema = z.strictObject({
  kubeconfig: z.string().exactOptional(),
  context: z.string().exactOptional(),
  silenceMs: z.int().exactOptional(),
  answerMs: z.int().exactOptional(),
  retryMs: z.int().exactOptional(),
  pageSlices: z.int().exactOptional(),
  services: z
    .array(
      z.strictObject({
        ...target,
        namespace: z.string(),
        service: z.string(),
        port: z.string().exactOptional(),
        addressType: z.enum(['IPv4', 'IPv6']).exactOptional(),
        notReady: z.enum(['down', 'draining']).exactOptional(),
      }),
    )
    .min(1),
});

const dockerSchema = z.strictObject({
  socket: z.string().exactOptional(),
  answerMs: z.int().exactOptional(),
  relistMs: z.int().exactOptional(),
  retryMs: z.int().exactOptional(),
  vips: z.array(z.strictObject({ ...target, addressType: z.enum(['IPv4', 'IPv6']).exactOptional() })).min(1),
});

const schema = z.strictObject({
  id: z.string().min(1).max(100).optional(),
  graceMs: z.int().exactOptional(),
  coalesceMs: z.int().exactOptional(),
  resyncMs: z.int().exactOptional(),
  kubernetes: kubernetesSchema.optional(),
  docker: dockerSchema.optional(),
});

/** The file, with paths resolved. */
export interface PublishFromConfig {
  id: string;
  times: { graceMs?: number; coalesceMs?: number; resyncMs?: number };
  kubernetes: KubernetesOptions | undefined;
  docker: DockerOptions | undefined;
}

/** Reads and checks the file. Throws ERR_OPTION naming file, line, field, value and rule. */
export function readPublishFromConfig(path: string): PublishFromConfig {
  const { id = hostname(), kubernetes, docker, ...times } = readYaml(path, '--config', () => schema);
  const { kubeconfig } = kubernetes ?? {};
  const beside = kubeconfig === undefined ? {} : { kubeconfig: resolve(dirname(resolve(path)), kubeconfig) };
  return { id, times, kubernetes: kubernetes && { ...kubernetes, ...beside }, docker };
}

/** The part of the file for one orchestrator. Throws ERR_OPTION when it is not there. */
export function partFor<T>(part: T | undefined, name: string, path: string): T {
  if (part !== undefined) return part;
  throw optionError('--config', path, `must have \`${name}:\`; --help shows it`);
}
