// host/fleet/drainStanding.ts: is a backend drained, fleet-wide? A rule on what the balancers say of themselves. Pure.
import type { TopicPlace } from '../membership/sources/kafkaContent.js';
import { SILENT_MS_DEFAULT } from './agreement.js';
import type { BalancerView, FleetView } from './view.js';

/** A backend that is to be drained. */
export interface DrainTarget {
  /** Key of its VIP. */
  vip: string;
  address: string;
  /** Where the record stands that says so. */
  place: TopicPlace;
}

/** How one balancer stands to it. */
type DrainStanding =
  /** No slot and no flow is left on it; or it is not known there. */
  | 'drained'
  /** It has flows. */
  | 'flows'
  /** The balancer has not read the record yet. */
  | 'behind'
  /** What the balancer says of its tables is still on its way. */
  | 'reporting'
  /** The balancer has not reported for a while: nobody knows. */
  | 'silent';

/** Which balancers are asked. */
export interface DrainOptions {
  /** Topic of the members. */
  topic: string;
  /** Group of balancers the record is for; undefined: all. */
  scope?: string | undefined;
  nowMs: number;
  /** A balancer that has not reported for so long is silent, ms. Default 15000. */
  silentMs?: number;
}

/** One balancer and one backend. */
export interface DrainState {
  id: string;
  target: DrainTarget;
  standing: DrainStanding;
}

/** How every balancer stands that the records are for. None of `drained` only when at least one balancer says so of each target. */
export function drainStates(view: FleetView, targets: readonly DrainTarget[], options: DrainOptions): DrainState[] {
  const { topic, scope } = options;
  const asked = view.balancers.filter(
    ({ record }) => record.topic === topic && (scope === undefined || record.scope === scope),
  );
  return asked.flatMap((balancer) =>
    targets.map((target) => ({ id: balancer.id, target, standing: standingOf(balancer, target, options) })),
  );
}

/** True when every balancer that is asked says that nothing is left, and there is one. */
export function isDrainedEverywhere(states: readonly DrainState[]): boolean {
  return states.length > 0 && states.every(({ standing }) => standing === 'drained');
}

function standingOf(
  balancer: BalancerView,
  { vip, address, place }: DrainTarget,
  options: DrainOptions,
): DrainStanding {
  const { record, isComplete, tables, reportedAtMs } = balancer;
  const { nowMs, silentMs = SILENT_MS_DEFAULT } = options;
  if (nowMs - reportedAtMs > silentMs) return 'silent';
  if ((record.offsets[place.partition] ?? 0) <= place.offset) return 'behind';
  if (!isComplete) return 'reporting';
  const table = tables.get(vip);
  const backend = table?.backends.find((one) => one.address === address);
  // A table with more backends than its record lists has those that drain first, so one that is not listed is none of them.
  return backend === undefined || backend.isDrained === true ? 'drained' : 'flows';
}
