// test/fuzz/membership.ts: lists of changes by chance, some of them refused, against a model that keeps records in plain maps. After
// each: tables as the records say and as a balancer has them that was told only the last records; frames go where they say;
// a refusal names its field and changes nothing at all.
import {
  BACKEND_BYTES,
  CONTROL_IDENTITY_KEY,
  REGION_BACKENDS,
  REGION_CONTROL,
  REGION_ROOTS,
  SLOT_BACKEND,
} from '../../assembly/layout.js';
import { MaglevError } from '../../host/errors.js';
import { createHotPath, type HotPath, type HotPathOptions } from '../../host/hotpath.js';
import type { Vip } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import { engineOf } from '../support/hotpath.js';
import { flowFrame, flowFrame6 } from '../support/packets.js';
import { Dice } from './dice.js';
import { type Attempt, someAttempt, VIP_UNIVERSE } from './membershipChanges.js';
import { MembershipModel } from './membershipModel.js';

const TICK_MS = 512;
const PURE_STEPS = 25;
const LIMITS = ['vipsMax', 'backendsMax', 'tablesMiB'];
/** A port that no VIP names. */
const OTHER_PORT = 7;
/** Longer than any index rests. */
const LONG_TICKS = 10_000;

/** How often what happened. */
interface MembershipReport {
  applied: number;
  refused: number;
  limited: number;
  frames: number;
}

