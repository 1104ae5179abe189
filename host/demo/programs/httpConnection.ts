// host/demo/programs/httpConnection.ts: one TCP connection that asks over HTTP/1.1 and never retries. Node's own agent would open
// a new connection when a kept one breaks between two requests; a broken connection is what we are here to see.
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Where from and where to. */
interface ConnectionOptions {
  address: string;
  port: number;
  /** Bound before connecting, so that even a connection that never came about can be told by it. */
  localAddress: string;
  localPort: number;
  /** A connection without progress for so long has failed. */
  timeoutMs: number;
  /** Called with the length of every piece of a body. */
  onBody?: (bytes: number) => void;
}

/** What came back for one request. */
export interface HttpAnswer {
  status: number;
  /** Its `x-backend` header. */
  backend: string;
  bytes: number;
  /** SHA-256 of the body, hex. */
  sha256: string;
}

const HEAD_END = '\r\n\r\n';
const HEAD_BYTES_MAX = 16 * 1024;

interface Pending {
  head: Buffer;
  answer?: HttpAnswer;
  left: number;
  hash: ReturnType<typeof createHash>;
  resolve: (answer: HttpAnswer) => void;
  reject: (error: Error) => void;
}

/** A connection, opened when constructed. One request at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #onBody: (bytes: number) => void;
  #pending: Pending | undefined;
  #failure: Error | undefined;

  constructor({ timeoutMs, onBody, ...options }: ConnectionOptions) {
    this.#onBody = onBody ?? (() => undefined);
    this.#socket = connect({ host: options.address, ...options, noDelay: true });
    this.#socket.setTimeout(timeoutMs, () => this.#fail(new Error(`nothing for ${timeoutMs} ms`)));
    this.#socket.on('data', (data) => this.#read(data));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('closed by the other side')));
  }

  /** Asks for `path` and reads the answer to its end. Rejects when the connection has failed or does so meanwhile. */
  request(path: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#pending = { head: Buffer.alloc(0), left: 0, hash: createHash('sha256'), resolve, reject };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: vip\r\n\r\n`);
    });
  }

  /** Ends the connection; what is under way fails. */
  close(): void {
    this.#failure ??= new Error('closed by us');
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
  }

  #read(data: Buffer): void {
    const fault = this.#take(data);
    if (fault !== undefined) this.#fail(new Error(fault));
  }

  /** Takes in what arrived; returns what is wrong with it, if anything is. */
  #take(data: Buffer): string | undefined {
    const pending = this.#pending;
    if (pending === undefined) return `${data.length} bytes nobody asked for`;
    const body = pending.answer === undefined ? readHead(pending, data) : data;
    if (typeof body === 'string') return body;
    if (body === undefined || pending.answer === undefined) return undefined;
    if (body.length > pending.left) return `${body.length - pending.left} bytes too many`;
    pending.hash.update(body);
    pending.left -= body.length;
    this.#onBody(body.length);
    if (pending.left > 0) return undefined;
    this.#pending = undefined;
    pending.resolve({ ...pending.answer, sha256: pending.hash.digest('hex') });
    return undefined;
  }
}

/** Takes in a piece of the head; returns what follows it once it is complete, or what is wrong with it. */
function readHead(pending: Pending, data: Buffer): Buffer | string | undefined {
  pending.head = Buffer.concat([pending.head, data]);
  const end = pending.head.indexOf(HEAD_END);
  if (end < 0) return pending.head.length > HEAD_BYTES_MAX ? 'a head without an end' : undefined;
  const [statusLine = '', ...lines] = pending.head.toString('latin1', 0, end).split('\r\n');
  const headers = new Map(lines.map((line) => [line.split(':', 1)[0]?.toLowerCase(), line.replace(/^[^:]*:\s*/, '')]));
  const bytes = Number(headers.get('content-length'));
  if (!Number.isInteger(bytes)) return `an answer without a length: ${statusLine}`;
  const status = Number(statusLine.split(' ')[1]);
  pending.answer = { status, backend: headers.get('x-backend') ?? '', bytes, sha256: '' };
  pending.left = bytes;
  return pending.head.subarray(end + HEAD_END.length);
}
