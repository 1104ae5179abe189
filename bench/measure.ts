// bench/measure.ts: all sides of one result, in alternation: ours, scalar, batched, ours, ... so that what the machine does
// meanwhile (clock, neighbours, heat) meets all of them alike.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case } from './cases.js';
import type { TwinName, Twins } from './compiler.js';
import { expectEqualOutcomes, expectEqualTable, takeOutcomes } from './equal.js';
import { Ours } from './ours.js';
import { openScene, type Scene } from './scene.js';
import { median } from './statistics.js';
import { Twin } from './twin.js';

/** What is measured of one result. */
export interface Measured {
  case: Case;
  unit: 'ns/frame' | 'ms';
  /** Of each round its median; and all samples. */
  ours: Series;
  scalarC: Series | undefined;
  batchedC: Series | undefined;
  /** Our own stateless path, and what ours / stateless is to be below. */
  stateless: (Series & { aim: number }) | undefined;
  /** Putting frames into cells, which is part of all of the above: median ns a frame. */
  restore: { ours: number; scalarC: number | undefined } | undefined;
}

/** Samples of one side. */
export interface Series {
  rounds: number[];
  samples: number[];
}

/** How long, and who wants to know. */
export interface MeasureOptions {
  /** Time of each side, ms. */
  timeMs: number;
  rounds: number;
  signal?: AbortSignal;
  /** Called before each step, for a progress display. */
  onStep?(step: string): void;
}

interface Side {
  series: Series;
  sample(ms: number): number[] | Promise<number[]>;
}

const WARM_UP_MS = 300; // until V8 has optimized the hot path (Liftoff, then TurboFan)
const RESTORE_MS = 60;
const IMAGE_CHUNK_BYTES = 2 ** 22;

/**
 * Measures one result. Without `twins` ours alone. Rejects with ERR_INTERNAL when a twin does not do the same work, and
 * with the signal's reason when that is aborted.
 */
export async function measure(what: Case, twins: Twins | undefined, options: MeasureOptions): Promise<Measured> {
  options.onStep?.('preparing');
  const scene = await openScene(what.shape);
  const ours = new Ours(scene);
  const stateless = what.stateless && new Ours(await openScene(what.stateless.shape));
  const started: Twin[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-bench-'));
  try {
    const rivals = rivalsOf(what, twins);
    const image = join(folder, 'image');
    if (rivals.length > 0) await writeImage(scene, image);
    for (const { program } of rivals) started.push(await Twin.start(program, image, scene));
    options.onStep?.('comparing what comes out');
    await compareOutcomes(what, ours, started, folder);
    return await alternate(what, ours, stateless, started, options);
  } finally {
    await Promise.all(started.map((twin) => twin.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

function rivalsOf({ kind }: Case, twins: Twins | undefined): { name: TwinName; program: string }[] {
  if (twins === undefined) return [];
  const names: TwinName[] = kind === 'core' ? ['scalar', 'batched'] : kind === 'jhash' ? ['jhash'] : ['scalar'];
  return names.map((name) => ({ name, program: twins[name] }));
}

/** jhash chooses other backends, so its frames cannot be ours; it is scalar.c with another hash, and that one is compared. */
async function compareOutcomes({ kind }: Case, ours: Ours, started: Twin[], folder: string): Promise<void> {
  if (kind === 'jhash' || started.length === 0) return;
  if (kind === 'table') {
    for (const twin of started) await expectEqualTable(ours, twin, folder);
    return;
  }
  const outcomes = takeOutcomes(ours);
  for (const [index, twin] of started.entries()) {
    await expectEqualOutcomes(outcomes, twin, index === 0 ? 'scalar' : 'batched', folder);
  }
}

async function alternate(
  what: Case,
  ours: Ours,
  stateless: Ours | undefined,
  [scalar, batched]: Twin[],
  options: MeasureOptions,
): Promise<Measured> {
  const isTable = what.kind === 'table';
  const { backends, tableSize } = what.shape;
  const twinSide = (twin: Twin): Side =>
    side((ms) => (isTable ? twin.sampleFill(backends, tableSize, ms) : twin.sampleForward(ms)));
  const oursSide = side((ms) => (isTable ? ours.sampleFill(ms) : ours.sampleForward(ms)));
  const scalarSide = scalar && twinSide(scalar);
  const batchedSide = batched && twinSide(batched);
  const statelessSide = stateless && side((ms) => stateless.sampleForward(ms));
  const sides = [oursSide, statelessSide, scalarSide, batchedSide].filter((each) => each !== undefined);
  options.onStep?.('warming up');
  for (const each of sides) await each.sample(WARM_UP_MS);
  for (let round = 0; round < options.rounds; round++) {
    options.onStep?.(`round ${round + 1} of ${options.rounds}`);
    for (const each of sides) await addRound(each, Math.ceil(options.timeMs / options.rounds), options.signal);
  }
  return {
    case: what,
    unit: isTable ? 'ms' : 'ns/frame',
    ours: oursSide.series,
    scalarC: scalarSide?.series,
    batchedC: batchedSide?.series,
    stateless: statelessSide && what.stateless && { ...statelessSide.series, aim: what.stateless.aim },
    restore: isTable ? undefined : await measureRestore(ours, scalar),
  };
}

function side(sample: Side['sample']): Side {
  return { series: { rounds: [], samples: [] }, sample };
}

async function addRound({ series, sample }: Side, ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const samples = await sample(ms);
  series.samples.push(...samples);
  series.rounds.push(median(samples));
}

async function measureRestore(ours: Ours, scalar: Twin | undefined): Promise<NonNullable<Measured['restore']>> {
  const scalarC = scalar && median(await scalar.sampleRestore(RESTORE_MS));
  return { ours: median(ours.sampleRestore(RESTORE_MS)), scalarC };
}

/** Copies the whole memory to a file, piece by piece: fs does not promise to write from shared memory. */
async function writeImage(scene: Scene, path: string): Promise<void> {
  const { bytes } = scene.engine.memory;
  const file = await open(path, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; at += IMAGE_CHUNK_BYTES) {
      await file.writeFile(bytes.slice(at, at + IMAGE_CHUNK_BYTES));
    }
  } finally {
    await file.close();
  }
}
