// host/demo/programs/httpClient.ts: opens connections at a given pace, asks on each, checks the SHA-256 of every body, never retries.
// Web visitors, keep-alive connections, probes and downloads are this program with other numbers.
import { setTimeout as sleep } from 'node:timers/promises';
import { contentSha256 } from './content.js';
import { type HttpAnswer, HttpConnection } from './httpConnection.js';
import { onCommand, readConfig, report } from './parent.js';

/** A body to ask for. */
interface HttpObject {
  name: string;
  bytes: number;
  /** Bytes a second the server is to keep to; 0 = as fast as it goes. */
  rate: number;
}

/** What the client is started with. */
export interface HttpClientConfig {
  address: string;
  port: number;
  /** Taken in turn. */
  clientAddresses: string[];
  /** Local ports count up from here, one for each connection, so none is used twice. Keep below net.ipv4.ip_local_port_range. */
  firstLocalPort: number;
  connectionsPerSecond: number;
  /** After so many it stops opening more; 0 = until told to stop. */
  connectionsMax: number;
  /** 0 = until told to stop. */
  requestsPerConnection: number;
  /** From one request to the next on a connection, ms. */
  requestEveryMs: number;
  /** Asked for in turn. */
  objects: HttpObject[];
  /** A connection without progress for so long has failed, ms. */
  timeoutMs: number;
}

/** What became of one connection. */
export interface ConnectionReport {
  type: 'connection';
  /** Its local end: `10.0.0.101 20017`. */
  client: string;
  /** When its first packet was sent, and when it was over. Unix time, ms. */
  openedAt: number;
  endedAt: number;
  /** Who answered on it, in order, each once; none when nobody did. More than one would be a moved connection. */
  backends: string[];
  /** Requests answered, with the right body. */
  requests: number;
  bytes: number;
  /** Of each answered request: from asking (the first: from opening) to the end of the body, ms. */
  latenciesMs: number[];
  /** Why it ended before its time. */
  failure?: string;
}

/** What the client tells: where it stands, a few times a second; each connection that is over; the end. */
export type HttpClientReport =
  | { type: 'progress'; requests: number; connections: number; open: number; failures: number; bytes: number }
  | ConnectionReport
  | { type: 'done' };

/** `stop`: open no more connections, and end those that go on, each after the request it is at. */
export type HttpClientCommand = { type: 'stop' };

const PROGRESS_MS = 250;

const config = readConfig<HttpClientConfig>();
const total = { type: 'progress' as const, requests: 0, connections: 0, open: 0, failures: 0, bytes: 0 };
let isStopping = false;

/** Local address and port of connection number `index`: every address in turn, a new port each round. */
function localEnd(index: number): { localAddress: string; localPort: number } {
  const { clientAddresses, firstLocalPort } = config;
  const localAddress = clientAddresses[index % clientAddresses.length] ?? '';
  return { localAddress, localPort: firstLocalPort + Math.floor(index / clientAddresses.length) };
}

/** Why an answer is not the one that was asked for, if so. */
function faultOf(answer: HttpAnswer, object: HttpObject, backends: string[]): string | undefined {
  if (answer.status !== 200) return `status ${answer.status}`;
  if (answer.bytes !== object.bytes) return `${answer.bytes} bytes for ${object.bytes}`;
  if (answer.sha256 !== contentSha256(object.name, object.bytes))
    return `SHA-256 of ${object.name} is ${answer.sha256}`;
  if (backends.length > 0 && !backends.includes(answer.backend)) return `moved from ${backends} to ${answer.backend}`;
  return undefined;
}

/** Asks on a connection until its requests are done, it fails, or we are told to stop. */
async function askAll(connection: HttpConnection, outcome: ConnectionReport, index: number): Promise<void> {
  const { objects, requestsPerConnection, requestEveryMs } = config;
  let startedAt = performance.now();
  for (let count = 0; requestsPerConnection === 0 ? !isStopping : count < requestsPerConnection; count++) {
    const object = objects[(index + count) % objects.length];
    if (object === undefined) throw new Error('no objects to ask for');
    const answer = await connection.request(`/${object.name}?bytes=${object.bytes}&rate=${object.rate}`);
    const latencyMs = performance.now() - startedAt;
    const fault = faultOf(answer, object, outcome.backends);
    if (!outcome.backends.includes(answer.backend)) outcome.backends.push(answer.backend);
    if (fault !== undefined) throw new Error(fault);
    outcome.latenciesMs.push(latencyMs);
    outcome.requests++;
    total.requests++;
    await sleep(Math.max(0, requestEveryMs - latencyMs));
    startedAt = performance.now();
  }
}

async function runConnection(index: number): Promise<void> {
  const { localAddress, localPort } = localEnd(index);
  const client = `${localAddress} ${localPort}`;
  const outcome: ConnectionReport = {
    ...{ type: 'connection', client, openedAt: Date.now(), endedAt: 0 },
    ...{ backends: [], requests: 0, bytes: 0, latenciesMs: [] },
  };
  const { address, port, timeoutMs } = config;
  const onBody = (bytes: number): void => {
    outcome.bytes += bytes;
    total.bytes += bytes;
  };
  const connection = new HttpConnection({ address, port, localAddress, localPort, timeoutMs, onBody });
  total.connections++;
  total.open++;
  try {
    await askAll(connection, outcome, index);
  } catch (error) {
    outcome.failure = error instanceof Error ? error.message : String(error);
    total.failures++;
  }
  connection.close();
  total.open--;
  outcome.endedAt = Date.now();
  report<HttpClientReport>(outcome);
}

/** Opens connections on time: when a tick comes late, the ones that are due are opened together. */
async function openAll(): Promise<void> {
  const { connectionsPerSecond, connectionsMax } = config;
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  const isDone = (): boolean => isStopping || (connectionsMax > 0 && total.connections >= connectionsMax);
  while (!isDone()) {
    const due = Math.ceil(((performance.now() - startedAt + 1) * connectionsPerSecond) / 1000);
    while (total.connections < due && !isDone()) {
      const connection = runConnection(total.connections);
      running.add(connection);
      void connection.then(() => running.delete(connection));
    }
    await sleep(5);
  }
  await Promise.all(running);
}

onCommand<HttpClientCommand>(() => {
  isStopping = true;
});
for (const { name, bytes } of config.objects) contentSha256(name, bytes); // before the clock runs
const progress = setInterval(() => report<HttpClientReport>(total), PROGRESS_MS);
await openAll();
clearInterval(progress);
report<HttpClientReport>(total);
report<HttpClientReport>({ type: 'done' });
