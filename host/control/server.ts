// host/control/server.ts: a balancer's control socket: a unix(7) socket that only its own user can open, where status is asked for.
//
// Whoever connects can hold nothing up: a question is short and soon there, an answer is made once and soon taken, or the
// connection ends; and there are only so many at a time.
import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { MaglevError, show } from '../errors.js';
import type { LoadBalancer } from '../loadBalancer.js';
import { packageVersion } from '../version.js';
import { askControl } from './client.js';
import { checkControlPath } from './path.js';
import {
  type Answers,
  CONTROL_VERSION,
  type Hello,
  QUESTION_BYTES_MAX,
  type Question,
  questionSchema,
  type Reply,
} from './protocol.js';

/** What of a balancer can be asked about. */
export type Controlled = Pick<LoadBalancer, 'stats' | 'status' | 'view'>;

/** How a control socket is served. */
export interface ControlOptions {
  /** Where, at most 107 bytes. A file of a balancer that is gone is replaced; nothing else is. */
  socket: string;
  /** Who reports this balancer to its fleet, to be shown. */
  reporter?: { readonly id: string; readonly problem: string | undefined };
}

/** A control socket, until closed. */
export interface ControlSocket extends AsyncDisposable {
  /** Where its file is. */
  readonly path: string;
  /** Closes it and removes the file. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 8;
const QUESTION_MS_MAX = 2000;
const ANSWER_MS_MAX = 5000;
const PROBE_MS_MAX = 1000;
const ONLY_OWNER = 0o177; // what is taken away from 0777: 0600 stays

/**
 * Serves the control socket of a balancer. Rejects with ERR_BUSY naming the pid when another balancer has it, ERR_OPTION for a path that is
 * no socket's, ERR_SYSCALL when it cannot be made.
 */
export async function serveControl(balancer: Controlled, options: ControlOptions): Promise<ControlSocket> {
  const path = checkControlPath(options.socket);
  await clearPath(path);
  const answerer = new Answerer(balancer, options);
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serve(socket, answerer);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, path);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeServer(server, connections);
    return closing;
  };
  return { path, close, [Symbol.asyncDispose]: close };
}

/** Takes away the file of a balancer that is gone. */
async function clearPath(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket())
    throw new MaglevError('ERR_OPTION', `control.socket ${show(path)} is there and no socket`, {
      option: 'control.socket',
    });
  const holder = await askControl(path, 'hello', PROBE_MS_MAX).catch((error: MaglevError) => error);
  if (!(holder instanceof Error))
    throw new MaglevError('ERR_BUSY', `control socket ${path} is served by pid ${holder.pid}`);
  if (holder.errno !== 'ECONNREFUSED' && holder.errno !== 'ENOENT') {
    throw new MaglevError('ERR_BUSY', `control socket ${path} is served by another program: ${holder.message}`);
  }
  try {
    unlinkSync(path);
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? '';
    if (errno !== 'ENOENT') throw new MaglevError('ERR_SYSCALL', `unlink ${path}: ${errno}`, { errno, cause });
  }
}

async function listen(server: Server, path: string): Promise<void> {
  // bind(2) makes the file, within this call, with what umask(2) leaves: it is never more open than it shall be.
  const umask = process.umask(ONLY_OWNER);
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  try {
    await once(server, 'listening');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const code = errno === 'EADDRINUSE' ? 'ERR_BUSY' : 'ERR_SYSCALL';
    throw new MaglevError(code, `control socket ${path}: ${errno}`, { errno, cause });
  }
}

function serve(socket: Socket, answerer: Answerer): void {
  let question = '';
  let isAsked = false;
  socket.on('error', () => socket.destroy()); // who went away needs no answer
  let timer = setTimeout(() => socket.destroy(), QUESTION_MS_MAX);
  socket.on('close', () => clearTimeout(timer));
  const reply = (answer: Reply): void => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), ANSWER_MS_MAX);
    socket.end(`${JSON.stringify(answer)}\n`);
  };
  socket.setEncoding('utf8').on('data', (piece: string) => {
    if (isAsked) return;
    question += piece;
    const end = question.indexOf('\n');
    if (end < 0 && question.length <= QUESTION_BYTES_MAX) return;
    isAsked = true;
    if (end < 0 || end > QUESTION_BYTES_MAX) reply(errorReply(`a question has at most ${QUESTION_BYTES_MAX} bytes`));
    else answerer.answer(question.slice(0, end)).then(reply, (error: Error) => reply(errorReply(error.message)));
  });
}

class Answerer {
  private readonly startedAtMs = Date.now();
  private readonly interfaces: string[];

  constructor(
    private readonly balancer: Controlled,
    private readonly options: ControlOptions,
  ) {
    this.interfaces = balancer.status().interfaces.map(({ name }) => name);
  }

  async answer(line: string): Promise<Reply> {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return errorReply('expected a line of JSON');
    }
    const question = questionSchema.safeParse(json);
    if (!question.success) {
      const asks = questionSchema.shape.ask.options.join(', ');
      return errorReply(`expected {"v":${CONTROL_VERSION},"ask":...} with one of ${asks}`);
    }
    return { v: CONTROL_VERSION, answer: await this.about(question.data.ask) };
  }

  private async about(ask: Question): Promise<Answers[Question]> {
    const { balancer } = this;
    if (ask === 'hello') return this.hello();
    if (ask === 'stats') return balancer.stats();
    if (ask === 'view') return balancer.view();
    const problem = this.options.reporter?.problem;
    const status = { hello: this.hello(), atMs: Date.now(), status: balancer.status(), stats: balancer.stats() };
    return { ...status, ...(problem !== undefined && { fleetProblem: problem }) };
  }

  private hello(): Hello {
    const id = this.options.reporter?.id;
    return {
      pid: process.pid,
      version: packageVersion(),
      startedAtMs: this.startedAtMs,
      interfaces: this.interfaces,
      ...(id !== undefined && { id }),
    };
  }
}

function errorReply(message: string): Reply {
  return { v: CONTROL_VERSION, error: { code: 'ERR_OPTION', message } };
}

/** libuv removes the file of a socket that it closes. */
async function closeServer(server: Server, connections: Iterable<Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of connections) socket.destroy();
  await closed;
}
