// memory.ts: where things are. The directory is read once, into globals of this instance, and never again.
// Globals are Wasm globals, not memory, so every worker that instantiates this module has its own.
import {
  BACKEND_BYTES,
  CONTROL_COMPAT,
  COUNT_BYTES,
  COUNTER_EVENTS,
  COUNTERS_BYTES,
  DIRECTORY,
  DIRECTORY_LIMITS,
  DIRECTORY_MAGIC,
  DIRECTORY_REGIONS,
  DIRECTORY_VERSION,
  FRAGMENT_BYTES,
  FRAGMENT_WAYS,
  HELD_BYTES,
  KATRAN_DESTINATION_BYTES,
  KATRAN_DESTINATIONS_MAX,
  KATRAN_SETTINGS_BYTES,
  KATRAN_WORKER_BYTES,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  LIMIT_BACKENDS,
  LIMIT_CELL_BYTES,
  LIMIT_CELLS,
  LIMIT_FLOW_BUCKETS,
  LIMIT_FRAGMENT_TICKS,
  LIMIT_FRAGMENTS,
  LIMIT_HELD,
  LIMIT_OUTPUTS,
  LIMIT_SEGMENT_BYTES,
  LIMIT_VIP_INDEX,
  LIMIT_VIPS,
  META_BYTES,
  OUTPUT_BYTES,
  REGION_BACKEND_COUNTERS,
  REGION_BACKENDS,
  REGION_BUILD,
  REGION_CELLS,
  REGION_CONTROL,
  REGION_COUNTERS,
  REGION_DECAP,
  REGION_EGRESSES,
  REGION_FLOWS,
  REGION_FRAGMENTS,
  REGION_KATRAN,
  REGION_NEXT_HOPS,
  REGION_ROOTS,
  REGION_SEGMENTS,
  REGION_STEPS,
  REGION_VIP_COUNTERS,
  REGION_WORKERS,
  ROOT_HEADER_BYTES,
  STEP_BYTES,
  STEPS_MAX,
  WORKER_BYTES,
} from './layout';

export let control: usize = 0;
export let worker: usize = 0;
let backends: usize = 0;
export let nextHops: usize = 0;
export let egresses: usize = 0;
export let flows: usize = 0;
export let flowBucketMask: u32 = 0;
export let build: usize = 0;
export let roots: usize = 0;
export let rootBytes: usize = 0;
export let vipIndexMask: u32 = 0;
export let vipRecords: usize = 0; // offset of the records in a root
export let cells: usize = 0;
export let cellCount: u32 = 0;
export let cellBytes: u32 = 0;
export let metas: usize = 0;
export let outputs: usize = 0;
export let outputCountMax: u32 = 0;
export let fragments: usize = 0;
export let fragmentMask: u32 = 0; // of buckets
export let fragmentTicks: u32 = 0;
export let held: usize = 0;
export let heldCount: u32 = 0;
export let segments: usize = 0;
export let segmentsEnd: usize = 0;
export let steps: usize = 0;
export let stepMetas: usize = 0;
export let decap: usize = 0;
/** COMPAT_: whose frame path this is. */
export let compat: u32 = 0;
export let katran: usize = 0; // settings of compat 'katran'
export let katranWorker: usize = 0; // what this worker counts of it

let verdictCounters: usize = 0;
let eventCounters: usize = 0;
let vipCounters: usize = 0;
let backendCounters: usize = 0;

function region(index: i32): usize {
  return load<u32>(DIRECTORY + DIRECTORY_REGIONS + (index << 3));
}

function regionBytes(index: i32): usize {
  return load<u32>(DIRECTORY + DIRECTORY_REGIONS + (index << 3), 4);
}

function limit(index: i32): u32 {
  return load<u32>(DIRECTORY + DIRECTORY_LIMITS + (index << 2));
}

/** Layout version this module was compiled with: the host asks before anything else. */
export function layoutVersion(): u32 {
  return LAYOUT_VERSION;
}

