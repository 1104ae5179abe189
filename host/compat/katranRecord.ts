// host/compat/katranRecord.ts: what records say of Katran's own flags, and what a balancer with compat 'katran' makes of a record.
import {
  KATRAN_REAL_DOWN,
  KATRAN_REAL_LOCAL,
  KATRAN_VIP_DESTINATION_PORT_ONLY,
  KATRAN_VIP_FLOW_MIGRATION,
  KATRAN_VIP_LOCAL,
  KATRAN_VIP_LRU_BYPASS,
  KATRAN_VIP_NO_SOURCE_PORT,
  KATRAN_VIP_SOURCE_DESTINATION_PORT,
} from '../../assembly/layout.js';
import type { Backend, Encap, Vip } from '../membership/event.js';
import { type Broken, showValue } from '../membership/refusal.js';
import type { Step } from '../membership/validate.js';

const VIP_BITS = {
  'hash-no-src-port': KATRAN_VIP_NO_SOURCE_PORT,
  'lru-bypass': KATRAN_VIP_LRU_BYPASS,
  'hash-dst-port-only': KATRAN_VIP_DESTINATION_PORT_ONLY,
  'local-vip': KATRAN_VIP_LOCAL,
  'hash-src-dst-port': KATRAN_VIP_SOURCE_DESTINATION_PORT,
  'udp-flow-migration': KATRAN_VIP_FLOW_MIGRATION,
} as const;

const REAL_BITS = { down: KATRAN_REAL_DOWN, local: KATRAN_REAL_LOCAL, named: 0 } as const;

/** A flag of a VIP, by Katran's name for it. */
export type KatranVipFlag = keyof typeof VIP_BITS;
/**
 * What Katran knows of a real beside its weight: it is in the set of down reals of the VIP (`down`); it is this host itself (`local`); it
 * is no real of the VIP, and stands there to be named by its server id or a source route (`named`).
 */
export type KatranRealFlag = keyof typeof REAL_BITS;

/** Names of the flags, for schemas. */
export const KATRAN_VIP_FLAGS = Object.keys(VIP_BITS) as KatranVipFlag[];
export const KATRAN_REAL_FLAGS = Object.keys(REAL_BITS) as KatranRealFlag[];

/** VIP_KATRAN of a VIP: the flags it names, and those that its other fields mean. */
export function katranVipBits({ katran = [], hashOn, tracking }: Vip): number {
  const named = katran.reduce((bits, name) => bits | VIP_BITS[name], 0);
  const bySource = hashOn === 'source' ? KATRAN_VIP_NO_SOURCE_PORT : 0;
  const byPort = hashOn === 'port' ? KATRAN_VIP_DESTINATION_PORT_ONLY : 0;
  return named | bySource | byPort | (tracking === 'none' ? KATRAN_VIP_LRU_BYPASS : 0);
}

/** BACKEND_KATRAN of a backend. */
export function katranRealBits({ katran = [] }: Pick<Backend, 'katran'>): number {
  return katran.reduce((bits, name) => bits | REAL_BITS[name], 0);
}

/** True for a backend that is never in the table, whatever its weight and the state of the others. */
export function isOnlyNamed({ katran = [] }: Pick<Backend, 'katran'>): boolean {
  return katran.includes('named');
}

/** The record as a balancer with compat 'katran' takes it: Katran's hash and IP-in-IP where it names none; or the rule that it breaks. */
export function adaptToKatran(step: Step): Step | Broken {
  if (step.kind === 'backend') return encapRule(step.key, step.backend.encap) ?? step;
  if (step.kind !== 'vip') return step;
  const vip: Vip = { ...step.vip, hash: step.vip.hash ?? 'katran-v1', encap: step.vip.encap ?? { type: 'ipip' } };
  return vipRule(step.key, vip) ?? encapRule(step.key, vip.encap) ?? { ...step, vip };
}

function vipRule(key: string, { hash, protocol, address }: Vip): Broken | undefined {
  const broken = (field: string, value: unknown, rule: string): Broken => ({
    key,
    field,
    value: showValue(value),
    rule,
  });
  if (hash !== 'katran-v1' && hash !== 'katran-v2') {
    return broken('hash', hash, "expected katran-v1 or katran-v2 with compat 'katran'");
  }
  if (protocol === 'sctp') return broken('protocol', protocol, "expected tcp or udp with compat 'katran'");
  const isPrefix4 = address.includes('/') && !address.includes(':');
  return isPrefix4
    ? broken('address', address, "expected one address or an IPv6 prefix with compat 'katran'")
    : undefined;
}

function encapRule(key: string, encap: Encap | undefined): Broken | undefined {
  const isKnown = encap === undefined || encap.type === 'ipip' || (encap.type === 'gue' && encap.variant !== 0);
  if (isKnown) return undefined;
  return {
    key,
    field: 'encap',
    value: showValue(encap.type),
    rule: "expected ipip or gue, variant 1, with compat 'katran'",
  };
}
