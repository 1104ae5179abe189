// test/fuzz/fuzzer.ts: the loop. Every frame goes through two hot paths that are told the same: one takes it in a large batch
// with leftovers of earlier frames around it, the other alone or in small batches with guard bytes around it. Both must do the
// same to it, and what they do must be right (claims.ts, outputs.ts, ledger.ts).
import { META_HAS_VIRTIO } from '../../assembly/layout.js';
import type { HotPathOptions } from '../../host/hotpath.js';
import { verdictName } from '../../host/stats.js';
import { churn } from './churn.js';
import { brokenClaim, CLASS, FORWARD } from './claims.js';
import { Pool } from './corpus.js';
import { Dice } from './dice.js';
import { FlowProbe } from './flowProbe.js';
import { writeFrame } from './grammar.js';
import { becomeError } from './grammarError.js';
import { Input } from './input.js';
import { Ledger } from './ledger.js';
import { continueFlow, mutate } from './mutate.js';
import { NOT_NAMED, namedBy, readNames } from './names.js';
import { OutputCheck } from './outputs.js';
import { FIRST_FRAGMENT, IPV4, IPV6, Reader, WHOLE } from './reader.js';
import { openScene } from './scene.js';
import { namesOf, signatureOf } from './signature.js';
import { Subject } from './subject.js';
import { PROTOCOLS, Targets } from './targets.js';

const BATCH = 256;
const CHURN_BATCHES = 256;
const TICK_MS = 512;
/** A frame that goes on with a flow takes one of so many before it. */
const NEIGHBOURS = 16;
/** How many frames the second hot path takes at once. */
const PORTIONS = [1, 1, 1, 2, 7, 32];

/** Longest frame of a run, bytes: short ones are quick, and their headers are where the ways part. */
export const CAPACITY = 512;

/** How to run. */
interface FuzzOptions {
  seed: number;
  frames: number;
  /** Longest frame. Default CAPACITY. */
  capacity?: number;
  /** Inputs to begin with. */
  corpus?: Iterable<Input>;
  /** Another compiled hot path: a mutant. */
  wasmUrl?: URL;
  /** Called now and then; true ends the run. */
  progress?(state: FuzzReport): boolean | undefined;
}

/** What a run reached. */
export interface FuzzReport {
  frames: number;
  forwarded: number;
  /** Different verdicts and ways to them. */
  paths: number;
  /** Frames by verdict number. */
  verdicts: Float64Array;
  /** The shortest input by what it reached. */
  shortest: Map<string, Input>;
}

/** A rule that a frame broke. */
export class Finding extends Error {
  constructor(
    readonly rule: string,
    /** Counted from 0. */
    readonly frame: number,
    readonly seed: number,
    readonly input: Input | undefined,
    /** Longest frame of the run. */
    readonly capacity: number,
  ) {
    super(`seed ${seed}, frame ${frame}: ${rule}`);
  }
}

/** Fuzzes until `frames` frames are done. Throws a Finding for the first rule that is broken. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const run = await Run.open(options);
  const batches = Math.ceil(options.frames / BATCH);
  for (let batch = 0; batch < batches; batch++) {
    if (batch % CHURN_BATCHES === 0 && (await run.pause(options))) break;
    run.batch();
  }
  run.settle();
  return run.report();
}

/** Runs inputs, each in a batch of its own, in one pair: what each reached, or the Finding. */
export async function fuzzEach(inputs: Iterable<Input>, capacity: number = CAPACITY): Promise<string[]> {
  const run = await Run.open({ seed: 0, frames: 1, capacity });
  return Array.from(inputs, (input) => run.single(input));
}

class Run {
  private readonly dice: Dice;
  private readonly inputs: Input[];
  /** Which frame of the batch a frame goes on from, -1 for none. */
  private readonly origins = new Int32Array(BATCH).fill(-1);
  private readonly pool: Pool;
  private readonly reader = new Reader();
  private readonly targets = new Targets();
  private readonly ledger: Ledger;
  private readonly partsLedger: Ledger;
  private readonly check: OutputCheck;
  private readonly probes: FlowProbe[];
  private readonly seen = new Set<number>();
  private readonly shortest = new Map<string, Input>();
  private frames = 0;
  private forwarded = 0;
  private judged = 0;

