// host/membership/planState.ts: what a state would move, against what is live: VIP by VIP, with slow start, and with what is asked before
// the tables.
import { effectiveBackends } from './effective.js';
import type { LiveVip } from './live.js';
import { countMovedNames, NO_NAMES, namesOf } from './names.js';
import { type PlanParts, planRemoval, planVip, withFullWeight } from './plan.js';
import type { Plan } from './planned.js';
import { backendsOf, type MembershipState } from './state.js';

type LiveVips = ReadonlyMap<string, LiveVip>;

/** By which rule weights count, and when (Unix time, ms). */
interface Counting {
  panicShare: number;
  nowMs: number;
}

/** Plans the VIPs of `touched` as `state` has them. Nothing changes. Throws ERR_LIMIT when memory or indexes would not suffice. */
export function planState(
  parts: PlanParts,
  live: LiveVips,
  state: MembershipState,
  touched: Iterable<string>,
  counting: Counting,
): Plan[] {
  const plans: Plan[] = [];
  for (const key of touched) {
    const plan = planTables(parts, live.get(key), state, key, counting);
    if (plan !== undefined) plans.push({ ...plan, ...planNames(live, state, key, counting.panicShare) });
  }
  return plans;
}

/** The tables of one VIP; of one with backends in slow start, also as they will be with whole weights. */
function planTables(
  parts: PlanParts,
  before: LiveVip | undefined,
  state: MembershipState,
  key: string,
  { panicShare, nowMs }: Counting,
): Plan | undefined {
  const entry = state.vips.get(key);
  if (entry === undefined) return before === undefined ? undefined : planRemoval(parts, before);
  const backends = backendsOf(state, key).map(({ backend }) => backend);
  const now = effectiveBackends(entry.vip, backends, panicShare, nowMs);
  const plan = planVip(parts, key, entry.vip, now, before);
  if (now.nextStepMs === Number.POSITIVE_INFINITY) return plan;
  const whole = effectiveBackends(entry.vip, backends, panicShare);
  return withFullWeight(plan, planVip(parts, key, entry.vip, whole, before), backends);
}

function planNames(
  live: LiveVips,
  state: MembershipState,
  key: string,
  panicShare: number,
): Pick<Plan, 'namesMoved' | 'serverIdConflicts'> {
  const before = live.get(key)?.names ?? NO_NAMES;
  const vip = state.vips.get(key)?.vip;
  if (vip === undefined) return { namesMoved: countMovedNames(before, NO_NAMES), serverIdConflicts: [] };
  const backends = backendsOf(state, key).map(({ backend }) => backend);
  const { canServe } = effectiveBackends(vip, backends, panicShare);
  const after = namesOf(vip, backends, canServe);
  return { namesMoved: countMovedNames(before, after), serverIdConflicts: after.conflicts };
}
