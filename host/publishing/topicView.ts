// host/publishing/topicView.ts: a topic that is followed in the background, so that what it says is at hand.
import { MaglevError } from '../errors.js';
import { followTopicContent, type TopicContent, type TopicPlace } from '../membership/sources/kafkaContent.js';
import type { TopicOptions } from '../membership/sources/kafkaTopic.js';
import type { Verifier } from '../membership/verifier.js';

export class TopicView {
  content!: TopicContent;
  /** Why brokers or topic are not there now. */
  away: string | undefined;
  private isCaughtUp = false;
  private failure: unknown;
  private readonly stop = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private readonly watchers = new Set<() => void>();

  private constructor(
    private readonly options: TopicOptions,
    private readonly verifier: Verifier | undefined,
  ) {}

  /** Resolves when all that was there has been read. Rejects with ERR_BROKER when that takes longer than `timeoutMs`. */
  static async open(options: TopicOptions, timeoutMs: number, verifier?: Verifier): Promise<TopicView> {
    const view = new TopicView(options, verifier);
    view.following = view.follow();
    try {
      await view.untilCaughtUp(timeoutMs);
      return view;
    } catch (error) {
      await view.close();
      throw error;
    }
  }

  /** Resolves when all that was there is read: again, where the topic was made anew meanwhile. Rejects as open() does. */
  untilCaughtUp(timeoutMs: number): Promise<void> {
    return this.until(() => this.isCaughtUp, timeoutMs);
  }

  /** Resolves when the topic was read past all of `places`. Rejects with ERR_BROKER as open() does. */
  untilRead(places: readonly TopicPlace[], timeoutMs: number): Promise<void> {
    return this.until(() => places.every((place) => this.content.isRead(place)), timeoutMs);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.following;
  }

  private async follow(): Promise<void> {
    try {
      for await (const { content, isCaughtUp, away } of followTopicContent(
        this.options,
        this.stop.signal,
        this.verifier,
      )) {
        Object.assign(this, { content, isCaughtUp, away });
        for (const look of this.watchers) look();
      }
    } catch (error) {
      this.failure = error;
      for (const look of this.watchers) look();
    }
  }

  private async until(isSo: () => boolean, timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let look = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        look = () => {
          if (this.failure !== undefined) reject(this.failure);
          else if (isSo()) resolve();
        };
        this.watchers.add(look);
        timer = setTimeout(() => reject(this.lateError(timeoutMs)), timeoutMs);
        look();
      });
    } finally {
      clearTimeout(timer);
      this.watchers.delete(look);
    }
  }

  private lateError(timeoutMs: number): MaglevError {
    const { topic } = this.options;
    const reason = this.away ?? 'no answer yet';
    return new MaglevError('ERR_BROKER', `topic ${topic} could not be read within ${timeoutMs} ms: ${reason}`);
  }
}
