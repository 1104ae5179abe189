// host/demo/lab/labHost.ts: one "machine" of the lab: a network namespace and what runs in it.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { MaglevError } from '../../errors.js';
import { enterCommand, type Holder, type LabMode, labEnv } from './holder.js';

/** Time a command of `exec` gets when none is given, ms. */
const EXEC_TIMEOUT_MS = 10_000;
/** What a shell, nsenter and setpriv return when there is no such program. */
const EXIT_NOT_FOUND = 127;

/** Writes `name value` lines below /proc/sys, where each namespace sees its own values; procps (sysctl) need not be there. */
const SYSCTL_SCRIPT = 'while read -r name value; do printf %s "$value" >"/proc/sys/$name" || exit 1; done';

/** What a command left. */
interface ExecResult {
  stdout: string;
  stderr: string;
  /** null when a signal ended it. */
  exitCode: number | null;
}

/** How `exec` runs a command. */
interface ExecOptions {
  /** Written to its standard input. */
  input?: string;
  /** After this it is killed and the promise rejects. Default 10,000 ms. */
  timeoutMs?: number;
  /** Accept any exit code. Default false: another than 0 rejects. */
  anyExitCode?: boolean;
}

/** Counters of an interface since it was made, from the kernel by netlink. */
export interface LinkCounters {
  rxBytes: number;
  rxPackets: number;
  txBytes: number;
  txPackets: number;
}

interface IpLink {
  address: string;
  stats64: { rx: { bytes: number; packets: number }; tx: { bytes: number; packets: number } };
}

/** A network namespace of the lab. Commands given to it run inside; they die with us and with the lab. */
export class LabHost {
  readonly name: string;
  readonly #mode: LabMode;
  readonly #holder: Holder;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, mode: LabMode, holder: Holder) {
    this.name = name;
    this.#mode = mode;
    this.#holder = holder;
  }

  /** The process that holds the namespace: for `nsenter --target`, and for `ip link ... netns PID`. */
  get pid(): number {
    return this.#holder.pid;
  }

  /**
   * Starts a program inside, as a child of this process: its pid is the program's own, so signals reach it. It gets SIGKILL
   * when this process dies (PR_SET_PDEATHSIG), and is in a process group of its own, out of reach of Ctrl-C.
   */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const enter = [...enterCommand(this.#mode, this.pid), 'setpriv', '--pdeathsig', 'KILL', command, ...args];
    const [program = '', ...rest] = enter;
    const child = spawn(program, rest, { detached: true, ...options, env: { ...labEnv(), ...options.env } });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /**
   * Runs a command inside and waits for it. Rejects with ERR_MISSING when there is no such program, with ERR_SYSCALL when it
   * fails, saying what it said.
   */
  async exec(command: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { input = '', timeoutMs = EXEC_TIMEOUT_MS, anyExitCode = false } = options;
    const tried = `${command} ${args.join(' ')} on ${this.name}`;
    const child = this.spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command may end without reading what we write; its exit code says how it went, EPIPE says nothing more.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const [exitCode, signal] = (await once(child, 'close').finally(() => clearTimeout(timer))) as [
      number | null,
      string,
    ];
    if (exitCode === EXIT_NOT_FOUND) throw new MaglevError('ERR_MISSING', `${tried}: ${stderr.trim()}`);
    if (exitCode !== 0 && !anyExitCode) {
      throw new MaglevError('ERR_SYSCALL', `${tried}: ${exitCode ?? signal}: ${(stderr || stdout).trim()}`);
    }
    return { stdout, stderr, exitCode };
  }

  /** Sets sysctls of this namespace: `{ 'net/ipv4/ip_forward': 1 }`. */
  async sysctl(values: Record<string, string | number>): Promise<void> {
    const lines = Object.entries(values).map(([name, value]) => `${name} ${value}\n`);
    await this.exec('sh', ['-c', SYSCTL_SCRIPT], { input: lines.join('') });
  }

  /** Runs `ip` commands in one process, one a line, without the word `ip`. Rejects at the first that fails. */
  async ip(...commands: string[]): Promise<void> {
    await this.exec('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
  }

  /** Adds an address such as `10.0.0.2/24`. An IPv6 address serves at once: there is nobody to ask whether it is taken. */
  async addAddress(link: string, address: string): Promise<void> {
    await this.ip(`address add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`);
  }

  /** Brings an interface up or down. */
  async setLink(link: string, state: 'up' | 'down'): Promise<void> {
    await this.ip(`link set dev ${link} ${state}`);
  }

  /** Bytes and packets that an interface has received and sent, Ethernet headers included. */
  async counters(link: string): Promise<LinkCounters> {
    const { rx, tx } = (await this.#show(link)).stats64;
    return { rxBytes: rx.bytes, rxPackets: rx.packets, txBytes: tx.bytes, txPackets: tx.packets };
  }

  /** MAC address of an interface. */
  async mac(link: string): Promise<string> {
    return (await this.#show(link)).address;
  }

  // By netlink: /sys/class/net goes on showing the namespace in which /sys was mounted.
  async #show(link: string): Promise<IpLink> {
    const { stdout } = await this.exec('ip', ['-json', '-stats', 'link', 'show', 'dev', link]);
    const [found] = JSON.parse(stdout) as IpLink[];
    if (found === undefined) throw new MaglevError('ERR_INTERNAL', `ip link show dev ${link} on ${this.name}: nothing`);
    return found;
  }

  /** Kills what `spawn` started here and is still running, then ends the namespace and whatever else runs in it. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map(killChild));
    await this.#holder.close();
  }
}

async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