  private constructor(
    private readonly options: FuzzOptions,
    private readonly capacity: number,
    private readonly clock: { tick: number },
    private readonly whole: Subject,
    private readonly parts: Subject,
  ) {
    this.dice = new Dice(options.seed);
    this.inputs = Array.from({ length: BATCH }, () => new Input(capacity));
    this.pool = new Pool(capacity);
    for (const input of options.corpus ?? []) this.pool.add(input);
    this.ledger = new Ledger(whole);
    this.partsLedger = new Ledger(parts);
    this.check = new OutputCheck(whole);
    this.probes = [new FlowProbe(whole), new FlowProbe(parts)];
    this.refresh();
  }

  static async open(options: FuzzOptions): Promise<Run> {
    const capacity = options.capacity ?? CAPACITY;
    const clock = { tick: 1000 };
    const { wasmUrl } = options;
    const common: HotPathOptions = {
      ...{ frameBytesMax: capacity, batchMax: BATCH, segmentsMax: 16_384, nowMs: () => clock.tick * TICK_MS },
      ...(wasmUrl && { wasmUrl }),
    };
    const whole = new Subject(await openScene(common), capacity);
    const parts = new Subject(await openScene(common), capacity);
    return new Run(options, capacity, clock, whole, parts);
  }

  /** Between batches: accounts, a change of membership, a look at the watch. Returns whether to stop. */
  async pause({ progress }: FuzzOptions): Promise<boolean> {
    this.probe();
    this.settle();
    if (this.frames > 0) await churn([this.whole, this.parts], this.dice);
    this.refresh();
    return progress?.(this.report()) ?? false;
  }

  /** What a SYN may do to the flow table. */
  private probe(): void {
    const chance = this.dice.next(); // the same flow for both: places in the table that one has given away the other has, too
    this.probes.forEach((probe, n) => {
      const rule = probe.broken(chance, this.clock.tick, n === 0 ? this.ledger : this.partsLedger);
      if (rule !== undefined) throw new Finding(rule, this.frames, this.options.seed, undefined, this.capacity);
    });
  }

  /** Everything adds up. */
  settle(): void {
    for (const ledger of [this.ledger, this.partsLedger]) {
      const rule = ledger.brokenCounters() ?? ledger.brokenMemory();
      if (rule !== undefined) throw new Finding(rule, this.frames, this.options.seed, undefined, this.capacity);
    }
  }

  batch(): void {
    const { dice, inputs, whole, parts, clock } = this;
    if (dice.oneIn(4)) clock.tick += dice.oneIn(32) ? dice.below(4000) : 1;
    for (let i = 0; i < BATCH; i++) {
      this.make(inputs[i] as Input, i);
      whole.put(i, inputs[i] as Input);
    }
    whole.run(BATCH, clock.tick);
    for (let first = 0; first < BATCH; ) {
      const count = Math.min(dice.pick(PORTIONS), BATCH - first);
      for (let k = 0; k < count; k++) parts.putGuarded(k, inputs[first + k] as Input);
      parts.run(count, clock.tick, dice.oneIn(2));
      for (let k = 0; k < count; k++) this.judge(first + k, k);
      first += count;
    }
    this.frames += BATCH;
    if (!whole.hasFlowsOf(parts)) {
      const rule = 'the flow tables differ behind this batch';
      throw new Finding(rule, this.frames, this.options.seed, undefined, this.capacity);
    }
  }

  single(input: Input): string {
    this.origins[0] = -1;
    this.inputs[0] = input;
    this.whole.put(0, input);
    this.whole.run(1, this.clock.tick);
    this.parts.putGuarded(0, input);
    this.parts.run(1, this.clock.tick);
    this.judge(0, 0);
    this.settle();
    this.frames++;
    return namesOf(input, this.reader, this.whole, 0, this.namedBy(input, 0)).join(', ');
  }

  report(): FuzzReport {
    const { frames, forwarded, seen, shortest } = this;
    return { frames, forwarded, paths: seen.size, verdicts: this.ledger.verdicts, shortest };
  }

  private refresh(): void {
    this.targets.refresh(this.whole);
    for (const ledger of [this.ledger, this.partsLedger]) ledger.freeze();
  }

  /** Most frames are new, and one in ten of those is changed; others are changed ones of the pool, or go on with a flow. */
  private make(input: Input, i: number): void {
    const { dice, pool } = this;
    const kind = dice.below(24);
    this.origins[i] = -1;
    if (kind < 4 && i > 0) {
      const origin = i - 1 - dice.below(Math.min(i, NEIGHBOURS));
      input.copyFrom(this.inputs[origin] as Input);
      const isPlain = kind < 3 || !becomeError(input, dice);
      if (isPlain) continueFlow(input, dice);
      this.origins[i] = origin;
      return;
    }
    const from = kind < 10 ? pool.pick(dice) : undefined;
    if (from !== undefined) input.copyFrom(from);
    else writeFrame(input, dice);
    if (kind < 12) mutate(input, dice, pool.pick(dice) ?? input);
  }

