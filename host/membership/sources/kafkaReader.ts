// host/membership/sources/kafkaReader.ts: reads all partitions of a topic and follows them. One step at a time:
//
//   connect -> look -> assign -> read to the ends -> caughtUp -> follow: read, and look from time to time
//
// What a look found is taken between two consume calls: were something assigned during one, messages of before and after would come
// mixed.
//
//   nobody answers, no topic, no leader     away: what was told stays; asked again, for ever
//   more partitions                         the new ones are read from their start
//   our offset is not there                 all is read again (`restart`): retention went past us
//   another topic of that name              the same; but what was told stays until the new one has records and is quiet
//   all partitions read to where they end   `current`: so old is the view

import { Absence, type AbsenceKind } from './kafkaAbsence.js';
import { type Bookmark, bookmarkBehind, lastOf, Recognition } from './kafkaBookmark.js';
import { errorText, type Kafka } from './kafkaClient.js';
import { consumeSome, lastToldEnd } from './kafkaConsumer.js';
import { Stop } from './kafkaStop.js';
import type { ReaderTimes, TopicEvent, TopicMessage, TopicOptions, TopicStart } from './kafkaTopic.js';
import { type Look, partitionsOf, RETRY_MS, TopicClient } from './kafkaTopicClient.js';
import { areReached, askRange, type Ends, isSameEnds } from './kafkaTopicEnds.js';
import type { KafkaConsumer, LibrdKafkaError } from './rdkafka.js';

const OFFSET_BEGINNING = -2;
const BATCH_MESSAGES_MAX = 2000; // what is taken meanwhile is read on behind us
/** Longest wait in a consume call: what a stop may have to wait for. Shorter while reading up: ends come without a message. */
const FOLLOW_WAIT_MS = 100;
const REPLAY_WAIT_MS = 10;
/** A topic that was made anew is taken when nothing came between two looks, or so long after its first message. */
const QUIET_WAIT_MAX_MS = 60_000;

// RdKafka::ErrorCode: our offset is not there; the log was cut after an unclean election.
const ERR_AUTO_OFFSET_RESET = -140;
const ERR_LOG_TRUNCATION = -139;

/** Why all is read again: something may have been removed unseen, or it is another topic of that name. */
type Restart = 'unseen' | 'anew';

export class TopicReader {
  private readonly stop: Stop;
  private readonly client: TopicClient;
  private readonly absence = new Absence();
  private events: TopicEvent[] = [];

  private starts: ReadonlyMap<number, Bookmark> = new Map<number, Bookmark>(); // where an earlier reading stood
  private readonly read = new Map<number, Bookmark>(); // the partitions that are ours, and how far they are read
  private known: ReadonlyMap<number, Bookmark> = new Map(); // the same as it was when we were sure of the topic
  private mustAssign = true;
  private recognition = new Recognition([]);
  private isRecognized = false; // since it was assigned
  private readonly unread = new Map<number, number>(); // partition not read up since it was assigned -> its end then, if known
  private readonly toldEnds = new Map<number, number>(); // by librdkafka, since the last step
  private readonly knownLater = new Map<number, number>(); // see Ends.later: offsets that a second look found to be ours

  private epoch = 0; // number of the reading: a look from before a restart says nothing of this one
  private isCaughtUp = false;
  private restarting: Restart | undefined;
  private wasShrunk = false; // at the last look, partitions of ours were not there
  private hasHadMessages = false; // at some time, in an earlier reading too
  private firstMessageMs: number | undefined; // when the first one of this reading came
  private isUnsettled = false; // another topic than before, and not known to be quiet yet
  private lastEnds: Ends | undefined; // while it is unsettled

  private currentMs = Date.now(); // when we last knew to be at all ends
  private awaitedEnds: Ends | undefined; // those to be reached next for that

  constructor(
    kafka: Kafka,
    private readonly options: TopicOptions,
    private readonly times: ReaderTimes,
    signal: AbortSignal,
    start: TopicStart | undefined,
  ) {
    this.stop = new Stop(signal);
    this.client = new TopicClient(kafka, options, times.refreshMs, this.stop, (partition, offset) => {
      this.unread.delete(partition);
      this.toldEnds.set(partition, offset);
    });
    if (start !== undefined) this.startFrom(start);
  }

