// host/memory.ts: plans and makes the one memory (assembly/layout.ts): sizes every region from the limits, writes the
// directory. The memory is shared, has its full size from the start and never grows, so that no view ever goes stale.
import {
  BACKEND_BYTES,
  BUILD_BYTES,
  BUILD_TEXT_BYTES,
  CACHE_LINE,
  CONTROL_BYTES,
  CONTROL_GENERATION,
  COUNT_BYTES,
  COUNTERS_BYTES,
  DIRECTORY,
  DIRECTORY_BYTES,
  DIRECTORY_LIMITS,
  DIRECTORY_MAGIC,
  DIRECTORY_REGIONS,
  DIRECTORY_VERSION,
  EGRESS_BYTES,
  EGRESS_MAX,
  FLOW_BYTES,
  FLOW_WAYS,
  FRAGMENT_BYTES,
  HELD_BYTES,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  LIMIT_BACKENDS,
  LIMIT_CELL_BYTES,
  LIMIT_CELLS,
  LIMIT_FLOW_BUCKETS,
  LIMIT_FRAGMENT_TICKS,
  LIMIT_FRAGMENTS,
  LIMIT_HELD,
  LIMIT_NEXT_HOPS,
  LIMIT_OUTPUTS,
  LIMIT_SEGMENT_BYTES,
  LIMIT_VIP_INDEX,
  LIMIT_VIPS,
  LIMIT_WORKERS,
  META_BYTES,
  NEXT_HOP_BYTES,
  OUTPUT_BYTES,
  REGION_BACKEND_COUNTERS,
  REGION_BACKENDS,
  REGION_BUILD,
  REGION_CELLS,
  REGION_CONTROL,
  REGION_COUNT,
  REGION_COUNTERS,
  REGION_DECAP,
  REGION_EGRESSES,
  REGION_FLOWS,
  REGION_FRAGMENTS,
  REGION_KATRAN,
  REGION_NEXT_HOPS,
  REGION_RINGS,
  REGION_ROOTS,
  REGION_SEGMENTS,
  REGION_STEPS,
  REGION_TABLES,
  REGION_VIP_COUNTERS,
  REGION_WORKERS,
  RING_ALIGN,
  ROOT_HEADER_BYTES,
  STEP_BYTES,
  STEPS_MAX,
  VIP_BYTES,
  WORKER_BYTES,
} from '../assembly/layout.js';
import { katranBytes } from './compat/katranMemory.js';
import { MaglevError } from './errors.js';
import { type CoreSettings, powerOfTwo } from './options.js';

/** Sizes that come from how the memory is used, beside the settings. */
export interface MemoryShape {
  /** Packet workers; a hot path without I/O is one. */
  workers: number;
  /** Cells of a worker, 0 for one that works on kernel rings. */
  cells: number;
  cellBytes: number;
  /** Segments that the super-frames of one batch in cells may be cut into. Default 0. */
  segments?: number;
  /** Bytes of all kernel rings together. */
  ringsBytes: number;
  /** Of the region of a decapsulator. Default 0. */
  decapBytes?: number;
}

/** A region of the memory: where it begins, how long it is. */
export interface Region {
  readonly base: number;
  readonly bytes: number;
}

/** The shared memory with the views the host uses. */
export interface HotMemory {
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The memory as u32, for Atomics: index is address / 4. */
  readonly words: Int32Array;
  /** The memory as u64, for Atomics: index is address / 8. */
  readonly longs: BigInt64Array;
  readonly shape: MemoryShape;
  /** VIP records in a root, record 0 included. */
  readonly vipRecords: number;
  /** Entries of the VIP index in a root. */
  readonly vipIndexEntries: number;
  /** Backend records, record 0 included. */
  readonly backendRecords: number;
  /** Next-hop records, record 0 included. */
  readonly nextHopRecords: number;
  readonly flowBuckets: number;
  region(index: number): Region;
}

const PAGE = 65_536; // of Wasm
const MEMORY_MAX = 65_536 * PAGE;

