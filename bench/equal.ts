// bench/equal.ts: a twin counts only if it does the same work: the same frames must come out, byte for byte, with the same
// verdicts, counters and flow table. Checked on a fresh scene before anything is timed.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  META_BYTES,
  META_OUTPUT,
  META_OUTPUTS,
  OUTPUT_BASE,
  OUTPUT_BYTES,
  OUTPUT_LENGTH,
  OUTPUT_VIRTIO,
  REGION_BACKEND_COUNTERS,
  REGION_CELLS,
  REGION_COUNTERS,
  REGION_FLOWS,
  REGION_VIP_COUNTERS,
} from '../assembly/layout.js';
import { MaglevError } from '../host/errors.js';
import type { Ours } from './ours.js';
import type { Scene } from './scene.js';
import type { Twin } from './twin.js';

const CHECKED_BYTES_MAX = 2 ** 26;
const COMPARED_REGIONS = [REGION_COUNTERS, REGION_VIP_COUNTERS, REGION_BACKEND_COUNTERS, REGION_FLOWS];

/** What came out of the first batches of a scene. */
export interface Outcomes {
  readonly batches: number;
  /** A frame: its meta, then record and bytes of each output. At the end: counters and flow table. */
  readonly bytes: Buffer;
}

/** Takes our outcomes: every flow twice (new, then known), as far as they fit 64 MiB. */
export function takeOutcomes(ours: Ours): Outcomes {
  const { batch, flows, frameBytes } = ours.scene.shape;
  const perFrame = META_BYTES + OUTPUT_VIRTIO + frameBytes + 64; // no outer header is longer than that
  const batches = Math.max(
    1,
    Math.min(Math.ceil((2 * flows) / batch), Math.floor(CHECKED_BYTES_MAX / perFrame / batch)),
  );
  const parts: Uint8Array[] = [];
  ours.rewind();
  for (let i = 0; i < batches; i++) {
    ours.forward();
    for (let frame = 0; frame < batch; frame++) parts.push(...outcomeOf(ours.scene, frame));
  }
  const { memory } = ours.scene.engine;
  for (const index of COMPARED_REGIONS) {
    const { base, bytes } = memory.region(index);
    parts.push(memory.bytes.subarray(base, base + bytes));
  }
  return { batches, bytes: Buffer.concat(parts) };
}

/** Lets a twin do the same on its fresh copy; throws ERR_INTERNAL naming the first byte that differs. */
export async function expectEqualOutcomes(ours: Outcomes, twin: Twin, name: string, folder: string): Promise<void> {
  const path = join(folder, `outcome.${name}`);
  await twin.writeOutcome(ours.batches, path);
  await expectEqualFile(ours.bytes, path, `${name}: what became of the frames`);
}

/** Lets a twin fill a lookup table; throws ERR_INTERNAL when it differs from the one at the scene's scratch place. */
export async function expectEqualTable(ours: Ours, twin: Twin, folder: string): Promise<void> {
  const { engine, scratch, shape } = ours.scene;
  ours.fill();
  const path = join(folder, 'table');
  await twin.writeTable(shape.backends, shape.tableSize, path);
  const table = Buffer.from(engine.memory.bytes.slice(scratch, scratch + 2 * shape.tableSize));
  await expectEqualFile(table, path, `the lookup table of ${shape.tableSize} slots`);
}

async function expectEqualFile(expected: Buffer, path: string, what: string): Promise<void> {
  const found = await readFile(path);
  await rm(path);
  if (found.equals(expected)) return;
  const at = expected.findIndex((byte, index) => found[index] !== byte);
  const around = (bytes: Buffer) => bytes.subarray(Math.max(0, at - 8), at + 24).toString('hex');
  throw new MaglevError(
    'ERR_INTERNAL',
    `the C twin does not do what the hot path does, so there is nothing to compare: ${what} differs at byte ${at} ` +
      `(${expected.length} and ${found.length} bytes): ours ...${around(expected)}, C ...${around(found)}`,
  );
}

/** Copies: the cells are used again by the next batch. */
function outcomeOf({ engine }: Scene, frame: number): Uint8Array[] {
  const { bytes, view, region, shape } = engine.memory;
  const metas = region(REGION_CELLS).base;
  const meta = metas + frame * META_BYTES;
  const first = view.getUint16(meta + META_OUTPUT, true);
  const parts = [bytes.slice(meta, meta + META_BYTES)];
  for (let k = first; k < first + view.getUint16(meta + META_OUTPUTS, true); k++) {
    const output = metas + shape.cells * META_BYTES + k * OUTPUT_BYTES;
    const base = view.getUint32(output + OUTPUT_BASE, true);
    parts.push(bytes.slice(output, output + OUTPUT_VIRTIO));
    parts.push(bytes.slice(base, base + view.getUint32(output + OUTPUT_LENGTH, true)));
  }
  return parts;
}
