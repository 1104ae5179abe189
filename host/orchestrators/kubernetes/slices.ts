// host/orchestrators/kubernetes/slices.ts: EndpointSlices (discovery.k8s.io/v1) to the endpoints of a VIP. Pure.
//
// What the API says of the conditions of an endpoint, and what is made of them:
//   ready        nil means true                                      -> active
//   serving      as ready, but whatever terminating says; nil: ready -> not ready, but serving: draining
//   terminating  nil means false                                     -> neither: gone; it drains for the grace, then it is removed
//   none of them: not ready, and not about to go                     -> `notReady`: down (it cannot serve what it has either)
import { addressFamily, canonicalAddress, hostAddressRule } from '../../membership/address.js';
import { parseKey } from '../../membership/key.js';
import type { VipTarget } from '../edits.js';
import { type Endpoint, withoutDoubles } from '../endpoints.js';

/** Of an EndpointSlice, what is read here. */
export interface EndpointSlice {
  metadata?: { name?: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> };
  addressType?: string;
  endpoints?: SliceEndpoint[] | null;
  ports?: { name?: string | null; port?: number | null; protocol?: string | null }[] | null;
}

interface SliceEndpoint {
  addresses?: string[];
  conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null };
}

/** A Service whose endpoints are the backends of a VIP. */
export interface ServiceTarget extends VipTarget {
  /** Of the Service. */
  namespace: string;
  /** Its name. */
  service: string;
  /** Name of a port of the Service: slices without it do not count. Default: any. */
  port?: string;
  /** Family of the endpoints: of a dual-stack Service, each pod once. Default: that of the VIP. */
  addressType?: 'IPv4' | 'IPv6';
  /** What an endpoint is that is neither ready nor serving nor terminating. `draining` leaves it its connections. Default `down`. */
  notReady?: 'down' | 'draining';
}

/** Label by which a slice names its Service. */
export const SERVICE_LABEL = 'kubernetes.io/service-name';

/** All endpoints of a target, each address once, and what is odd about them. */
export function endpointsOf(
  slices: Iterable<EndpointSlice>,
  target: ServiceTarget,
): { endpoints: Endpoint[]; warnings: string[] } {
  const { namespace, service, port: portName, notReady = 'down' } = target;
  const vip = parseKey(target.vip);
  const addressType = target.addressType ?? `IPv${addressFamily(vip.address)}`;
  const endpoints: Endpoint[] = [];
  const warnings = new Set<string>();
  for (const slice of slices) {
    if (slice.metadata?.labels?.[SERVICE_LABEL] !== service || slice.addressType !== addressType) continue;
    const protocol = vip.protocol.toUpperCase();
    const ports = (slice.ports ?? []).filter((port) => (port.protocol ?? 'TCP') === protocol);
    const port = portName === undefined ? ports[0] : ports.find(({ name }) => name === portName);
    if (portName !== undefined && port === undefined) continue;
    if (vip.port !== 0 && port?.port != null && port.port !== vip.port) {
      warnings.add(
        `${namespace}/${service}: port ${port.port} of its pods is not that of ${target.vip}; packets arrive at the VIP's port`,
      );
    }
    for (const endpoint of slice.endpoints ?? []) {
      // All addresses of an endpoint are the same pod, and consumers may take the first (API reference).
      const address = endpoint.addresses?.[0];
      const state = stateOf(endpoint, notReady);
      const broken = address === undefined ? 'has no address' : hostAddressRule(address);
      if (broken !== undefined) warnings.add(`${namespace}/${service}: endpoint ${address ?? ''} ${broken}; left out`);
      else if (state !== undefined) endpoints.push({ address: canonicalAddress(address as string), state });
    }
  }
  return { endpoints: withoutDoubles(endpoints), warnings: [...warnings] };
}

/** Undefined: gone. */
function stateOf({ conditions = {} }: SliceEndpoint, notReady: 'down' | 'draining') {
  const ready = conditions.ready ?? true;
  const serving = conditions.serving ?? ready;
  if (ready) return 'active';
  if (serving) return 'draining';
  return conditions.terminating ? undefined : notReady;
}
