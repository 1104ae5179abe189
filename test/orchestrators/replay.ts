// test/orchestrators/replay.ts: an HTTP server that replays a transcript: requests in their order, each with what is answered.
//
// A transcript is a file of JSON lines under test/orchestrators/transcripts/. The first says what it shows:
//   {"transcript":1,"shows":"..."}
// each other is a request that must come next, and its answer:
//   {"path":"/api","query":{"limit":"2"},"status":200,"headers":{},"body":{}}
//   {"path":"/api","query":{"watch":"true"},"stream":[{"object":{}},{"text":"{\"half"},{"afterMs":50},{"end":true}]}
// `query` names what must be there; null: must not. The last word of a stream: `end`, `cut` (the connection is reset) or `stall` (open, and
// silent). `{"wait":"NAME"}` in a stream holds until the test says NAME. `{"cut":true}` for an answer: none, the connection is reset.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

interface Turn {
  path: string;
  query?: Record<string, string | null>;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  stream?: Word[];
  cut?: true;
}

type Word =
  | { object: unknown }
  | { text: string }
  | { afterMs: number }
  | { wait: string }
  | { end: true }
  | { cut: true }
  | { stall: true };

export class Replay {
  /** Requests as they came, `METHOD PATH?QUERY`. */
  readonly requests: string[] = [];
  /** What came and was not next. */
  readonly complaints: string[] = [];
  private readonly turns: Turn[];
  private readonly said = new Set<string>();
  private server: Server | undefined;

  constructor(name: string, turns?: Turn[]) {
    const file = fileURLToPath(new URL(`../../../test/orchestrators/transcripts/${name}.jsonl`, import.meta.url));
    const [head, ...rest] =
      turns ??
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    if (turns === undefined && head.transcript !== 1) throw new Error(`${name}: expected transcript 1`);
    this.turns = turns ?? rest;
  }

  /** Turns that nobody has asked for. */
  get left(): number {
    return this.turns.length;
  }

  say(name: string): void {
    this.said.add(name);
  }

  /** Listens on loopback, or on a unix socket; returns the URL. */
  async listen({ tls, socket }: { tls?: ServerOptions; socket?: string } = {}): Promise<string> {
    const listener: RequestListener = (request, response) => {
      this.answer(request, response).catch((error: Error) => this.complaints.push(error.message));
    };
    this.server = tls === undefined ? createServer(listener) : (createTlsServer(tls, listener) as unknown as Server);
    const { server } = this;
    await new Promise<void>((resolve) => {
      if (socket === undefined) server.listen(0, '127.0.0.1', resolve);
      else server.listen(socket, resolve);
    });
    const address = server.address() as AddressInfo | string;
    return typeof address === 'string' ? address : `http${tls === undefined ? '' : 's'}://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    this.requests.push(`${request.method} ${decodeURIComponent(url.pathname + url.search)}`);
    const turn = this.turns[0];
    if (turn === undefined) return; // the transcript is over: silence
    const wrong = Object.entries(turn.query ?? {}).filter(([name, value]) => url.searchParams.get(name) !== value);
    if (url.pathname !== turn.path || wrong.length > 0) {
      this.complaints.push(`${this.requests.at(-1)}: expected ${turn.path} ${JSON.stringify(turn.query ?? {})}`);
      response.writeHead(500).end();
      return;
    }
    this.turns.shift();
    if (turn.cut) {
      request.socket.destroy();
      return;
    }
    response.writeHead(turn.status ?? 200, { 'content-type': 'application/json', ...turn.headers });
    if (turn.stream === undefined) response.end(JSON.stringify(turn.body ?? {}));
    else {
      response.flushHeaders();
      await this.stream(turn.stream, response);
    }
  }

  private async stream(words: readonly Word[], response: ServerResponse): Promise<void> {
    for (const word of words) {
      if ('object' in word) response.write(`${JSON.stringify(word.object)}\n`);
      else if ('text' in word) response.write(word.text);
      else if ('afterMs' in word) await sleep(word.afterMs);
      else if ('wait' in word) while (!this.said.has(word.wait) && !response.destroyed) await sleep(5);
      else if ('end' in word) response.end();
      else if ('cut' in word) {
        await sleep(20); // so that what was written before is on its way
        response.destroy();
      }
    }
  }
}
