// bench/shape.ts: what is measured: the parameters of one scene, their defaults and bounds.

/** What one measurement is made on. */
export interface Shape {
  /** Family of clients, VIPs and backends. */
  family: 4 | 6;
  encap: 'l2' | 'ipip' | 'gue' | 'gre';
  /** `none`: no flow state; `all`: every slot tracked, so that every packet asks the flow table; `changed`: the default of a VIP. */
  tracking: 'none' | 'all' | 'changed';
  /** `uniform`: every flow as often; `zipf`: the k-th flow as often as k^-1.1, over as many flows. */
  traffic: 'uniform' | 'zipf';
  vips: number;
  /** Backends of each VIP. */
  backends: number;
  /** Slots of each lookup table, a prime. */
  tableSize: number;
  flows: number;
  /** Places of the flow table, a power of two; by default four a flow, and a million at least. */
  flowPlaces?: number;
  /** Bytes of a frame, without FCS. */
  frameBytes: number;
  /** Frames of one call into the hot path. */
  batch: number;
  /** Of the random flows. */
  seed: number;
}

/** The scene of the default results; `--help` shows these. */
export const SHAPE_DEFAULT: Shape = {
  family: 4,
  encap: 'ipip',
  tracking: 'none',
  traffic: 'uniform',
  vips: 1,
  backends: 100,
  tableSize: 65_537,
  flows: 65_536,
  frameBytes: 64,
  batch: 256,
  seed: 1,
};

/** Bounds of what a user may choose: [least, most]. Flows, backends and tables must fit 4 GiB together. */
export const BOUNDS = {
  vips: [1, 1000],
  backends: [1, 32_767],
  tableSize: [7, 5_000_011],
  flows: [1, 4_194_304],
  frameBytes: [62, 9000],
  batch: [1, 4096],
  seed: [0, 0xffff_ffff],
} as const satisfies Partial<Record<keyof Shape, readonly [number, number]>>;
