// host/membership/sources/kafkaSnapshotKeeper.ts: when the snapshot of a topic is read and written.
//
// Written seconds after something came, at the end, and every few minutes anyway, so that it says how old the view is. Never before all
// that was there has been read: half a topic would take the other half's traffic away. What fails is told, and stops nothing.
import { MaglevError } from '../../errors.js';
import type { SourceEvent, SourceHost } from '../event.js';
import { refusalAt } from '../refusal.js';
import { readSnapshot, removeLeftovers, writeSnapshot } from '../snapshot.js';
import { decodeTopic, encodeTopic, type TopicIdentity } from './kafkaSnapshot.js';
import type { TopicEvent, TopicStart } from './kafkaTopic.js';
import type { Translator } from './kafkaTranslator.js';

/** What comes within this time is written together. */
const WRITE_AFTER_MS = 2000;
/** A topic that says nothing new is still seen to be this fresh. */
const REFRESH_MS = 300_000;
/** After a write that failed. */
const RETRY_MS = 30_000;

export class SnapshotKeeper {
  private readonly path: string | undefined;
  private currentMs: number | undefined;
  private packetsBefore: ReadonlyMap<string, number> = new Map();
  private refreshing: NodeJS.Timeout | undefined;
  private due: NodeJS.Timeout | undefined;
  private isDirty = false;
  private writing: Promise<void> = Promise.resolve();
  private lastFailure = '';

  /** Without a path nothing is kept. */
  constructor(
    private readonly options: TopicIdentity & { snapshot?: string },
    private readonly translator: Translator,
    private readonly host: SourceHost | undefined,
  ) {
    this.path = options.snapshot;
  }

  /** Tells what the snapshot knows, and returns where to read on; undefined: from the start. */
  async *restore(): AsyncGenerator<SourceEvent, TopicStart | undefined> {
    const { path } = this;
    if (path === undefined) return undefined;
    this.refreshing = setInterval(() => this.markDirty(), REFRESH_MS).unref();
    await removeLeftovers(path);
    const found = await readSnapshot(path);
    if (found === undefined) return undefined;
    const where = `snapshot ${path}`;
    const decoded = 'broken' in found ? found.broken : decodeTopic(found.body, this.options, where);
    if ('rule' in decoded) {
      yield { type: 'refused', refusal: refusalAt({ where, ignored: 'snapshot' }, decoded) };
      return undefined;
    }
    const { snapshot, refusals } = decoded;
    for (const refusal of refusals) yield { type: 'refused', refusal };
    this.packetsBefore = snapshot.packets;
    yield* this.translator.restore(snapshot, where);
    yield { type: 'restored', asOfMs: snapshot.contactMs };
    return snapshot;
  }

  /** Call behind each event, when it has been told. */
  note(event: TopicEvent): void {
    if (event.type === 'current') this.currentMs = event.atMs;
    else if (event.type === 'away') this.currentMs ??= event.sinceMs;
    else this.markDirty();
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    clearInterval(this.refreshing);
    clearTimeout(this.due);
    await this.writing;
    clearTimeout(this.due); // of a write that failed just now
    if (this.isDirty) await this.write();
  }

  private markDirty(): void {
    this.isDirty = true;
    if (this.due === undefined) this.writeIn(WRITE_AFTER_MS);
  }

  private writeIn(ms: number): void {
    if (this.path === undefined) return;
    this.due = setTimeout(() => {
      this.writing = this.write().then((isWritten) => {
        this.due = undefined;
        if (this.isDirty) this.writeIn(isWritten ? WRITE_AFTER_MS : RETRY_MS);
      });
    }, ms).unref();
  }

  /** False when it failed: then it stays to be done. */
  private async write(): Promise<boolean> {
    const { path, translator } = this;
    if (path === undefined || !translator.isCaughtUp) return true;
    this.isDirty = false;
    const contactMs = this.currentMs ?? Date.now();
    try {
      const snapshot = { ...translator.contents(), contactMs, packets: this.packets() };
      await writeSnapshot(path, await encodeTopic(this.options, snapshot));
      this.lastFailure = '';
      return true;
    } catch (cause) {
      this.isDirty = true;
      this.tellFailure(
        cause instanceof MaglevError ? cause : new MaglevError('ERR_INTERNAL', String(cause), { cause }),
      );
      return false;
    }
  }

  /** The same again is no news. */
  private tellFailure(error: MaglevError): void {
    if (error.message !== this.lastFailure) this.host?.failed(error);
    this.lastFailure = error.message;
  }

  private packets(): ReadonlyMap<string, number> {
    const packets = new Map(this.packetsBefore);
    for (const [key, count] of this.host?.packets() ?? []) packets.set(key, (packets.get(key) ?? 0) + count);
    return packets;
  }
}
