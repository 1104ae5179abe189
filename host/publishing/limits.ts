// host/publishing/limits.ts: how large a step a publisher takes without being told that it is meant. A rule on plans. Pure.
//
// The balancers themselves take every step that the records say: a rule of theirs on the size of a step would depend on what they
// happened to read together, and two of them would differ.
import type { Panic } from '../membership/effective.js';
import type { Plan } from '../membership/planned.js';

/** Share of a VIP's slots that one step may move: adding a second backend, draining one of two and replacing one of three take a half. */
export const MOVE_SHARE_MAX_DEFAULT = 0.6;

/** Why a step is too large, for one VIP. */
export interface Excess {
  /** Key of the VIP. */
  vip: string;
  /** `removed`: it goes, and had backends. `emptied`: none is left. `panic`: none is active any more. `moved`: too much moves. */
  kind: 'removed' | 'emptied' | 'panic' | 'moved';
  /** In words: `32769 of 65537 slots move, 50.00 %: more than 25 %`. */
  text: string;
}

/** What is planned for a VIP, and how it stood before. */
export interface PlannedVip extends Plan {
  /** Whether backends that were taken out counted as active already. */
  panicBefore: Panic;
}

/**
 * What of these plans is more than a step may be: at most one reason a VIP. `moveShareMax` is 0..1; a slot that two backends share
 * unevenly is not counted against it. A VIP that is new, or had no backend, loses nothing.
 */
export function excessOf(plans: readonly PlannedVip[], moveShareMax: number = MOVE_SHARE_MAX_DEFAULT): Excess[] {
  return plans.flatMap((plan) => {
    const found = excessOfPlan(plan, moveShareMax);
    return found === undefined ? [] : [{ vip: plan.vip, ...found }];
  });
}

type Moved = Pick<Plan, 'slotsMoved' | 'share'>;

function excessOfPlan(plan: PlannedVip, moveShareMax: number): Omit<Excess, 'vip'> | undefined {
  const { change, slotCount, isEmptied, panic, panicBefore, backends } = plan;
  // A slow start moves its slots by and by, and in the end all of them.
  const { slotsMoved, share } = largerOf(plan, plan.afterSlowStart);
  const serving = backends.filter(({ slotsBefore }) => slotsBefore > 0).length;
  if (change === 'added' || serving === 0) return undefined;
  const had = `${serving} ${serving === 1 ? 'backend' : 'backends'}`;
  if (change === 'removed') return { kind: 'removed', text: `the VIP goes, with ${had}` };
  if (isEmptied) return { kind: 'emptied', text: `no backend is left of ${had}` };
  if (panic !== 'none' && panicBefore === 'none') {
    const who = panic === 'draining' ? 'those that drain' : 'those that are down';
    return { kind: 'panic', text: `no active backend is left: ${who} would count as active again` };
  }
  if (slotsMoved <= Math.ceil(moveShareMax * slotCount)) return undefined;
  const percent = `${(100 * share).toFixed(2)} %`;
  return {
    kind: 'moved',
    text: `${slotsMoved} of ${slotCount} slots move, ${percent}: more than ${100 * moveShareMax} %`,
  };
}

function largerOf(plan: Moved, later: Moved | undefined): Moved {
  return later !== undefined && later.slotsMoved > plan.slotsMoved ? later : plan;
}
