// host/membership/root.ts: the two copies of (VIP index, VIP records) of which one is live (assembly/layout.ts, ROOTS), and
// the change from one to the other: the publisher's half of RCU.
import { setImmediate } from 'node:timers/promises';
import {
  ADDRESS_BYTES,
  CONTROL_GENERATION,
  EPOCH_IDLE,
  FIELDS_5_TUPLE,
  HASH_NATIVE,
  REGION_CONTROL,
  REGION_ROOTS,
  REGION_WORKERS,
  ROOT_HEADER_BYTES,
  ROOT_MARK_MASK,
  ROOT_MARKS,
  ROOT_PREFIXES4,
  ROOT_PREFIXES6,
  VIP_ADDRESS,
  VIP_BYTES,
  VIP_FIELDS,
  VIP_HASH,
  VIP_IDLE_TICKS,
  VIP_KATRAN,
  VIP_LEARN_TICKS,
  VIP_NAMES,
  VIP_NUMBER,
  VIP_PORT,
  VIP_PREFIX_BITS,
  VIP_PROTOCOL,
  VIP_SERVICE,
  VIP_SLOT_COUNT,
  VIP_TABLE,
  VIP_TRACK_MASK,
  VIP_TRACKING,
  VIP_TRACKS,
  VIP_WAYS,
  WORKER_BYTES,
  WORKER_EPOCH,
} from '../../assembly/layout.js';
import type { HotMemory } from '../memory.js';
import type { HotPathModule } from '../module.js';
import { isMapped } from './address.js';

/** A VIP record as the hot path reads it. */
export interface VipRecord {
  number: number;
  /** 16 bytes; of a prefix, with no bits behind it. */
  address: Uint8Array;
  /** Of the 128; 128 = one address. */
  prefixBits: number;
  port: number;
  /** IANA protocol number; 0 = "this address is ours" and nothing else. */
  protocol: number;
  table: number;
  slotCount: number;
  /** TRACKING_ */
  tracking: number;
  /** HASH_ */
  hash: number;
  /** FIELDS_ */
  fields: number;
  /** WAY_ bits */
  ways: number;
  /** Base of its names, 0 = none. */
  names: number;
  /** KATRAN_VIP_ bits */
  katran: number;
  tracks: number;
  trackMask: number;
  learnTicks: number;
  idleTicks: number;
}

/** The roots of one memory. */
export class Roots {
  constructor(
    private readonly memory: HotMemory,
    private readonly builder: HotPathModule,
  ) {}

  /** Number of the published state; 1, the empty one, before the first. */
  get generation(): number {
    return Atomics.load(this.memory.words, this.generationWord) >>> 0;
  }

  /** Copies the live root to the other one, which is then written to. Nobody reads it: publish() waited for that. */
  begin(): void {
    const { bytes } = this.memory;
    bytes.copyWithin(this.draft, this.live, this.live + this.rootBytes);
  }

  /** Writes a record of the draft. */
  write(record: VipRecord): void {
    const { view, bytes } = this.memory;
    const at = this.recordAt(record.number);
    bytes.fill(0, at, at + VIP_BYTES);
    bytes.set(record.address, at + VIP_ADDRESS);
    view.setUint16(at + VIP_PORT, record.port, true);
    view.setUint8(at + VIP_PROTOCOL, record.protocol);
    view.setUint8(at + VIP_PREFIX_BITS, record.prefixBits);
    view.setUint32(at + VIP_TABLE, record.table, true);
    view.setUint32(at + VIP_SLOT_COUNT, record.slotCount, true);
    view.setUint8(at + VIP_TRACKING, record.tracking);
    view.setUint8(at + VIP_HASH, record.hash);
    view.setUint8(at + VIP_FIELDS, record.fields);
    view.setUint8(at + VIP_WAYS, record.ways);
    view.setUint32(at + VIP_NAMES, record.names, true);
    view.setUint16(at + VIP_KATRAN, record.katran, true);
    view.setUint32(at + VIP_TRACKS, record.tracks, true);
    view.setUint32(at + VIP_TRACK_MASK, record.trackMask, true);
    view.setUint32(at + VIP_LEARN_TICKS, record.learnTicks, true);
    view.setUint32(at + VIP_IDLE_TICKS, record.idleTicks, true);
    view.setUint16(at + VIP_NUMBER, record.number, true);
    if (!isForFastPath(record)) return;
    bytes.set(record.address.subarray(12), at + VIP_SERVICE);
    view.setUint8(at + VIP_SERVICE + 4, record.protocol);
    view.setUint16(at + VIP_SERVICE + 6, record.port);
  }

