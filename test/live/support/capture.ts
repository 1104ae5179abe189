// test/live/support/capture.ts: what crossed an interface: recorded by tcpdump, read by tshark. Neither knows our code.
import { once } from 'node:events';
import { join } from 'node:path';
import type { LabHost } from '../../../host/demo/lab/labHost.js';
import type { Lab } from '../../../host/demo/lab/lab.js';

/** What is recorded. */
export interface CaptureOptions {
  link?: string;
  /** As tcpdump's -Q. Default `inout`. */
  direction?: 'in' | 'out' | 'inout';
  /** pcap-filter(7). */
  filter?: string;
  /** Bytes kept of a frame. Default: all. */
  snapBytes?: number;
}

let recordings = 0;

/** A recording under way, or done. */
export class Capture {
  readonly #host: LabHost;
  readonly #file: string;
  readonly #stop: () => Promise<string>;

  private constructor(host: LabHost, file: string, stop: () => Promise<string>) {
    this.#host = host;
    this.#file = file;
    this.#stop = stop;
  }

  /** Starts to record on a host; resolves when tcpdump listens. */
  static async start(lab: Lab, host: LabHost, options: CaptureOptions = {}): Promise<Capture> {
    const { link = 'eth0', direction = 'inout', filter = '', snapBytes = 0 } = options;
    const file = join(lab.directory, `capture${recordings++}.pcap`);
    // -Z root: or tcpdump becomes another user, who may not write here; -B: KiB, so that nothing is lost.
    const args = ['-i', link, '-Q', direction, '-w', file, '-U', '--immediate-mode', '-n', '-Z', 'root'];
    args.push('-B', '16384', '-s', `${snapBytes}`, filter);
    const child = host.spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const listens = new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('listening on')) resolve();
      });
      child.once('close', () => reject(new Error(`tcpdump ended: ${said}`)));
    });
    await listens;
    const stop = async (): Promise<string> => {
      const gone = once(child, 'close');
      child.kill('SIGINT');
      await gone;
      return said;
    };
    return new Capture(host, file, stop);
  }

  /** Ends the recording. Fails when frames were lost: then the recording proves nothing. */
  async stop(): Promise<this> {
    const said = await this.#stop();
    if (!/^0 packets dropped by kernel/m.test(said)) throw new Error(`tcpdump lost frames: ${said}`);
    return this;
  }

  /** One row a frame: the values of tshark's fields, several of one kind joined by commas. */
  async rows(fields: readonly string[], { filter = '', options = [] as string[] } = {}): Promise<string[][]> {
    const wanted = fields.flatMap((field) => ['-e', field]);
    const args = ['-r', this.#file, '-n', '-T', 'fields', '-E', 'separator=|', ...options, ...wanted];
    const { stdout } = await this.#host.exec('tshark', [...args, ...(filter === '' ? [] : ['-Y', filter])], {
      timeoutMs: 30_000,
    });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('|'));
  }
}
