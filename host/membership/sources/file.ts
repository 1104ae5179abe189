// host/membership/sources/file.ts: membership told by a file, read again whenever it changes.
//
// The directory is watched, not the file: an editor that writes a new file and renames it over the old one would take the
// watch away with the old inode. A slow poll beside it sees what inotify(7) does not: a symlink whose target is replaced in
// another directory (as Kubernetes does with a ConfigMap), a network file system, a directory that itself was replaced.
import { constants, type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MaglevError } from '../../errors.js';
import { type Declared, FILE_BYTES_MAX, readDeclared } from '../declared.js';
import { changeOfDifference, differences, type RecordMap } from '../difference.js';
import type { MembershipSource, SourceEvent } from '../event.js';
import { beginRamps } from '../slowStart.js';
import { EventQueue } from './queue.js';

/** How long a file must stay as it is before it is read: somebody may be half way through writing it. */
const SETTLE_MS = 50;
/** How often the file is looked at when nobody says that it changed. */
const POLL_MS = 1000;
/** How often a file that keeps changing is looked at before it is left to the next poll. */
const SETTLE_TRIES_MAX = 20;

// Without O_NONBLOCK open(2) of a FIFO waits for a writer, and holds a thread of the pool for good.
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** What a look at the file found: its text, that it is as it was, or why it could not be read. */
type Look = { text: string; stamp: string; writtenMs: number } | { problem: string } | 'same';

/**
 * A source that reads `path`, YAML or JSON in the form of `host/membership/declared.ts`, and follows it. A file with a mistake in it
 * is refused as a whole, with line and field, and changes nothing; a file that vanishes makes the source stale, and what it
 * said last stays. Caught up after the first good read.
 */
export function fileSource(path: string): MembershipSource {
  return {
    name: `file ${path}`,
    async *events(signal) {
      const queue = new EventQueue();
      const follower = new Follower(path, queue);
      follower.start();
      try {
        yield* queue.read(signal);
      } finally {
        await follower.stop();
      }
    },
  };
}

/** Reads a file of records once, when it has stopped changing. Throws ERR_OPTION for one that cannot be read. */
export async function readDeclaredFile(path: string): Promise<Declared> {
  const look = await lookAt(path, '');
  if (typeof look === 'object' && 'text' in look) return readDeclared(look.text, path);
  const problem = look === 'same' ? `${path}: keeps changing while it is read` : look.problem;
  throw new MaglevError('ERR_OPTION', `members ${problem}`, { option: 'members' });
}

/** Looks at the file when woken, one look at a time, and pushes what became of it. */
class Follower {
  private records: RecordMap = new Map();
  private stamp = '';
  private isCaughtUp = false;
  private staleReason: string | undefined;
  private readSinceMs = Date.now();
  private watcher: FSWatcher | undefined;
  private readonly stopping = new AbortController();
  private wake: (() => void) | undefined;
  private isWoken = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly queue: EventQueue,
  ) {}

  start(): void {
    this.watchDirectory();
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.watcher?.close();
    this.poke();
    await this.running;
  }

  /** Asks for another look: at once, or after the one that is going on. */
  private poke(): void {
    this.isWoken = true;
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.isWoken = false;
      this.take(await lookAt(this.path, this.stamp, this.stopping.signal));
      await this.sleep();
    }
  }

  private async sleep(): Promise<void> {
    if (this.isWoken || this.stopping.signal.aborted) return;
    if (this.watcher === undefined) this.watchDirectory();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  // Without a watch (no such directory, no inotify watches left) the poll does the work, a second later.
  private watchDirectory(): void {
    const forget = () => {
      this.watcher?.close();
      this.watcher = undefined;
    };
    try {
      this.watcher = watch(dirname(this.path), () => this.poke());
      this.watcher.on('error', forget);
    } catch {
      forget();
    }
  }

  private take(look: Look): void {
    if (this.stopping.signal.aborted) return;
    if (look !== 'same' && 'problem' in look) this.tellStale(`${look.problem}; what it said last stays in force`);
    else {
      this.tellFresh();
      if (look !== 'same') this.takeText(look.text, look.stamp, look.writtenMs);
    }
  }

  private takeText(text: string, stamp: string, writtenMs: number): void {
    this.stamp = stamp;
    const declared = readDeclared(text, this.path);
    for (const refusal of declared.refusals) this.queue.push({ type: 'refused', refusal });
    if (declared.records === undefined) return;
    const records = beginRamps(declared.records, this.records, writtenMs);
    const changes = differences(this.records, records).map(changeOfDifference);
    this.records = records;
    if (changes.length > 0) this.queue.push({ type: 'changes', changes, where: `file ${this.path}`, isMore: false });
    if (!this.isCaughtUp) this.queue.push({ type: 'caughtUp' });
    this.isCaughtUp = true;
  }

  private tellStale(reason: string): void {
    this.stamp = ''; // whatever comes back is read, even the same inode and time
    if (this.staleReason === reason) return;
    this.staleReason = reason;
    this.queue.push({ type: 'stale', sinceMs: this.readSinceMs, reason });
  }

  private tellFresh(): void {
    this.readSinceMs = Date.now();
    if (this.staleReason === undefined) return;
    this.staleReason = undefined;
    this.queue.push({ type: 'fresh' } satisfies SourceEvent);
  }
}

/** Reads the file when it is not the one of `stampBefore`, once it has stopped changing. */
async function lookAt(path: string, stampBefore: string, signal?: AbortSignal): Promise<Look> {
  try {
    for (let tries = 0; tries < SETTLE_TRIES_MAX && !signal?.aborted; tries++) {
      const look = await readSettled(path, stampBefore);
      if (look !== 'changing') return look;
    }
    return 'same'; // written to without a pause for a second: the next poll sees it again
  } catch (error) {
    return { problem: `${path}: ${(error as Error).message}` };
  }
}

async function readSettled(path: string, stampBefore: string): Promise<Look | 'changing'> {
  const file = await open(path, READ_FLAGS);
  try {
    const stamp = await stampOf(file, path);
    if (stamp === stampBefore) return 'same';
    await delay(SETTLE_MS);
    if ((await stampOf(file, path)) !== stamp) return 'changing';
    const text = await file.readFile('utf8');
    // Renamed over while we read: this is the old file's text, and the new one is there.
    const isWhole = (await stampOf(file, path)) === stamp && (await isStillAt(path, stamp));
    return isWhole ? { text, stamp, writtenMs: Math.floor((await file.stat()).mtimeMs) } : 'changing';
  } finally {
    await file.close();
  }
}

async function isStillAt(path: string, stamp: string): Promise<boolean> {
  const file = await open(path, READ_FLAGS);
  try {
    return (await stampOf(file, path)) === stamp;
  } finally {
    await file.close();
  }
}

// Device and inode tell a renamed-over file, size and times one that was written to.
async function stampOf(file: FileHandle, path: string): Promise<string> {
  const stat = await file.stat({ bigint: true });
  if (!stat.isFile()) throw new Error(`not a regular file: ${path}`);
  if (stat.size > BigInt(FILE_BYTES_MAX)) throw new Error(`${stat.size} bytes, expected at most ${FILE_BYTES_MAX}`);
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join('.');
}
