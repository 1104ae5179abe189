// host/membership/sources/kafkaTopicEnds.ts: where the partitions of a topic end, asked of the brokers, and what that says of our reading.
//
// An offset does not tell a topic from another one of its name: one that was made anew, and filled as far, has a message wherever we
// look for one. So brokers are asked by time too. What we had read when we were sure of the topic is from `newestMs` or before, and what
// is from later should stand behind that. Where it does not, the last message of then is read again (kafkaBookmark.ts) before
// anything is believed: markers of transactions have a time as well, and nobody is told of them.
import type { Bookmark } from './kafkaBookmark.js';
import type { KafkaConsumer } from './rdkafka.js';

/** Where partitions ended. */
export interface Ends {
  /** When they were asked for, Unix time, ms. */
  askedMs: number;
  /** By partition: the offset behind its last message. */
  high: ReadonlyMap<number, number>;
  /** True when a partition ends before where we are. */
  isShorter: boolean;
  /** By partition: the first offset from a later time than all we had read, where that stands before what we had read. */
  later: ReadonlyMap<number, number>;
  /** How far partitions were read when the ends were asked for. */
  read: ReadonlyMap<number, Bookmark>;
}

const ASK_TIMEOUT_MS = 1000;

/** Where a partition begins and ends. Rejects with librdkafka's error when it has no leader, or nobody answers in time. */
export function askRange(
  consumer: KafkaConsumer,
  topic: string,
  partition: number,
  timeoutMs = ASK_TIMEOUT_MS,
): Promise<{ lowOffset: number; highOffset: number }> {
  return new Promise((resolve, reject) => {
    consumer.queryWatermarkOffsets(topic, partition, timeoutMs, (error, range) => {
      if (error) reject(error);
      else resolve(range);
    });
  });
}

/**
 * Asks for the ends of all partitions, one after the other. `known`: how far they were read when we were sure that it is our topic. Rejects
 * when one is not answered for.
 */
export async function askEnds(
  consumer: KafkaConsumer,
  topic: string,
  read: ReadonlyMap<number, Bookmark>,
  known: ReadonlyMap<number, Bookmark>,
): Promise<Ends> {
  const askedMs = Date.now();
  const asOfNow = new Map(read); // reading goes on
  const high = new Map<number, number>();
  for (const partition of asOfNow.keys()) high.set(partition, (await askRange(consumer, topic, partition)).highOffset);
  const isShorter = [...asOfNow].some(([partition, { next }]) => (high.get(partition) as number) < next);
  return { askedMs, high, isShorter, later: await askLater(consumer, topic, known), read: asOfNow };
}

/** True when all partitions are read to these ends. */
export function areReached({ high }: Ends, read: ReadonlyMap<number, Bookmark>): boolean {
  return [...high].every(([partition, end]) => (read.get(partition)?.next ?? 0) >= end);
}

/** True when nothing was added between the two. */
export function isSameEnds(before: Ends, after: Ends): boolean {
  return [...after.high].every(([partition, end]) => before.high.get(partition) === end);
}

async function askLater(
  consumer: KafkaConsumer,
  topic: string,
  known: ReadonlyMap<number, Bookmark>,
): Promise<Map<number, number>> {
  const asOfNow = new Map(known);
  // `offset` stands for a time in the question; in the answer it is -1 where nothing is from then or later.
  const questions = [...asOfNow.values()].flatMap(({ partition, newestMs }) =>
    newestMs === undefined ? [] : [{ topic, partition, offset: newestMs + 1 }],
  );
  if (questions.length === 0) return new Map();
  const answers = await new Promise<{ partition: number; offset: number }[]>((resolve, reject) => {
    consumer.offsetsForTimes(questions, ASK_TIMEOUT_MS, (error, found) => (error ? reject(error) : resolve(found)));
  });
  const isBefore = ({ partition, offset }: { partition: number; offset: number }) =>
    offset >= 0 && offset < (asOfNow.get(partition)?.next ?? 0);
  return new Map(answers.filter(isBefore).map(({ partition, offset }) => [partition, offset]));
}