/** Binds this instance to one worker record. Returns false when the memory holds no directory of this layout. */
export function init(workerIndex: u32): bool {
  if (load<u32>(DIRECTORY, DIRECTORY_MAGIC) != LAYOUT_MAGIC) return false;
  if (load<u32>(DIRECTORY, DIRECTORY_VERSION) != LAYOUT_VERSION) return false;
  control = region(REGION_CONTROL);
  worker = region(REGION_WORKERS) + workerIndex * WORKER_BYTES;
  backends = region(REGION_BACKENDS);
  nextHops = region(REGION_NEXT_HOPS);
  egresses = region(REGION_EGRESSES);
  flows = region(REGION_FLOWS);
  flowBucketMask = limit(LIMIT_FLOW_BUCKETS) - 1;
  build = region(REGION_BUILD);
  roots = region(REGION_ROOTS);
  rootBytes = regionBytes(REGION_ROOTS) >> 1;
  vipIndexMask = limit(LIMIT_VIP_INDEX) - 1;
  vipRecords = <usize>ROOT_HEADER_BYTES + ((<usize>limit(LIMIT_VIP_INDEX)) << 1);
  verdictCounters = region(REGION_COUNTERS) + workerIndex * COUNTERS_BYTES;
  eventCounters = verdictCounters + COUNTER_EVENTS;
  vipCounters = region(REGION_VIP_COUNTERS) + workerIndex * limit(LIMIT_VIPS) * COUNT_BYTES;
  backendCounters = region(REGION_BACKEND_COUNTERS) + workerIndex * limit(LIMIT_BACKENDS) * COUNT_BYTES;
  cellCount = limit(LIMIT_CELLS);
  cellBytes = limit(LIMIT_CELL_BYTES);
  outputCountMax = limit(LIMIT_OUTPUTS);
  const workerBytes = cellCount * (META_BYTES + cellBytes) + outputCountMax * OUTPUT_BYTES;
  metas = region(REGION_CELLS) + workerIndex * workerBytes;
  outputs = metas + cellCount * META_BYTES;
  cells = outputs + outputCountMax * OUTPUT_BYTES;
  heldCount = limit(LIMIT_HELD);
  fragmentTicks = limit(LIMIT_FRAGMENT_TICKS);
  fragmentMask = limit(LIMIT_FRAGMENTS) / FRAGMENT_WAYS - 1;
  const entriesBytes = limit(LIMIT_FRAGMENTS) * FRAGMENT_BYTES;
  fragments = region(REGION_FRAGMENTS) + workerIndex * (entriesBytes + heldCount * HELD_BYTES);
  held = fragments + entriesBytes;
  segments = region(REGION_SEGMENTS) + workerIndex * limit(LIMIT_SEGMENT_BYTES);
  segmentsEnd = segments + limit(LIMIT_SEGMENT_BYTES);
  steps = region(REGION_STEPS) + workerIndex * STEPS_MAX * (STEP_BYTES + META_BYTES);
  stepMetas = steps + STEPS_MAX * STEP_BYTES;
  decap = region(REGION_DECAP);
  compat = load<u32>(control, CONTROL_COMPAT);
  katran = region(REGION_KATRAN);
  const settingsBytes = KATRAN_SETTINGS_BYTES + KATRAN_DESTINATIONS_MAX * KATRAN_DESTINATION_BYTES;
  katranWorker = katran + settingsBytes + workerIndex * KATRAN_WORKER_BYTES;
  return true;
}

export function backend(index: u32): usize {
  return backends + index * BACKEND_BYTES;
}

export function countVerdict(verdict: u32): void {
  increment(verdictCounters + (verdict << 3));
}

export function countVerdicts(verdict: u32, times: u32): void {
  add(verdictCounters + (verdict << 3), times);
}

export function countEvents(event: u32, times: u32): void {
  add(eventCounters + (event << 3), times);
}

export function countEvent(event: u32): void {
  increment(eventCounters + (event << 3));
}

/** One frame of `octets` bytes for a VIP and a backend. Backend 0, which none has, takes what found no backend. */
export function countTraffic(vipNumber: u32, backendIndex: u32, octets: u32): void {
  const one = i64x2.replace_lane(i64x2.splat(1), 1, octets); // COUNT_PACKETS, COUNT_OCTETS
  count(vipCounters + vipNumber * COUNT_BYTES, one);
  count(backendCounter(backendIndex), one);
}

export function backendCounter(index: u32): usize {
  return backendCounters + index * COUNT_BYTES;
}

function count(at: usize, one: v128): void {
  v128.store(at, i64x2.add(v128.load(at), one));
}

function increment(at: usize): void {
  add(at, 1);
}

function add(at: usize, times: u32): void {
  store<u64>(at, load<u64>(at) + times);
}
