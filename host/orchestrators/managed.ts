// host/orchestrators/managed.ts: the mark on the records that a publisher of endpoints made, in the record itself, so that it is known
// again after a restart: whose record it is, and what was said last. Balancers keep the field and do not look at it.
//
//   {"v":1,"vip":"tcp/192.0.2.80:80","address":"10.0.1.9","state":"draining",
//    "managed":{"by":"cluster-a","state":"draining","weight":1,"drainingSince":1764000000000}}
import * as z from 'zod';
import type { CanonicalBackend, CanonicalVip } from '../membership/record.js';

const schema = z.object({
  by: z.string(),
  state: z.enum(['active', 'draining', 'down']).optional(),
  weight: z.number().optional(),
  drainingSince: z.number().optional(),
});

/** The field `managed` of a record. */
export type Managed = z.infer<typeof schema>;

/** The mark of a record; undefined when nobody, or somebody who writes it otherwise, manages it. */
export function managedOf(record: CanonicalVip | CanonicalBackend): Managed | undefined {
  const fields: object = record.kind === 'vip' ? record.vip : record.backend;
  const read = schema.safeParse((fields as { managed?: unknown }).managed);
  return read.success ? read.data : undefined;
}
