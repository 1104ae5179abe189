// host/fleet/records.ts: from what a balancer is to what it says in a status topic.

import type { VipTable } from '../membership/compared.js';
import type { Status } from '../status.js';
import type { View } from '../view.js';
import {
  type BalancerRecord,
  digestOfAll,
  STATUS_BACKENDS_MAX,
  STATUS_VERSION,
  statusKey,
  type TableRecord,
  valueDigest,
} from './statusRecord.js';

/** What stays the same from start to stop. */
export type Identity = Pick<
  BalancerRecord,
  'id' | 'run' | 'host' | 'pid' | 'version' | 'startedAtMs' | 'everyMs' | 'scope'
>;

/** What a balancer says at some moment: values by key. */
interface Report {
  balancer: { key: string; value: string };
  tables: Map<string, string>;
}

/** The records that say `view` and `status`. */
export function reportOf(identity: Identity, view: View, status: Status, nowMs: number): Report {
  const tables = new Map(view.vips.map((table) => [statusKey(identity.id, table.vip), tableValue(identity, table)]));
  const { position, generation, secret, vips } = view;
  const { viewAgeMs } = status.source;
  const record: BalancerRecord = {
    v: STATUS_VERSION,
    kind: 'balancer',
    ...identity,
    atMs: nowMs,
    topic: position?.topic ?? status.source.name,
    offsets: position?.offsets ?? {},
    generation,
    isReady: status.isReady,
    ...(viewAgeMs !== undefined && { viewAgeMs }),
    secret,
    vipCount: vips.length,
    digest: digestOfAll(vips.map(({ vip, digest }) => [vip, digest] as const)),
    content: digestOfAll(
      vips.map(({ vip }) => [vip, valueDigest(tables.get(statusKey(identity.id, vip)) ?? '')] as const),
    ),
  };
  return { balancer: { key: identity.id, value: JSON.stringify(record) }, tables };
}

function tableValue({ id, run }: Identity, table: VipTable): string {
  const record: TableRecord = { v: STATUS_VERSION, kind: 'table', id, run, ...tableFields(table) };
  return JSON.stringify(record);
}

/** A table as a record has it, but for whose it is. */
export function tableFields(table: VipTable): Omit<TableRecord, 'v' | 'kind' | 'id' | 'run'> {
  const { vip, slotCount, hash, hashOn, digest, parts, backends } = table;
  const listed = backends.length <= STATUS_BACKENDS_MAX ? backends : mostTelling(backends);
  const omitted = backends.length - listed.length;
  return {
    vip,
    slotCount,
    hash,
    hashOn,
    digest,
    parts,
    backends: listed.map(({ address, weight, step, state, isDrained }) => ({
      address,
      weight,
      ...(step !== undefined && { step }),
      ...(state !== 'active' && { state }),
      ...(isDrained && { isDrained }),
    })),
    ...(omitted > 0 && { backendsOmitted: omitted }),
  };
}

/** Who waits for a drain must see it; then those in the table. */
function mostTelling(backends: VipTable['backends']): VipTable['backends'] {
  const rank = (backend: VipTable['backends'][number]): number =>
    backend.state === 'draining' ? 0 : backend.weight > 0 ? 1 : 2;
  const kept = new Set([...backends].sort((a, b) => rank(a) - rank(b)).slice(0, STATUS_BACKENDS_MAX));
  return backends.filter((backend) => kept.has(backend));
}
