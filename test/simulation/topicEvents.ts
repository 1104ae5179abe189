// test/simulation/topicEvents.ts: what producers write to a topic, by chance: VIPs and backends that come, change and go, and now and then
// what no balancer may take.
import { MALFORMED } from '../membership/malformed.js';
import type { Random } from '../support/random.js';

export interface WrittenEvent {
  key: string;
  value: Buffer | null;
  /** No balancer may take it. */
  isMalformed?: boolean;
}

const VIPS = 12;
const BACKENDS = 40;
const TABLE_SIZE = 1009;
const MALFORMED_SMALL = MALFORMED.filter(({ value }) => value.length < 1_000_000);

/** One event. */
export function randomEvent(chance: Random): WrittenEvent {
  if (chance.int(20) === 0) return { ...chance.pick(MALFORMED_SMALL), isMalformed: true };
  const address = `192.0.2.${80 + chance.int(VIPS)}`;
  const vip = `tcp/${address}:80`;
  if (chance.int(12) === 0) {
    const record = { v: 1, address, protocol: 'tcp', port: 80, tableSize: TABLE_SIZE };
    return { key: vip, value: chance.int(10) === 0 ? null : Buffer.from(JSON.stringify(record)) };
  }
  const backend = `10.0.1.${1 + chance.int(BACKENDS)}`;
  const key = `${vip}/${backend}`;
  if (chance.int(5) === 0) return { key, value: null };
  const state = chance.pick(['active', 'active', 'draining', 'down']);
  const record = { v: 1, vip, address: backend, weight: chance.int(5), state };
  return { key, value: Buffer.from(JSON.stringify(record)) };
}