  /** Makes the draft's index anew: `numbers` are the records that are there. */
  writeIndex(numbers: Iterable<number>): void {
    const { bytes } = this.memory;
    bytes.fill(0, this.draft, this.draft + ROOT_HEADER_BYTES + this.indexBytes);
    const prefixes = { v4: new Set<number>(), v6: new Set<number>() };
    for (const number of numbers) {
      this.builder.enterVip(this.draft, number);
      const at = this.recordAt(number);
      const bits = bytes[at + VIP_PREFIX_BITS] ?? 0;
      if (bits === 128) continue;
      const address = bytes.subarray(at + VIP_ADDRESS, at + VIP_ADDRESS + ADDRESS_BYTES);
      (isMapped(address) ? prefixes.v4 : prefixes.v6).add(bits);
    }
    this.writePrefixes(ROOT_PREFIXES4, prefixes.v4);
    this.writePrefixes(ROOT_PREFIXES6, prefixes.v6);
  }

  /** Writes where the draft's map of marks is. Behind writeIndex(), which clears it. */
  writeMarks(base: number, mask: number): void {
    this.memory.view.setUint32(this.draft + ROOT_MARKS, base, true);
    this.memory.view.setUint32(this.draft + ROOT_MARK_MASK, mask, true);
  }

  /** Longest first: that is the order in which a frame asks. */
  private writePrefixes(offset: number, lengths: ReadonlySet<number>): void {
    const { bytes } = this.memory;
    bytes[this.draft + offset] = lengths.size;
    bytes.set(
      [...lengths].sort((a, b) => b - a),
      this.draft + offset + 1,
    );
  }

  /** Makes the draft live and resolves with its generation when no worker reads the other root any more. */
  async publish(): Promise<number> {
    const generation = this.next(this.generation);
    Atomics.store(this.memory.words, this.generationWord, generation);
    while (!this.isSeenByAll(generation)) await setImmediate();
    return generation;
  }

  /** A worker that is gone reads nothing: its epoch must not hold up the others. */
  forgetWorker(workerIndex: number): void {
    Atomics.store(this.memory.words, this.epochWord(workerIndex), EPOCH_IDLE);
  }

  private isSeenByAll(generation: number): boolean {
    for (let index = 0; index < this.memory.shape.workers; index++) {
      const epoch = Atomics.load(this.memory.words, this.epochWord(index)) >>> 0;
      if (epoch !== EPOCH_IDLE && epoch !== generation) return false;
    }
    return true;
  }

  /** Generations alternate between the roots by their lowest bit, and skip 0, which means idle; 2 keeps the bit. */
  private next(generation: number): number {
    const following = (generation + 1) >>> 0;
    return following === EPOCH_IDLE ? 2 : following;
  }

  private get rootBytes(): number {
    return this.memory.region(REGION_ROOTS).bytes / 2;
  }

  private get indexBytes(): number {
    return this.memory.vipIndexEntries * 2;
  }

  private get live(): number {
    return this.rootAt(this.generation);
  }

  private get draft(): number {
    return this.rootAt(this.generation + 1);
  }

  private rootAt(generation: number): number {
    return this.memory.region(REGION_ROOTS).base + (generation & 1) * this.rootBytes;
  }

  private recordAt(number: number): number {
    return this.draft + ROOT_HEADER_BYTES + this.indexBytes + number * VIP_BYTES;
  }

  private get generationWord(): number {
    return (this.memory.region(REGION_CONTROL).base + CONTROL_GENERATION) / 4;
  }

  private epochWord(workerIndex: number): number {
    return (this.memory.region(REGION_WORKERS).base + workerIndex * WORKER_BYTES + WORKER_EPOCH) / 4;
  }
}

/** An IPv4 address and port whose packets are hashed and sent as most are: VIP_SERVICE says so. */
function isForFastPath({ address, prefixBits, port, protocol, hash, fields, ways }: VipRecord): boolean {
  const isNamed = isMapped(address) && prefixBits === 128 && port !== 0 && protocol !== 0;
  return isNamed && hash === HASH_NATIVE && fields === FIELDS_5_TUPLE && ways === 0;
}
