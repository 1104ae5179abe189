// The memory: what layout.ts promises of offsets and sizes, and what host and module read from one directory.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as layout from '../assembly/layout.js';
import { MaglevError } from '../host/errors.js';
import { createMemory, type HotMemory } from '../host/memory.js';
import { bindHotPath, compileHotPath } from '../host/module.js';
import { readCore } from '../host/options.js';

const Layout = suite('layout');
const module = compileHotPath();

function memoryOf(core = {}, workers = 3, ringsBytes = 1 << 20): HotMemory {
  const settings = readCore({ vipsMax: 5, backendsMax: 9, flowsMax: 64, tablesMiB: 1, ...core });
  return createMemory(settings, { workers, cells: 4, cellBytes: 704, ringsBytes });
}

Layout('host and module have one layout version', () => {
  assert.is(bindHotPath(module, memoryOf().memory, 0).layoutVersion(), layout.LAYOUT_VERSION);
});

Layout('a module of another layout is refused by name', () => {
  const { memory, view } = memoryOf();
  view.setUint32(layout.DIRECTORY + layout.DIRECTORY_VERSION, layout.LAYOUT_VERSION + 1, true);
  assert.throws(
    () => bindHotPath(module, memory, 0),
    (error: unknown) => error instanceof MaglevError && error.code === 'ERR_INTERNAL',
  );
});

Layout('regions follow each other, on cache lines, rings on 64 KiB, and end inside the memory', () => {
  const memory = memoryOf();
  let end = layout.DIRECTORY + layout.DIRECTORY_BYTES;
  for (let index = 0; index < layout.REGION_COUNT; index++) {
    const { base, bytes } = memory.region(index);
    assert.ok(base >= end, `region ${index} begins behind the one before`);
    assert.is(base % (index === layout.REGION_RINGS ? layout.RING_ALIGN : layout.CACHE_LINE), 0, `region ${index}`);
    assert.is(memory.view.getUint32(layout.DIRECTORY + layout.DIRECTORY_REGIONS + 8 * index, true), base);
    assert.is(memory.view.getUint32(layout.DIRECTORY + layout.DIRECTORY_REGIONS + 8 * index + 4, true), bytes);
    end = base + bytes;
  }
  assert.ok(end <= memory.bytes.length);
});

Layout('the memory cannot grow: no view goes stale', () => {
  const { memory, bytes } = memoryOf();
  assert.throws(() => memory.grow(1));
  assert.is(bytes.buffer, memory.buffer);
});

Layout('limits in the directory are those of the options', () => {
  const memory = memoryOf();
  const limit = (index: number): number =>
    memory.view.getUint32(layout.DIRECTORY + layout.DIRECTORY_LIMITS + 4 * index, true);
  assert.is(limit(layout.LIMIT_WORKERS), 3);
  assert.is(limit(layout.LIMIT_VIPS), 11); // five VIPs, their five addresses, record 0
  assert.is(limit(layout.LIMIT_VIP_INDEX), 128); // at most an eighth full
  assert.is(limit(layout.LIMIT_BACKENDS), 10);
  assert.is(limit(layout.LIMIT_NEXT_HOPS), 10);
  assert.is(limit(layout.LIMIT_FLOW_BUCKETS), 8);
  assert.is(limit(layout.LIMIT_CELLS), 4);
  assert.is(limit(layout.LIMIT_CELL_BYTES), 704);
});

Layout('more than 4 GiB is refused, saying what to lower', () => {
  assert.throws(
    () => memoryOf({ tablesMiB: 2048, flowsMax: 2 ** 26 }, 2000, 2 ** 31),
    (error: unknown) =>
      error instanceof MaglevError && error.code === 'ERR_LIMIT' && /MiB.*lower tablesMiB/.test(error.message),
  );
});

Layout('counters of every verdict and event have their places', () => {
  assert.is(layout.COUNTER_EVENTS, 8 * layout.VERDICT_MAX);
  assert.is(layout.COUNTERS_BYTES, 8 * (layout.VERDICT_MAX + layout.EVENT_MAX));
  assert.ok(layout.EVENT_COUNT <= layout.EVENT_MAX);
});

Layout("counters of compat 'katran' have their places, and what counts connections begins behind them", () => {
  assert.is(layout.KATRAN_WINDOW_TICK, layout.KATRAN_COUNTERS + 8 * layout.KATRAN_COUNTERS_MAX);
  const counters = Object.entries(layout).filter(([name]) => name.startsWith('KATRAN_COUNT_'));
  assert.is(counters.length, 30);
  for (const [name, counter] of counters) assert.ok(counter < layout.KATRAN_COUNTERS_MAX, name);
});

Layout('regions and limits have their places in the directory', () => {
  assert.ok(layout.DIRECTORY_REGIONS + 8 * layout.REGION_COUNT <= layout.DIRECTORY_LIMITS);
  assert.ok(layout.DIRECTORY_LIMITS + 4 * layout.LIMIT_COUNT <= layout.DIRECTORY_BYTES);
});

