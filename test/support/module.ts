// test/support/module.ts: the hot path taken to pieces: assembly/testing.ts, bound to a small memory of its own, with a
// place to lay bytes where the module can reach them.
import { REGION_CELLS } from '../../assembly/layout.js';
import { writeKeys } from '../../host/keys.js';
import { createMemory, type HotMemory } from '../../host/memory.js';
import { bindHotPath, compileHotPath, type HotPathModule } from '../../host/module.js';
import { type Core, readCore } from '../../host/options.js';

/** The module of assembly/testing.ts, for `wasmUrl`. */
const TESTING_URL = new URL('../../testing.wasm', import.meta.url);

/** A function of the module: 32-bit integers are numbers, 64-bit ones BigInts. */
type Call = (...args: (number | bigint)[]) => number;
/** A function of the module that returns 64 bits, signed as JavaScript gets them. */
type LongCall = (...args: (number | bigint)[]) => bigint;

type LongNames =
  | 'arpSenderMac'
  | 'ethernetSource'
  | 'checksumAdd'
  | 'innerSumOf'
  | 'sipHash16'
  | 'xxh64'
  | 'murmur3Pair'
  | 'follyHashAddress'
  | 'nhHashIpv4'
  | 'nhHashIpv6'
  | 'nhHashPort'
  | 'nhHashSource'
  | 'envoyClientHash'
  | 'envoyFlowHash'
  | 'flowFind';

/** Globals of the module: the halves of a 128-bit hash, and what a look into the flow table found. */
type GlobalNames = 'murmur3First' | 'murmur3Second' | 'spookyFirst' | 'spookySecond';

/** What assembly/testing.ts exports: HotPathModule and functions named after their files. */
type TestingModule = HotPathModule & Record<LongNames, LongCall> & Record<GlobalNames, WebAssembly.Global>;

/** The pieces and their memory. */
export interface Pieces {
  module: TestingModule;
  memory: HotMemory;
  /** Address of SCRATCH_BYTES free bytes. */
  scratch: number;
  /** Calls an export by name; the answer is unsigned. */
  call(name: string, ...args: (number | bigint)[]): number;
  /** The same for an export that returns 64 bits. */
  callLong(name: LongNames, ...args: (number | bigint)[]): bigint;
  /** A 64-bit global, after a call that set it. */
  readLong(name: GlobalNames): bigint;
  /** Lays bytes at the scratch place, `offset` behind its beginning, over 0xa5, and returns their address. */
  lay(bytes: Uint8Array, offset?: number): number;
  /** A copy of `count` bytes at `address`. */
  read(address: number, count: number): Uint8Array;
}

const SCRATCH_BYTES = 8192;
const GUARD = 0xa5;

/** Binds the pieces to a new memory with these limits. */
export function createPieces(core: Core = {}): Pieces {
  const limits = { backendsMax: 64, vipsMax: 8, flowsMax: 1024, tablesMiB: 1 };
  const settings = readCore({ ...limits, ...core });
  const memory = createMemory(settings, { workers: 1, cells: 1, cellBytes: SCRATCH_BYTES, ringsBytes: 0 });
  writeKeys(memory, settings.hashSecret ?? 'a secret for the tests');
  const module = bindHotPath(compileHotPath(TESTING_URL), memory.memory, 0) as TestingModule;
  const scratch = memory.region(REGION_CELLS).base;
  const { bytes } = memory;
  return {
    module,
    memory,
    scratch,
    call: (name, ...args) => Number((module[name] as unknown as Call)(...args)) >>> 0,
    callLong: (name, ...args) => BigInt.asUintN(64, module[name](...args)),
    readLong: (name) => BigInt.asUintN(64, module[name].value as bigint),
    lay: (what, offset = 64) => {
      bytes.fill(GUARD, scratch, scratch + SCRATCH_BYTES);
      bytes.set(what, scratch + offset);
      return scratch + offset;
    },
    read: (address, count) => bytes.slice(address, address + count),
  };
}
