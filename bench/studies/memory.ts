// bench/studies/memory.ts: what a VIP, a backend and a flow take of the memory: what one more makes of regions that are laid out, what is
// given out for tables, and how many flows a full flow table has kept.
import { REGION_COUNT, REGION_FLOWS, REGION_TABLES } from '../../assembly/layout.js';
import { Engine } from '../../host/engine.js';
import { type Core, readCore } from '../../host/options.js';
import { Ours } from '../ours.js';
import { openEmptyScene, openScene } from '../scene.js';
import { SHAPE_DEFAULT, type Shape } from '../shape.js';
import type { Figure, StudyOptions } from '../studies.js';

const FLOWS = 2 ** 20;
const SIZES = [65_537, 655_373];

/** Bytes; always the same, so that there is one round. */
export async function studyMemory({ onStep, signal }: StudyOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const note = (name: string, bytes: number) =>
    figures.push({ name: `memory.${name}`, unit: 'bytes', rounds: [bytes] });
  note('vip', bytesOfOneMore('vipsMax', 1024));
  note('backend', bytesOfOneMore('backendsMax', 1024));
  note('flow', bytesOfOneMore('flowsMax', FLOWS));
  for (const tableSize of SIZES) {
    onStep?.(`a table of ${tableSize} slots`);
    signal?.throwIfAborted();
    const table = await tableBytes({ ...SHAPE_DEFAULT, flows: 1, tableSize });
    note(`table.${tableSize}`, table);
    note(`tracks.${tableSize}`, (await tableBytes({ ...SHAPE_DEFAULT, flows: 1, tableSize, tracking: 'all' })) - table);
  }
  onStep?.('as many flows as places');
  signal?.throwIfAborted();
  note('flow.full', await fullBytes());
  return figures;
}

/** What one more of a limit takes, tables left out: of a power of two, as some of what is there comes in such. */
function bytesOfOneMore(limit: 'vipsMax' | 'backendsMax' | 'flowsMax', count: number): number {
  return (fixedBytes({ [limit]: 2 * count }) - fixedBytes({ [limit]: count })) / count;
}

function fixedBytes(limits: Core): number {
  const engine = new Engine({
    settings: readCore({ tablesMiB: 1, ...limits }),
    shape: { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 },
    sourceFor: () => undefined,
  });
  let sum = 0;
  for (let index = 0; index < REGION_COUNT; index++)
    if (index !== REGION_TABLES) sum += engine.memory.region(index).bytes;
  return sum;
}

/** What the tables of one VIP take: the lookup table, and with `tracking: 'all'` the map of its slots. */
async function tableBytes(shape: Shape): Promise<number> {
  const { engine } = await openEmptyScene(shape);
  return engine.memoryStatus().tablesUsedBytes;
}

/** Bytes of the flow table for each flow it kept, when as many came as it has places: some buckets were full before others. */
async function fullBytes(): Promise<number> {
  const scene = await openScene({ ...SHAPE_DEFAULT, tracking: 'all', flows: FLOWS, flowPlaces: FLOWS });
  const ours = new Ours(scene);
  for (let flow = 0; flow < FLOWS; flow += scene.shape.batch) ours.forward();
  return scene.engine.memory.region(REGION_FLOWS).bytes / scene.engine.memoryStatus().flowEntries;
}
