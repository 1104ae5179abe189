// host/linux/divert.ts: keeps the host's own stack from seeing frames for VIPs.
//
// AF_PACKET is a tap: the stack gets every frame as well, and would answer for the VIP with a reset or an ICMP error, or
// forward it a second time. A netdev ingress chain runs after the tap and before the stack; there we drop them.
//
// The rules must go when we do, even after SIGKILL. A table with `flags owner` is removed by the kernel as soon as the
// netlink socket that made it closes. A child `nft -i` holds that socket and ends when our end of its input closes.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { MaglevError, optionError } from '../errors.js';
import { disjointPrefixes, type Prefix, parsePrefix, prefixText } from './address.js';
import { checkInterfaceName } from './interfaceName.js';

const ANSWER_TIMEOUT_MS = 10_000;
const ERROR_TEXT_MAX = 65_536;
/** Characters that mean nothing to nft inside quotes. A `"` would end the name, a `*` at its end stand for any rest. */
const NAME_SAFE_IN_NFT = /^[A-Za-z0-9_.+@-]+$/;

let tablesMade = 0;

/** The rules of one balancer. */
export interface Divert {
  /** Name of its table in the netdev family: `maglev-dsr-4711-1`. */
  readonly table: string;
  /**
   * Frames for these addresses no longer reach the host's stack, all others do again. One transaction: there is no
   * moment with half of them. Resolves when it is in force.
   * @throws MaglevError ERR_OPTION for what is not an address or prefix; ERR_SYSCALL with nft's message; ERR_CLOSED
   */
  set(addresses: Iterable<string>): Promise<void>;
  /** Settles when the rules are gone: undefined after close(), an error when nft ended on its own. Never rejects. */
  readonly gone: Promise<MaglevError | undefined>;
  /** Removes the rules; resolves when they are gone. Calling it twice is harmless. */
  close(): Promise<void>;
}

/** What of the frames for an address does not reach the host's stack: these protocols, and UDP to these ports. */
export interface DivertScope {
  /** IANA numbers. */
  readonly protocols: readonly number[];
  readonly udpPorts: readonly number[];
}

/**
 * Makes the rules for some interfaces, with no addresses yet. `scope`: default is all frames.
 * @throws MaglevError ERR_OPTION for a name nft cannot take; ERR_MISSING without nft(8); ERR_SYSCALL with nft's message
 */
export async function openDivert(interfaceNames: readonly string[], scope?: DivertScope): Promise<Divert> {
  interfaceNames.forEach(checkNameForNft);
  tablesMade += 1;
  const table = `maglev-dsr-${process.pid}-${tablesMade}`;
  const nft = new NftShell(interfaceNames.join(', '));
  try {
    await nft.run(createTable(table, interfaceNames, matchesOf(scope)));
  } catch (error) {
    await nft.close();
    throw error;
  }
  return {
    table,
    gone: nft.gone,
    set: (addresses) => nft.run(replaceAddresses(table, disjointPrefixes([...addresses].map(parsePrefix)))),
    close: () => nft.close(),
  };
}

function checkNameForNft(name: string, i: number): void {
  const option = `interfaces[${i}].name`;
  checkInterfaceName(name, option);
  if (NAME_SAFE_IN_NFT.test(name)) return;
  throw optionError(
    option,
    name,
    'must have only letters, digits and _ . + @ - to be named to nft(8), or divert: false',
  );
}

/** nft's words for a scope; each is a rule of its own. */
function matchesOf(scope: DivertScope | undefined): string[] {
  if (scope === undefined) return [''];
  const { protocols, udpPorts } = scope;
  return [
    ...(protocols.length > 0 ? [`meta l4proto { ${protocols.join(', ')} } `] : []),
    ...(udpPorts.length > 0 ? [`udp dport { ${udpPorts.join(', ')} } `] : []),
  ];
}

function createTable(table: string, interfaceNames: readonly string[], matches: readonly string[]): string {
  // Frames for another MAC address pass: a bridge or a macvlan on this interface may want them, the stack does not.
  const rules = matches.map(
    (match) =>
      `meta pkttype != other ip daddr @vip4 ${match}drop; meta pkttype != other ip6 daddr @vip6 ${match}drop; `,
  );
  const chains = interfaceNames.map(
    (name, i) =>
      `chain ingress${i} { type filter hook ingress device "${name}" priority -500; policy accept; ${rules.join('')}};`,
  );
  return (
    `add table netdev ${table} { flags owner; ` +
    'set vip4 { type ipv4_addr; flags interval; }; set vip6 { type ipv6_addr; flags interval; }; ' +
    `${chains.join(' ')} }`
  );
}

/** One line is one transaction. */
function replaceAddresses(table: string, prefixes: readonly Prefix[]): string {
  const commands: string[] = [];
  for (const [set, bytes] of [['vip4', 4] as const, ['vip6', 16] as const]) {
    const elements = prefixes.filter((prefix) => prefix.bytes.length === bytes).map(prefixText);
    commands.push(`flush set netdev ${table} ${set}`);
    if (elements.length > 0) commands.push(`add element netdev ${table} ${set} { ${elements.join(', ')} }`);
  }
  return commands.join('; ');
}