  /** Frame `i` of the whole batch, which is frame `k` of the portion. */
  private judge(i: number, k: number): void {
    const { whole, parts, reader, targets } = this;
    const input = this.inputs[i] as Input;
    reader.read(input);
    const isFirst = reader.fragment === FIRST_FRAGMENT;
    this.ledger.count(i, isFirst ? Math.max(0, whole.outputs(i) - 1) : 0);
    this.partsLedger.count(k, isFirst ? Math.max(0, parts.outputs(k) - 1) : 0);
    const isThorough = (this.judged++ & 63) === 0;
    const rule =
      brokenClaim(input, reader, whole, targets, i) ??
      this.check.broken(input, reader, targets, i) ??
      this.strayed(i) ??
      this.difference(i, k) ??
      (parts.isGuarded(k, input, isThorough) ? undefined : 'bytes outside the frame were written');
    if (rule !== undefined) {
      const verdict = `${verdictName(whole.verdict(i))}: ${rule}`;
      throw new Finding(verdict, this.frames + i, this.options.seed, input, this.capacity);
    }
    if (CLASS[whole.verdict(i)] === FORWARD) this.forwarded++;
    this.note(input, i);
  }

  /** A packet of a flow, or an error about it, that went elsewhere than the packet before it. */
  private strayed(i: number): string | undefined {
    const { whole, targets } = this;
    const origin = this.origins[i] as number;
    if (origin < 0 || CLASS[whole.verdict(origin)] !== FORWARD) return undefined;
    const target = targets.backend(whole.backend(origin));
    if (target?.vip.fate !== 'forward' || target.vip.names !== undefined) return undefined; // claims.ts has what is named
    if (CLASS[whole.verdict(i)] !== FORWARD) return `not forwarded, and the packet of its flow before it was`;
    return whole.backend(i) === whole.backend(origin)
      ? undefined
      : 'to another backend than the packet of its flow before it';
  }

  /** What the two hot paths did differently. */
  private difference(i: number, k: number): string | undefined {
    const { whole, parts } = this;
    if (whole.verdict(i) !== parts.verdict(k)) return `in another batch ${verdictName(parts.verdict(k))}`;
    if (whole.vip(i) !== parts.vip(k) || whole.backend(i) !== parts.backend(k))
      return 'another backend in another batch';
    if (whole.outputs(i) !== parts.outputs(k)) return 'another number of outputs in another batch';
    for (let n = 0; n < whole.outputs(i); n++) {
      const [a, b] = [whole.firstOutput(i) + n, parts.firstOutput(k) + n];
      const length = whole.length(a);
      if (length !== parts.length(b) || whole.egress(a) !== parts.egress(b)) return 'another output in another batch';
      if (whole.outputFlags(a) !== parts.outputFlags(b)) return 'other flags in another batch';
      if (!whole.isSame(whole.base(a), parts, parts.base(b), length)) return 'other bytes in another batch';
      if (whole.outputFlags(a) & META_HAS_VIRTIO && !whole.isSameVirtio(a, parts, b)) return 'another virtio header';
    }
    return undefined;
  }

  /** BY_: what a frame that was forwarded names of its VIP's backends. */
  private namedBy(input: Input, i: number): number {
    const vip = this.targets.backend(this.whole.backend(i))?.vip;
    const { kind, protocol, fragment } = this.reader;
    const isRead = CLASS[this.whole.verdict(i)] === FORWARD && (kind === IPV4 || kind === IPV6) && fragment === WHOLE;
    if (vip?.names === undefined || !isRead || protocol !== PROTOCOLS[vip.protocol]) return NOT_NAMED;
    readNames(vip, this.reader, input);
    return namedBy;
  }

  /** Keeps an input that reached something new. */
  private note(input: Input, i: number): void {
    const by = this.namedBy(input, i);
    const signature = signatureOf(input, this.reader, this.whole, i, by);
    if (this.seen.has(signature)) return;
    this.seen.add(signature);
    this.pool.add(input);
    for (const name of namesOf(input, this.reader, this.whole, i, by)) this.keepShortest(name, input);
  }

  private keepShortest(name: string, input: Input): void {
    const shortest = this.shortest.get(name);
    if (shortest !== undefined && shortest.length <= input.length) return;
    const copy = shortest ?? new Input(this.capacity);
    copy.copyFrom(input);
    this.shortest.set(name, copy);
  }
}
