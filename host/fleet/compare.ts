// host/fleet/compare.ts: two balancers have two tables of one VIP: in which slots, and why?
//
// A status record has no table, but all that the table was filled with. With the fleet's secret it is built again, here, and the digest
// says whether that is the very table. Without, or where it is not, the sums of its parts say where tables differ.
import { MaglevError } from '../errors.js';
import { readKey } from '../membership/key.js';
import { readBackend, readVip } from '../membership/record.js';
import { differingParts, differingSlots, type ReadTable } from '../membership/table.js';
import { engineOf } from './replay.js';
import type { TableRecord } from './statusRecord.js';

/** What is compared: a record of a status topic, or the same of a table that was built from the log. */
export type ComparedTable = Omit<TableRecord, 'v' | 'kind' | 'id' | 'run'> & {
  /** Name of the secret it was made with. */
  secret: string;
  /** Of the package that made it. */
  version: string;
};

/** In which slots two tables differ, and why. */
export interface TableDifference {
  slotCount: number;
  /** First and last slot of each piece in which they differ. */
  slots: [first: number, last: number][];
  /** How many slots that is. Of parts: at most. */
  count: number;
  /** True when `slots` are the very slots; false when they are the parts of the table that differ somewhere. */
  isExact: boolean;
  /** What the first was filled with and the second was not, in words. */
  causes: string[];
}

/** Compares `own` with the table that it should be. */
export async function compareTables(
  own: ComparedTable,
  model: ComparedTable,
  hashSecret: string | undefined,
): Promise<TableDifference> {
  const causes = causesOf(own, model);
  const slotCount = Math.max(own.slotCount, model.slotCount);
  if (own.slotCount !== model.slotCount || own.hash !== model.hash) {
    return { slotCount, slots: [[0, slotCount - 1]], count: slotCount, isExact: false, causes };
  }
  const tables = [await rebuild(own, hashSecret), await rebuild(model, hashSecret)];
  if (tables[0] !== undefined && tables[1] !== undefined) {
    const slots = differingSlots(tables[0], tables[1]);
    return { slotCount, slots: piecesOf(slots), count: slots.length, isExact: true, causes };
  }
  const parts = differingParts(slotCount, own.parts, model.parts);
  const count = parts.reduce((sum, [first, end]) => sum + end - first, 0);
  return { slotCount, slots: parts.map(([first, end]) => [first, end - 1]), count, isExact: false, causes };
}

/** What two tables were filled with, as far as it differs. */
export function causesOf(own: ComparedTable, model: ComparedTable): string[] {
  const causes: string[] = [];
  for (const field of ['hash', 'hashOn', 'slotCount'] as const) {
    if (own[field] !== model[field]) causes.push(`${field} is ${own[field]}, not ${model[field]}`);
  }
  const [mine, right] = [own, model].map(
    ({ backends }) => new Map(backends.map((backend) => [backend.address, backend])),
  );
  const isWhole = own.backendsOmitted === undefined && model.backendsOmitted === undefined;
  for (const [address, is] of mine ?? []) {
    const should = right?.get(address);
    if (should === undefined && isWhole) causes.push(`${address} should not be there`);
    if (should === undefined) continue;
    if (is.weight !== should.weight) causes.push(`${address} has weight ${is.weight}, not ${should.weight}`);
    if (is.step !== should.step)
      causes.push(`${address} is in step ${is.step ?? 10} of its slow start, not ${should.step ?? 10}`);
    const [state, wanted] = [is.state ?? 'active', should.state ?? 'active'];
    if (state !== wanted) causes.push(`${address} is ${state}, not ${wanted}`);
  }
  for (const address of right?.keys() ?? []) if (isWhole && !mine?.has(address)) causes.push(`${address} is missing`);
  if (causes.length > 0) return causes;
  if (own.hash === 'native' && own.secret !== model.secret) return ['it has another hash secret'];
  if (own.version !== model.version) return [`it is version ${own.version}, not ${model.version}`];
  return ['it was filled with the same, and is another table all the same'];
}

/** The table of a record, when it can be built and is the very one. */
async function rebuild(table: ComparedTable, hashSecret: string | undefined): Promise<ReadTable | undefined> {
  const isKeyed = table.hash === 'native';
  if (table.backendsOmitted !== undefined || (isKeyed && hashSecret === undefined)) return undefined;
  const key = readKey(table.vip);
  if (typeof key === 'string') return undefined;
  const { protocol, port, prefixBits } = key;
  const address = prefixBits === undefined ? key.address : `${key.address}/${prefixBits}`;
  // The way to a backend is not in a table; in this one a backend of either family is reached.
  const vip = readVip(
    {
      address,
      protocol,
      port,
      hash: table.hash,
      tableSize: table.slotCount,
      encap: { type: 'ipip' },
      tracking: 'none',
    },
    'loose',
  );
  if ('rule' in vip) return undefined; // a hash of a newer version
  const wallMs = Date.now() - (Date.now() % 1000);
  const backends = table.backends
    .filter(({ weight }) => weight > 0)
    .map(({ address: backend, weight, step }) => {
      const slowStart = step === undefined ? {} : { slowStart: { seconds: 10, since: wallMs - (step - 1) * 1000 } };
      return readBackend({ vip: table.vip, address: backend, weight, ...slowStart }, 'loose');
    });
  const records = new Map(
    [vip, ...backends].flatMap((record) => ('rule' in record ? [] : [[record.key, record] as const])),
  );
  try {
    const engine = await engineOf(records, { ...(hashSecret !== undefined && { hashSecret }), wallMs });
    return engine.digest(table.vip) === table.digest ? engine.table(table.vip) : undefined;
  } catch (error) {
    if (error instanceof MaglevError && error.code === 'ERR_LIMIT') return undefined;
    throw error;
  }
}

/** Numbers in ascending order as pieces: first and last. */
function piecesOf(slots: readonly number[]): [first: number, last: number][] {
  const pieces: [number, number][] = [];
  for (const slot of slots) {
    const last = pieces.at(-1);
    if (last !== undefined && last[1] === slot - 1) last[1] = slot;
    else pieces.push([slot, slot]);
  }
  return pieces;
}
