// host/orchestrators/kubernetes/sliceWatch.ts: the EndpointSlices of one namespace, listed once and then watched.
//
//   list, page by page -> watch from its resourceVersion -> the stream ends -> watch from the last version seen
//          ^                                                  410 Gone: that version is compacted
//          +-----------------------------------------------------+   anything else: wait, then watch again
//
// A stream is taken for half open when it has said nothing for `silenceMs`: servers send bookmarks about once a minute. That costs
// little when it was wrong, since the watch goes on where it stood.
import { Backoff } from '../backoff.js';
import type { Tell } from '../endpoints.js';
import type { SliceApi, SliceList, SliceQuery } from './client.js';
import type { EndpointSlice } from './slices.js';

/** How long things may take. Defaults in source.ts. */
export interface SliceTimes {
  /** For the answer to a list, ms. */
  answerMs: number;
  /** Silence of a watch before it is made anew, ms. */
  silenceMs: number;
  /** How long the server is asked to keep a watch open, s. */
  watchSeconds: number;
  retryFirstMs: number;
  retryMaxMs: number;
  /** Slices a page. */
  pageSlices: number;
}

const GONE = 410;
const HTTP_WORDS: Record<number, string> = {
  401: '401 Unauthorized: the credentials are not taken',
  403: '403 Forbidden: get, list and watch of endpointslices in discovery.k8s.io are needed there',
  429: '429 Too Many Requests',
};

export class SliceWatch {
  private slices = new Map<string, EndpointSlice>();
  private resourceVersion: string | undefined;
  private isAway = false;
  private readonly backoff: Backoff;

  constructor(
    private readonly api: SliceApi,
    private readonly query: SliceQuery,
    private readonly times: SliceTimes,
    private readonly tell: Tell,
    /** Called with all slices when they are known, and after each change. */
    private readonly onSlices: (slices: Iterable<EndpointSlice>) => void,
  ) {
    this.backoff = new Backoff(times.retryFirstMs, times.retryMaxMs);
  }

  /** Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let isFirst = true;
    while (!signal.aborted) {
      try {
        this.resourceVersion ??= await this.list(signal);
        if (isFirst || this.isAway) this.tell({ type: 'back' });
        [isFirst, this.isAway] = [false, false];
        await this.watch(this.resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.recover(error, signal);
      }
    }
  }

  /** All pages. The store is replaced when the last one is in, never by half a list. Returns the version to watch from. */
  private async list(signal: AbortSignal): Promise<string> {
    const found = new Map<string, EndpointSlice>();
    let page: SliceList = {};
    do {
      const token = page.metadata?._continue;
      const query = { ...this.query, limit: this.times.pageSlices, ...(token ? { _continue: token } : {}) };
      page = await within(this.times.answerMs, signal, (until) => this.api.list(query, until));
      if (!Array.isArray(page?.items) || !page.metadata?.resourceVersion) throw new Error('an answer that is no list');
      for (const slice of page.items) found.set(nameOf(slice), slice);
    } while (page.metadata?._continue);
    this.slices = found;
    this.onSlices(found.values());
    return page.metadata?.resourceVersion as string;
  }

  private async watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { silenceMs, watchSeconds } = this.times;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    let timer = setTimeout(end, silenceMs);
    let failure: unknown;
    signal.addEventListener('abort', end, { once: true });
    const startedAt = performance.now();
    const line = (type: string, object: unknown): void => {
      if (ending.signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(end, silenceMs);
      failure = this.take(type, object as EndpointSlice);
      if (failure === undefined) this.backoff.reset();
      else end();
    };
    try {
      const query = { ...this.query, resourceVersion, timeoutSeconds: watchSeconds };
      await this.api.watch(query, line, ending.signal);
    } catch (error) {
      failure ??= ending.signal.aborted ? undefined : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
    }
    if (failure !== undefined) throw failure;
    // A stream that ends at once, again and again, is no reason to ask without a pause.
    if (performance.now() - startedAt < this.times.retryFirstMs) await this.backoff.wait(signal);
  }

  /** One object of the stream; returns what it says went wrong. */
  private take(type: string, object: EndpointSlice & { code?: number; message?: string }): unknown {
    if (type === 'ERROR')
      return Object.assign(new Error(object?.message ?? 'error in the watch'), { code: object?.code });
    const version = object?.metadata?.resourceVersion;
    if (!version) return new Error(`a ${type} without a resourceVersion`);
    if (type === 'DELETED') this.slices.delete(nameOf(object));
    else if (type === 'ADDED' || type === 'MODIFIED') this.slices.set(nameOf(object), object);
    this.resourceVersion = version; // and of a BOOKMARK nothing else
    if (type !== 'BOOKMARK') this.onSlices(this.slices.values());
    return undefined;
  }

  private async recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { code, statusCode, headers } = error as { code?: unknown; statusCode?: number; headers?: object };
    const status = typeof code === 'number' ? code : statusCode;
    if (status === GONE) {
      // Also in the middle of a list: the pages that are left are of a version that is gone.
      const wasListed = this.resourceVersion !== undefined;
      this.resourceVersion = undefined;
      if (wasListed) return;
    } else {
      this.isAway = true;
      this.tell({ type: 'away', reason: `namespace ${this.query.namespace}: ${reasonOf(error, status)}` });
    }
    const seconds = Number((headers as { 'retry-after'?: string } | undefined)?.['retry-after'] ?? 0);
    await this.backoff.wait(signal, Math.min(seconds || 0, 60) * 1000);
  }
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata?.name ?? '';
}

function reasonOf(error: unknown, status: number | undefined): string {
  if (status !== undefined) return HTTP_WORDS[status] ?? `HTTP ${status}`;
  return ((error as Error).message ?? String(error)).split('\n')[0] as string;
}

/** Runs `work`; when it takes longer than `ms` it is ended, and fails. */
async function within<T>(ms: number, signal: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw late.signal.aborted ? new Error(`no answer within ${ms} ms`) : error;
  } finally {
    clearTimeout(timer);
  }
}
