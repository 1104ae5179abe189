// bench/machine.ts: where numbers come from: without it they say nothing.
import { arch, availableParallelism, cpus, loadavg, platform, release } from 'node:os';
import { FLAGS } from './compiler.js';
import type { Shape } from './shape.js';

/** What stands beside the results. */
export interface Machine {
  cpu: string;
  cpus: number;
  /** How many processes wanted a CPU, over the last minute. Ours and its twins take turns, so they are about one. */
  loadAverage: number;
  os: string;
  node: string;
  v8: string;
  /** Compiler and flags of the twins; null where there is none. */
  compiler: string | null;
  /** Parameters of the core results. */
  parameters: Omit<Shape, 'family' | 'encap' | 'tracking'>;
  timeMs: number;
  rounds: number;
}

/** Describes this machine. */
export function describeMachine(compiler: string | null, shape: Shape, timeMs: number, rounds: number): Machine {
  const { family: _, encap: __, tracking: ___, ...parameters } = shape;
  return {
    cpu: cpus()[0]?.model.trim() ?? arch(),
    cpus: availableParallelism(),
    loadAverage: loadavg()[0] ?? 0,
    os: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    compiler: compiler === null ? null : `${compiler} ${FLAGS.join(' ')}`,
    parameters,
    timeMs,
    rounds,
  };
}
