// test/support/worker.ts: packet workers without rings: instances of the module that share one memory and have cells.
import {
  HEADROOM,
  META_BACKEND,
  META_BYTES,
  META_LENGTH,
  META_VERDICT,
  OUTPUT_BYTES,
  REGION_CELLS,
  REGION_WORKERS,
  WORKER_BYTES,
} from '../../assembly/layout.js';
import { Engine } from '../../host/engine.js';
import { type Core, verdictName } from '../../host/hotpath.js';
import { bindHotPath, type HotPathModule } from '../../host/module.js';
import { readCore } from '../../host/options.js';
import { SMALL } from './hotpath.js';

const CELL_BYTES = 576;

/** An engine with cells for `workers` packet workers. */
export function createEngine(core: Core, workers: number, tick: () => number): Engine {
  const settings = readCore({ ...SMALL, ...core });
  return new Engine({
    settings,
    shape: { workers, cells: 1, cellBytes: CELL_BYTES, ringsBytes: 0 },
    sourceFor: () => undefined,
    tick,
  });
}

/** One packet worker of an engine. */
export class CellWorker {
  readonly module: HotPathModule;
  private readonly meta: number;

  constructor(
    private readonly engine: Engine,
    private readonly workerIndex: number,
  ) {
    this.module = bindHotPath(engine.module, engine.memory.memory, workerIndex);
    const { base } = engine.memory.region(REGION_CELLS);
    this.meta = base + workerIndex * (META_BYTES + OUTPUT_BYTES + CELL_BYTES);
  }

  /** Takes one frame to its verdict; `backend` is its address, when one was chosen. */
  forward(frame: Uint8Array): { verdict: string; backend: string | undefined } {
    const { bytes, view } = this.engine.memory;
    const { meta } = this;
    bytes.fill(0, meta, meta + META_BYTES);
    bytes.set(frame, meta + META_BYTES + OUTPUT_BYTES + HEADROOM);
    view.setUint32(meta + META_LENGTH, frame.length, true);
    this.module.runBatch(1, this.engine.now());
    const index = view.getUint16(meta + META_BACKEND, true);
    const backends = [...this.engine.vips.values()].flatMap((vip) => [...vip.backends.values()]);
    const backend = backends.find((live) => live.index === index)?.address;
    return { verdict: verdictName(view.getUint8(meta + META_VERDICT)), backend };
  }

  /** Where this worker's record lies, for its epoch. */
  get record(): number {
    return this.engine.memory.region(REGION_WORKERS).base + this.workerIndex * WORKER_BYTES;
  }
}