/** A command that waits for nft's answer. */
interface Waiting {
  readonly sentinel: string;
  readonly timer: NodeJS.Timeout;
  readonly settle: (error: MaglevError | undefined) => void;
}

/**
 * An `nft -i` on pipes. It says nothing when a command worked, so behind each one goes a second that must fail: listing a
 * table nobody has. What stands on stderr before that complaint is about the first.
 */
class NftShell {
  readonly gone: Promise<MaglevError | undefined>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #on: string;
  #text = '';
  #commands = 0;
  #waiting: Waiting[] = [];
  #isClosing = false;
  #broken: MaglevError | undefined;
  #ended: MaglevError | undefined;

  constructor(on: string) {
    this.#on = on;
    // Detached, in a session of its own: Ctrl-C goes to every process of a terminal's foreground group, and the rules
    // must outlive the frames still under way.
    const env = { ...process.env, LC_ALL: 'C' }; // the reasons in English, as we look for them
    this.#child = spawn('nft', ['-i'], { stdio: 'pipe', detached: true, env });
    this.gone = new Promise((resolve) => {
      this.#child.once('error', (cause) => resolve(this.#onEnd(spawnError(cause))));
      this.#child.once('close', (code, signal) => resolve(this.#onEnd(this.#endError(code, signal))));
    });
    this.#child.stdout.resume(); // prompts and echoes
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#onErrorText(text));
    // EPIPE when nft is gone: its end says so, and more.
    this.#child.stdin.on('error', () => undefined);
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) unrefStream(stream);
  }

  /** Runs one line; resolves when it is in force. */
  run(line: string): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#isClosing) return Promise.reject(closedError(this.#on));
    this.#commands += 1;
    const sentinel = `list table netdev maglev-answer-${this.#commands}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
      const settle = (error: MaglevError | undefined) => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ sentinel, timer, settle });
      this.#child.stdin.write(`${line}\n${sentinel}\n`);
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#child.ref();
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
    await this.gone;
    clearTimeout(timer);
  }

  #onErrorText(text: string): void {
    this.#text += text;
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) break;
      const at = this.#text.indexOf(`\n${first.sentinel}\n`);
      if (at < 0) break;
      // Before the sentinel's echo stands the complaint about it, on a line of its own; before that, what we look for.
      const complaints = this.#text.slice(0, this.#text.lastIndexOf('\n', at - 1) + 1);
      this.#text = this.#text.slice(at + first.sentinel.length + 2).replace(/^[ ^~]*\n/, '');
      this.#waiting.shift();
      clearTimeout(first.timer);
      first.settle(this.#complaint(complaints));
    }
    this.#text = this.#text.slice(-ERROR_TEXT_MAX);
    // Without the right to talk to the kernel it complains of that alone, and does not get as far as the sentinel.
    if (/^netlink: Error: .*\n/m.test(this.#text)) {
      this.#broken = this.#complaint(this.#text);
      this.#child.kill('SIGKILL');
    }
  }

  /** The first `Error: ...` of what nft said. */
  #complaint(text: string): MaglevError | undefined {
    const message = /(?:^|: )Error: (.*)$/m.exec(text)?.[1]; // or `netlink: Error: ...`
    if (message === undefined) return undefined;
    const errno = message.includes('Operation not permitted') ? 'EPERM' : undefined;
    const help = errno === undefined ? '' : '; it needs CAP_NET_ADMIN';
    const details = errno === undefined ? {} : { errno };
    return new MaglevError('ERR_SYSCALL', `nft(8) on ${this.#on}: ${message.trim()}${help}`, details);
  }

  #endError(code: number | null, signal: NodeJS.Signals | null): MaglevError | undefined {
    if (this.#broken !== undefined) return this.#broken;
    if (this.#isClosing) return undefined;
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const said = this.#complaint(this.#text)?.message;
    const what = `nft(8), which held the rules for ${this.#on}, was ended ${how}`;
    return new MaglevError('ERR_SYSCALL', said === undefined ? what : `${what}: ${said}`);
  }

  #onEnd(error: MaglevError | undefined): MaglevError | undefined {
    this.#ended = error ?? closedError(this.#on);
    for (const { timer, settle } of this.#waiting) {
      clearTimeout(timer);
      settle(this.#ended);
    }
    this.#waiting = [];
    return error;
  }
}

function closedError(on: string): MaglevError {
  return new MaglevError('ERR_CLOSED', `the rules for ${on} were removed by close()`);
}

function spawnError(cause: Error): MaglevError {
  if ('code' in cause && cause.code === 'ENOENT') {
    return new MaglevError('ERR_MISSING', 'nft(8) not found; apt install nftables, or divert: false', { cause });
  }
  return new MaglevError('ERR_SYSCALL', `nft(8) cannot be started: ${cause.message}`, { cause });
}

/** The pipes of a child are sockets, which can be told not to keep the process alive; their declared type hides that. */
function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
