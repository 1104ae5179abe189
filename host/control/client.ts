// host/control/client.ts: asks a balancer over its control socket.
import { connect } from 'node:net';
import { MaglevError } from '../errors.js';
import { type Answers, CONTROL_VERSION, type Question, type Reply } from './protocol.js';

const ANSWER_MS_MAX = 10_000;
/** A status of 30,000 VIPs and 32,767 backends has some 10 MB. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20;

/**
 * Asks one question. Rejects with ERR_MISSING when nobody is there, ERR_SYSCALL when the socket is not ours to use, or what the balancer
 * said was wrong.
 */
export async function askControl<Q extends Question>(
  path: string,
  ask: Q,
  timeoutMs: number = ANSWER_MS_MAX,
): Promise<Answers[Q]> {
  const text = await exchange(path, `${JSON.stringify({ v: CONTROL_VERSION, ask })}\n`, timeoutMs);
  let reply: Reply;
  try {
    reply = JSON.parse(text) as Reply;
  } catch {
    throw new MaglevError('ERR_MISSING', `control socket ${path}: what answers is no balancer`);
  }
  if ('error' in reply) throw new MaglevError('ERR_OPTION', `control socket ${path}: ${reply.error.message}`);
  if (reply.v === CONTROL_VERSION) return reply.answer as Answers[Q];
  throw new MaglevError(
    'ERR_MISSING',
    `control socket ${path}: speaks version ${reply.v}, expected ${CONTROL_VERSION}`,
  );
}

function exchange(path: string, question: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const socket = connect(path, () => socket.write(question));
    const timer = setTimeout(() => {
      socket.destroy(new MaglevError('ERR_MISSING', `control socket ${path}: no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on('data', (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > ANSWER_BYTES_MAX)
        socket.destroy(new MaglevError('ERR_LIMIT', `control socket ${path}: answer too long`));
    });
    socket.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
    socket.on('error', (cause) => reject(cause instanceof MaglevError ? cause : connectError(path, cause)));
    socket.on('close', () => clearTimeout(timer));
  });
}

function connectError(path: string, cause: NodeJS.ErrnoException): MaglevError {
  const errno = cause.code ?? String(cause);
  if (errno === 'ENOENT')
    return new MaglevError('ERR_MISSING', `control socket ${path}: is not there; no balancer runs`, { errno });
  if (errno === 'ECONNREFUSED')
    return new MaglevError('ERR_MISSING', `control socket ${path}: its balancer has ended`, { errno });
  const help = errno === 'EACCES' ? '; it belongs to the user who runs the balancer' : '';
  return new MaglevError('ERR_SYSCALL', `control socket ${path}: ${errno}${help}`, { errno, cause });
}
