// host/module.ts: loads the compiled hot path and binds an instance of it to a memory.
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { LAYOUT_VERSION } from '../assembly/layout.js';
import { MaglevError } from './errors.js';

/** What assembly/index.ts exports. Addresses are numbers, times are ticks (layout.ts, TICK_BITS). */
export interface HotPathModule extends Record<string, unknown> {
  layoutVersion(): number;
  init(workerIndex: number): number;
  // packet workers
  runBatch(count: number, tick: number): void;
  runGeneralBatch(count: number, tick: number): void;
  runRing(budget: number, tick: number): number;
  takeQueued(): number;
  // a decapsulator's worker
  runDecapRing(): number;
  decapTaken(): number;
  giveBackDecap(): void;
  runDecapBatch(count: number): number;
  // general path, one frame
  explainFrame(tick: number): void;
  explained(what: number): bigint;
  // builder
  placeAll(count: number, slotCount: number): void;
  fillTable(table: number, slotCount: number, count: number): void;
  placeKatran(count: number, slotCount: number): void;
  placeCilium(order: number, text: number, bytes: number, slotCount: number): void;
  placeEnvoy(order: number, text: number, bytes: number, slotCount: number): void;
  fillKatranV1(table: number, slotCount: number, count: number): void;
  fillKatranV2(table: number, slotCount: number, count: number): void;
  fillCilium(table: number, slotCount: number, count: number): void;
  fillEnvoy(table: number, slotCount: number, count: number): void;
  countMoved(oldTable: number, table: number, slotCount: number): number;
  countTracks(
    oldTable: number,
    oldMap: number,
    oldMask: number,
    table: number,
    slotCount: number,
    mode: number,
  ): number;
  inherit(
    oldTable: number,
    oldMap: number,
    oldMask: number,
    table: number,
    slotCount: number,
    map: number,
    mask: number,
    mode: number,
    tick: number,
    learn: number,
    idle: number,
  ): void;
  releaseTracks(table: number, map: number, mask: number, mode: number, tick: number, idle: number): number;
  replacePrevious(map: number, mask: number, successors: number): void;
  mergeLastOther(fromMap: number, fromMask: number, map: number, mask: number): void;
  markPrevious(map: number, mask: number, marks: number): void;
  countTracked(map: number, mask: number): number;
  youngestFlows(ages: number, count: number, tick: number): void;
  forgetFlows(marks: number): void;
  sweepFlows(bucketIndex: number, count: number, tick: number): void;
  enterServerId(names: number, id: number, backendIndex: number): void;
  enterRoute(names: number, address: number, bits: number, backendIndex: number): void;
  enterVip(root: number, number: number): void;
  enterMark(marks: number, mask: number, mark: number, backendIndex: number, isV6: number): void;
}

/** The compiled module beside this package's code. */
const WASM_URL = new URL('../hotpath.wasm', import.meta.url);

/** Compiles the hot path. The result may be given to worker threads. Throws ERR_MISSING when the file is not there. */
export function compileHotPath(url: URL = WASM_URL): WebAssembly.Module {
  let code: Uint8Array<ArrayBuffer>;
  try {
    code = new Uint8Array(readFileSync(url));
  } catch (cause) {
    const message = `hot path ${url.pathname}: ${(cause as NodeJS.ErrnoException).code}; run npm run build, or set wasmUrl`;
    throw new MaglevError('ERR_MISSING', message, { option: 'wasmUrl', cause });
  }
  return new WebAssembly.Module(code);
}

/** An instance bound to worker `workerIndex` of `memory`. Throws ERR_INTERNAL when host and module do not fit. */
export function bindHotPath(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  workerIndex: number,
): HotPathModule {
  const { exports } = instantiateSync<HotPathModule>(module, { env: { memory } });
  if (exports.layoutVersion() !== LAYOUT_VERSION) {
    const message = `hot path has layout version ${exports.layoutVersion()}, host has ${LAYOUT_VERSION}: run npm run build`;
    throw new MaglevError('ERR_INTERNAL', message);
  }
  if (!exports.init(workerIndex)) throw new MaglevError('ERR_INTERNAL', 'hot path: the memory has no directory');
  return exports;
}