// [record, its bytes, its fields with their bytes]: fields do not overlap, lie on their own size and inside the record.
const RECORDS: [name: string, bytes: number, fields: [offset: number, bytes: number][]][] = [
  [
    'VIP',
    layout.VIP_BYTES,
    [
      [layout.VIP_ADDRESS, 16],
      [layout.VIP_PORT, 2],
      [layout.VIP_PROTOCOL, 1],
      [layout.VIP_PREFIX_BITS, 1],
      [layout.VIP_TABLE, 4],
      [layout.VIP_SLOT_COUNT, 4],
      [layout.VIP_TRACKING, 1],
      [layout.VIP_HASH, 1],
      [layout.VIP_FIELDS, 1],
      [layout.VIP_WAYS, 1],
      [layout.VIP_TRACKS, 4],
      [layout.VIP_TRACK_MASK, 4],
      [layout.VIP_LEARN_TICKS, 4],
      [layout.VIP_IDLE_TICKS, 4],
      [layout.VIP_NUMBER, 2],
      [layout.VIP_KATRAN, 2],
      [layout.VIP_NAMES, 4],
      [layout.VIP_SERVICE, 8],
    ],
  ],
  [
    'backend',
    layout.BACKEND_BYTES,
    [
      [layout.BACKEND_ENCAP, 1],
      [layout.BACKEND_CAN_SERVE, 1],
      [layout.BACKEND_OUTER_BYTES, 1],
      [layout.BACKEND_OUTER_IS_V6, 1],
      [layout.BACKEND_NEXT_HOP, 4],
      [layout.BACKEND_OUTER_SUM, 4],
      [layout.BACKEND_VIP, 4],
      [layout.BACKEND_ADDRESS, 16],
      [layout.BACKEND_OUTER, layout.BACKEND_OUTER_MAX],
      [layout.BACKEND_UDP_SUM, 4],
      [layout.BACKEND_GUE_BYTES, 1],
      [layout.BACKEND_DSCP, 1],
    ],
  ],
  [
    'track',
    layout.TRACK_BYTES,
    [
      [layout.TRACK_SLOT, 4],
      [layout.TRACK_PREVIOUS, 2],
      [layout.TRACK_FLAGS, 2],
      [layout.TRACK_LEARN_UNTIL, 4],
      [layout.TRACK_LAST_OTHER, 4],
    ],
  ],
  [
    'names',
    layout.NAMES_HEADER_BYTES,
    [
      [layout.NAMES_ID_MASK, 4],
      [layout.NAMES_ROUTES, 4],
      [layout.NAMES_ROUTE_MASK, 4],
      [layout.NAMES_PREFIXES, 1 + 129],
    ],
  ],
  [
    'server id',
    layout.ID_BYTES,
    [
      [layout.ID_SERVER, 4],
      [layout.ID_BACKEND, 2],
    ],
  ],
  [
    'source route',
    layout.ROUTE_BYTES,
    [
      [layout.ROUTE_ADDRESS, 16],
      [layout.ROUTE_PREFIX_BITS, 2],
      [layout.ROUTE_BACKEND, 2],
    ],
  ],
  [
    'next hop',
    layout.NEXT_HOP_BYTES,
    [
      [layout.NEXT_HOP_WAY, 8],
      [layout.NEXT_HOP_MTU, 4],
    ],
  ],
  [
    'meta',
    layout.META_BYTES,
    [
      [layout.META_LENGTH, 4],
      [layout.META_PACKET_TYPE, 1],
      [layout.META_VERDICT, 1],
      [layout.META_FLAGS, 2],
      [layout.META_INGRESS, 2],
      [layout.META_VLAN_TCI, 2],
      [layout.META_VIRTIO, 10],
      [layout.META_OUTPUT, 2],
      [layout.META_OUTPUTS, 2],
      [layout.META_VIP, 2],
      [layout.META_BACKEND, 2],
    ],
  ],
  ['marked meta', layout.META_BYTES, [[layout.META_MARK, 4]]],
  [
    'mark',
    layout.MARK_BYTES,
    [
      [layout.MARK_MARK, 4],
      [layout.MARK_BACKEND, 2],
      [layout.MARK_IS_V6, 1],
    ],
  ],
  [
    'output',
    layout.OUTPUT_BYTES,
    [
      [layout.OUTPUT_BASE, 4],
      [layout.OUTPUT_LENGTH, 4],
      [layout.OUTPUT_EGRESS, 2],
      [layout.OUTPUT_FLAGS, 2],
      [layout.OUTPUT_VIRTIO, 10],
    ],
  ],
  [
    'worker',
    layout.WORKER_BYTES,
    [
      [layout.WORKER_EPOCH, 4],
      [layout.WORKER_COMMAND, 4],
      [layout.WORKER_INGRESS, 4],
      [layout.WORKER_RX_RING, layout.RING_BYTES],
      [layout.WORKER_TX_RINGS, layout.EGRESS_MAX * layout.RING_BYTES],
      [layout.WORKER_SCRATCH, layout.WORKER_SCRATCH_BYTES],
    ],
  ],
  [
    'control',
    layout.CONTROL_BYTES,
    [
      [layout.CONTROL_GENERATION, 4],
      [layout.CONTROL_FLOW_TICKS, 4],
      [layout.CONTROL_NH_KEY, 4 * layout.NH_KEY_WORDS],
      [layout.CONTROL_FINAL_KEY, 8],
      [layout.CONTROL_IDENTITY_KEY, 16],
    ],
  ],
];
for (const [name, bytes, fields] of RECORDS) {
  Layout(`fields of the ${name} record do not overlap and stay inside`, () => {
    let end = 0;
    for (const [offset, size] of [...fields].sort(([a], [b]) => a - b)) {
      assert.ok(offset >= end, `the field at ${offset} begins behind the one before`);
      if (size <= 8 && size !== 10) assert.is(offset % size, 0, `the field at ${offset} lies on its own size`);
      end = offset + size;
    }
    assert.ok(end <= bytes, `${end} of ${bytes} bytes`);
  });
}

Layout.run();
