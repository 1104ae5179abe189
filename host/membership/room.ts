// host/membership/room.ts: how large a hot path without a network must be for records that are known beforehand.
import type { RecordMap } from './difference.js';

/** Limits that leave room for each of these sets of records, and for changing one into another. */
export function roomFor(...files: RecordMap[]): {
  vipsMax: number;
  backendsMax: number;
  tablesMiB: number;
  sourceRoutesMax: number;
} {
  const records = files.flatMap((file) => [...file.values()]);
  const slots = files.map((file) =>
    [...file.values()].reduce((sum, record) => sum + (record.kind === 'vip' ? (record.vip.tableSize ?? 65_537) : 0), 0),
  );
  const vips = Math.min(30_000, Math.max(1, records.filter(({ kind }) => kind === 'vip').length));
  const backends = Math.min(32_767, Math.max(1, records.length));
  const routes = files.map((file) =>
    [...file.values()].reduce(
      (sum, record) => sum + (record.kind === 'vip' ? Object.keys(record.vip.sourceRoutes ?? {}).length : 0),
      0,
    ),
  );
  // Two bytes a slot, and as much again while one table is built.
  return {
    vipsMax: vips,
    backendsMax: backends,
    tablesMiB: Math.min(2048, 16 + Math.ceil((6 * Math.max(...slots) + 128 * Math.max(...routes)) / 2 ** 20)),
    sourceRoutesMax: Math.min(1_000_000, Math.max(...routes)),
  };
}