  /** Does one thing, at most FOLLOW_WAIT_MS long where brokers answer; returns what there is to tell. */
  async step(): Promise<TopicEvent[]> {
    const { client } = this;
    if (client.consumer === undefined) await this.connect();
    else {
      const look = client.takeLook();
      if (look !== undefined) await this.takeLook(client.consumer, look);
      if (client.consumer !== undefined) await this.readOn(client.consumer);
    }
    return this.events.splice(0);
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private startFrom({ bookmarks, contactMs }: TopicStart): void {
    this.currentMs = Math.min(contactMs, Date.now());
    this.hasHadMessages = bookmarks.some(({ last }) => last !== undefined);
    // A clock that was set back says nothing of how long ago it was; without a message there is nothing to know the topic by.
    const isTooOld = Math.abs(Date.now() - contactMs) > this.times.rereadAfterMs;
    if (isTooOld || !this.hasHadMessages) this.restart('unseen');
    else this.starts = new Map(bookmarks.map((bookmark) => [bookmark.partition, bookmark]));
  }

  private async connect(): Promise<void> {
    const problem = await this.client.connect();
    this.mustAssign = true;
    if (problem === undefined) return;
    this.setAway('brokers', problem);
    await this.stop.pause(RETRY_MS);
  }

  private async readOn(consumer: KafkaConsumer): Promise<void> {
    const { read, known, epoch } = this;
    this.client.lookWhenDue({ read, known, epoch }, !this.absence.isOver);
    if (this.read.size > 0) await this.consume(consumer);
    else await this.stop.pause(REPLAY_WAIT_MS); // no partitions yet: wait for the look
    this.judge();
  }

  private async takeLook(consumer: KafkaConsumer, { metadata, ends, epoch }: Look): Promise<void> {
    if (metadata instanceof Error) {
      this.setAway('brokers', this.client.noAnswer(metadata));
      this.client.renewWhenStuck();
      return;
    }
    this.absence.end('brokers');
    const { topic, brokers } = this.options;
    const partitions = partitionsOf(metadata, topic);
    const ids = partitions.map(({ id }) => id);
    // Twice: a broker that is back, or slow, hears of topics and partitions later than others.
    const isShrunk = [...this.read.keys()].some((partition) => !ids.includes(partition));
    if (isShrunk && this.wasShrunk) this.restarting = 'anew'; // it is, or will be, another topic of that name
    this.wasShrunk = isShrunk;
    const orphan = partitions.find(({ leader }) => leader < 0);
    if (partitions.length === 0) {
      const again = `it is asked for again every ${RETRY_MS} ms`;
      this.setAway('topic', `topic ${topic} is not there on ${brokers.join(',')}: ${again}`);
      return;
    }
    if (orphan === undefined) this.absence.end('topic');
    else this.setAway('topic', `partition ${orphan.id} of topic ${topic} has no leader`);
    const isOfThisReading = ends !== undefined && epoch === this.epoch;
    if (isOfThisReading) this.takeEnds(ends);
    // Whether our offset is gone by retention, or with its topic, the ends say.
    if (this.restarting !== 'unseen' || isOfThisReading) await this.assign(consumer, ids);
    this.tellBack();
  }

  private takeEnds(ends: Ends): void {
    if (ends.isShorter) this.restarting = 'anew';
    const isInDoubt = [...ends.later].some(([partition, offset]) => this.knownLater.get(partition) !== offset);
    // The last message of which we were sure comes again, to see that it is there; where its offset is gone already, that is enough.
    if (isInDoubt && this.restarting !== undefined) this.restarting = 'anew';
    else if (isInDoubt) this.mustAssign = true;
    else if (this.isRecognized) this.known = ends.read;
    for (const [partition, offset] of ends.later) this.knownLater.set(partition, offset);
    this.awaitedEnds ??= ends;
    if (!this.isUnsettled || this.firstMessageMs === undefined) return;
    const isQuiet = this.lastEnds !== undefined && isSameEnds(this.lastEnds, ends);
    this.isUnsettled = !isQuiet && Date.now() - this.firstMessageMs < QUIET_WAIT_MAX_MS;
    this.lastEnds = ends;
  }

  // Assigns what is new; all of it again after a read error (an end is told once an assignment), for a restart, or to be sure.
  private async assign(consumer: KafkaConsumer, partitions: number[]): Promise<void> {
    if (this.read.size > 0) {
      if (Date.now() - this.currentMs > this.times.rereadAfterMs) this.restarting ??= 'unseen';
      if (this.restarting !== undefined) this.restart(this.restarting);
    }
    const added = partitions.filter((partition) => !this.read.has(partition));
    if (added.length === 0 && !this.mustAssign && !this.absence.has('read')) return;
    this.mustAssign = false;
    this.awaitedEnds = undefined;
    for (const partition of added) this.read.set(partition, this.startOf(partition));
    const marks = [...this.read.values()].map((bookmark) => this.known.get(bookmark.partition) ?? bookmark);
    this.recognition = new Recognition(marks);
    this.isRecognized = false;
    await this.askUnread(consumer);
    const { topic } = this.options;
    consumer.assign(marks.map(({ partition, next, last }) => ({ topic, partition, offset: last?.offset ?? next })));
  }

  /** Without a message of ours there is nothing to know a partition by, and nothing to leave out. */
  private startOf(partition: number): Bookmark {
    const start = this.starts.get(partition);
    return start?.last === undefined ? { partition, next: OFFSET_BEGINNING, newestMs: -1 } : start;
  }

  // A topic that is written to all the time never shows its end: the ends of now are enough to be caught up.
  private async askUnread(consumer: KafkaConsumer): Promise<void> {
    const { topic } = this.options;
    const askedMs = Date.now();
    const high = new Map<number, number>();
    const asked = [...this.read.keys()].map(async (partition) => {
      this.unread.set(partition, Number.POSITIVE_INFINITY);
      // Without an answer the end is known when librdkafka says that it is reached.
      const range = await askRange(consumer, topic, partition).catch(() => undefined);
      if (range === undefined) return;
      high.set(partition, range.highOffset);
      if (range.lowOffset === range.highOffset) {
        this.unread.delete(partition);
        this.toldEnds.set(partition, range.highOffset);
      } else this.unread.set(partition, range.highOffset);
    });
    await this.stop.orStopped(Promise.all(asked));
    if (high.size === this.read.size)
      this.awaitedEnds ??= { askedMs, high, isShorter: false, later: new Map(), read: new Map() };
  }

  private restart(why: Restart): void {
    this.epoch++;
    this.starts = new Map();
    this.read.clear();
    this.known = new Map();
    this.recognition = new Recognition([]);
    this.toldEnds.clear();
    this.unread.clear();
    this.knownLater.clear();
    this.awaitedEnds = undefined;
    this.lastEnds = undefined;
    this.isCaughtUp = false;
    this.restarting = undefined;
    this.firstMessageMs = undefined;
    this.isUnsettled = why === 'anew' && this.hasHadMessages;
    this.events.push({ type: 'restart' });
    const kept = 'what it said before is kept until its records are there';
    if (this.isUnsettled) this.setAway('records', `topic ${this.options.topic} was made anew, or cut short: ${kept}`);
  }

  private async consume(consumer: KafkaConsumer): Promise<void> {
    // One message wakes us; what else is there comes with it, without waiting for more.
    const first = await this.consumeOnce(consumer, 1, this.isCaughtUp ? FOLLOW_WAIT_MS : REPLAY_WAIT_MS);
    const more = first.length === 0 ? [] : await this.consumeOnce(consumer, BATCH_MESSAGES_MAX, 0);
    const all = [...first, ...more];
    if (!all.every((message) => this.recognition.isPossible(message))) this.restarting = 'anew';
    if (this.restarting !== undefined) {
      // What comes until then is of another topic, or has a gap before it.
      this.client.lookSoon();
      return;
    }
    const messages = this.takeNew(all);
    if (messages.length > 0) {
      this.hasHadMessages = true;
      this.firstMessageMs ??= Date.now();
      this.events.push({ type: 'messages', messages, isMore: this.isMoreKnown(consumer, messages) });
    }
    for (const { partition, offset } of all) {
      if (offset + 1 >= (this.unread.get(partition) ?? Number.POSITIVE_INFINITY)) this.unread.delete(partition);
    }
    this.tellEnds();
  }

  private isMoreKnown(consumer: KafkaConsumer, messages: readonly TopicMessage[]): boolean {
    const partitions = new Set(messages.map(({ partition }) => partition));
    return [...partitions].some((partition) => {
      const end = lastToldEnd(consumer, this.options.topic, partition);
      return (this.read.get(partition)?.next ?? 0) < end;
    });
  }

  /** Those that did not come before: behind an assignment some come again. Notes how far that is. */
  private takeNew(all: TopicMessage[]): TopicMessage[] {
    const taken = new Map<number, TopicMessage[]>();
    const fresh = all.filter((message) => {
      const before = taken.get(message.partition);
      const next = before === undefined ? this.read.get(message.partition)?.next : lastOf(before).offset + 1;
      if (next === undefined || message.offset < next) return false;
      if (before === undefined) taken.set(message.partition, [message]);
      else before.push(message);
      return true;
    });
    for (const [partition, messages] of taken) {
      this.read.set(partition, bookmarkBehind(messages, this.read.get(partition)));
    }
    return fresh;
  }

  private async consumeOnce(consumer: KafkaConsumer, messagesMax: number, waitMs: number): Promise<TopicMessage[]> {
    const outcome = await consumeSome(consumer, messagesMax, waitMs);
    if (!Array.isArray(outcome)) await this.takeReadError(outcome);
    else if (outcome.length > 0) this.absence.end('read');
    return Array.isArray(outcome) ? outcome : [];
  }

  private async takeReadError(error: LibrdKafkaError): Promise<void> {
    this.client.lookSoon();
    if (error.code === ERR_AUTO_OFFSET_RESET || error.code === ERR_LOG_TRUNCATION) this.restarting ??= 'unseen';
    else this.setAway('read', `topic ${this.options.topic} cannot be read: ${errorText(error)}`);
    await this.stop.pause(RETRY_MS);
  }

  // Behind the messages that came with the news: they are ours to tell first.
  private tellEnds(): void {
    for (const [partition, offset] of this.toldEnds) {
      this.absence.end('read');
      const bookmark = this.read.get(partition);
      if (bookmark === undefined || offset <= bookmark.next) continue;
      this.read.set(partition, { ...bookmark, next: offset });
      this.events.push({ type: 'end', partition, offset });
    }
    this.toldEnds.clear();
  }

  /** What follows from where we are: caught up, another topic, back, current. */
  private judge(): void {
    if (this.read.size > 0 && this.unread.size === 0 && this.restarting === undefined) this.judgeEnds();
    this.tellBack();
    const { awaitedEnds } = this;
    if (!this.isCaughtUp || this.restarting !== undefined || !this.absence.isOver || awaitedEnds === undefined) return;
    if (!areReached(awaitedEnds, this.read)) return;
    this.awaitedEnds = undefined;
    this.currentMs = awaitedEnds.askedMs;
    this.events.push({ type: 'current', atMs: this.currentMs });
  }

  private judgeEnds(): void {
    if (!this.recognition.isComplete) {
      this.restarting = 'anew';
      this.client.lookSoon();
      return;
    }
    // Known again, or read from the start: it is our topic, so far.
    if (!this.isRecognized) this.known = new Map(this.read);
    this.isRecognized = true;
    if (this.isCaughtUp || this.isUnsettled) return;
    if (this.hasHadMessages && this.firstMessageMs === undefined && this.starts.size === 0) {
      this.isUnsettled = true; // whoever fills it again may not be done with the first
      this.setAway('records', `topic ${this.options.topic} has no records any more: what it said before is kept`);
      return;
    }
    this.absence.end('records');
    this.starts = new Map();
    this.isCaughtUp = true;
    this.events.push({ type: 'caughtUp' });
  }

  private tellBack(): void {
    if (this.absence.takeReturn()) this.events.push({ type: 'back' });
  }

  private setAway(kind: AbsenceKind, reason: string): void {
    if (this.absence.begin(kind, reason)) this.events.push({ type: 'away', sinceMs: this.currentMs, reason });
  }
}
