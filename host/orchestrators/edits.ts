// host/orchestrators/edits.ts: from the endpoints of a VIP and what the topic says of it to what is to be written. Pure.
//
//   endpoint  active ------------> record active
//             draining, or gone -> draining, for the grace; then removed, unless the endpoint is there
//             down --------------> down; gone from there: removed, nothing is left to drain
//
// Only records with our mark are changed or removed. Of those, a state or weight that somebody else has set (an operator who drains, a
// health checker) stays until the endpoint itself says something new: what is compared is what we said last, which stands in the mark.
import { isDeepStrictEqual } from 'node:util';
import { canonicalAddress } from '../membership/address.js';
import type { RecordMap } from '../membership/difference.js';
import type { Backend, BackendState, Encap, Vip } from '../membership/event.js';
import { parseKey } from '../membership/key.js';
import type { CanonicalBackend } from '../membership/record.js';
import type { Edit } from '../publishing/edit.js';
import type { Endpoint } from './endpoints.js';
import { type Managed, managedOf } from './managed.js';

/** A VIP whose backends come from an orchestrator. */
export interface VipTarget {
  /** Its key, such as `tcp/192.0.2.80:80`. */
  vip: string;
  /** Encapsulation of the VIP, where its record is made here. Default: l2. */
  encap?: Encap;
  /** Weight of a backend that says none itself, 0..65535. Default 1. */
  weight?: number;
}

/** Whose records, and how long one that is gone drains. */
export interface Ownership {
  by: string;
  graceMs: number;
}

/** What is to be done for one VIP now. */
interface VipStep {
  /** Those that add or raise come first: when a step has to be made in parts, new backends are there before old ones go. */
  edits: Edit[];
  /** When a grace ends next, Unix time in ms. */
  dueAtMs: number | undefined;
  /** Addresses with a record that somebody else made: left alone. */
  foreign: string[];
}

/** What differs for `target`. Twice the same question has nothing to do the second time. */
export function stepFor(
  records: RecordMap,
  target: VipTarget,
  endpoints: readonly Endpoint[],
  { by, graceMs }: Ownership,
  nowMs: number,
): VipStep {
  const gains: Edit[] = vipEdits(records, target, by);
  const losses: Edit[] = [];
  const foreign: string[] = [];
  const dueAtMs: number[] = [];
  const present = new Set<string>();
  for (const endpoint of endpoints) {
    const key = `${target.vip}/${canonicalAddress(endpoint.address)}`;
    const before = backendAt(records, key);
    present.add(key);
    const mark = before && managedOf(before);
    if (before !== undefined && mark?.by !== by) foreign.push(endpoint.address);
    else {
      const put = putFor(target, endpoint, { by, nowMs, before, mark });
      if (put !== undefined) (endpoint.state === 'active' ? gains : losses).push(put);
    }
  }
  for (const record of records.values()) {
    const mark = managedOf(record);
    if (record.kind !== 'backend' || record.vipKey !== target.vip || mark?.by !== by || present.has(record.key))
      continue;
    // What was drained while the endpoint was still there counts.
    const since = mark.drainingSince ?? nowMs;
    if (mark.state === 'down' || nowMs >= since + graceMs) losses.push({ remove: record.key });
    else {
      dueAtMs.push(since + graceMs);
      if (mark.drainingSince === undefined) losses.push(drained(record, { ...mark, drainingSince: nowMs }));
    }
  }
  return { edits: [...gains, ...losses], dueAtMs: dueAtMs.length > 0 ? Math.min(...dueAtMs) : undefined, foreign };
}

/** The record of the VIP itself: made where there is none, kept as configured where it is ours, left alone where it is not. */
function vipEdits(records: RecordMap, { vip: key, encap }: VipTarget, by: string): Edit[] {
  const before = records.get(key);
  if (before !== undefined && (before.kind !== 'vip' || managedOf(before)?.by !== by)) return [];
  const { address, prefixBits, protocol, port } = parseKey(key);
  const prefix = prefixBits === undefined ? '' : `/${prefixBits}`;
  const old = before?.kind === 'vip' ? before.vip : {};
  const vip = { ...old, address: `${address}${prefix}`, protocol, port, encap, managed: { by } };
  const isSame = before?.kind === 'vip' && isDeepStrictEqual(before.vip.encap, encap);
  return isSame ? [] : [{ put: vip as unknown as Vip }];
}

interface Known {
  by: string;
  nowMs: number;
  before: CanonicalBackend | undefined;
  mark: Managed | undefined;
}

/** The record of an endpoint that is there; undefined when we said the same the last time. */
function putFor(target: VipTarget, endpoint: Endpoint, { by, nowMs, before, mark }: Known): Edit | undefined {
  const { state } = endpoint;
  const weight = endpoint.weight ?? target.weight ?? 1;
  if (mark?.state === state && mark.weight === weight && isDraining(mark) === (state === 'draining')) return undefined;
  const since = state === 'draining' ? (mark?.drainingSince ?? nowMs) : undefined;
  const managed: Managed = { by, state, weight, ...(since !== undefined && { drainingSince: since }) };
  const fields = {
    ...before?.backend,
    ...{ vip: target.vip, address: endpoint.address, managed },
    ...(mark?.weight !== weight && { weight: weight === 1 ? undefined : weight }),
    state: namedState(state),
  };
  return { put: fields as unknown as Backend };
}

function drained({ backend }: CanonicalBackend, mark: Managed): Edit {
  // An operator or a health checker who said down meant it.
  const state = backend.state === 'down' ? 'down' : 'draining';
  return { put: { ...backend, state, managed: { ...mark, state: 'draining' } } as unknown as Backend };
}

function isDraining(mark: Managed): boolean {
  return mark.drainingSince !== undefined;
}

/** `active` is what a record means that names no state. */
function namedState(state: BackendState): BackendState | undefined {
  return state === 'active' ? undefined : state;
}

function backendAt(records: RecordMap, key: string): CanonicalBackend | undefined {
  const record = records.get(key);
  return record?.kind === 'backend' ? record : undefined;
}
