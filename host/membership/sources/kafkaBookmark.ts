// host/membership/sources/kafkaBookmark.ts: where reading a topic stood, and whether the topic that is there now is still that one.
//
// A topic that was deleted and made anew has its name, and offsets that mean other messages. The client library tells no topic id, so
// the last message that was read is remembered and read again:
//
//   it is there, with that key and time       the same topic
//   another message has its offset            another topic
//   nothing has its offset                    compaction took it, since its key came again: that must be seen until the end,
//                                             else it is another topic
import type { TopicMessage } from './kafkaTopic.js';

/** A message by which a partition is known again. */
export interface Landmark {
  offset: number;
  timestampMs: number;
  /** Base64. */
  key: string;
}

/** How far a partition is read. */
export interface Bookmark {
  partition: number;
  /** The offset to be read next. */
  next: number;
  /** The last message before that; not there when none was read. */
  last?: Landmark;
  /** Time of the newest message that was read, Unix time, ms; -1: none was; not there when that is not known. */
  newestMs?: number;
}

/** How far a partition is read behind `messages`, at least one. `before`: how far it was; undefined at its start. */
export function bookmarkBehind(messages: readonly TopicMessage[], before: Bookmark | undefined): Bookmark {
  const last = lastOf(messages);
  const knownMs = before === undefined ? -1 : before.newestMs;
  const newestMs = messages.reduce((newest, { timestampMs }) => Math.max(newest, timestampMs), knownMs ?? -1);
  return {
    partition: last.partition,
    next: last.offset + 1,
    last: landmarkOf(last),
    ...(knownMs !== undefined && { newestMs }),
  };
}

/** The last of some messages, at least one. */
export function lastOf(messages: readonly TopicMessage[]): TopicMessage {
  return messages[messages.length - 1] as TopicMessage;
}

/** The message as a landmark. */
function landmarkOf({ offset, timestampMs, key }: TopicMessage): Landmark {
  return { offset, timestampMs, key: (key ?? Buffer.alloc(0)).toString('base64') };
}

/** Tells from messages whether partitions are those of the bookmarks. */
export class Recognition {
  private readonly awaited = new Map<number, Landmark>();

  constructor(bookmarks: Iterable<Bookmark>) {
    for (const { partition, last } of bookmarks) if (last !== undefined) this.awaited.set(partition, last);
  }

  /** False for a message that cannot stand there in the topic we knew. */
  isPossible(message: TopicMessage): boolean {
    const awaited = this.awaited.get(message.partition);
    if (awaited === undefined) return true;
    const { offset, timestampMs, key } = landmarkOf(message);
    if (offset < awaited.offset) return true; // of an assignment before
    if (key === awaited.key) this.awaited.delete(message.partition);
    return offset > awaited.offset || (key === awaited.key && timestampMs === awaited.timestampMs);
  }

  /** At the ends of all partitions: true when each was recognized. */
  get isComplete(): boolean {
    return this.awaited.size === 0;
  }
}
