// host/linux/netlinkSocket.ts: an AF_NETLINK socket: requests with their answers, and notices of groups joined.
//
// The kernel works a request off inside sendto(2): the answer is there when the call returns, nothing blocks.
//
//   struct sockaddr_nl:  family u16 at 0 | port id u32 at 4, 0 = the kernel | group bits u32 at 8

import { MaglevError } from '../errors.js';
import {
  EAGAIN,
  EINTR,
  int32,
  libc,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from './libc.js';
import {
  type Attribute,
  decodeMessages,
  encodeMessage,
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  viewOf,
} from './netlinkWire.js';
import { errnoError, syscallError } from './syscallError.js';

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCKADDR_NL_BYTES = 12;
const DATAGRAM_BYTES_MAX = 65536; // rtnetlink fills at most 32 KiB, one interface with many functions may take more
const RECEIVE_BUFFER_BYTES = 1 << 20;
const ANSWER_TIMEOUT_S = 2;
const DUMP_ATTEMPTS = 5;
const ASKED_TOGETHER_MAX = 32; // an answer takes a page of the receive buffer, of which an unprivileged socket has 208 KiB

/** What to ask: a type, its fixed part, its attributes. */
interface Request {
  readonly type: number;
  readonly flags?: number;
  readonly fixed: Uint8Array;
  readonly attributes?: readonly Attribute[];
}

/** A question of several. */
export interface Question {
  readonly request: Request;
  /** For the message of an error. */
  readonly on: string;
}

/** What came of a read without waiting: a datagram's messages, nothing, or that some were lost. */
export type Notice = Message[] | 'nothing' | 'lost';

/** One rtnetlink socket. Requests are synchronous and take microseconds. */
export class NetlinkSocket {
  readonly fd: number;
  readonly #buffer = new Uint8Array(DATAGRAM_BYTES_MAX);
  readonly #sender = new Uint8Array(SOCKADDR_NL_BYTES);
  #sequence = 0;
  #isOpen = true;

  /** @param groups RTNLGRP_ numbers to get notices of, 1..32. @throws MaglevError ERR_SYSCALL */
  constructor(groups: readonly number[] = []) {
    this.fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (this.fd < 0) throw syscallError('socket', 'rtnetlink');
    try {
      this.#prepare(groups);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #prepare(groups: readonly number[]): void {
    const c = libc();
    const address = new Uint8Array(SOCKADDR_NL_BYTES);
    const view = viewOf(address);
    view.setUint16(0, AF_NETLINK, true);
    // Group n is bit n - 1 here. Done before anything is asked, so that no change falls between question and notice.
    for (const group of groups) view.setUint32(8, (view.getUint32(8, true) | (1 << (group - 1))) >>> 0, true);
    if (c.bind(this.fd, address, address.length) < 0) throw syscallError('bind', 'rtnetlink');
    const timeout = new Uint8Array(16); // struct timeval: seconds i64, microseconds i64
    viewOf(timeout).setBigInt64(0, BigInt(ANSWER_TIMEOUT_S), true);
    if (c.setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length) < 0) {
      throw syscallError('setsockopt SO_RCVTIMEO', 'rtnetlink');
    }
    // FORCE passes net.core.rmem_max and wants CAP_NET_ADMIN of the first user namespace; without it, what we can get.
    const bytes = int32(RECEIVE_BUFFER_BYTES);
    if (c.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 4) < 0) {
      c.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, bytes, 4);
    }
  }

  /**
   * Asks for one thing.
   * @returns the answer, a view valid until the next call; undefined when the kernel only said that it is done, or one of `absent`.
   * @param on For the message of an error.
   * @param absent Names of errnos that mean "there is none": ENOENT.
   * @throws MaglevError ERR_SYSCALL
   */
  ask(request: Request, on: string, absent: readonly string[] = []): Message | undefined {
    const sequence = this.#send(request, NLM_F_REQUEST | NLM_F_ACK, on);
    let answer: Message | undefined;
    for (;;) {
      for (const message of this.#receive(on)) {
        if (message.sequence !== sequence) continue;
        // The acknowledgement comes in a datagram of its own and overwrites the buffer: keep the body.
        if (message.type !== NLMSG_ERROR) answer = { ...message, body: message.body.slice() };
        else if (this.#isRefusal(message, on, absent)) return undefined;
        else return answer;
      }
    }
  }

  /**
   * Asks for one thing each, many in one system call. Only for types that have an answer besides an acknowledgement: none is asked for.
   * @returns what `parse` makes of each answer, in the order of the questions; undefined where the kernel said one of `absent`. It is
   * given a view, valid until it returns.
   * @throws MaglevError ERR_SYSCALL
   */
  askAll<T>(
    questions: readonly Question[],
    absent: readonly string[],
    parse: (message: Message) => T | undefined,
  ): (T | undefined)[] {
    const answers: (T | undefined)[] = [];
    for (let first = 0; first < questions.length; first += ASKED_TOGETHER_MAX) {
      answers.push(...this.#askTogether(questions.slice(first, first + ASKED_TOGETHER_MAX), absent, parse));
    }
    return answers;
  }

  #askTogether<T>(
    questions: readonly Question[],
    absent: readonly string[],
    parse: (message: Message) => T | undefined,
  ): (T | undefined)[] {
    const requests = questions.map(({ request }) => this.#encode(request, NLM_F_REQUEST));
    const last = this.#sequence;
    this.#sendBytes(Buffer.concat(requests), `${questions.length} questions`);
    const answers = new Map<number, T | undefined>();
    while (answers.size < questions.length) {
      for (const message of this.#receive(`${questions.length} questions`)) {
        const index = questions.length - 1 - ((last - message.sequence) >>> 0);
        const question = questions[index];
        if (question === undefined) continue;
        const isAbsent = message.type === NLMSG_ERROR && this.#isRefusal(message, question.on, absent);
        answers.set(index, isAbsent ? undefined : parse(message));
      }
    }
    return questions.map((_, index) => answers.get(index));
  }

  /**
   * Asks for all there is of a type. Asks again when the list changed while it was being told.
   * @throws MaglevError ERR_SYSCALL
   */
  dump<T>(request: Request, on: string, parse: (message: Message) => T | undefined): T[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const list = this.#dumpOnce(request, on, parse);
      if (list !== undefined) return list;
    }
    throw new MaglevError('ERR_SYSCALL', `rtnetlink dump of ${on}: it changed during each of ${DUMP_ATTEMPTS} tries`);
  }

  #dumpOnce<T>(request: Request, on: string, parse: (message: Message) => T | undefined): T[] | undefined {
    const sequence = this.#send(request, NLM_F_REQUEST | NLM_F_DUMP, on);
    const list: T[] = [];
    let isWhole = true;
    for (;;) {
      for (const message of this.#receive(on)) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) isWhole = false;
        if (message.type === NLMSG_DONE) return isWhole ? list : undefined;
        if (message.type === NLMSG_ERROR) this.#isRefusal(message, on, []);
        const item = parse(message);
        if (item !== undefined) list.push(item);
      }
    }
  }

  /** One datagram of notices, without waiting. Views, valid until the next call. @throws MaglevError ERR_SYSCALL */
  notice(): Notice {
    const bytes = this.#recvfrom(MSG_DONTWAIT);
    if (bytes >= 0) {
      if (bytes > this.#buffer.length) return 'lost';
      return this.#isFromKernel() ? [...decodeMessages(this.#buffer.subarray(0, bytes))] : [];
    }
    const errno = libc().errno();
    if (errno === EAGAIN || errno === EINTR) return 'nothing';
    // netlink(7), ENOBUFS: the receive buffer was full, notices were dropped.
    if (libc().errnoName(errno) === 'ENOBUFS') return 'lost';
    throw errnoError('recvfrom', 'rtnetlink', errno);
  }

  /** Calling it twice is harmless. */
  close(): void {
    if (this.#isOpen) libc().close(this.fd);
    this.#isOpen = false;
  }

  #send(request: Request, base: number, on: string): number {
    this.#sendBytes(this.#encode(request, base), on);
    return this.#sequence;
  }

  /** A message with the next number, which is then in #sequence. */
  #encode({ type, flags = 0, fixed, attributes = [] }: Request, base: number): Uint8Array {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return encodeMessage(type, base | flags, this.#sequence, fixed, attributes);
  }

  #sendBytes(bytes: Uint8Array, on: string): void {
    if (!this.#isOpen) throw new MaglevError('ERR_CLOSED', `rtnetlink request on ${on} after close()`);
    if (libc().sendto(this.fd, bytes, bytes.length, 0, null, 0) < 0) throw syscallError('sendto rtnetlink', on);
  }

  #receive(on: string): Iterable<Message> {
    let bytes = this.#recvfrom(0);
    while (bytes < 0 && libc().errno() === EINTR) bytes = this.#recvfrom(0);
    if (bytes < 0) throw syscallError('recvfrom rtnetlink', on, { EAGAIN: `no answer within ${ANSWER_TIMEOUT_S} s` });
    if (bytes > this.#buffer.length) {
      throw new MaglevError(
        'ERR_SYSCALL',
        `recvfrom(2) rtnetlink on ${on}: answer of ${bytes} bytes, expected at most ${DATAGRAM_BYTES_MAX}`,
      );
    }
    return this.#isFromKernel() ? decodeMessages(this.#buffer.subarray(0, bytes)) : [];
  }

  /** MSG_TRUNC: "return the real length of the packet or datagram, even when it was longer than the passed buffer". */
  #recvfrom(flags: number): number {
    const length = int32(SOCKADDR_NL_BYTES);
    return libc().recvfrom(this.fd, this.#buffer, this.#buffer.length, flags | MSG_TRUNC, this.#sender, length);
  }

  /** netlink(7): anybody with the right to may send to our port; only port 0 is the kernel. */
  #isFromKernel(): boolean {
    return viewOf(this.#sender).getUint32(4, true) === 0;
  }

  /** NLMSG_ERROR begins with a negative errno; 0 is an acknowledgement. True when it is one of `absent`. */
  #isRefusal({ body }: Message, on: string, absent: readonly string[]): boolean {
    const errno = body.length < 4 ? 0 : -viewOf(body).getInt32(0, true);
    if (errno === 0) return false;
    if (absent.includes(libc().errnoName(errno))) return true;
    throw errnoError('sendto rtnetlink', on, errno, { EPERM: 'it needs CAP_NET_ADMIN' });
  }
}
