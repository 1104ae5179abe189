// bench/ours.ts: our side of a measurement: the hot path as it ships (dist/hotpath.wasm), one call a batch, with the frames
// put into the cells by dist/bench.wasm before each. Timed by Benchmark.js.
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import Benchmark from 'benchmark';
import { MaglevError } from '../host/errors.js';
import type { Scene } from './scene.js';

/** What assembly/bench.ts exports. */
interface RestoreModule extends Record<string, unknown> {
  init(workerIndex: number): number;
  setInputs(heads: number, frames: number, stride: number, flowCount: number): void;
  restore(first: number, count: number): number;
}

const BENCH_WASM_URL = new URL('../bench.wasm', import.meta.url);
// A sample of Benchmark.js is as many calls as take this long. It makes a new function for each, which V8 runs slowly at first and compiles
// beside what is measured: of samples of a millisecond that was a fifth. Few calls of many batches each, and it has no reason to.
const SAMPLE_S = 0.005;
const BATCHES_A_CALL = 32;
const SAMPLES_MIN = 3;
const NS_PER_S = 1e9;
const MS_PER_S = 1000;

/** The hot path of a scene, driven batch by batch. */
export class Ours {
  private readonly module: RestoreModule;
  private nextFlow = 0;

  /**
   * Throws ERR_MISSING when dist/bench.wasm was not built.
   * @param isGeneral every frame takes the general path, none the fast one
   */
  constructor(
    readonly scene: Scene,
    private readonly isGeneral = false,
  ) {
    this.module = bindRestore(scene);
  }

  /** Begins again at the first flow. */
  rewind(): void {
    this.nextFlow = 0;
  }

  restore(): void {
    this.nextFlow = this.module.restore(this.nextFlow, this.scene.shape.batch);
  }

  /** One batch: frames into the cells, then to their verdicts. */
  forward(): void {
    const { engine, shape, tick } = this.scene;
    this.nextFlow = this.module.restore(this.nextFlow, shape.batch);
    if (this.isGeneral) engine.builder.runGeneralBatch(shape.batch, tick);
    else engine.builder.runBatch(shape.batch, tick);
  }

  /** Fills a lookup table at the scene's scratch place, from the build records of the last VIP that was built. */
  fill(): void {
    const { builder } = this.scene.engine;
    const { backends, tableSize } = this.scene.shape;
    builder.placeAll(backends, tableSize);
    builder.fillTable(this.scene.scratch, tableSize, backends);
  }

  /** ns a frame, of each sample taken in about `ms`. */
  sampleForward(ms: number): number[] {
    return this.perFrame(() => this.forward(), ms);
  }

  /** The same for putting frames into the cells alone. */
  sampleRestore(ms: number): number[] {
    return this.perFrame(() => this.restore(), ms);
  }

  /** ms a fill, of each sample taken in about `ms`. */
  sampleFill(ms: number): number[] {
    return sample(() => this.fill(), ms).map((seconds) => seconds * MS_PER_S);
  }

  private perFrame(batch: () => void, ms: number): number[] {
    const seconds = sample(() => {
      for (let i = 0; i < BATCHES_A_CALL; i++) batch();
    }, ms);
    return seconds.map((each) => (each * NS_PER_S) / (BATCHES_A_CALL * this.scene.shape.batch));
  }
}

/** Seconds a call, of each sample that Benchmark.js takes in about `ms`. */
function sample(fn: () => void, ms: number): number[] {
  const benchmark = new Benchmark({
    fn,
    minTime: SAMPLE_S,
    maxTime: ms / MS_PER_S,
    minSamples: SAMPLES_MIN,
    async: false,
  });
  benchmark.run();
  if (benchmark.error !== undefined) throw benchmark.error;
  return benchmark.stats.sample;
}

function bindRestore(scene: Scene): RestoreModule {
  let code: Uint8Array<ArrayBuffer>;
  try {
    code = new Uint8Array(readFileSync(BENCH_WASM_URL));
  } catch (cause) {
    const message = `${BENCH_WASM_URL.pathname}: ${(cause as NodeJS.ErrnoException).code}; run npm run build`;
    throw new MaglevError('ERR_MISSING', message, { cause });
  }
  const env = { memory: scene.engine.memory.memory };
  const { exports } = instantiateSync<RestoreModule>(new WebAssembly.Module(code), { env });
  if (!exports.init(0))
    throw new MaglevError('ERR_INTERNAL', 'bench.wasm does not fit the hot path: run npm run build');
  exports.setInputs(scene.heads, scene.frames, scene.stride, scene.shape.flows);
  return exports;
}
