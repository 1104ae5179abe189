// host/orchestrators/docker/containers.ts: containers and their labels to the endpoints of a VIP. Pure.
//
//   maglev-dsr.vip      tcp/192.0.2.80:80    several, separated by commas
//   maglev-dsr.weight   3
//   maglev-dsr.network  web                  where its address is from; not needed where there is one network
//
//   running, healthy or without a health check -> active     being stopped -> draining
//   running, starting or unhealthy; paused     -> down       anything else -> gone
import { constants } from 'node:os';
import { addressFamily, canonicalAddress, hostAddressRule } from '../../membership/address.js';
import type { BackendState } from '../../membership/event.js';
import { parseKey, readKey } from '../../membership/key.js';
import type { VipTarget } from '../edits.js';
import { type Endpoint, withoutDoubles } from '../endpoints.js';
import type { Container } from './engine.js';

export const VIP_LABEL = 'maglev-dsr.vip';
const WEIGHT_LABEL = 'maglev-dsr.weight';
const NETWORK_LABEL = 'maglev-dsr.network';

/** A VIP that containers may name. */
export interface ContainerTarget extends VipTarget {
  /** Family of the containers' addresses. Default: that of the VIP. */
  addressType?: 'IPv4' | 'IPv6';
}

/** A container, and whether it was told to stop. */
export interface Known {
  container: Container;
  isStopping: boolean;
}

/** All endpoints of a target. */
export function endpointsOfTarget(
  containers: Iterable<Known>,
  target: ContainerTarget,
): { endpoints: Endpoint[]; warnings: string[] } {
  const endpoints: Endpoint[] = [];
  const warnings: string[] = [];
  for (const known of containers) {
    if (!vipsOf(known.container).includes(target.vip)) continue;
    const state = stateOf(known);
    if (state === undefined) continue;
    const endpoint = endpointOf(known.container, target);
    if (typeof endpoint === 'string') warnings.push(`container ${shortId(known.container)}: ${endpoint}; left out`);
    else endpoints.push({ ...endpoint, state });
  }
  return { endpoints: withoutDoubles(endpoints), warnings };
}

/** Keys that a container names, canonical; as they stand where they are none. */
export function vipsOf({ Config }: Container): string[] {
  return (Config.Labels?.[VIP_LABEL] ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const key = readKey(text);
      return typeof key === 'string' ? text : key.vip;
    });
}

/** True for the signal that asks this container to stop (`docker stop`), and for the one that ends it; not for a reload. */
export function isStopSignal({ Config }: Container, signal: string | undefined): boolean {
  const number = Number(signal);
  const stop = Config.StopSignal ?? 'SIGTERM';
  const wanted = Number(stop) || constants.signals[`SIG${stop.replace(/^SIG/, '')}` as NodeJS.Signals];
  return number === wanted || number === constants.signals.SIGKILL;
}

export function shortId({ Id }: { Id: string }): string {
  return Id.slice(0, 12);
}

function stateOf({ container: { State }, isStopping }: Known): BackendState | undefined {
  const health = State.Health?.Status ?? 'none';
  if (State.Status === 'paused') return 'down';
  if (State.Status !== 'running') return undefined;
  if (isStopping) return 'draining';
  return health === 'healthy' || health === 'none' ? 'active' : 'down';
}

/** Without its state; or why it has none. */
function endpointOf(container: Container, target: ContainerTarget): Omit<Endpoint, 'state'> | string {
  const { [WEIGHT_LABEL]: weightText, [NETWORK_LABEL]: networkName } = container.Config.Labels ?? {};
  const weight = Number(weightText);
  if (weightText !== undefined && !(Number.isInteger(weight) && weight >= 0 && weight <= 65535)) {
    return `${WEIGHT_LABEL} ${JSON.stringify(weightText)} is not 0..65535`;
  }
  const networks = Object.entries(container.NetworkSettings.Networks ?? {});
  const found = networks.filter(([name]) => networkName === undefined || name === networkName);
  if (found.length !== 1) {
    const names = networks.map(([name]) => name).join(', ') || 'none';
    return `${NETWORK_LABEL} must name one of its networks (${names})`;
  }
  const family = target.addressType ?? `IPv${addressFamily(parseKey(target.vip).address)}`;
  const [, { IPAddress, GlobalIPv6Address }] = found[0] as (typeof found)[number];
  const address = (family === 'IPv4' ? IPAddress : GlobalIPv6Address) ?? '';
  if (address === '' || hostAddressRule(address) !== undefined) return `has no ${family} address in ${found[0]?.[0]}`;
  return { address: canonicalAddress(address), ...(weightText !== undefined && { weight }) };
}