/** Makes the memory of a balancer. Throws ERR_LIMIT when the options ask for more than 4 GiB, or than there is. */
export function createMemory(settings: CoreSettings, shape: MemoryShape): HotMemory {
  const vipRecords = 2 * settings.vipsMax + 1; // a VIP and its address
  const vipIndexEntries = powerOfTwo(8 * vipRecords); // sparse: where an entry is somebody else's, a branch is mispredicted
  const backendRecords = settings.backendsMax + 1;
  const nextHopRecords = backendRecords;
  const flowBuckets = settings.flowsMax / FLOW_WAYS;
  const { workers, cells } = shape;
  const sizes: Record<number, number> = {
    [REGION_CONTROL]: CONTROL_BYTES,
    [REGION_WORKERS]: workers * WORKER_BYTES,
    [REGION_COUNTERS]: workers * COUNTERS_BYTES,
    [REGION_VIP_COUNTERS]: workers * vipRecords * COUNT_BYTES,
    [REGION_BACKEND_COUNTERS]: workers * backendRecords * COUNT_BYTES,
    [REGION_ROOTS]: 2 * alignUp(ROOT_HEADER_BYTES + 2 * vipIndexEntries + vipRecords * VIP_BYTES, CACHE_LINE),
    [REGION_BACKENDS]: backendRecords * BACKEND_BYTES,
    [REGION_NEXT_HOPS]: nextHopRecords * NEXT_HOP_BYTES,
    [REGION_EGRESSES]: EGRESS_MAX * EGRESS_BYTES,
    [REGION_TABLES]: settings.tablesBytes,
    [REGION_FLOWS]: settings.flowsMax * FLOW_BYTES,
    [REGION_BUILD]: backendRecords * BUILD_BYTES + BUILD_TEXT_BYTES,
    [REGION_CELLS]: workers * (cells * (META_BYTES + shape.cellBytes) + outputRecordsOf(shape) * OUTPUT_BYTES),
    [REGION_RINGS]: shape.ringsBytes,
    [REGION_FRAGMENTS]: workers * (settings.fragmentsMax * FRAGMENT_BYTES + settings.fragmentsHeldMax * HELD_BYTES),
    [REGION_SEGMENTS]: workers * segmentBytesOf(shape),
    [REGION_KATRAN]: katranBytes(settings.katran, workers),
    [REGION_STEPS]: workers * STEPS_MAX * (STEP_BYTES + META_BYTES),
    [REGION_DECAP]: shape.decapBytes ?? 0,
  };
  const regions = layOut(sizes);
  const last = regions[REGION_COUNT - 1] as Region;
  const memory = allocate(last.base + last.bytes);
  const made: HotMemory = {
    memory,
    bytes: new Uint8Array(memory.buffer),
    view: new DataView(memory.buffer),
    words: new Int32Array(memory.buffer),
    longs: new BigInt64Array(memory.buffer),
    shape,
    vipRecords,
    vipIndexEntries,
    backendRecords,
    nextHopRecords,
    flowBuckets,
    region: (index) => regions[index] as Region,
  };
  writeDirectory(made, regions, settings);
  // Generation 1 is the empty state; 0 would look like an idle worker's epoch.
  made.view.setUint32(made.region(REGION_CONTROL).base + CONTROL_GENERATION, 1, true);
  return made;
}

/** Output records of a worker: one a cell, and one a segment. */
export function outputRecordsOf({ cells, segments = 0 }: MemoryShape): number {
  return cells + segments;
}

/** Memory of a worker for segments: those of Ethernet take less each, jumbo frames more. */
function segmentBytesOf({ segments = 0 }: MemoryShape): number {
  return segments * 2048;
}

/** `value` rounded up to a multiple of `step`, a power of two. */
export function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function layOut(sizes: Record<number, number>): Region[] {
  const regions: Region[] = [];
  let at = DIRECTORY + DIRECTORY_BYTES;
  for (let index = 0; index < REGION_COUNT; index++) {
    const base = alignUp(at, index === REGION_RINGS ? RING_ALIGN : CACHE_LINE);
    const bytes = sizes[index] ?? 0;
    regions.push({ base, bytes });
    at = base + bytes;
  }
  return regions;
}

function allocate(bytes: number): WebAssembly.Memory {
  const rule = 'must fit 4 GiB together: lower tablesMiB, flowsMax, backendsMax, workers or ring frames';
  if (bytes > MEMORY_MAX) {
    throw new MaglevError('ERR_LIMIT', `memory of ${Math.ceil(bytes / 2 ** 20)} MiB: limits ${rule}`, { rule });
  }
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new MaglevError('ERR_LIMIT', `memory of ${Math.ceil(bytes / 2 ** 20)} MiB: ${String(cause)}`, {
      rule,
      cause,
    });
  }
}

function writeDirectory(made: HotMemory, regions: Region[], settings: CoreSettings): void {
  const { view } = made;
  view.setUint32(DIRECTORY + DIRECTORY_MAGIC, LAYOUT_MAGIC, true);
  view.setUint32(DIRECTORY + DIRECTORY_VERSION, LAYOUT_VERSION, true);
  regions.forEach(({ base, bytes }, index) => {
    view.setUint32(DIRECTORY + DIRECTORY_REGIONS + index * 8, base, true);
    view.setUint32(DIRECTORY + DIRECTORY_REGIONS + index * 8 + 4, bytes, true);
  });
  const limits: Record<number, number> = {
    [LIMIT_WORKERS]: made.shape.workers,
    [LIMIT_VIPS]: made.vipRecords,
    [LIMIT_VIP_INDEX]: made.vipIndexEntries,
    [LIMIT_BACKENDS]: made.backendRecords,
    [LIMIT_NEXT_HOPS]: made.nextHopRecords,
    [LIMIT_FLOW_BUCKETS]: made.flowBuckets,
    [LIMIT_CELLS]: made.shape.cells,
    [LIMIT_CELL_BYTES]: made.shape.cellBytes,
    [LIMIT_FRAGMENTS]: settings.fragmentsMax,
    [LIMIT_HELD]: settings.fragmentsHeldMax,
    [LIMIT_FRAGMENT_TICKS]: settings.fragmentTicks,
    [LIMIT_OUTPUTS]: outputRecordsOf(made.shape),
    [LIMIT_SEGMENT_BYTES]: segmentBytesOf(made.shape),
  };
  for (const [index, limit] of Object.entries(limits)) {
    view.setUint32(DIRECTORY + DIRECTORY_LIMITS + Number(index) * 4, limit, true);
  }
}
