// host/orchestrators/kubernetes/source.ts: the endpoints of Services in a Kubernetes cluster: one list and watch for each namespace.
import { isDeepStrictEqual } from 'node:util';
import { optionError } from '../../errors.js';
import { readInteger } from '../../options.js';
import type { Endpoint, EndpointSource, Tell } from '../endpoints.js';
import { type KubernetesConnection, openSliceApi, type SliceApi } from './client.js';
import { type EndpointSlice, endpointsOf, SERVICE_LABEL, type ServiceTarget } from './slices.js';
import { type SliceTimes, SliceWatch } from './sliceWatch.js';

/** A cluster, and which of its Services are behind which VIP. */
export interface KubernetesOptions extends KubernetesConnection {
  /** Services whose endpoints are backends. */
  services: readonly ServiceTarget[];
  /** How long a list may take, ms: 100..600000. Default 30000. */
  answerMs?: number;
  /** How long a watch may be silent before it is made anew, ms: 100..3600000. Default 180000. */
  silenceMs?: number;
  /** How long the first wait is after a failure, ms: 10..60000; it doubles up to 30 s. Default 1000. */
  retryMs?: number;
  /** EndpointSlices a page of a list, 1..10000. Default 500. */
  pageSlices?: number;
}

const WATCH_SECONDS_MIN = 300;
const RETRY_MAX_MS = 30_000;
/** A label as Kubernetes takes it; also what keeps a selector one. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * EndpointSlices as a source of endpoints. Needs the optional package @kubernetes/client-node, and the right to list and watch endpointslices
 * (discovery.k8s.io) in the namespaces that are named. Rejects with ERR_MISSING, ERR_OPTION.
 */
export async function kubernetesSource(options: KubernetesOptions): Promise<EndpointSource> {
  for (const { namespace, service } of options.services) {
    const wrong = [namespace, service].find((name) => !NAME.test(name));
    if (wrong !== undefined) throw optionError('services', wrong, 'must be the name of a namespace or a Service');
  }
  const times = readTimes(options);
  const api = await openSliceApi(options);
  return { follow: (tell, signal) => followCluster(api, options.services, times, tell, signal) };
}

function readTimes({ answerMs, silenceMs, retryMs, pageSlices }: KubernetesOptions): SliceTimes {
  return {
    answerMs: readInteger('answerMs', answerMs, 30_000, 100, 600_000),
    silenceMs: readInteger('silenceMs', silenceMs, 180_000, 100, 3_600_000),
    retryFirstMs: readInteger('retryMs', retryMs, 1000, 10, 60_000),
    pageSlices: readInteger('pageSlices', pageSlices, 500, 1, 10_000),
    retryMaxMs: RETRY_MAX_MS,
    // Spread, so that not all watches of a cluster end together.
    watchSeconds: WATCH_SECONDS_MIN + Math.floor(Math.random() * WATCH_SECONDS_MIN),
  };
}

async function followCluster(
  api: SliceApi,
  services: readonly ServiceTarget[],
  times: SliceTimes,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  const namespaces = [...new Set(services.map(({ namespace }) => namespace))];
  const watches = namespaces.map((namespace) => {
    const own = services.filter((target) => target.namespace === namespace);
    const labelSelector = `${SERVICE_LABEL} in (${[...new Set(own.map(({ service }) => service))].join(',')})`;
    const onSlices = tellerOf(own, tell);
    return new SliceWatch(api, { namespace, labelSelector }, times, tell, onSlices).run(signal);
  });
  await Promise.all(watches);
}

/** Tells the endpoints of each target when they are known, and when they differ. */
function tellerOf(targets: readonly ServiceTarget[], tell: Tell): (slices: Iterable<EndpointSlice>) => void {
  const last = new Map<string, Endpoint[]>();
  const warned = new Set<string>();
  return (slices) => {
    const all = [...slices];
    for (const target of targets) {
      const { endpoints, warnings } = endpointsOf(all, target);
      for (const text of warnings) {
        if (!warned.has(text)) tell({ type: 'warning', text });
        warned.add(text);
      }
      if (isDeepStrictEqual(last.get(target.vip), endpoints)) continue;
      last.set(target.vip, endpoints);
      tell({ type: 'endpoints', vip: target.vip, endpoints });
    }
  };
}
