// test/live/support/capture.ts: what crossed an interface: recorded by tcpdump, read by tshark. Neither knows our code.
// In a user namespace without groups tcpdump cannot run, for it insists on setgroups(2); dumpcap, which comes with tshark, can.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../../host/demo/lab/lab.js';
import type { LabHost } from '../../../host/demo/lab/labHost.js';

/** What is recorded. */
interface CaptureOptions {
  link?: string;
  /** Default: both. Told apart by the sender's MAC address. */
  direction?: 'in' | 'out';
  /** pcap-filter(7). */
  filter?: string;
}

/** A program that records: its arguments, what it says when it listens, and when it has lost nothing. */
interface Recorder {
  command: string;
  args(link: string, file: string): string[];
  listens: RegExp;
  lostNothing: RegExp;
  /** How long frames may be on their way to the file, ms. */
  lagMs: number;
}

const TCPDUMP: Recorder = {
  command: 'tcpdump',
  // -Z root: or it becomes another user, who may not write here; -B: KiB, so that nothing is lost.
  args: (link, file) => ['-i', link, '-w', file, '-U', '--immediate-mode', '-n', '-Z', 'root', '-B', '16384'],
  listens: /listening on/,
  lostNothing: /^0 packets dropped by kernel/m,
  lagMs: 0,
};
const DUMPCAP: Recorder = {
  command: 'dumpcap',
  args: (link, file) => ['-i', link, '-w', file, '-P', '-q', '-B', '16', '-f'],
  listens: /^File: /m,
  lostNothing: /\/0 \(pcap:0\/dumpcap:0\/flushed:0\/ps_ifdrop:0\)/,
  lagMs: 400,
};

let recordings = 0;

/** A recording under way, or done. */
export class Capture {
  readonly #host: LabHost;
  readonly #recorder: Recorder;
  readonly #child: ChildProcess;
  readonly #file: string;
  #said = '';

  private constructor(host: LabHost, recorder: Recorder, file: string, child: ChildProcess) {
    this.#host = host;
    this.#recorder = recorder;
    this.#file = file;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  /** Starts to record on a host; resolves when the program listens. */
  static async start(lab: Lab, host: LabHost, options: CaptureOptions = {}): Promise<Capture> {
    const { link = 'eth0' } = options;
    const recorder = mayNotSetGroups(host) ? DUMPCAP : TCPDUMP;
    const file = join(lab.directory, `capture${recordings++}.pcap`);
    const args = [...recorder.args(link, file), await filterOf(host, link, options)];
    const child = host.spawn(recorder.command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const started = new Capture(host, recorder, file, child);
    await started.#untilListens();
    return started;
  }

  #untilListens(): Promise<void> {
    const { command, listens } = this.#recorder;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (listens.test(this.#said)) resolve();
      };
      this.#child.stderr?.on('data', look);
      this.#child.once('close', () => reject(new Error(`${command} ended: ${this.#said}`)));
    });
  }

  /** Ends the recording. Fails when frames were lost: then the recording proves nothing. */
  async stop(): Promise<this> {
    const { command, lagMs, lostNothing } = this.#recorder;
    await sleep(lagMs);
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await gone;
    if (!lostNothing.test(this.#said)) throw new Error(`${command} lost frames: ${this.#said}`);
    return this;
  }

  /** One row a frame: the values of tshark's fields, several of one kind joined by commas. */
  async rows(fields: readonly string[], { filter = '', options = [] as string[] } = {}): Promise<string[][]> {
    const wanted = fields.flatMap((field) => ['-e', field]);
    const args = ['-r', this.#file, '-n', '-T', 'fields', '-E', 'separator=|', ...options, ...wanted];
    if (filter !== '') args.push('-Y', filter);
    const { stdout } = await this.#host.exec('tshark', args, { timeoutMs: 30_000 });
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split('|'));
  }
}

/** user_namespaces(7): who maps himself without privileges has to give up setgroups(2) first. */
function mayNotSetGroups(host: LabHost): boolean {
  return readFileSync(`/proc/${host.pid}/setgroups`, 'utf8').trim() === 'deny';
}

/** What both programs understand; `tcpdump -Q` is tcpdump's alone. */
async function filterOf(host: LabHost, link: string, { direction, filter = '' }: CaptureOptions): Promise<string> {
  const own = direction === undefined ? '' : `ether src ${await host.mac(link)}`;
  const parts = [direction === 'in' ? `not ${own}` : own, filter === '' ? '' : `(${filter})`];
  return parts.filter((part) => part !== '').join(' and ');
}
