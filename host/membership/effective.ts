// host/membership/effective.ts: which backends of a VIP get flows, and which keep theirs: a rule on the records alone.
//
//              in the table          may serve the flows it has    in `previousTable`
//   active     yes                   yes                           yes
//   draining   no, but in a panic    yes                           yes, by the weight of its record
//   down       no, but in a panic    no, but in a panic            no
//
// An active backend of weight 0 is draining. The registered weight of a VIP is the sum of the weights of all its records,
// whatever their state. One that is only there to be named by packets (`katran: [named]`) is never in the table and has no weight.
//
// Panic: when the active weight falls below `panicShare` of the registered weight, or none is left, all backends that are
// not down count as active ('draining'); where there is none either, all that are down too ('down'). A backend of weight 0
// that counts as active by this rule has weight 1. Time plays no part in that, so that every balancer decides alike; it only
// says how much of its weight a backend in slow start has (slowStart.ts).
import { isOnlyNamed } from '../compat/katranRecord.js';
import { addressBytes } from './address.js';
import { encapOf } from './encap.js';
import type { Backend, Encap, Vip } from './event.js';
import { WEIGHT_DEFAULT } from './record.js';
import { nextStepMs, RAMP_STEPS, rampStep } from './slowStart.js';

/**
 * Share below which backends that were taken out count as active again. 0 = only when none is left: a drain is somebody's
 * decision, and a default that sends new flows to nine drained backends of ten would never let them finish.
 */
export const PANIC_SHARE_DEFAULT = 0;

/** `none`: as the records say. `draining`: those draining count as active. `down`: those that are down too. */
export type Panic = 'none' | 'draining' | 'down';

/** A backend as the table builder takes it. */
export interface TableInput {
  /** In canonical form. */
  address: string;
  /** 1..65535: that of its record. */
  weight: number;
  /** Step of its ramp, 1..9: so many tenths of the weight count. Left out: all of it. */
  step?: number;
  /** Its own, else that of the VIP, else L2. */
  encap: Encap;
}

/** What the records of one VIP amount to. Lists are in the order of the 16 address bytes, whatever order they came in. */
export interface EffectiveBackends {
  /** Backends that get new flows. */
  table: TableInput[];
  /** Backends that may have flows from before we started: what `table` was before anything was drained. */
  previousTable: TableInput[];
  /** Addresses of the backends that flows may stay on. */
  canServe: Set<string>;
  /** Whether backends that were taken out count as active. */
  panic: Panic;
  /** When one of `table` comes to another step of its ramp, Unix time in ms; Infinity when none will. */
  nextStepMs: number;
}

/**
 * Applies the rule above to the backends of one VIP.
 * @param panicShare 0..1. Default 0: only when no active weight is left.
 * @param nowMs Unix time, ms, for ramps. Default: all of them are over.
 */
export function effectiveBackends(
  vip: Pick<Vip, 'encap'>,
  backends: Iterable<Backend>,
  panicShare: number = PANIC_SHARE_DEFAULT,
  nowMs: number = Number.POSITIVE_INFINITY,
): EffectiveBackends {
  const all = sortByAddress([...backends]);
  const notDown = all.filter((backend) => backend.state !== 'down');
  const candidates = all.filter((backend) => !isOnlyNamed(backend));
  const left = candidates.filter((backend) => backend.state !== 'down');
  const active = left.filter((backend) => !isDraining(backend));
  const panic = panicOf(active, left, candidates, panicShare);
  const chosen = { none: active, draining: left, down: candidates }[panic];
  const input = (backend: Backend): TableInput => {
    const step = rampStep(backend, nowMs);
    const weight = Math.max(1, weightOf(backend));
    return { address: backend.address, weight, ...(step < RAMP_STEPS && { step }), encap: encapOf(vip, backend) };
  };
  const table = chosen.map(input);
  const before = left.filter((backend) => weightOf(backend) > 0);
  return {
    table,
    previousTable: before.length > 0 ? before.map(input) : table,
    canServe: new Set((panic === 'down' ? all : notDown).map((backend) => backend.address)),
    panic,
    nextStepMs: Math.min(...chosen.map((backend) => nextStepMs(backend, nowMs))),
  };
}

/** True when a backend keeps its flows and gets no new ones: by its state, or by weight 0. */
export function isDraining(backend: Backend): boolean {
  if (backend.state !== undefined && backend.state !== 'active') return backend.state === 'draining';
  return isOnlyNamed(backend) || weightOf(backend) === 0;
}

function panicOf(active: Backend[], notDown: Backend[], all: Backend[], panicShare: number): Panic {
  const activeWeight = sumWeights(active);
  const isEnough = activeWeight > 0 && activeWeight >= panicShare * sumWeights(all);
  if (isEnough || all.length === 0) return 'none';
  return notDown.length > 0 ? 'draining' : 'down';
}

function weightOf(backend: Backend): number {
  return backend.weight ?? WEIGHT_DEFAULT;
}

function sumWeights(backends: Backend[]): number {
  return backends.reduce((sum, backend) => sum + weightOf(backend), 0);
}

/** In the order of the 16 address bytes. */
export function sortByAddress(backends: readonly Backend[]): Backend[] {
  const ranked = backends.map((backend) => ({ backend, rank: rankOf(backend) }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0));
  return ranked.map(({ backend }) => backend);
}

// A record is never changed, and a change of one of a thousand backends sorts all of them.
const ranks = new WeakMap<Backend, string>();

/** The 16 bytes as characters, so that they compare as one string. */
function rankOf(backend: Backend): string {
  const known = ranks.get(backend);
  if (known !== undefined) return known;
  const rank = String.fromCharCode(...addressBytes(backend.address));
  ranks.set(backend, rank);
  return rank;
}
