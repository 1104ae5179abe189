// test/live/lab.ts: what live tests share: a suite that is skipped, with its reason, where the kernel refuses namespaces; and
// one way to run code in a lab that is closed whatever happens.
import { suite, type Test } from 'uvu';
import { labSupport } from '../../host/demo/lab/holder.js';
import { createLab, type Lab } from '../../host/demo/lab/lab.js';
import { type Family, oneArmed, type Topology, type TopologyOptions, twoArmed } from '../../host/demo/lab/topology.js';

/** The two networks by the name a test shows. */
const TOPOLOGIES = { 'one-armed': oneArmed, 'two-armed': twoArmed } as const;
export type TopologyName = keyof typeof TOPOLOGIES;

/** A suite for live tests: `live('name', body)` defines a case, `live.run()` runs it. */
export interface LiveSuite {
  (name: string, body: () => Promise<void>): void;
  run(): void;
  /** Whether the cases run here; false means that they are counted as skipped. */
  readonly isSupported: boolean;
}

/** Makes a suite whose cases are skipped, and the reason printed, where network namespaces cannot be made. */
export function liveSuite(name: string): LiveSuite {
  const inner: Test = suite(name);
  const support = labSupport();
  const isSupported = support.mode !== undefined;
  const define = (title: string, body: () => Promise<void>): void => {
    if (!isSupported) console.log(`skipped: ${name}: ${title}: no network namespaces here: ${support.reason}`);
    if (isSupported) inner(title, body);
    else inner.skip(title);
  };
  return Object.assign(define, { run: () => inner.run(), isSupported });
}

/** Runs `body` with an empty lab and closes it, whatever happens. */
export async function withLab(body: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab();
  try {
    await body(lab);
  } finally {
    await lab.close();
  }
}

/** Runs `body` in one of the networks and closes it, whatever happens. Default: IPv4, two backends. */
export async function withTopology(
  name: TopologyName,
  options: Partial<TopologyOptions> & { family?: Family },
  body: (topology: Topology) => Promise<void>,
): Promise<void> {
  await withLab(async (lab) => body(await TOPOLOGIES[name](lab, { family: 4, backendCount: 2, ...options })));
}
