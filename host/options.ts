// host/options.ts: limits and times of a balancer, their defaults and bounds. Checked once, at start, by name.
import { BACKENDS_MAX, FLOW_TICKS_MAX, HEADROOM, TICK_BITS } from '../assembly/layout.js';
import { type KatranOptions, type KatranSettings, readKatran } from './compat/katran.js';
import { optionError } from './errors.js';
import { PANIC_SHARE_DEFAULT } from './membership/effective.js';

/** What a hot path and a load balancer have in common. All memory is claimed at start and never grows. */
export interface Core {
  /**
   * Secret of the fleet, at least 16 bytes: it keys the hash, so that nobody outside can aim flows at one backend. Every
   * balancer of a fleet must have the same. Default: a random one, good for a balancer that stands alone.
   */
  hashSecret?: Uint8Array | string;
  /** VIPs, 1..30000. Default 1024. */
  vipsMax?: number;
  /** Backends over all VIPs, those that left within the longest flow timeout included, 1..32767. Default 4096. */
  backendsMax?: number;
  /** Flows on tracked slots, 64..67108864, rounded up to a power of two; 8 bytes each. Default 1048576. */
  flowsMax?: number;
  /** Memory for lookup tables and tracking maps, MiB, 1..2048: 2 bytes a slot, twice while one is replaced. Default 128. */
  tablesMiB?: number;
  /** Source routes over all VIPs, 0..1000000; about 64 bytes each of the memory for tables. Default 16384. */
  sourceRoutesMax?: number;
  /** A TCP flow is over when it was silent this long, ms, 1000..8000000. Default 900000 (15 minutes). */
  tcpIdleTimeoutMs?: number;
  /** A UDP flow is over when it was silent this long, ms, 1000..8000000. Default 60000. */
  udpIdleTimeoutMs?: number;
  /** How long packets of unknown UDP flows still go to a slot's previous backend after a change, ms, 0..8000000. Default 10000. */
  udpLearnMs?: number;
  /**
   * Share of a VIP's registered weight, 0..1. When the active weight falls below it, all backends that are not down count
   * as active, and if none is left, all that are down too. Default 0: only when no active weight is left.
   */
  panicShare?: number;
  /** Packets whose IP fragments one worker follows at a time, 4..65536, rounded up to a power of two; 64 bytes each. Default 1024. */
  fragmentsMax?: number;
  /** Fragments that one worker holds until the first of their packet comes, 0..1024; 2432 bytes each. Default 64. */
  fragmentsHeldMax?: number;
  /** How long fragments of a packet are followed and held, ms, 512..60000. Default 5000. */
  fragmentTimeoutMs?: number;
  /**
   * ICMP errors a second that one packet worker sends to clients whose packets do not fit the way to their backend (needfrag,
   * packet too big), 0..1000000, 0 = none. Default 1000.
   */
  tooBigPerSecond?: number;
  /**
   * Take frames as another system does, bit for bit, so that its nodes can be replaced one by one: rules that come before any VIP,
   * connection table, outer headers, counters (docs/KATRAN.md). Default: none.
   */
  compat?: 'katran';
  /** Options of compat 'katran'. */
  katran?: KatranOptions;
  /** Where the compiled hot path is, for bundlers. Default: beside this package's code. */
  wasmUrl?: URL;
}

/** `Core` with every default filled in and every bound checked. */
export interface CoreSettings {
  hashSecret: Uint8Array | string | undefined;
  vipsMax: number;
  backendsMax: number;
  flowsMax: number;
  tablesBytes: number;
  sourceRoutesMax: number;
  tcpIdleTicks: number;
  udpIdleTicks: number;
  tcpLearnTicks: number;
  udpLearnTicks: number;
  panicShare: number;
  fragmentsMax: number;
  fragmentsHeldMax: number;
  fragmentTicks: number;
  tooBigPerSecond: number;
  /** Undefined without compat. */
  katran: KatranSettings | undefined;
  wasmUrl: URL | undefined;
}

const VIPS_MAX = 30_000; // and as many addresses, in u16 indexes
const FLOWS_MAX = 2 ** 26;
const TICK_MS = 2 ** TICK_BITS;
const TIMEOUT_MS_MAX = Math.min(8_000_000, FLOW_TICKS_MAX * TICK_MS);
const SECRET_BYTES_MIN = 16;
const MIB = 2 ** 20;

/** Checks `options` and fills in the defaults. Throws ERR_OPTION naming the option, its value and its rule. */
export function readCore(options: Core): CoreSettings {
  const secret = options.hashSecret;
  if (secret !== undefined && Buffer.byteLength(secret as string) < SECRET_BYTES_MIN) {
    throw optionError('hashSecret', `(${Buffer.byteLength(secret as string)} bytes)`, 'must have at least 16 bytes');
  }
  const tcpIdleTicks = readTicks('tcpIdleTimeoutMs', options.tcpIdleTimeoutMs, 900_000, 1000);
  return {
    hashSecret: secret,
    vipsMax: readInteger('vipsMax', options.vipsMax, 1024, 1, VIPS_MAX),
    backendsMax: readInteger('backendsMax', options.backendsMax, 4096, 1, BACKENDS_MAX),
    flowsMax: powerOfTwo(readInteger('flowsMax', options.flowsMax, 2 ** 20, 64, FLOWS_MAX)),
    tablesBytes: readInteger('tablesMiB', options.tablesMiB, 128, 1, 2048) * MIB,
    sourceRoutesMax: readInteger('sourceRoutesMax', options.sourceRoutesMax, 16_384, 0, 1_000_000),
    tcpIdleTicks,
    udpIdleTicks: readTicks('udpIdleTimeoutMs', options.udpIdleTimeoutMs, 60_000, 1000),
    // A TCP flow that lives sends within its idle timeout; the window is over at its last tick, such a flow is not yet.
    tcpLearnTicks: tcpIdleTicks + 1,
    udpLearnTicks: readTicks('udpLearnMs', options.udpLearnMs, 10_000, 0),
    panicShare: readShare('panicShare', options.panicShare, PANIC_SHARE_DEFAULT),
    fragmentsMax: powerOfTwo(readInteger('fragmentsMax', options.fragmentsMax, 1024, 4, 65_536)),
    fragmentsHeldMax: readInteger('fragmentsHeldMax', options.fragmentsHeldMax, 64, 0, 1024),
    fragmentTicks: Math.ceil(readInteger('fragmentTimeoutMs', options.fragmentTimeoutMs, 5000, 512, 60_000) / TICK_MS),
    tooBigPerSecond: readInteger('tooBigPerSecond', options.tooBigPerSecond, 1000, 0, 1_000_000),
    katran: readKatran(options.compat, options.katran),
    wasmUrl: options.wasmUrl,
  };
}

/** An integer option within bounds. */
export function readInteger(option: string, value: unknown, byDefault: number, min: number, max: number): number {
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw optionError(option, value, `must be an integer of ${min}..${max}`);
}

/** Bytes of a cell that holds frames of up to `frameBytesMax`: headroom before, and an odd number of cache lines. */
export function cellBytesFor(frameBytesMax: number): number {
  const lines = Math.ceil((HEADROOM + frameBytesMax + 16) / 64);
  return (lines | 1) * 64; // odd, so that the beginnings of successive cells do not meet in one set of the cache
}

function readTicks(option: string, value: unknown, byDefaultMs: number, minMs: number): number {
  return Math.ceil(readInteger(option, value, byDefaultMs, minMs, TIMEOUT_MS_MAX) / TICK_MS);
}

function readShare(option: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw optionError(option, value, 'must be a number of 0..1');
}

/** The next power of two that is not below `value`. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