/** Runs `steps` lists of changes from `seed`. Throws an Error that names seed and step at the first difference. */
export async function fuzzMembership(seed: number, steps: number): Promise<MembershipReport> {
  const run = await Story.begin(seed);
  for (let step = 0; step < steps; step++) {
    try {
      await run.step();
      if (step % PURE_STEPS === 0) await run.expectPure();
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step}: ${(error as Error).message}`, { cause: error });
    }
  }
  await run.expectNothingLost();
  return run.report;
}

class Story {
  readonly report: MembershipReport = { applied: 0, refused: 0, limited: 0, frames: 0 };
  private model: MembershipModel;
  private client = 0;

  private constructor(
    private readonly dice: Dice,
    private readonly clock: { tick: number },
    private readonly options: HotPathOptions,
    private readonly hotPath: HotPath,
  ) {
    this.model = new MembershipModel(options.panicShare as number);
  }

  static async begin(seed: number): Promise<Story> {
    const dice = new Dice(seed);
    const clock = { tick: 1000 };
    const options: HotPathOptions = {
      ...{
        vipsMax: 10,
        backendsMax: dice.pick([40, 400]),
        flowsMax: 256,
        tablesMiB: 1,
        batchMax: 4,
        frameBytesMax: 128,
      },
      ...{ tcpIdleTimeoutMs: 20 * TICK_MS, udpIdleTimeoutMs: 10 * TICK_MS, udpLearnMs: 4 * TICK_MS },
      ...{ panicShare: dice.pick([0, 0, 0.5]), hashSecret: `secret of seed ${seed}, padded` },
      nowMs: () => clock.tick * TICK_MS,
    };
    return new Story(dice, clock, options, await createHotPath(options));
  }

  async step(): Promise<void> {
    const { dice, hotPath } = this;
    this.clock.tick += dice.below(6);
    if (dice.oneIn(8)) await hotPath.tend();
    const attempts = Array.from({ length: 1 + dice.below(4) }, () => someAttempt(dice));
    const before = this.fingerprint();
    const error = await this.apply(attempts);
    const broken = attempts.findIndex((attempt) => attempt.broken !== undefined);
    if (broken >= 0) this.expectRefusal(error, broken, attempts[broken]?.broken as string);
    else if (error !== undefined) this.expectLimit(error);
    if (error !== undefined) {
      if (this.fingerprint() !== before) throw new Error('a list that was refused changed something');
    } else {
      for (const { change } of attempts) this.model.apply(change);
      this.report.applied++;
    }
    this.expectTables();
    this.expectFrames();
  }

  /** A balancer that knows only the last records, in any order, has the same tables. */
  async expectPure(): Promise<void> {
    const changes = this.model.changes();
    for (let last = changes.length - 1; last > 0; last--) {
      const other = this.dice.below(last + 1);
      [changes[last], changes[other]] = [changes[other] as never, changes[last] as never];
    }
    const fresh = await createHotPath({ ...this.options, backendsMax: 400 });
    await fresh.apply(changes);
    for (const key of this.model.vips.keys()) {
      if (fresh.digest(key) !== this.hotPath.digest(key))
        throw new Error(`${key} has another table than its records say`);
    }
  }

  /** When everything is gone and has rested, everything is there again. */
  async expectNothingLost(): Promise<void> {
    const { hotPath, clock } = this;
    await hotPath.apply([...this.model.vips.keys(), ...this.model.backends.keys()].map((remove) => ({ remove })));
    const { usedBytes } = engineOf(hotPath).publisher.arena;
    if (usedBytes !== 0) throw new Error(`${usedBytes} bytes of tables are not given back`);
    clock.tick += LONG_TICKS;
    const vips = VIP_UNIVERSE.slice(0, this.options.vipsMax);
    const backends = Array.from({ length: 4 }, (_, i) => `10.0.2.${i + 1}`);
    await hotPath.apply([
      ...vips.map((vip) => ({ put: { ...vip, tableSize: 101 } })),
      ...vips
        .filter(({ address }) => !address.includes(':'))
        .flatMap((vip) => backends.map((server) => ({ put: { vip: vipKey(vip), address: server } }))),
    ]);
  }

  private async apply(attempts: readonly Attempt[]): Promise<unknown> {
    try {
      await this.hotPath.apply(attempts.map(({ change }) => change));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private expectRefusal(error: unknown, place: number, field: string): void {
    if (!(error instanceof MaglevError) || error.code !== 'ERR_RECORD') {
      throw new Error(`change ${place + 1} with a bad ${field} was taken, or failed with ${String(error)}`);
    }
    const isNamed =
      error.option === field || error.option?.startsWith(`${field}.`) || field.startsWith(`${error.option}.`);
    if (!isNamed) throw new Error(`the refusal of ${field} names ${error.option}: ${error.message}`);
    if (!error.message.startsWith(`change ${place + 1}: `))
      throw new Error(`change ${place + 1} refused as: ${error.message}`);
    this.report.refused++;
  }

  private expectLimit(error: unknown): void {
    const isLimit = error instanceof MaglevError && error.code === 'ERR_LIMIT' && LIMITS.includes(error.option ?? '');
    if (!isLimit) throw error;
    this.report.limited++;
  }

  /** All that packet workers read of what is live: the root, the records of its backends, its tables. */
  private fingerprint(): string {
    const { memory, vips, generation } = engineOf(this.hotPath);
    const roots = memory.region(REGION_ROOTS);
    const root = roots.base + (generation & 1) * (roots.bytes / 2);
    const pieces = [Buffer.from(memory.bytes.slice(root, root + roots.bytes / 2))];
    for (const { backends, record } of vips.values()) {
      for (const { index } of backends.values()) {
        const at = memory.region(REGION_BACKENDS).base + index * BACKEND_BYTES;
        pieces.push(Buffer.from(memory.bytes.slice(at, at + BACKEND_BYTES)));
      }
      pieces.push(Buffer.from(memory.bytes.slice(record.table, record.table + 2 * record.slotCount)));
    }
    return `${generation} ${[...vips.keys()].join()} ${Buffer.concat(pieces).toString('base64')}`;
  }

  private expectTables(): void {
    const { memory, vips } = engineOf(this.hotPath);
    const keys = [...vips.keys()].sort().join();
    if (keys !== [...this.model.vips.keys()].sort().join()) throw new Error(`live VIPs are ${keys}`);
    const { base } = memory.region(REGION_CONTROL);
    const identity = memory.bytes.slice(base + CONTROL_IDENTITY_KEY, base + CONTROL_IDENTITY_KEY + 16);
    for (const [key, { backends, record }] of vips) {
      const addresses = new Map([...backends.values()].map(({ index, address }) => [index, address]));
      this.model.table(key, identity).forEach((address, slot) => {
        const there = memory.view.getUint16(record.table + 2 * slot, true) & SLOT_BACKEND;
        if (addresses.get(there) !== address)
          throw new Error(`${key}, slot ${slot}: ${addresses.get(there)}, not ${address}`);
      });
    }
  }

  /** A packet to every VIP there can be. */
  private expectFrames(): void {
    for (const one of VIP_UNIVERSE) {
      const vip = { ...one, address: one.address.replace('0/24', '7') }; // an address in the prefix
      const port = vip.port === 0 ? OTHER_PORT : vip.port;
      const { verdict, vip: found, backend } = this.hotPath.forward(this.frameTo({ ...vip, port }));
      this.report.frames++;
      const key = this.model.find({ ...vip, port });
      const serving = key === undefined ? [] : this.model.serving(key);
      const expected = this.expectedVerdict(vip.address, key, serving);
      const to = `a packet to ${vip.protocol}/${vip.address}:${port}`;
      if (verdict !== expected || found !== key) throw new Error(`${to}: ${verdict} ${found}, not ${expected} ${key}`);
      const isRight = serving.length === 0 ? backend === undefined : serving.includes(backend as string);
      if (!isRight) throw new Error(`${to} goes to ${backend}, not to one of ${serving.join()}`);
    }
  }

  /** Nobody tells this hot path a MAC address. */
  private expectedVerdict(address: string, key: string | undefined, serving: readonly string[]): string {
    if (key === undefined) return this.model.isOurs(address) ? 'DROP_NO_VIP' : 'IGNORE_NOT_VIP';
    return serving.length === 0 ? 'DROP_NO_BACKEND' : 'DROP_NEXT_HOP_UNRESOLVED';
  }

  private frameTo({ address, protocol, port }: Pick<Vip, 'address' | 'protocol' | 'port'>): Uint8Array {
    const client = this.client++ & 0xffff;
    const packet = {
      ...{ protocol: protocol as 'tcp' | 'udp', client, sourcePort: 1024 + client },
      ...{ destinationPort: port, isSyn: (client & 3) === 0 },
    };
    if (address.includes(':')) return flowFrame6({ ...packet, destination6: address });
    return flowFrame({ ...packet, destination: address.split('.').map(Number) as [number, number, number, number] });
  }
}
