// host/publishing/membershipPublisher.ts: for programs that publish membership (health checkers, orchestrators) and for our commands:
// follows a topic, makes edits into whole records, says what they move, refuses steps that are too large, and writes.
//
//   publish(edits) -> waits its turn -> records that differ -> plan -> limits -> write, acknowledged by all in-sync replicas
//                                                                -> until the topic was read past it: what it says is what we say
import { MaglevError, optionError } from '../errors.js';
import type { Difference, RecordMap } from '../membership/difference.js';
import { scopeRule } from '../membership/envelope.js';
import type { CanonicalBackend, CanonicalVip } from '../membership/record.js';
import { formatRefusal, showValue } from '../membership/refusal.js';
import type { Signer } from '../membership/signer.js';
import type { TopicContent, TopicPlace } from '../membership/sources/kafkaContent.js';
import { createPublisher, type Publisher, type PublisherOptions } from '../membership/sources/publisher.js';
import { topicValue } from '../membership/validate.js';
import { Verifier } from '../membership/verifier.js';
import { readInteger } from '../options.js';
import { declareRecords, type Edit, editRecords, type IsBroken } from './edit.js';
import { type Excess, excessOf, MOVE_SHARE_MAX_DEFAULT, type PlannedVip } from './limits.js';
import { planStep } from './planner.js';
import { TopicView } from './topicView.js';
import { Turns } from './turns.js';

/** A topic to publish to, and how. */
export interface MembershipPublisherOptions extends PublisherOptions {
  /** Group of balancers the records are for. Default: all of them. */
  scope?: string;
  /** The fleet's secret: plans are then about the very slots. Default: a random one; how many slots move hardly depends on it. */
  hashSecret?: string | Uint8Array;
  /** The balancers' `panicShare`, 0..1. Default 0. */
  panicShare?: number;
  /** Share of a VIP's slots that one step may move without `force`, 0..1. Default 0.6. */
  moveShareMax?: number;
  /** Steps that may wait for their turn, 1..100000. Default 1000. */
  waitingMax?: number;
}

/** How one step is made. */
export interface StepOptions {
  /** Make it, however much it moves. */
  force?: boolean;
  /** Say what it would be, and write nothing. */
  dryRun?: boolean;
  /** Called with the plan before anything is written or refused. */
  onPlanned?: (planned: StepOutcome) => void;
}

/** A step: what it changes, what it moves, and what became of it. */
export interface StepOutcome {
  /** Records that differ; none when all was so already. */
  differences: Difference[];
  /** What moves, for every VIP that it touches. */
  plans: PlannedVip[];
  /** What of that is more than a step may be without `force`. */
  excess: Excess[];
  /** True when it was written and acknowledged. */
  isPublished: boolean;
  /** Where the records stand in the topic, by key: those written, and those that were so already. */
  places: Map<string, TopicPlace>;
  /** Keys that somebody else wrote meanwhile: the last message is the truth, and theirs came later. */
  overwritten: string[];
}

/** Publishes membership to one topic. */
export interface MembershipPublisher extends AsyncDisposable {
  /** What the topic says to balancers of our scope, as far as it was read. */
  readonly records: RecordMap;
  /** Why the brokers or the topic are not there now; undefined when they are. */
  readonly away: string | undefined;
  /** Messages in the topic that no balancer takes, a line each. */
  readonly warnings: string[];
  /**
   * Makes `edits` in one step, after those that wait. Resolves when they are acknowledged and read back. Rejects with ERR_RECORD for an
   * edit that cannot be, and for a key that another scope has; with ERR_LIMIT, `.option` `moveShareMax`, for a step that is too large
   * without `force`, and `.option` `waitingMax` when too many wait: see ready(); with ERR_BROKER for records that were not
   * acknowledged, by key: they may or may not be in the topic, and the same edits again are safe.
   */
  publish(edits: readonly Edit[], options?: StepOptions): Promise<StepOutcome>;
  /** Makes the topic say what `records` say, of our scope, and nothing else; `remove` false: and what it says beside. As publish(). */
  declare(records: RecordMap, options?: StepOptions & { remove?: boolean }): Promise<StepOutcome>;
  /** Resolves when a step may be handed over without being refused for `waitingMax`. */
  ready(): Promise<void>;
  /** Waits for steps under way, and closes the connections. Safe to call twice. */
  close(): Promise<void>;
}

const TIMEOUT_MS_DEFAULT = 10_000;

/**
 * Connects, and reads the topic to its end. Rejects with ERR_BROKER when that takes longer than `timeoutMs`, ERR_OPTION for an option that
 * cannot be, ERR_MISSING without node-rdkafka.
 */
export async function createMembershipPublisher(options: MembershipPublisherOptions): Promise<MembershipPublisher> {
  const { scope, moveShareMax = MOVE_SHARE_MAX_DEFAULT, timeoutMs = TIMEOUT_MS_DEFAULT } = options;
  const broken = scope === undefined ? undefined : scopeRule(scope);
  if (broken !== undefined) throw optionError('scope', scope, broken);
  if (!(moveShareMax >= 0 && moveShareMax <= 1)) throw optionError('moveShareMax', moveShareMax, 'must be 0..1');
  const waitingMax = readInteger('waitingMax', options.waitingMax, 1000, 1, 100_000);
  const verifier = options.signer && verifierOf(options.topic, options.signer);
  const view = await TopicView.open(options, timeoutMs, verifier);
  return new FollowingPublisher({ ...options, moveShareMax, timeoutMs }, view, new Turns(waitingMax), verifier);
}

