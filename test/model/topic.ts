// test/model/topic.ts: what a balancer makes of a topic, plainly: the last good value of each key, of the partition in which the key has the
// latest time, tables by the slow twin, digests as host/membership/table.ts states them. It knows TCP VIPs and IPv4 backends, by the few fields that its tests publish.
import { createHash, hkdfSync } from 'node:crypto';
import { maglevTable, placeOf } from './maglev.js';

/** A message of a partition. */
export interface ModelMessage {
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  timestampMs: number;
}

interface ModelRecord {
  tableSize?: number;
  address: string;
  weight?: number;
  state?: string;
}

const VIP_KEY = /^tcp\/[0-9.]+:[0-9]+$/;
const BACKEND_KEY = /^(tcp\/[0-9.]+:[0-9]+)\/([0-9.]+)$/;
const VIP_FIELDS = ['v', 'address', 'protocol', 'port', 'tableSize'];
const BACKEND_FIELDS = ['v', 'vip', 'address', 'weight', 'state'];
const VALUE_BYTES_MAX = 65_536;

/** What one partition says of a key in the end, null for nothing, and the latest time at which it said something. */
interface Saying {
  record: ModelRecord | null;
  latestMs: number;
}

/** The records that stand in the end, by key. */
export function modelRecords(messages: readonly ModelMessage[]): Map<string, ModelRecord> {
  const sayings = new Map<string, Map<number, Saying>>();
  for (const { key, value, partition, timestampMs } of [...messages].sort((a, b) => a.offset - b.offset)) {
    const name = key?.toString('latin1') ?? '';
    if (!VIP_KEY.test(name) && !BACKEND_KEY.test(name)) continue;
    const record = value === null ? null : goodRecord(name, value);
    if (record === undefined) continue;
    const ofKey = sayings.get(name) ?? new Map<number, Saying>();
    const latestMs = Math.max(timestampMs, ofKey.get(partition)?.latestMs ?? timestampMs);
    sayings.set(name, ofKey.set(partition, { record, latestMs }));
  }
  const records = new Map<string, ModelRecord>();
  for (const [name, ofKey] of sayings) {
    const latest = [...ofKey].sort(([p, a], [q, b]) => b.latestMs - a.latestMs || q - p)[0]?.[1];
    if (latest?.record) records.set(name, latest.record);
  }
  return records;
}

/** Digests of all VIPs, by key, in order. */
export function modelDigests(messages: readonly ModelMessage[], secret: string): [key: string, digest: string][] {
  const records = modelRecords(messages);
  const identityKey = new Uint8Array(hkdfSync('sha256', secret, '', 'maglev-dsr native identity', 16));
  const vips = [...records].filter(([key]) => VIP_KEY.test(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  return vips.map(([key, { tableSize = 65_537 }]) => {
    const backends = [...records].flatMap(([name, record]) => (BACKEND_KEY.exec(name)?.[1] === key ? [record] : []));
    return [key, digest(backends, identityKey, tableSize)];
  });
}

// An honest producer writes what JSON.stringify makes, so a value that comes out otherwise than it went in is none of his.
function goodRecord(key: string, value: Buffer): ModelRecord | undefined {
  if (value.length > VALUE_BYTES_MAX) return undefined;
  const text = value.toString('utf8');
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(text);
    if (JSON.stringify(record) !== text || record.v !== 1) return undefined;
  } catch {
    return undefined;
  }
  const isBackend = BACKEND_KEY.test(key);
  if (Object.keys(record).some((field) => !(isBackend ? BACKEND_FIELDS : VIP_FIELDS).includes(field))) return undefined;
  const { address, weight = 1, state = 'active' } = record;
  const named = isBackend ? `${record.vip}/${address}` : `${record.protocol}/${address}:${record.port}`;
  if (named !== key) return undefined;
  if (!Number.isInteger(weight) || (weight as number) < 0 || (weight as number) > 65_535) return undefined;
  if (!['active', 'draining', 'down'].includes(state as string)) return undefined;
  return record as unknown as ModelRecord;
}

function digest(backends: readonly ModelRecord[], identityKey: Uint8Array, slotCount: number): string {
  const ranked = backends.map((each) => ({ ...each, bytes: Uint8Array.from(each.address.split('.'), Number) }));
  ranked.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const notDown = ranked.filter(({ state }) => state !== 'down');
  const active = notDown.filter(({ state, weight }) => state !== 'draining' && weight !== 0);
  const chosen = active.length > 0 ? active : notDown.length > 0 ? notDown : ranked;
  const table = maglevTable(
    chosen.map(({ bytes, weight = 1 }) => {
      const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes); // RFC 4291, section 2.5.5.2
      return { weight: Math.max(1, weight), ...placeOf(identityKey, mapped, slotCount) };
    }),
    slotCount,
  );
  const count = Buffer.alloc(4);
  count.writeUInt32LE(slotCount);
  const places = Buffer.alloc(2 * slotCount);
  table.forEach((place, slot) => void places.writeUInt16LE(place + 1, 2 * slot));
  const addresses = `${chosen.map(({ address }) => address).join('\n')}\n`;
  return createHash('sha256').update(addresses).update(count).update(places).digest('hex');
}
