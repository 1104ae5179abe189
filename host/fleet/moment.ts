// host/fleet/moment.ts: what a topic said at some moment, told by what is still in it. Takes every message, before the moment and
// after: what came later tells what compaction has taken.
//
// A compacted topic keeps the last value of each key for certain. A value that was overwritten later, and a key that was removed
// later, may be gone: then nobody can say what they were. Whether anything is gone at all shows in the offsets: they have gaps.
import { optionError } from '../errors.js';
import type { RecordMap } from '../membership/difference.js';
import type { Position, Refusal, SourceEvent } from '../membership/event.js';
import type { TopicMessage } from '../membership/sources/kafkaTopic.js';
import type { Translator } from '../membership/sources/kafkaTranslator.js';

/** A moment of a topic: all that is there, up to a time (Unix time, ms), or up to offsets (the next to read, by partition; 0 where none is named). */
export type Moment =
  | { type: 'now' }
  | { type: 'time'; atMs: number }
  | { type: 'offsets'; offsets: Record<string, number> };

/** What the topic said then. */
export interface MomentContent {
  /** How far it was read for that. */
  position: Position;
  /** Records of the scope, by key. */
  records: RecordMap;
  refusals: Refusal[];
  /** Messages up to there. */
  messages: number;
  /** When the last of them was written, Unix time, ms. */
  lastMs: number | undefined;
  /** Messages up to there that are not in the topic any more: 0 means that `records` is all there was. */
  missing: number;
  /** Keys that were written later, and may have said something else before: their earlier messages are among the missing. */
  doubtful: string[];
}

/** Collects one moment. */
export class MomentReader {
  private readonly next = new Map<number, number>(); // partition -> behind the last message before the moment
  private readonly ended = new Set<number>(); // partitions that are past the moment
  private readonly seen = new Set<string>();
  private readonly later = new Map<string, number>(); // key -> partition
  private readonly gaps = new Map<number, number>(); // partition -> messages that are missing
  private readonly ends = new Map<number, number>();
  private readonly refusals: Refusal[] = [];
  private messages = 0;
  private lastMs: number | undefined;

  constructor(
    private readonly moment: Moment,
    private readonly topic: string,
    private readonly translator: Translator,
  ) {}

  take(message: TopicMessage): void {
    const { partition, offset, key, timestampMs } = message;
    this.ends.set(partition, offset + 1);
    const name = key === null ? '' : key.toString('utf8');
    if (!this.isWithin(message)) {
      if (!this.ended.has(partition)) this.noteGap(partition, this.cutOf(partition, offset));
      this.ended.add(partition);
      if (!this.seen.has(name)) this.later.set(name, partition);
      return;
    }
    this.noteGap(partition, offset);
    this.next.set(partition, offset + 1);
    this.seen.add(name);
    this.messages++;
    this.lastMs = Math.max(this.lastMs ?? 0, timestampMs);
    this.hear(this.translator.take(message));
  }

  /** A partition ends there, with or without a message before it. */
  end(partition: number, offset: number): void {
    this.ends.set(partition, offset);
    if (this.ended.has(partition)) return;
    const end = Math.min(offset, this.cutOf(partition, offset));
    this.noteGap(partition, end);
    this.next.set(partition, end);
  }

  /** All that was there has been taken. Throws ERR_OPTION for offsets that the topic has not come to yet. */
  finish(): MomentContent {
    this.checkOffsets();
    this.hear(this.translator.catchUp());
    const records = new Map(this.translator.contents().records.map(({ step }) => [step.key, step]));
    const position = { topic: this.topic, offsets: Object.fromEntries([...this.next].sort(([a], [b]) => a - b)) };
    const { messages, lastMs, refusals } = this;
    const missing = [...this.gaps.values()].reduce((sum, gap) => sum + gap, 0);
    const doubtful = [...this.later].flatMap(([key, partition]) => (this.gaps.has(partition) ? [key] : []));
    return { position, records, refusals, messages, lastMs, missing, doubtful: doubtful.sort() };
  }

  private isWithin({ partition, offset, timestampMs }: TopicMessage): boolean {
    const { moment } = this;
    if (moment.type === 'now') return true;
    if (moment.type === 'offsets') return offset < (moment.offsets[partition] ?? 0);
    // What was written in its place is before what follows, whatever its time says.
    return !this.ended.has(partition) && timestampMs <= moment.atMs;
  }

  /** Where the moment lies in a partition, when the first message beyond it has `offset`. */
  private cutOf(partition: number, offset: number): number {
    return this.moment.type === 'offsets' ? (this.moment.offsets[partition] ?? 0) : offset;
  }

  private noteGap(partition: number, upTo: number): void {
    const gap = upTo - (this.next.get(partition) ?? 0);
    if (gap > 0) this.gaps.set(partition, (this.gaps.get(partition) ?? 0) + gap);
    if (gap > 0) this.next.set(partition, upTo);
  }

  private checkOffsets(): void {
    if (this.moment.type !== 'offsets') return;
    for (const [partition, offset] of Object.entries(this.moment.offsets)) {
      const end = this.ends.get(Number(partition));
      if (end !== undefined && offset <= end) continue;
      const there = end === undefined ? 'is not there, or empty' : `ends at ${end}`;
      if (end === undefined && offset === 0) continue;
      throw optionError('--at', `${partition}:${offset}`, `is not in the topic: partition ${partition} ${there}`);
    }
  }

  private hear(events: Iterable<SourceEvent>): void {
    for (const event of events) if (event.type === 'refused') this.refusals.push(event.refusal);
  }
}

/** Reads `2026-11-24T10:00:00Z`, `0:8812,1:20` or `now`. Throws ERR_OPTION. */
export function readMoment(text: string, option = '--at'): Moment {
  if (text === 'now') return { type: 'now' };
  if (/^\d+:\d+(,\d+:\d+)*$/.test(text)) {
    const pairs = text.split(',').map((pair) => pair.split(':') as [string, string]);
    return {
      type: 'offsets',
      offsets: Object.fromEntries(pairs.map(([partition, offset]) => [partition, Number(offset)])),
    };
  }
  // Without a zone the same text would be another moment on another machine.
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const atMs = Date.parse(text);
  if (isTime && Number.isFinite(atMs)) return { type: 'time', atMs };
  throw optionError(option, text, 'must be a time with its zone (2026-11-24T10:00:00Z), offsets (0:8812,1:20) or now');
}