type Settings = MembershipPublisherOptions & { moveShareMax: number; timeoutMs: number };

class FollowingPublisher implements MembershipPublisher {
  private writer: Promise<Publisher> | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly view: TopicView,
    private readonly turns: Turns,
    private readonly verifier: Verifier | undefined,
  ) {}

  get records(): RecordMap {
    return recordsFor(this.view.content, (scope) => scope === undefined || scope === this.settings.scope);
  }

  get away(): string | undefined {
    return this.view.away;
  }

  get warnings(): string[] {
    return [...this.view.content.refused.values()].map(formatRefusal);
  }

  publish(edits: readonly Edit[], options: StepOptions = {}): Promise<StepOutcome> {
    return this.turns.take(() => this.step((before, isBroken) => editRecords(before, edits, isBroken), options));
  }

  declare(records: RecordMap, options: StepOptions & { remove?: boolean } = {}): Promise<StepOutcome> {
    const { remove = true } = options;
    return this.turns.take(() =>
      this.step((before, isBroken) => declareRecords(before, records, { remove, isBroken }), options),
    );
  }

  ready(): Promise<void> {
    return this.turns.ready();
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(): Promise<void> {
    await this.turns.close();
    await this.view.close();
    await (await this.writer?.catch(() => undefined))?.close();
  }

  private async step(
    differ: (records: RecordMap, isBroken: IsBroken) => Difference[],
    { force = false, dryRun = false, onPlanned }: StepOptions,
  ): Promise<StepOutcome> {
    const { scope, hashSecret, panicShare, moveShareMax, timeoutMs } = this.settings;
    await this.view.untilCaughtUp(timeoutMs);
    const { content } = this.view;
    const own = recordsFor(content, (group) => group === scope);
    const differences = differ(own, (key) => this.isBroken(key));
    refuseForeign(content, differences, scope);
    const plans = await planStep(this.records, differences, {
      ...(hashSecret !== undefined && { hashSecret }),
      ...(panicShare !== undefined && { panicShare }),
    });
    const excess = excessOf(plans, moveShareMax);
    const outcome = {
      differences,
      plans,
      excess,
      isPublished: false,
      places: new Map(content.places),
      overwritten: [],
    };
    onPlanned?.(outcome);
    if (differences.length === 0 || dryRun) return outcome;
    if (excess.length > 0 && !force) throw excessError(excess);
    const places = await this.write(differences);
    for (const [key, place] of places) outcome.places.set(key, place);
    return { ...outcome, isPublished: true, overwritten: await this.overwritten(places) };
  }

  /** Refused, or with a signer not signed by it. */
  private isBroken(key: string): boolean {
    const { refused, verified } = this.view.content;
    return refused.has(key) || (this.verifier !== undefined && !verified.has(key));
  }

  private async write(differences: readonly Difference[]): Promise<Map<string, TopicPlace>> {
    this.writer ??= createPublisher(this.settings);
    const writer = await this.writer.catch((error: unknown) => {
      this.writer = undefined; // the next step tries again
      throw error;
    });
    const { scope } = this.settings;
    const entries = differences.map(({ key, after }) => {
      const seq = this.verifier?.seqOf(key);
      const value = after === undefined ? null : topicValue(after, scope);
      return { key, value, ...(seq !== undefined && { after: seq }) };
    });
    const written = await writer.publish(entries);
    return new Map(entries.map(({ key }, i) => [key, written[i] as TopicPlace]));
  }

  /** Keys whose last message is not what was written. */
  private async overwritten(written: ReadonlyMap<string, TopicPlace>): Promise<string[]> {
    await this.view.untilRead([...written.values()], this.settings.timeoutMs);
    const { places } = this.view.content;
    return [...written].flatMap(([key, { partition, offset }]) => {
      const last = places.get(key);
      return last?.partition === partition && last.offset === offset ? [] : [key];
    });
  }
}

/** What our own key has signed. Sequences that are not in the topic any more are below the time that it is now. */
function verifierOf(topic: string, { keyId, publicKey }: Signer): Verifier {
  return new Verifier(topic, { verifyKeys: [{ id: keyId, publicKey }] });
}

function recordsFor(content: TopicContent, isFor: (scope: string | undefined) => boolean): RecordMap {
  const records = new Map<string, CanonicalVip | CanonicalBackend>();
  for (const [key, { step, scope }] of content.records) {
    if (step.kind !== 'remove' && isFor(scope)) records.set(key, step);
  }
  return records;
}

/** One key is one record, whatever its scope: writing ours would take away theirs. */
function refuseForeign(content: TopicContent, differences: readonly Difference[], scope: string | undefined): void {
  const foreign = differences.flatMap(({ key }) => {
    const record = content.records.get(key);
    if (record === undefined || record.scope === scope) return [];
    const whose = record.scope === undefined ? 'for all balancers' : `of scope ${showValue(record.scope)}`;
    return [`${key} is a record ${whose}: one key is one record`];
  });
  if (foreign.length > 0) throw new MaglevError('ERR_RECORD', foreign.join('\n'), { rule: 'one key is one record' });
}

function excessError(excess: readonly Excess[]): MaglevError {
  const lines = excess.map(({ vip, text }) => `${vip}: ${text}`);
  const rule = 'a larger step wants `force`';
  return new MaglevError('ERR_LIMIT', `${lines.join('\n')}\nnothing was published; ${rule}`, {
    option: 'moveShareMax',
    rule,
  });
}
