// host/orchestrators/docker/engine.ts: the three questions to a Docker Engine, over its unix socket: which containers, what of one, what happens.
//
// Plain node:http: a client library for these would bring gRPC and protobuf along. Paths without a version: the Engine takes its own then,
// and newer ones refuse old versions.
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';

/** Of a container's inspection, what is read here. */
export interface Container {
  Id: string;
  State: { Status: string; StartedAt?: string; Health?: { Status: string } };
  Config: { Labels?: Record<string, string> | null; StopSignal?: string };
  NetworkSettings: { Networks?: Record<string, { IPAddress?: string; GlobalIPv6Address?: string }> | null };
}

/** Of an event, what is read here. */
export interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes?: Record<string, string> };
  timeNano?: number;
}

const LINE_BYTES_MAX = 8 * 1024 * 1024;
/** What may change state or addresses; `health_status` matches all of its kinds. Not exec_*, which health checks make many of. */
const ACTIONS = ['start', 'kill', 'die', 'pause', 'unpause', 'destroy', 'health_status', 'connect', 'disconnect'];

export class Engine {
  constructor(
    private readonly socketPath: string,
    private readonly answerMs: number,
  ) {}

  /** Ids of all containers with the label, whatever their state. */
  async list(label: string, signal: AbortSignal): Promise<string[]> {
    const filters = JSON.stringify({ label: [label] });
    const found = await this.json('/containers/json', { all: '1', filters }, signal);
    if (!Array.isArray(found)) throw new Error('an answer that is no list');
    return found.map(({ Id }: { Id: string }) => Id);
  }

  /** Undefined for one that is not there any more. */
  async inspect(id: string, signal: AbortSignal): Promise<Container | undefined> {
    const found = await this.json(`/containers/${encodeURIComponent(id)}/json`, {}, signal);
    return found as Container | undefined;
  }

  /**
   * Opens the stream of events, with those since a time of the Engine's clock before them. Resolves when it is open: with a promise that
   * settles when it ends.
   */
  async events(
    since: string | undefined,
    event: (event: EngineEvent) => void,
    signal: AbortSignal,
  ): Promise<{ ended: Promise<void> }> {
    const filters = JSON.stringify({ type: ['container', 'network'], event: ACTIONS });
    const response = await this.get('/events', { filters, ...(since !== undefined && { since }) }, signal);
    if (response.statusCode !== 200) throw refusal(response);
    const ended = new Promise<void>((resolve, reject) => {
      const lines = createInterface(response);
      lines.on('line', (line) => {
        try {
          if (line.trim() !== '') event(JSON.parse(line) as EngineEvent);
        } catch {
          response.destroy(new Error('an event that is no JSON'));
        }
      });
      response.on('error', reject).on('close', resolve);
      lines.on('error', reject);
    });
    return { ended };
  }

  private async json(path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.answerMs)]);
    const response = await this.get(path, query, until);
    if (response.statusCode === 404) {
      response.resume();
      return undefined;
    }
    if (response.statusCode !== 200) throw refusal(response);
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response) {
      bytes += (part as Buffer).length;
      if (bytes > LINE_BYTES_MAX) throw new Error(`an answer of more than ${LINE_BYTES_MAX} bytes`);
      parts.push(part as Buffer);
    }
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  }

  private get(path: string, query: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    const { socketPath, answerMs } = this;
    return new Promise((resolve, reject) => {
      const url = `${path}?${new URLSearchParams(query)}`;
      const asked = request(
        { socketPath, path: url, headers: { host: 'docker' }, signal, agent: false },
        (response) => {
          clearTimeout(timer);
          resolve(response);
        },
      );
      const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${answerMs} ms`)), answerMs);
      asked.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      asked.end();
    });
  }
}

function refusal(response: IncomingMessage): Error {
  response.resume();
  return new Error(`HTTP ${response.statusCode}`);
}
